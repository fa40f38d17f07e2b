"""Redis ACL rules, as far as they decide who gets in and which dangerous commands remain. Source: redis.io, "ACL"."""

from collections.abc import Sequence

from afscan.model.record import field, record
from afscan.model.value import Value

# fmt: off
_ADMIN = frozenset((
    "ACL", "BGREWRITEAOF", "BGSAVE", "CLIENT", "CLUSTER", "CONFIG", "DEBUG", "FAILOVER", "LATENCY", "MODULE", "MONITOR",
    "PSYNC", "REPLCONF", "REPLICAOF", "SAVE", "SHUTDOWN", "SLAVEOF", "SLOWLOG", "SYNC",
))
_OTHER = frozenset((
    "FLUSHALL", "FLUSHDB", "INFO", "KEYS", "MIGRATE", "RESTORE", "RESTORE-ASKING", "ROLE", "SORT", "SORT_RO", "SWAPDB",
    "PFDEBUG", "PFSELFTEST",
))
# fmt: on
DANGEROUS = _ADMIN | _OTHER
"""The commands of the ACL category ``@dangerous``."""

_CATEGORIES = {
    "all": DANGEROUS,
    "dangerous": DANGEROUS,
    "admin": _ADMIN,
    "keyspace": frozenset(("FLUSHALL", "FLUSHDB", "KEYS", "MIGRATE", "RESTORE", "RESTORE-ASKING", "SWAPDB")),
    "write": frozenset(("FLUSHALL", "FLUSHDB", "MIGRATE", "RESTORE", "RESTORE-ASKING", "SORT", "SWAPDB")),
    "read": frozenset(("KEYS", "SORT_RO")),
    "slow": DANGEROUS - {"SWAPDB", "ROLE"},
    "fast": frozenset(("SWAPDB", "ROLE")),
}


@record(slots=True)
class AclUser:
    """What a user's rules amount to. ``on`` and ``open_to_all`` (nopass) are placed at the word that decides, if any."""

    on: bool = False
    open_to_all: bool = False
    decisive: Value[str] | None = None
    passwords: list[Value[str]] = field(default_factory=list)
    hashes: list[Value[str]] = field(default_factory=list)
    allowed: set[str] = field(default_factory=set)


def evaluate(rules: Sequence[Value[str]]) -> AclUser:
    """Apply a user's rules in order. A user that is configured starts from nothing: off, no password, no commands."""
    user = AclUser()
    for rule in rules:
        word = rule.or_else("")
        lowered = word.lower()
        if lowered in ("on", "off"):
            user.on, user.decisive = lowered == "on", rule
        elif lowered == "nopass":
            user.open_to_all, user.decisive = True, rule
            user.passwords, user.hashes = [], []
        elif lowered == "resetpass":
            user.open_to_all = False
            user.passwords, user.hashes = [], []
        elif lowered == "reset":
            user = AclUser()
        elif word.startswith(">"):
            user.open_to_all = False
            user.passwords.append(rule)
        elif word.startswith("#"):
            user.open_to_all = False
            user.hashes.append(rule)
        else:
            _commands(user.allowed, lowered)
    return user


def _commands(allowed: set[str], rule: str) -> None:
    rule = {"allcommands": "+@all", "nocommands": "-@all"}.get(rule, rule)
    sign, name = rule[:1], rule[1:]
    if sign not in ("+", "-"):
        return
    # A subcommand (config|get) neither opens nor closes the command as a whole.
    affected = _CATEGORIES.get(name[1:], frozenset()) if name.startswith("@") else {name.upper()} & DANGEROUS
    if sign == "+":
        allowed |= affected
    else:
        allowed -= affected

"""Who gets in by a pg_hba.conf: the first record that matches a connection decides; where none does, nobody gets in.

A connection is matched by how it comes (Unix socket; network with TLS, with GSSAPI encryption, in plain text), by the client's
address, the database and the user. Source: postgresql.org, "The pg_hba.conf File"; postgresql/src/backend/libpq/hba.c
(``check_hba``).
"""

from collections.abc import Iterable, Iterator

from afscan.model.subjects import HbaRule
from afscan.model.value import Value
from afscan.platforms.pghba import is_keyword, networks_of

SOCKET, PLAIN, TLS, GSS = "socket", "plain", "tls", "gss"
"""How a connection comes."""

_BY_TYPE = {
    "local": frozenset((SOCKET,)),
    "host": frozenset((PLAIN, TLS, GSS)),
    "hostssl": frozenset((TLS,)),
    "hostnossl": frozenset((PLAIN, GSS)),
    "hostgssenc": frozenset((GSS,)),
    "hostnogssenc": frozenset((PLAIN, TLS)),
}
_EVERYWHERE = ((4, 0, 2**32 - 1), (6, 0, 2**128 - 1))
_LOOPBACK = ((4, 127 << 24, (128 << 24) - 1), (6, 1, 1))
_LOCAL_NAMES = frozenset(("localhost", "localhost.localdomain", "ip6-localhost"))
_MOST_PARTS = 500
_MOST_RECORDS = 5_000
_MOST_SPACES = 200


def carries(rule: HbaRule, transport: str) -> bool:
    """Whether a record is about connections that come in a given way."""
    return transport in _BY_TYPE.get(rule.type.or_else(""), ())


def is_local(rule: HbaRule) -> bool:
    """Whether a record is about clients on the server's own host only: the socket, loopback, ``samehost``."""
    if rule.type.value == "local":
        return True
    text = rule.address.or_else("").lower()
    if text == "samehost" and is_keyword(rule.address):
        return True
    networks = networks_of(rule.address, rule.mask)
    if networks:
        return all(any(_within(one, loopback) for loopback in _LOOPBACK) for one in networks)
    return text in _LOCAL_NAMES


def certified(rule: HbaRule) -> bool:
    """Whether clients must show a certificate of the right authority besides what the method asks (``clientcert``)."""
    option = rule.options.get("clientcert")
    if rule.type.value != "hostssl" or option is None:
        return False
    return option.is_unknown or option.value in ("1", "verify-ca", "verify-full")


def admitting(rules: list[HbaRule], transport: str) -> list[HbaRule]:
    """The records by which remote clients that come in a given way may get in, in order.

    Not among them: records that refuse, that are for the server's own host, and those that no such client reaches because earlier
    records match all that they match. A record whose kind or method is not known is not among them.
    """
    found: list[HbaRule] = []
    earlier = _Earlier()
    for rule in rules[:_MOST_RECORDS]:
        if not carries(rule, transport):
            continue
        lets_in = rule.method.is_set and rule.method.value != "reject"
        if lets_in and not is_local(rule) and not earlier.covers(rule):
            found.append(rule)
        earlier.add(rule)
    return found


def deciding(rules: Iterable[HbaRule], *, transport: str, database: str, user: str, address: str = "") -> list[HbaRule]:
    """The records that may decide over one connection, in order: the last of them surely matches, those before it perhaps.

    Perhaps: a host name, ``samenet``, a group, a pattern, a list in another file, a word that is not known. Empty, or without a
    sure match at its end: nobody else gets in. Source: as above; ``database`` ``replication`` means physical replication.
    """
    found = []
    for rule in rules:
        if rule.type.is_set and not carries(rule, transport):
            continue
        checks: list[bool | None] = [_names(rule.databases, database, user), _names(rule.users, user, user, are_users=True)]
        if transport != SOCKET:
            checks.append(_from(rule, address))
        if rule.type.is_unknown or None in checks:
            checks = [None] if False not in checks else [False]
        if False not in checks:
            found.append(rule)
        if all(checks):
            break
    return found


def _names(words: list[Value[str]], name: str, user: str, *, are_users: bool = False) -> bool | None:
    """Whether a list of databases or users names one; None where that is not known."""
    unsure = False
    for word in words:
        text = word.or_else("")
        special = is_keyword(word)
        if word.is_unknown or (special and text[:1] in ("@", "/")) or (special and are_users and text[:1] == "+"):
            unsure = True
        elif special and not are_users and text in ("samerole", "samegroup"):
            unsure = unsure or name != "replication"
        elif special and not are_users and text == "replication":
            if name == "replication":
                return True
        elif special and text == "all":
            if are_users or name != "replication":
                return True
        elif special and not are_users and text == "sameuser":
            if name == user != "replication":
                return True
        elif text == name and (are_users or name != "replication"):
            return True
    return None if unsure else False


def _from(rule: HbaRule, address: str) -> bool | None:
    """Whether a record's address takes in a client's; None where that is not known."""
    word = rule.address
    if word.is_set and word.value == "all" and is_keyword(word):
        return True
    networks = networks_of(word, rule.mask)
    client = networks_of(Value.of(address, word.node), Value.unset(word.node))
    if not networks or not client:
        return None
    return any(_within(one, network) for one in client for network in networks)


class _Earlier:
    """The records before one, by what they are about, to see whether they leave it anything.

    A record is taken apart into (database, user, addresses); each part must lie within one earlier record. Names of hosts and
    ``samenet`` may be anything: only records for all addresses cover them.
    """

    def __init__(self) -> None:
        self.by_names: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
        self.same: set[tuple[str, str, str]] = set()

    def add(self, rule: HbaRule) -> None:
        """Take note of a record."""
        if len(rule.databases) * len(rule.users) > _MOST_PARTS:
            return
        spaces = _addresses(rule, certain=True)
        for database in _words(rule.databases):
            for user in _words(rule.users):
                known = self.by_names.setdefault((database, user), [])
                if len(known) < _MOST_SPACES:
                    known += spaces
                if not spaces:
                    self.same.add((database, user, rule.address.or_else("")))

    def covers(self, rule: HbaRule) -> bool:
        """Whether no connection is left for a record."""
        if any(word.is_unknown for word in (*rule.databases, *rule.users, rule.address)):
            return False
        databases, users = set(_words(rule.databases)), set(_words(rule.users))
        if len(databases) * len(users) > _MOST_PARTS:
            databases, users = {"all"}, {"all"}
        spaces = _addresses(rule, certain=False)
        name = "" if networks_of(rule.address, rule.mask) else rule.address.or_else("")
        return all(self._cover(one, user, space, name) for one in databases for user in users for space in spaces)

    def _cover(self, database: str, user: str, space: tuple[int, int, int], name: str) -> bool:
        for one in (database,) if database in ("all", "replication") else (database, "all"):
            for other in (user,) if user == "all" else (user, "all"):
                if name and (one, other, name) in self.same:
                    return True
                if any(_within(space, wider) for wider in self.by_names.get((one, other), ())):
                    return True
        return False


def _words(words: list[Value[str]]) -> Iterator[str]:
    """Words by which lists are compared: a keyword is not the name that is spelt like it."""
    for word in words:
        if word.is_set:
            yield word.or_else("") if is_keyword(word) else f'"{word.value}"' if word.value in _SPECIAL else word.or_else("")


_SPECIAL = frozenset(("all", "replication", "sameuser", "samerole", "samegroup"))


def _addresses(rule: HbaRule, *, certain: bool) -> list[tuple[int, int, int]]:
    """The networks that a record is about: those that it surely takes in, or (not ``certain``) all that it may."""
    if rule.address.value == "all" and is_keyword(rule.address):
        return list(_EVERYWHERE)
    networks = networks_of(rule.address, rule.mask)
    return networks or ([] if certain else list(_EVERYWHERE))


def _within(inner: tuple[int, int, int], outer: tuple[int, int, int]) -> bool:
    return inner[0] == outer[0] and outer[1] <= inner[1] and inner[2] <= outer[2]

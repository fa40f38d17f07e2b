"""What a Redis server makes of its settings: ports, TLS, limits, and who gets in. Source: redis.io; the redis.conf of Redis 7."""

import re

from afscan.model.node import Node
from afscan.model.subjects import Authentication, ConfigFile, Container, RedisServer, Setting
from afscan.model.value import Value
from afscan.platforms.redis import effective_name, secret_of
from afscan.platforms.redisacl import DANGEROUS, evaluate
from afscan.platforms.settings import lookup, typed, whole_number, yes_no

_MEMORY = re.compile(r"(\d{1,18})(b|k|kb|m|mb|g|gb)?\Z", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 10**3, "kb": 2**10, "m": 10**6, "mb": 2**20, "g": 10**9, "gb": 2**30}


def memory(text: str) -> float | None:
    """Bytes of ``512mb`` (2**20) and ``512m`` (10**6)."""
    found = _MEMORY.match(text)
    return float(int(found[1]) * _UNITS[(found[2] or "").lower()]) if found else None


class Effective:
    """A server's settings in the order in which Redis reads them; the last one of a name counts.

    ``owner`` is what lacks a setting that is absent; ``unread`` says why an absence is not certain. ``acl`` are the settings of
    the ACL file that ``aclfile`` names, None where it was not read.
    """

    def __init__(self, settings: list[Setting], owner: Node, unread: str = "", acl: list[Setting] | None = None) -> None:
        self.by_name = {effective_name(one): one for one in settings}
        self.owner = owner
        self.unread = unread
        self.acl = acl

    def text(self, name: str) -> Value[str]:
        """The text of a setting."""
        return lookup(self.by_name, name, self.owner, self.unread)

    def number(self, name: str) -> Value[int]:
        """A whole number."""
        return typed(self.text(name), whole_number, "a whole number")

    def switch(self, name: str) -> Value[bool]:
        """Yes or no."""
        return typed(self.text(name), yes_no, "`yes` or `no`")

    def default_user(self) -> Setting | None:
        """The rules that the configuration gives to the user ``default``, in the ACL file where there is one."""
        if self.acl is None:
            return self.by_name.get("user default")
        return {effective_name(one): one for one in self.acl}.get("user default")

    @property
    def acl_file(self) -> Value[str] | None:
        """The ``aclfile`` setting, if it names a file."""
        value = self.text("aclfile")
        return value if value.is_set and value.value else None


def server(
    effective: Effective, *, name: str, node: Node, platform: str, container: Container | None, files: list[ConfigFile]
) -> RedisServer:
    """The typed server."""
    rules = effective.default_user()
    return RedisServer(
        name=name,
        node=node,
        platform=platform,
        product="redis",
        settings=effective.by_name,
        container=container,
        files=files,
        unread=effective.unread,
        port=effective.number("port"),
        tls_port=effective.number("tls-port"),
        cluster=effective.switch("cluster-enabled"),
        tls_replication=effective.switch("tls-replication"),
        tls_cluster=effective.switch("tls-cluster"),
        replica=effective.text("replicaof").map(lambda text: text.lower() != "no one"),
        password=_password(effective, rules),
        default_user_off=_default_user_off(effective, rules),
        bind=bind_of(effective),
        protected_mode=effective.switch("protected-mode"),
        max_clients=effective.number("maxclients"),
        max_memory=typed(effective.text("maxmemory"), memory, "an amount of memory"),
        idle_timeout=effective.number("timeout"),
        disabled_commands=_disabled(effective, rules),
    )


def authentication(effective: Effective, *, name: str, node: Node, platform: str, container: Container | None) -> Authentication:
    """Whether Redis asks for a password: the user ``default`` decides, as every new connection starts as that user."""
    required, how = _required(effective)
    return Authentication(
        name=name,
        node=required.node if required.is_set else node,
        platform=platform,
        product="redis",
        required=required,
        how=how,
        container=container,
    )


def _required(effective: Effective) -> tuple[Value[bool], str]:
    acl_file = effective.acl_file
    rules = effective.default_user()
    if acl_file is not None and effective.acl is None:
        reason = f"the ACL file `{acl_file.value}` was not read"
        return Value.unknown(acl_file.node, reason, acl_file.at), reason
    if rules is not None:
        return _by_acl(rules)
    if acl_file is not None:
        how = "`aclfile` makes Redis ignore `requirepass`, and the ACL file does not restrict the user `default`"
        return Value.of(False, acl_file.node, acl_file.at), how
    password = effective.text("requirepass")
    if password.is_set:
        if password.value:
            return Value.of(True, password.node, password.at), "`requirepass` is set"
        return Value.of(False, password.node, password.at), "an empty `requirepass` lets everybody in"
    if "requirepass" in effective.by_name:  # written, by reference: a password is given
        return Value.of(True, password.node, password.at), f"`requirepass` is set: {password.reason}"
    if effective.unread:
        return Value.unknown(effective.owner, effective.unread), effective.unread
    return Value.of(False, effective.owner), "there is neither `requirepass` nor an ACL for the user `default`"


def _by_acl(rules: Setting) -> tuple[Value[bool], str]:
    user = evaluate(rules.arguments[1:])
    at = user.decisive if user.decisive is not None else rules.value
    if not user.on:
        return Value.of(True, at.node, at.at), "the user `default` is off"
    if user.open_to_all:
        return Value.of(False, at.node, at.at), "`nopass` lets everybody in as the user `default`"
    return Value.of(True, at.node, at.at), "the user `default` needs a password"


def _password(effective: Effective, rules: Setting | None) -> Value[str]:
    acl_file = effective.acl_file
    if acl_file is not None and effective.acl is None:
        return Value.unknown(acl_file.node, f"the ACL file `{acl_file.value}` was not read", acl_file.at)
    if rules is None:
        return Value.unset(acl_file.node) if acl_file is not None else effective.text("requirepass")
    user = evaluate(rules.arguments[1:])
    if user.passwords:
        return secret_of(user.passwords[-1])
    if user.hashes:
        return Value.unknown(user.hashes[-1].node, "only the password's hash is written", user.hashes[-1].at)
    if user.open_to_all and user.decisive is not None:
        return Value.of("", user.decisive.node, user.decisive.at)
    return Value.unset(rules.value.node)


def _default_user_off(effective: Effective, rules: Setting | None) -> Value[bool]:
    if effective.acl_file is not None and effective.acl is None:
        return Value.unknown(effective.owner, "the ACL file was not read")
    if rules is None:
        return Value.unknown(effective.owner, effective.unread) if effective.unread else Value.unset(effective.owner)
    user = evaluate(rules.arguments[1:])
    at = user.decisive if user.decisive is not None else rules.value
    return Value.of(not user.on, at.node, at.at)


def bind_of(effective: Effective) -> list[Value[str]]:
    """The addresses that a server listens on; empty where none are named."""
    found = effective.by_name.get("bind")
    if found is None:
        return [Value.unknown(effective.owner, effective.unread)] if effective.unread else []
    return found.arguments or [found.value]


def _disabled(effective: Effective, rules: Setting | None) -> Value[list[str]]:
    """Renamed commands, and those that the ACL denies to the user ``default``; where that one is off, see :func:`_denied`."""
    if effective.acl_file is not None and effective.acl is None:
        return Value.unknown(effective.owner, "the ACL file was not read")
    renamed = [one for name, one in effective.by_name.items() if name.startswith("rename-command ")]
    commands = {one.arguments[0].or_else("").upper() for one in renamed if len(one.arguments) == 2}
    first = renamed[0].value if renamed else None
    if rules is not None:
        denied, at = _denied(effective, rules)
        commands |= denied
        first = first if first is not None else at
    if effective.unread:
        return Value.unknown(effective.owner, effective.unread)
    return Value.of(sorted(commands), first.node, first.at) if first is not None else Value.unset(effective.owner)


def _denied(effective: Effective, rules: Setting) -> tuple[frozenset[str], Value[str]]:
    """What the user ``default`` may not run. Where it is off, what all of the other users but one may not: that one is the
    operator's, unless there is no other. The replicas' user (``masteruser``) does not count."""
    user = evaluate(rules.arguments[1:])
    if user.on:
        return DANGEROUS - user.allowed, rules.value
    replicas = effective.text("masteruser").or_else("")
    settings = {effective_name(one): one for one in effective.acl} if effective.acl is not None else effective.by_name
    others = [
        one for name, one in settings.items() if name.startswith("user ") and name not in ("user default", f"user {replicas}")
    ]
    allowed = [(one, found.allowed) for one in others if (found := evaluate(one.arguments[1:])).on]
    if not allowed:
        return DANGEROUS, rules.value
    few = min(2, len(allowed))
    common = {command for command in DANGEROUS if sum(command in commands for _, commands in allowed) >= few}
    first = next((one for one, commands in allowed if common & commands), None)
    return DANGEROUS - common, first.value if first is not None else rules.value

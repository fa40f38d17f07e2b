"""Redis and Valkey: what redis.conf says, and what a server makes of its settings.

Names are case-insensitive, the last one wins, nothing is expanded. Source: redis.io, "Redis configuration"; the redis.conf of
Redis 7; redis/src/config.c.
"""

from posixpath import basename

from afscan.model.node import Node, Scalar, Sequence
from afscan.model.source import Source
from afscan.model.subjects import Credential, Origin, Setting
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.redisacl import evaluate
from afscan.platforms.settings import file_subject, holder_of, origin_in, written

# fmt: off
_KNOWN = frozenset((
    "requirepass", "masterauth", "masteruser", "maxmemory", "maxmemory-policy", "maxclients", "appendonly", "appendfsync",
    "rename-command", "port", "tls-port", "bind", "protected-mode", "cluster-enabled", "save", "replicaof", "slaveof",
    "aclfile", "user", "timeout", "dir", "dbfilename", "loglevel", "logfile", "include", "tcp-keepalive", "tls-cert-file",
    "primaryauth", "primaryuser", "sentinel",
    "tls-key-file", "tls-ca-cert-file", "tls-replication", "tls-cluster", "unixsocket", "databases", "daemonize",
))
# fmt: on
_NAMES = frozenset(("redis.conf", "valkey.conf", "sentinel.conf"))
_REPEATED = frozenset(("user", "rename-command"))
_RENAMED = {"slaveof": "replicaof", "primaryauth": "masterauth", "primaryuser": "masteruser"}
"""Names that mean the same (redis.io and valkey.io, the products' own configuration files)."""

SERVER, ACL_FILE, SENTINEL = "redis", "redis-acl", "redis-sentinel"
"""Products of a :class:`ConfigFile`: a server's file, a file of ACL users, a Sentinel's file."""


def recognise(source: Source, root: Node) -> bool:
    """Whether this is a configuration of Redis."""
    return isinstance(root, Sequence) and (
        basename(source.name).lower() in _NAMES or any(_name(item) in _KNOWN for item in root.items)
    )


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """The file's settings, and the secrets in it. An ``include`` is followed, or noted, by the join: it takes the other files."""
    settings = [setting(item) for item in root.children() if isinstance(item, Sequence) and item.items]
    file = file_subject(source, root, _product(settings), settings)
    file.platform = "redis"
    out.subjects.append(file)
    for one in settings:
        out.subjects += credentials(one, source)


def setting(directive: Sequence) -> Setting:
    """One directive. Its value is its only argument, or all arguments joined by blanks."""
    words = [word for word in directive.items if isinstance(word, Scalar)]
    # The rules of a user are read word by word: what completes a password leaves the sign before it.
    known = Value.of if words[0].text.lower() == "user" else written
    arguments = [known(word.text, word) for word in words[1:]]
    if len(arguments) == 1:
        value = arguments[0]
    else:
        text = " ".join(word.text for word in words[1:])
        at = None
        if arguments:
            first, last = words[1].span, words[-1].span
            span = first._replace(end_line=last.end_line, end_column=last.end_column)
            at = directive.source.place(span)
        value = written(text, directive, at)
    return Setting(name=words[0].text.lower(), value=value, key_place=words[0].place, arguments=arguments)


def effective_name(one: Setting) -> str:
    """Under which name a setting replaces an earlier one: ``user default`` and ``rename-command config`` stand side by side."""
    if one.name in _REPEATED and one.arguments:
        first = one.arguments[0].or_else("")
        return f"{one.name} {first if one.name == 'user' else first.lower()}"
    return _RENAMED.get(one.name, one.name)


def credentials(one: Setting, source: Source) -> list[Credential]:
    """The secrets that a directive holds."""
    found: list[Credential] = []
    if (
        one.name in ("requirepass", "masterauth", "primaryauth", "tls-key-file-pass", "tls-client-key-file-pass")
        and len(one.arguments) == 1
    ):
        user = "default" if one.name == "requirepass" else None
        found.append(_credential(one.name, one.arguments[0], source, user))
    elif one.name == "user" and one.arguments:
        user = one.arguments[0].or_else("")
        acl = evaluate(one.arguments[1:])
        found += [_credential(f"user {user}", secret_of(rule), source, user) for rule in acl.passwords]
        found += [_credential(f"user {user}", secret_of(rule), source, user, Origin.HASH) for rule in acl.hashes]
    elif one.name == "sentinel" and len(one.arguments) >= 2:
        key = one.arguments[0].or_else("").lower()
        if key in ("auth-pass", "sentinel-pass"):
            found.append(_credential(f"sentinel {key}", one.arguments[-1], source, None))
    return found


def _credential(key: str, value: Value[str], source: Source, user: str | None, origin: Origin | None = None) -> Credential:
    return Credential(
        name=f"{key} in {source.name}",
        node=value.node,
        platform="redis",
        key=key,
        kind="password",
        value=value,
        origin=origin if origin is not None else origin_in(value),
        user=user,
        reader="redis",
        holder=holder_of(source),
    )


def secret_of(rule: Value[str]) -> Value[str]:
    """An ACL rule's secret without the ``>`` or ``#`` before it."""
    text, node = rule.or_else(""), rule.node
    return written(text[1:], node, node.part(1, len(text)) if isinstance(node, Scalar) else None)


def _product(settings: list[Setting]) -> str:
    names = {one.name for one in settings}
    if "sentinel" in names:
        return SENTINEL
    return ACL_FILE if names == {"user"} else SERVER


def _name(item: Node) -> str:
    first = item.get(0)
    return first.text.lower() if isinstance(first, Scalar) else ""

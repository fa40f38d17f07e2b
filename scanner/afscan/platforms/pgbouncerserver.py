"""What PgBouncer makes of its settings. Source: pgbouncer.org/config.html."""

from collections.abc import Iterator

from afscan.model.node import Node, Scalar
from afscan.model.subjects import (
    Authentication,
    ConfigFile,
    Connection,
    Container,
    PgBouncer,
    PoolerDatabase,
    PoolerUser,
    Setting,
)
from afscan.model.value import Value
from afscan.platforms.pgbouncer import database
from afscan.platforms.settings import last, lookup, lower, typed, whole_number

_NO_QUESTION = {"any": "lets everybody in as whoever they like", "trust": "asks for no password"}
_ASKING = frozenset(("md5", "scram-sha-256", "plain", "cert", "pam", "ldap", "gss", "crypt"))
_ENCRYPTED = frozenset(("require", "verify-ca", "verify-full"))
_SSLMODES = _ENCRYPTED | {"disable", "allow", "prefer"}


def section_of(file: ConfigFile) -> Node:
    """What lacks a setting that is absent: the section ``[pgbouncer]``, else the file."""
    for section in file.node.children():
        if section.key is not None and section.key.text == "pgbouncer":
            return section
    return file.node


def databases(settings: list[Setting]) -> list[PoolerDatabase]:
    """The lines of ``[databases]``; of one name the last counts."""
    lines = last(one for one in settings if one.name.startswith("databases."))
    return [found for one in lines.values() if (found := database(one)) is not None]


class Effective:
    """A pooler's settings; ``owner`` is what lacks those that are absent, ``unread`` says why an absence is not certain."""

    def __init__(self, settings: list[Setting], owner: Node, unread: str = "") -> None:
        self.by_name = last(settings)
        self.owner = owner
        self.unread = unread

    def text(self, key: str) -> Value[str]:
        """A setting of ``[pgbouncer]``."""
        return lookup(self.by_name, f"pgbouncer.{key}", self.owner, self.unread)

    def word(self, key: str) -> Value[str]:
        """An enumeration's word in lower case."""
        return typed(self.text(key), lower, "a word")

    def number(self, key: str) -> Value[int]:
        """A whole number."""
        return typed(self.text(key), whole_number, "a whole number")


def server(
    effective: Effective,
    *,
    name: str,
    node: Node,
    container: Container | None,
    files: list[ConfigFile],
    lines: list[PoolerDatabase],
    users: list[PoolerUser],
) -> PgBouncer:
    """The typed server."""
    return PgBouncer(
        name=name,
        node=node,
        platform="pgbouncer",
        product="pgbouncer",
        settings=effective.by_name,
        container=container,
        files=files,
        unread=effective.unread,
        databases=lines,
        listen_address=effective.text("listen_addr"),
        listen_port=effective.number("listen_port"),
        client_tls=effective.word("client_tls_sslmode"),
        server_tls=effective.word("server_tls_sslmode"),
        auth_type=effective.word("auth_type"),
        auth_file=effective.text("auth_file"),
        pool_mode=effective.word("pool_mode"),
        max_client_connections=effective.number("max_client_conn"),
        default_pool_size=effective.number("default_pool_size"),
        reserve_pool_size=effective.number("reserve_pool_size"),
        max_db_connections=effective.number("max_db_connections"),
        max_user_connections=effective.number("max_user_connections"),
        users=users,
    )


def authentication(pooler: PgBouncer, owner: Node) -> Authentication:
    """Whether PgBouncer asks its clients who they are."""
    required, how = _required(pooler.auth_type, owner)
    return Authentication(
        name=pooler.name,
        node=required.node,
        platform="pgbouncer",
        product="pgbouncer",
        required=required,
        how=how,
        container=pooler.container,
    )


def _required(auth_type: Value[str], owner: Node) -> tuple[Value[bool], str]:
    node, at = auth_type.node, auth_type.at
    if auth_type.is_unset:
        return Value.of(True, owner), "`auth_type` is md5 by default"
    if auth_type.is_unknown:
        return Value.unknown(node, auth_type.reason, at), auth_type.reason
    word = auth_type.or_else("")
    if word in _NO_QUESTION:
        return Value.of(False, node, at), f"`auth_type = {word}` {_NO_QUESTION[word]}"
    if word in _ASKING:
        return Value.of(True, node, at), f"`auth_type` is {word}"
    reason = "`auth_hba_file` decides, which is not read" if word == "hba" else "its `auth_type` is none that PgBouncer knows"
    return Value.unknown(node, reason, at), reason


def connections(pooler: PgBouncer) -> Iterator[Connection]:
    """Where the pooler connects to, by its file; a line without a host is a Unix socket."""
    secure = _secure(pooler.server_tls)
    for line in pooler.databases:
        if line.host.is_unset or not isinstance(line.node, Scalar) or line.host.or_else("").startswith("/"):
            continue
        yield Connection(
            name=f"database {line.name} of {pooler.name}",
            node=line.node,
            platform="pgbouncer",
            url=Value.of(line.node.text, line.node),
            scheme="postgresql",
            host=line.host,
            port=line.port,
            secure=secure,
            user=line.user,
            password=line.password,
            product="postgres",
            container=pooler.container,
            pooled=Value.unset(line.node),
        )


def _secure(server_tls: Value[str]) -> Value[bool]:
    """Only ``require`` and above enforce encryption; the default (``disable`` before 1.20, ``prefer`` since) does not."""
    if server_tls.is_unset:
        return Value.of(False, server_tls.node)
    if server_tls.is_set and server_tls.value not in _SSLMODES:
        return Value.unknown(server_tls.node, "its `server_tls_sslmode` is none that PgBouncer knows", server_tls.at)
    return server_tls.map(lambda word: word in _ENCRYPTED)

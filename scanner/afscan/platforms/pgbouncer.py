"""PgBouncer: pgbouncer.ini and userlist.txt. Source: pgbouncer.org/config.html; pgbouncer/src/main.c and loader.c.

Settings are named ``section.key``; ``pgbouncer.pool_mode``, ``databases.orders``. Nothing is expanded, and an enumeration's words
are not case-sensitive.
"""

import re
from collections.abc import Iterator
from posixpath import basename

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.subjects import Credential, Login, Origin, PoolerDatabase, PoolerUser, Setting
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.settings import file_subject, holder_of, lower, origin_in, typed, whole_number, written
from afscan.syntax.ini import connect_string

SERVER, USERLIST = "pgbouncer", "pgbouncer-userlist"
"""Products of a :class:`ConfigFile`: the server's file, and the file of its users."""

SECTION = "%section"
"""The name of the setting that stands for a section's header among the settings of a file: a header has an effect of its own."""

KEPT = frozenset(("auth_file", "auth_user", "auth_dbname", "user"))
"""Parameters without a default: all others are set back by each ``[pgbouncer]`` header. Source: pgbouncer/src/main.c;
``fill_defaults`` in libusual/usual/cfparser.c."""

_MD5 = re.compile(r"md5[0-9a-fA-F]{32}\Z")
_SCRAM = re.compile(r"SCRAM-SHA-256\$\d+:[0-9A-Za-z+/=]+\$[0-9A-Za-z+/=]+:[0-9A-Za-z+/=]+\Z")
_CONNECT = re.compile(r"\b(?:host|dbname|port|user|password|pool_size|auth_user)\s*=")
_SUPERUSERS = frozenset(("postgres",))


def recognise(source: Source, root: Node) -> bool:
    """Whether this is PgBouncer's: the section it is named after, or databases with connect strings; or a list of users."""
    if not isinstance(root, Sequence):
        return False
    if source.syntax == "userlist":
        return bool(root.items) or basename(source.name).lower() == "userlist.txt"
    names = {section.key.text for section in root.items if section.key is not None}
    if "pgbouncer" in names or basename(source.name).lower().startswith("pgbouncer"):
        return True
    return "databases" in names and any(_CONNECT.search(value.text) for value in root.walk() if isinstance(value, Scalar))


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """The file's settings or users, with the secrets and logins in them."""
    if source.syntax == "userlist":
        _userlist(source, root, out)
        return
    settings = list(_settings(root))
    out.subjects.append(file_subject(source, root, SERVER, settings))
    for one in settings:
        node = one.value.node
        if one.name.startswith("databases.") and isinstance(node, Scalar):
            parts = connect_string(node)
            if parts is None:
                reason = "PgBouncer refuses this connect string and does not start; it is not judged."
                out.notice(NoticeKind.SYNTAX, node.place, reason)
            else:
                _describe(source, parts, out)


def database(one: Setting) -> PoolerDatabase | None:
    """One line of ``[databases]``; None where its connect string cannot be read."""
    node = one.value.node
    parts = connect_string(node) if isinstance(node, Scalar) else None
    if parts is None:
        return None
    read = {
        name: _part(parts, name) for name in ("host", "port", "pool_size", "max_db_connections", "pool_mode", "user", "password")
    }
    number = "a whole number"
    return PoolerDatabase(
        node=node,
        name=one.name.removeprefix("databases."),
        host=read["host"],
        port=typed(read["port"], whole_number, number),
        pool_size=typed(read["pool_size"], whole_number, number),
        max_connections=typed(read["max_db_connections"], whole_number, number),
        pool_mode=typed(read["pool_mode"], lower, "a pool mode"),
        user=read["user"],
        password=read["password"],
    )


def users(root: Node) -> list[PoolerUser]:
    """The users of a userlist.txt."""
    found = []
    for entry in root.children():
        name, secret = entry.get(0), entry.get(1)
        if isinstance(name, Scalar) and isinstance(secret, Scalar):
            value = written(secret.text, secret)
            form = secret_form(secret.text) if value.is_set else "unknown"
            found.append(PoolerUser(node=entry, user=name.text, secret=value, form=form))
    return found


def secret_form(secret: str) -> str:
    """How userlist.txt reads a secret: everything that is neither an MD5 hash nor a SCRAM verifier is the plaintext password."""
    if not secret:
        return "empty"
    if _MD5.match(secret):
        return "md5"
    return "scram" if _SCRAM.match(secret) else "plain"


def _part(parts: Mapping, name: str) -> Value[str]:
    node = parts.entries.get(name)
    return written(node.text, node) if isinstance(node, Scalar) else Value.unset(parts)


def _settings(root: Node) -> Iterator[Setting]:
    for section in root.children():
        if not isinstance(section, Sequence):
            continue
        name = section.key.text if section.key is not None else ""
        if section.key is not None:
            yield Setting(name=SECTION, value=Value.of(name, section), key_place=section.key.place)
        for value in section.items:
            if isinstance(value, Scalar) and value.key is not None:
                key = value.key.text
                full = key if key == "%include" else f"{name}.{key}"
                yield Setting(name=full, value=written(value.text, value), key_place=value.key.place)


def _describe(source: Source, parts: Mapping, out: Interpretation) -> None:
    """The password and the user of one database line."""
    user, password = parts.entries.get("user"), parts.entries.get("password")
    where = parts.key.text if parts.key is not None else ""
    if isinstance(password, Scalar):
        name = f"password of database {where} in {source.name}"
        out.subjects.append(_credential(source, name, "password", password, user.text if isinstance(user, Scalar) else None))
    for key in ("user", "auth_user"):
        login = parts.entries.get(key)
        if isinstance(login, Scalar):
            out.subjects.append(
                Login(
                    name=f"{key} of database {where} in {source.name}",
                    node=login,
                    platform="pgbouncer",
                    product="postgres",
                    user=written(login.text, login),
                    superuser=login.text in _SUPERUSERS,
                )
            )


def _userlist(source: Source, root: Node, out: Interpretation) -> None:
    settings = []
    for user in users(root):
        name = user.node.get(0)
        place = name.place if name is not None else user.node.place
        settings.append(Setting(name=user.user, value=user.secret, key_place=place))
        if isinstance(user.secret.node, Scalar):
            out.subjects.append(_credential(source, f"{user.user} in {source.name}", user.user, user.secret.node, user.user))
    file = file_subject(source, root, USERLIST, settings)
    file.platform = "pgbouncer"
    out.subjects.append(file)


def _credential(source: Source, name: str, key: str, secret: Scalar, user: str | None) -> Credential:
    value = written(secret.text, secret)
    hashed = value.is_set and secret_form(secret.text) in ("md5", "scram")
    return Credential(
        name=name,
        node=secret,
        platform="pgbouncer",
        key=key,
        kind="password",
        value=value,
        origin=Origin.HASH if hashed else origin_in(value),
        user=user,
        reader="pgbouncer",
        holder=holder_of(source),
    )

"""Roles and privileges. Source: postgresql.org, "CREATE ROLE", "ALTER ROLE", "GRANT", "REVOKE", "ALTER DEFAULT PRIVILEGES"."""

from typing import Any

from afscan.model.node import Scalar
from afscan.model.sql import GrantStatement, RoleStatement, SqlName, SqlStatement
from afscan.model.value import Value
from afscan.platforms.sqlstatements.cursor import Cursor, spanning

_ATTRIBUTES = ("SUPERUSER", "CREATEDB", "CREATEROLE", "INHERIT", "LOGIN", "REPLICATION", "BYPASSRLS")
_KINDS = {
    "TABLE": "table",
    "TABLES": "table",
    "SEQUENCE": "sequence",
    "SEQUENCES": "sequence",
    "FUNCTION": "function",
    "FUNCTIONS": "function",
    "PROCEDURE": "function",
    "PROCEDURES": "function",
    "ROUTINE": "function",
    "ROUTINES": "function",
    "SCHEMA": "schema",
    "SCHEMAS": "schema",
    "DATABASE": "database",
    "DOMAIN": "type",
    "TYPE": "type",
    "TYPES": "type",
    "LANGUAGE": "language",
    "TABLESPACE": "tablespace",
    "PARAMETER": "parameter",
}
_LONG_KINDS = (("FOREIGN", "DATA", "WRAPPER"), ("FOREIGN", "SERVER"), ("LARGE", "OBJECT"))


def existing(names: list[SqlName]) -> list[SqlName]:
    """The roles that must exist: not PUBLIC, nor whoever runs the statement."""
    return [one for one in names if not (one.text.is_set and one.name in ("public", "current_user"))]


def role(cursor: Cursor, common: dict[str, Any], verb: str) -> SqlStatement | None:
    """``CREATE``/``ALTER ROLE|USER|GROUP name options``, from the name on.

    :param verb: ``CREATE ROLE``, ``CREATE USER`` (which may log in), ``ALTER ROLE``.
    """
    guarded = cursor.if_exists()
    named = cursor.role()
    if named is None:
        return None
    found = RoleStatement(
        **common,
        verb="CREATE ROLE" if verb.startswith("CREATE") else "ALTER ROLE",
        guarded=guarded,
        role=named,
        connection_limit=Value.unset(cursor.node),
        password=Value.unset(cursor.node),
        valid_until=Value.unset(cursor.node),
    )
    if verb == "CREATE USER" and named.text.node is not None:
        found.attributes["LOGIN"] = Value.of(True, named.text.node, named.text.at)
    if verb.startswith("CREATE"):
        found.makes.append(named)
    else:
        found.needs += existing([named])
    cursor.take("WITH")
    while not cursor.ended:
        _option(cursor, found)
    found.needs += existing([*found.member_of, *found.members])
    return found


def _option(cursor: Cursor, found: RoleStatement) -> None:
    item = cursor.peek()
    word = cursor.word()
    attribute = word.removeprefix("NO")
    if item is not None and attribute in _ATTRIBUTES:
        cursor.at += 1
        found.attributes[attribute] = Value.of(word == attribute, item)
    elif cursor.take("CONNECTION", "LIMIT"):
        found.connection_limit = cursor.integer()
    elif cursor.take("VALID", "UNTIL"):
        found.valid_until = cursor.text()
    elif cursor.take("PASSWORD"):
        found.password = _given(cursor)
    elif cursor.take("IN", "ROLE") or cursor.take("IN", "GROUP"):
        found.member_of += cursor.roles()
    elif cursor.take("ROLE") or cursor.take("USER") or cursor.take("ADMIN"):
        found.members += cursor.roles()
    else:
        cursor.at += 1


def _given(cursor: Cursor) -> Value[bool]:
    """Whether a password is set; its text is nobody's business here."""
    item = cursor.peek()
    if cursor.take("NULL") and item is not None:
        return Value.of(False, item)
    return cursor.text().map(bool)


def membership_or_grant(cursor: Cursor, common: dict[str, Any], *, revoke: bool, defaults: bool = False) -> GrantStatement | None:
    """``GRANT``/``REVOKE`` from behind its first word."""
    option = revoke and (
        cursor.take("GRANT", "OPTION", "FOR") or any(cursor.take(word, "OPTION", "FOR") for word in ("ADMIN", "INHERIT", "SET"))
    )
    privileges, columns = _privileges(cursor)
    if not privileges:
        return None
    kind, everything = "role", False
    objects: list[SqlName] = []
    if cursor.take("ON"):
        kind, objects, everything = _objects(cursor, defaults=defaults)
    else:
        objects = [SqlName(kind="role", text=one if one.node.tag == "identifier" else one.map(_folded)) for one in privileges]
        privileges = []
    if not cursor.find("FROM" if revoke else "TO"):
        return None
    grantees = cursor.roles()
    grants_on = cursor.find("WITH", "GRANT", "OPTION") or cursor.find("WITH", "ADMIN")
    found = GrantStatement(
        **common,
        verb="REVOKE" if revoke else "GRANT",
        revoke=revoke,
        privileges=privileges,
        object_kind=kind,
        objects=objects,
        grantees=grantees,
        everything=everything,
        grant_option=grants_on or option,
        columns=columns,
        defaults=defaults,
    )
    found.needs = existing(grantees) + (existing(objects) if kind == "role" else objects)
    return found


def _folded(name: str) -> str:
    return name.lower()


def _privileges(cursor: Cursor) -> tuple[list[Value[str]], list[str]]:
    """The privileges (or roles) up to ON, TO or FROM: each with its place; and the columns that they are limited to."""
    found: list[Value[str]] = []
    columns: list[str] = []
    words: list[Scalar] = []
    while True:
        item = cursor.peek()
        ends = item is None or cursor.word() in ("ON", "TO", "FROM")
        if words and (ends or cursor.sign(",")):
            text = " ".join(one.text.upper() if one.tag == "word" else one.text for one in words)
            at = spanning(words)
            variable = words[0].tag == "variable"
            value = cursor.variables.text(words[0]) if variable else Value.of(text, words[0], at)
            found.append(value.map(lambda one: "ALL" if one == "ALL PRIVILEGES" else one))
            words = []
        if ends:
            return found, columns
        if cursor.sign("("):
            columns += [one.text.lower() if one.tag == "word" else one.text for one in cursor.brackets() if one.tag != "operator"]
            continue
        cursor.at += 1
        if item is not None and item.tag in ("word", "identifier", "variable"):
            words.append(item)


def _objects(cursor: Cursor, *, defaults: bool) -> tuple[str, list[SqlName], bool]:
    """What a privilege is about: kind, names, and whether it is all of a schema."""
    if cursor.take("ALL"):
        kind = _KINDS.get(cursor.word(), "table")
        cursor.at += 1
        cursor.take("IN", "SCHEMA")
        names = cursor.names("schema")
        return kind, names, True
    if defaults:
        kind = _KINDS.get(cursor.word(), "table")
        cursor.at += 1
        return kind, [], True
    for words in _LONG_KINDS:
        if cursor.take(*words):
            return " ".join(words).lower(), cursor.names("other"), False
    word = cursor.word()
    following = cursor.peek(1)
    named = following is not None and following.tag in ("word", "identifier", "variable") and cursor.word(1) not in ("TO", "FROM")
    kind = _KINDS[word] if word in _KINDS and named else "table"
    if word in _KINDS and named:
        cursor.at += 1
    names = []
    while (one := cursor.name(kind)) is not None:
        if cursor.sign("("):
            one.signature = " ".join(item.text for item in cursor.brackets())
        names.append(one)
        if not cursor.take_sign(","):
            break
    return kind, names, False


def default_privileges(cursor: Cursor, common: dict[str, Any]) -> SqlStatement | None:
    """``ALTER DEFAULT PRIVILEGES``, from behind these words."""
    roles: list[SqlName] = []
    schemas: list[SqlName] = []
    while not cursor.ended:
        if cursor.take("FOR", "ROLE") or cursor.take("FOR", "USER"):
            roles += cursor.roles()
        elif cursor.take("IN", "SCHEMA"):
            schemas += cursor.names("schema")
        elif cursor.word() in ("GRANT", "REVOKE"):
            break
        else:
            return None
    revoke = cursor.take_any("GRANT", "REVOKE") == "REVOKE"
    found = membership_or_grant(cursor, common, revoke=revoke, defaults=True)
    if found is not None:
        found.verb = "ALTER DEFAULT PRIVILEGES"
        found.default_roles, found.objects = roles, schemas
        found.needs += existing(roles) + schemas
    return found

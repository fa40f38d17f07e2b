"""Parameters that statements set, and what psql itself is told. Source: postgresql.org, "ALTER SYSTEM", "ALTER ROLE", "SET", "psql"."""

from typing import Any

from afscan.model.node import Scalar
from afscan.model.sql import ConnectStatement, IncludeStatement, SettingStatement, SqlName, SqlStatement
from afscan.model.value import Value
from afscan.platforms.sqlstatements.cursor import Cursor, spanning, split


def setting(cursor: Cursor, common: dict[str, Any], verb: str, scope: str, target: SqlName | None = None) -> SqlStatement | None:
    """``SET name TO value`` or ``RESET name``, from behind SET or RESET.

    :param verb: ``ALTER SYSTEM``, ``ALTER DATABASE``, ``ALTER ROLE`` or ``SET``.
    """
    reset = cursor.word(-1) == "RESET"
    named = cursor.name("setting")
    if named is None:
        return None
    if named.schema:
        named.text = named.text.map(lambda text: f"{named.schema}.{text}")
    named.text = named.text.map(str.lower)
    named.schema = ""
    named.text = _long_names(cursor, named)
    value: Value[str] = Value.unset(cursor.node)
    if not reset:
        cursor.take("TO")
        cursor.take_sign("=")
        value = _value(cursor)
    needs = [target] if target is not None and target.name not in ("current_user", "public", "all") else []
    return SettingStatement(**common, verb=verb, scope=scope, setting=named, value=value, target=target, needs=needs)


def _long_names(cursor: Cursor, named: SqlName) -> Value[str]:
    """``TIME ZONE``, ``SESSION AUTHORIZATION``: words that stand for a parameter."""
    if named.name == "time" and cursor.take("ZONE"):
        return named.text.map(lambda _: "timezone")
    if named.name == "session" and cursor.take("AUTHORIZATION"):
        return named.text.map(lambda _: "session_authorization")
    return named.text


def _value(cursor: Cursor) -> Value[str]:
    """A value, or several between commas; unset for DEFAULT."""
    rest = cursor.tokens[cursor.at :]
    if cursor.take("DEFAULT"):
        return Value.unset(cursor.node)
    parts = [Cursor(cursor.node, part, cursor.variables).text() for part in split(rest) if part]
    if not parts:
        return Value.unset(cursor.node)
    unknown = next((part for part in parts if not part.is_set), None)
    if unknown is not None:
        return unknown if unknown.is_unknown else Value.unset(cursor.node)
    if len(parts) == 1:
        return parts[0]
    return Value.of(", ".join(part.or_else("") for part in parts), rest[0], spanning(rest))


def command(cursor: Cursor, common: dict[str, Any]) -> SqlStatement | None:
    """A backslash command that other statements depend on; None for all others."""
    item = cursor.next()
    word = item.text if item is not None else ""
    if word in ("\\c", "\\connect"):
        return _connect(cursor, common)
    if word in ("\\i", "\\include", "\\ir", "\\include_relative"):
        path = _argument(cursor)
        relative = word in ("\\ir", "\\include_relative")
        return IncludeStatement(**common, verb=word, path=path, relative=relative)
    if word in ("\\!", "\\lo_import", "\\g", "\\copy", "\\gset", "\\gx"):
        return None
    return None


def _argument(cursor: Cursor) -> Value[str]:
    """One argument of a command: pieces that touch each other belong together."""
    pieces: list[Scalar] = []
    while (item := cursor.peek()) is not None and (not pieces or pieces[-1].span[2:] == item.span[:2]):
        pieces.append(item)
        cursor.at += 1
    if not pieces:
        return Value.unset(cursor.node)
    texts = []
    for piece in pieces:
        if piece.tag == "shell":
            return Value.unknown(piece, "a command of the shell says it")
        value = cursor.variables.text(piece) if piece.tag == "variable" else Value.of(piece.text, piece)
        if value.is_unknown:
            return value
        texts.append(value.or_else(""))
    return Value.of("".join(texts), pieces[0], spanning(pieces))


def _connect(cursor: Cursor, common: dict[str, Any]) -> SqlStatement:
    arguments: list[Value[str]] = []
    while not cursor.ended:
        one = _argument(cursor)
        if not (one.or_else("").startswith("-reuse-previous")):
            arguments.append(one)
    unset: Value[str] = Value.unset(cursor.node)
    database, user = [*arguments, unset, unset][:2]
    text = database.or_else("")
    if "=" in text or "://" in text:
        database = Value.unknown(database.node, "a connection string says it", database.at)
    found = ConnectStatement(
        **common,
        verb="\\connect",
        database=unset if text == "-" else database,
        user=unset if user.or_else("") == "-" else user,
    )
    if found.database.is_set:
        found.needs.append(SqlName(kind="database", text=found.database))
    if found.user.is_set:
        found.needs.append(SqlName(kind="role", text=found.user))
    return found

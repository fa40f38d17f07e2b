"""Tables and row-level security. Source: postgresql.org, "CREATE TABLE", "ALTER TABLE", "CREATE POLICY"."""

from typing import Any

from afscan.model.node import Scalar
from afscan.model.sql import OwnerStatement, PolicyStatement, RowSecurityStatement, SettingUse, SqlName, SqlStatement
from afscan.model.value import Value
from afscan.platforms.sqlstatements.cursor import Cursor, spanning, split

_SECURITY = (
    ("ENABLE", "ROW", "LEVEL", "SECURITY"),
    ("DISABLE", "ROW", "LEVEL", "SECURITY"),
    ("NO", "FORCE", "ROW", "LEVEL", "SECURITY"),
    ("FORCE", "ROW", "LEVEL", "SECURITY"),
)
_LONGEST = 2_000


def create_table(cursor: Cursor, common: dict[str, Any], *, temporary: bool) -> SqlStatement | None:
    """``CREATE TABLE``, from behind these words. Temporary tables end with the session and are nobody's."""
    guarded = cursor.if_exists()
    table = cursor.name("table")
    if table is None:
        return None
    found = SqlStatement(**common, verb="CREATE TABLE", guarded=guarded, makes=[table])
    if table.schema:
        found.needs.append(SqlName(kind="schema", text=Value.of(table.schema, table.text.node, table.place)))
    if temporary:
        table.kind = "temporary"
    rest = cursor.tokens[cursor.at :]
    if cursor.take("PARTITION", "OF") and (parent := cursor.name("table")) is not None:
        found.needs.append(parent)
    inner = Cursor(cursor.node, rest, cursor.variables)
    while not inner.ended:
        if inner.take("REFERENCES"):
            target = inner.name("table")
            if target is not None and not (target.name == table.name and target.schema in ("", table.schema)):
                found.needs.append(target)
        elif inner.take("INHERITS"):
            columns = Cursor(cursor.node, inner.brackets(), cursor.variables)
            found.needs += columns.names("table")
        elif inner.word() in ("AS", "SELECT"):
            break  # what a query reads is not followed
        else:
            inner.at += 1
    return found


def alter_table(cursor: Cursor, common: dict[str, Any]) -> list[SqlStatement]:
    """``ALTER TABLE``, from behind these words: one statement for each action that counts, at least one."""
    guarded = cursor.if_exists()
    cursor.take("ONLY")
    table = cursor.name("table")
    if table is None:
        return []
    cursor.take_sign("*")
    found: list[SqlStatement] = []
    for part in split(cursor.tokens[cursor.at :]):
        action = Cursor(cursor.node, part, cursor.variables)
        one = _action(action, common, table)
        if one is not None:
            found.append(one)
    plain = found or [SqlStatement(**common, verb="ALTER TABLE")]
    for one in plain:
        one.guarded = guarded
    plain[0].needs.insert(0, table)
    return plain


def _action(action: Cursor, common: dict[str, Any], table: SqlName) -> SqlStatement | None:
    for words in _SECURITY:
        if action.take(*words):
            return RowSecurityStatement(**common, verb="ALTER TABLE", table=table, action=" ".join(words[:-3]))
    if action.take("OWNER", "TO"):
        return owner(action, common, table, "ALTER TABLE")
    if action.take("RENAME", "TO") and (renamed := action.name("table")) is not None:
        renamed.schema = table.schema
        return SqlStatement(**common, verb="ALTER TABLE", drops=[table], makes=[renamed])
    if action.take("SET", "SCHEMA") and (schema := action.name("schema")) is not None:
        moved = SqlName(kind="table", text=table.text, schema=schema.name)
        return SqlStatement(**common, verb="ALTER TABLE", needs=[schema], drops=[table], makes=[moved])
    if action.take("DROP") and action.word() not in ("CONSTRAINT", "DEFAULT", "NOT", "IDENTITY", "EXPRESSION"):
        action.take("COLUMN")
        action.if_exists()
        column = action.name("column")
        return SqlStatement(**common, verb="ALTER TABLE", destroys=[column] if column is not None else [])
    if action.take("ATTACH", "PARTITION") and (part := action.name("table")) is not None:
        return SqlStatement(**common, verb="ALTER TABLE", needs=[part])
    if action.find("REFERENCES") and (target := action.name("table")) is not None:
        return SqlStatement(**common, verb="ALTER TABLE", needs=[target])
    return None


def owner(cursor: Cursor, common: dict[str, Any], target: SqlName, verb: str) -> SqlStatement | None:
    """``OWNER TO role``, from the role on."""
    named = cursor.role()
    if named is None:
        return None
    needs = [] if named.name == "current_user" else [named]
    return OwnerStatement(**common, verb=verb, target=target, owner=named, needs=needs)


def policy(cursor: Cursor, common: dict[str, Any], verb: str) -> SqlStatement | None:
    """``CREATE``/``ALTER POLICY``, from behind these words."""
    named = cursor.name("policy")
    table = cursor.name("table") if cursor.take("ON") else None
    if named is None or table is None:
        return None
    found = PolicyStatement(
        **common,
        verb=verb,
        policy=named,
        table=table,
        needs=[table],
        using=Value.unset(cursor.node),
        check=Value.unset(cursor.node),
    )
    while not cursor.ended:
        if cursor.take("AS", "RESTRICTIVE"):
            found.permissive = False
        elif cursor.take("FOR"):
            found.command = cursor.word() or "ALL"
            cursor.at += 1
        elif cursor.take("TO"):
            found.roles += cursor.roles()
        elif cursor.take("USING"):
            found.using = _expression(cursor, found)
        elif cursor.take("WITH", "CHECK"):
            found.check = _expression(cursor, found)
        else:
            cursor.at += 1
    found.needs += [one for one in found.roles if one.name not in ("public", "current_user")]
    return found


def _expression(cursor: Cursor, found: PolicyStatement) -> Value[str]:
    """The text of an expression in brackets; the settings that it asks for go into the policy."""
    tokens = cursor.brackets()
    if not tokens:
        return Value.unset(cursor.node)
    found.settings += _settings(cursor, tokens)
    return Value.of(" ".join(item.text for item in tokens)[:_LONGEST], tokens[0], spanning(tokens))


def _settings(cursor: Cursor, tokens: list[Scalar]) -> list[SettingUse]:
    found = []
    inner = Cursor(cursor.node, tokens, cursor.variables)
    while not inner.ended:
        start = inner.peek()
        if start is None or start.text.lower() != "current_setting" or not inner.sign("(", 1):
            inner.at += 1
            continue
        inner.at += 1
        here = inner.at
        arguments = list(split(inner.brackets()))
        inner.at = here + 1  # an argument may hold another call
        if not arguments:
            continue
        first = Cursor(cursor.node, arguments[0], cursor.variables).text()
        second = Cursor(cursor.node, arguments[1], cursor.variables).boolean() if len(arguments) > 1 else Value.unset(start)
        found.append(SettingUse(node=start, setting=first, missing_ok=second))
    return found

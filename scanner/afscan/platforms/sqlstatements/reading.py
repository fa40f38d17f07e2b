"""One statement after the other: what it is, what it needs, what it makes. Source: postgresql.org, "SQL Commands"."""

from collections.abc import Callable, Iterator
from typing import Any

from afscan.model.node import Node, Scalar
from afscan.model.sql import FunctionStatement, SettingStatement, SqlName, SqlStatement
from afscan.model.value import Value
from afscan.platforms.sqlstatements import roles, tables
from afscan.platforms.sqlstatements.cursor import Cursor, Variables, spanning
from afscan.platforms.sqlstatements.settings import command, setting

_ROLES = ("ROLE", "USER", "GROUP")
_RELATIONS = ("TABLE", "VIEW", "SEQUENCE", "INDEX")
_HARMLESS_WORDS = """
    version now current_setting current_database current_user count max min sum avg coalesce exists pg_sleep setval nextval format
    concat string_agg array_agg json_build_object jsonb_build_object to_regclass to_regrole lower upper length random row_number
    generate_series in and or not values any all some cast pg_reload_conf gen_random_uuid uuid_generate_v4 crypt gen_salt
    has_table_privilege has_schema_privilege pg_get_serial_sequence case when where from with as on join using select digest
    row round floor ceil extract date_trunc to_char regexp_replace substring position trim quote_ident quote_literal greatest least
"""
_HARMLESS = frozenset(_HARMLESS_WORDS.split())
"""Functions of a SELECT that make nothing, and words before a bracket that are none."""

Found = list[SqlStatement]


def statements(node: Node, tokens: list[Scalar], variables: Variables) -> Found:
    """What a statement is; several where one sentence does several things; nothing where it is none that counts."""
    cursor = Cursor(node, tokens, variables)
    first = tokens[0] if tokens else None
    if first is None:
        return []
    common: dict[str, Any] = {"name": " ".join(item.text for item in tokens[:3])[:60], "node": node, "platform": "sql"}
    if first.tag == "command":
        one = command(cursor, common)
        return [one] if one is not None else []
    reader = _READERS.get(cursor.word())
    if reader is None:
        return []
    cursor.at += 1
    return [one for one in reader(cursor, common) if one is not None]


def _create(cursor: Cursor, common: dict[str, Any]) -> Iterator[SqlStatement | None]:
    replaces = cursor.take("OR", "REPLACE")
    found = _created(cursor, common)
    if found is not None:
        found.replaces = replaces
    yield found


def _created(cursor: Cursor, common: dict[str, Any]) -> SqlStatement | None:
    if cursor.word() in _ROLES and cursor.word(1) != "MAPPING":
        verb = "CREATE USER" if cursor.word() == "USER" else "CREATE ROLE"
        cursor.at += 1
        return roles.role(cursor, common, verb)
    temporary = False
    while word := cursor.take_any("TEMP", "TEMPORARY", "UNLOGGED", "GLOBAL", "LOCAL", "FOREIGN", "RECURSIVE", "MATERIALIZED"):
        temporary = temporary or word.startswith("TEMP")
    kind = cursor.word()
    cursor.at += 1
    if kind == "TABLE":
        return tables.create_table(cursor, common, temporary=temporary)
    if kind == "POLICY":
        return tables.policy(cursor, common, "CREATE POLICY")
    if kind in ("FUNCTION", "PROCEDURE"):
        return _function(cursor, common)
    if kind in ("UNIQUE", "INDEX"):
        cursor.take("INDEX")
        return _on_table(cursor, common, "CREATE INDEX", "ON")
    if kind in ("TRIGGER", "CONSTRAINT"):
        return _on_table(cursor, common, "CREATE TRIGGER", "ON")
    if kind == "SCHEMA":
        return _schema(cursor, common)
    makes = {
        "VIEW": "table",
        "SEQUENCE": "table",
        "EXTENSION": "extension",
        "DATABASE": "database",
        "TYPE": "type",
        "DOMAIN": "type",
    }
    if kind not in makes:
        return None
    guarded = cursor.if_exists()
    named = cursor.name(makes[kind])
    if named is None:
        return None
    found = SqlStatement(**common, verb=f"CREATE {kind}", guarded=guarded, makes=[] if temporary else [named])
    if kind == "DATABASE" and cursor.find("OWNER"):
        cursor.take_sign("=")
        _owned(cursor, found)
    if kind == "EXTENSION" and cursor.find("SCHEMA") and (schema := cursor.name("schema")) is not None:
        found.needs.append(schema)
    return found


def _owned(cursor: Cursor, found: SqlStatement) -> None:
    owner = cursor.role()
    if owner is not None and owner.name != "current_user":
        found.needs.append(owner)


def _schema(cursor: Cursor, common: dict[str, Any]) -> SqlStatement | None:
    guarded = cursor.if_exists()
    named = cursor.name("schema") if cursor.word() != "AUTHORIZATION" else None
    owner = cursor.role() if cursor.take("AUTHORIZATION") else None
    if named is None and owner is not None:
        named = SqlName(kind="schema", text=owner.text)
    if named is None:
        return None
    needs = [owner] if owner is not None and owner.name != "current_user" else []
    return SqlStatement(**common, verb="CREATE SCHEMA", guarded=guarded, makes=[named], needs=needs)


def _on_table(cursor: Cursor, common: dict[str, Any], verb: str, word: str) -> SqlStatement | None:
    if not cursor.find(word):
        return None
    cursor.take("ONLY")
    table = cursor.name("table")
    return SqlStatement(**common, verb=verb, needs=[table] if table is not None else [])


def _function(cursor: Cursor, common: dict[str, Any]) -> SqlStatement | None:
    named = cursor.name("function")
    if named is None:
        return None
    named.signature = " ".join(item.text for item in cursor.brackets())
    found = FunctionStatement(
        **common,
        verb="CREATE FUNCTION",
        function=named,
        makes=[named],
        security_definer=Value.unset(cursor.node),
        search_path=Value.unset(cursor.node),
    )
    while not cursor.ended:
        start = cursor.peek()
        if cursor.take("SECURITY", "DEFINER") and start is not None:
            at = spanning([start, cursor.tokens[cursor.at - 1]])
            found.security_definer = Value.of(True, start, at)
        elif cursor.take("SET", "SEARCH_PATH"):
            _ = cursor.take("TO") or cursor.take_sign("=")
            found.search_path = cursor.text()
        elif cursor.take("LANGUAGE"):
            found.language = cursor.text().or_else("").lower()
        else:
            cursor.at += 1
    return found


def _alter(cursor: Cursor, common: dict[str, Any]) -> Iterator[SqlStatement | None]:
    kind = cursor.word()
    cursor.at += 1
    if kind in _ROLES and cursor.word() != "MAPPING":
        yield _alter_role(cursor, common)
    elif kind == "SYSTEM" and cursor.take_any("SET", "RESET"):
        yield setting(cursor, common, "ALTER SYSTEM", "system")
    elif kind == "DATABASE":
        yield _alter_database(cursor, common)
    elif kind == "DEFAULT" and cursor.take("PRIVILEGES"):
        yield roles.default_privileges(cursor, common)
    elif kind == "POLICY":
        yield tables.policy(cursor, common, "ALTER POLICY")
    elif kind in ("TABLE", "VIEW", "MATERIALIZED", "SEQUENCE", "FOREIGN"):
        _ = cursor.take("VIEW") or cursor.take("TABLE")
        yield from tables.alter_table(cursor, common)
    elif kind in ("SCHEMA", "FUNCTION", "PROCEDURE", "TYPE", "DOMAIN"):
        named = cursor.name("function" if kind == "PROCEDURE" else kind.lower())
        cursor.brackets()
        if named is not None and cursor.take("OWNER", "TO"):
            found = tables.owner(cursor, common, named, f"ALTER {kind}")
            if found is not None and kind == "SCHEMA":
                found.needs.append(named)
            yield found


def _alter_role(cursor: Cursor, common: dict[str, Any]) -> SqlStatement | None:
    start = cursor.at
    cursor.if_exists()
    named = cursor.role()
    if named is None:
        return None
    if cursor.take("IN", "DATABASE"):
        cursor.name("database")
    if cursor.take_any("SET", "RESET"):
        return setting(cursor, common, "ALTER ROLE", "role", named)
    if cursor.take("RENAME", "TO"):
        renamed = cursor.role()
        return SqlStatement(**common, verb="ALTER ROLE", needs=[named], drops=[named], makes=[renamed] if renamed else [])
    cursor.at = start
    return roles.role(cursor, common, "ALTER ROLE")


def _alter_database(cursor: Cursor, common: dict[str, Any]) -> SqlStatement | None:
    named = cursor.name("database")
    if named is None:
        return None
    if cursor.take_any("SET", "RESET"):
        return setting(cursor, common, "ALTER DATABASE", "database", named)
    if cursor.take("OWNER", "TO"):
        found = tables.owner(cursor, common, named, "ALTER DATABASE")
        if found is not None:
            found.needs.append(named)
        return found
    return SqlStatement(**common, verb="ALTER DATABASE", needs=[named])


_DROPPED = {"ROLE": "role", "USER": "role", "GROUP": "role", "SCHEMA": "schema", "DATABASE": "database", "EXTENSION": "extension"}
_DESTROYING = ("TABLE", "SCHEMA", "DATABASE")


def _drop(cursor: Cursor, common: dict[str, Any]) -> Iterator[SqlStatement | None]:
    kind = cursor.word()
    cursor.at += 1
    if kind in ("MATERIALIZED", "FOREIGN"):
        cursor.at += 1
    if kind in ("POLICY", "TRIGGER"):
        guarded = cursor.if_exists()
        named = cursor.name("policy")
        table = cursor.name("table") if cursor.take("ON") else None
        drops = [named] if named is not None and kind == "POLICY" else []
        needs = [table] if table is not None else []
        yield SqlStatement(**common, verb=f"DROP {kind}", guarded=guarded, needs=needs, drops=drops)
        return
    if kind not in _DROPPED and kind not in (*_RELATIONS, "MATERIALIZED", "FOREIGN"):
        return
    cursor.take("CONCURRENTLY")
    guarded = cursor.if_exists()
    names = cursor.names(_DROPPED.get(kind, "index" if kind == "INDEX" else "table"))
    destroys = names if kind in _DESTROYING else []
    needs = [] if kind == "INDEX" else names
    yield SqlStatement(**common, verb=f"DROP {kind}", guarded=guarded, needs=needs, drops=names, destroys=destroys)


def _grant(cursor: Cursor, common: dict[str, Any]) -> Iterator[SqlStatement | None]:
    yield roles.membership_or_grant(cursor, common, revoke=cursor.word(-1) == "REVOKE")


def _set(cursor: Cursor, common: dict[str, Any]) -> Iterator[SqlStatement | None]:
    if cursor.take("CONSTRAINTS") or cursor.take("TRANSACTION"):
        return
    local = cursor.take("LOCAL")
    if not local and cursor.word(1) != "AUTHORIZATION":
        cursor.take("SESSION")
    yield setting(cursor, common, "SET", "local" if local else "session")


def _rows(cursor: Cursor, common: dict[str, Any]) -> Iterator[SqlStatement | None]:
    """INSERT, UPDATE, DELETE, TRUNCATE, COPY, LOCK: the table must be there."""
    verb = cursor.word(-1)
    for word in ("INTO", "FROM", "TABLE", "ONLY"):
        cursor.take(word)
    names = cursor.names("table") if verb in ("TRUNCATE", "LOCK") else [one] if (one := cursor.name("table")) is not None else []
    all_rows = verb == "TRUNCATE" or (verb == "DELETE" and not cursor.find("WHERE"))
    yield SqlStatement(**common, verb=verb, needs=names, destroys=names if all_rows else [])


def _comment(cursor: Cursor, common: dict[str, Any]) -> Iterator[SqlStatement | None]:
    if cursor.take("ON", "TABLE") or cursor.take("ON", "VIEW"):
        table = cursor.name("table")
        yield SqlStatement(**common, verb="COMMENT", needs=[table] if table is not None else [])
    elif cursor.take("ON", "ROLE"):
        named = cursor.name("role")
        yield SqlStatement(**common, verb="COMMENT", needs=[named] if named is not None else [])


def _select(cursor: Cursor, common: dict[str, Any]) -> Iterator[SqlStatement | None]:
    """A query may call what changes things: ``set_config`` is known, most functions are not."""
    for index in range(cursor.at, len(cursor.tokens) - 1):
        item, following = cursor.tokens[index], cursor.tokens[index + 1]
        if item.tag not in ("word", "identifier") or following.tag != "operator" or following.text != "(":
            continue
        called = item.text.lower()
        if called == "set_config":
            cursor.at = index + 1
            yield _configured(cursor, common)
        elif called not in _HARMLESS:
            yield SqlStatement(**common, verb="SELECT", opaque=f"what `{item.text[:40]}()` does is not known")
            return
    if cursor.find("INTO") and (table := cursor.name("table")) is not None:
        yield SqlStatement(**common, verb="SELECT", makes=[table])


def _configured(cursor: Cursor, common: dict[str, Any]) -> SqlStatement | None:
    """``set_config('name', 'value', is_local)``."""
    inner = Cursor(cursor.node, cursor.brackets(), cursor.variables)
    name = inner.text()
    inner.take_sign(",")
    value = inner.text()
    inner.take_sign(",")
    local = inner.boolean()
    if not name.is_set or not local.is_set:
        return SqlStatement(**common, verb="SELECT", opaque="which parameter it sets is not known")
    named = SqlName(kind="setting", text=name.map(str.lower))

    scope = "local" if local.value else "session"
    return SettingStatement(**common, verb="SET", scope=scope, setting=named, value=value)


def _opaque(cursor: Cursor, common: dict[str, Any]) -> Iterator[SqlStatement | None]:
    verb = cursor.word(-1)
    yield SqlStatement(**common, verb=verb, opaque=f"what its `{verb}` runs is not known")


def _transaction(cursor: Cursor, common: dict[str, Any]) -> Iterator[SqlStatement | None]:
    verb = cursor.word(-1)
    if verb == "ROLLBACK" and (cursor.take("TO") or cursor.take("WORK", "TO")):
        verb = "ROLLBACK TO"
    yield SqlStatement(**common, verb={"START": "BEGIN", "END": "COMMIT", "ABORT": "ROLLBACK"}.get(verb, verb))


_Reader = Callable[[Cursor, dict[str, Any]], Iterator[SqlStatement | None]]
_READERS: dict[str, _Reader] = {
    "CREATE": _create,
    "ALTER": _alter,
    "DROP": _drop,
    "GRANT": _grant,
    "REVOKE": _grant,
    "SET": _set,
    "RESET": _set,
    "INSERT": _rows,
    "UPDATE": _rows,
    "DELETE": _rows,
    "TRUNCATE": _rows,
    "COPY": _rows,
    "LOCK": _rows,
    "COMMENT": _comment,
    "SELECT": _select,
    "PERFORM": _select,
    "CALL": _opaque,
    "EXECUTE": _opaque,
    "BEGIN": _transaction,
    "START": _transaction,
    "COMMIT": _transaction,
    "END": _transaction,
    "ROLLBACK": _transaction,
    "ABORT": _transaction,
}

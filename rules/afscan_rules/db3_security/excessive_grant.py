"""DB302: roles that may do more than an application needs."""

from collections.abc import Iterator

from afscan.join.databases import is_administrative, owns
from afscan.model.sql import DatabaseGrant, DatabaseRole
from afscan.model.stack import Stack
from afscan.model.value import Value
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_ALL = {
    "table": "change, truncate and put triggers on the rows",
    "schema": "create objects in the schema",
    "database": "create schemas in the database",
}
"""What ALL allows beyond what an application needs, by kind; ALL on a sequence, function or type is what one needs of it."""

_CHANGING = frozenset(("ALL", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"))
_SERVER_ROLES = frozenset(("pg_execute_server_program", "pg_write_server_files", "pg_read_server_files", "pg_write_all_data"))
"""Predefined roles that reach the server's files and programs, or every table. Source: postgresql.org, "Predefined Roles"."""


@rule("DB302", severity=Severity.HIGH, tags=("CWE-269", "CWE-732"))
def excessive_grant(subject: DatabaseGrant | DatabaseRole, stack: Stack) -> Iterator[Problem]:
    """Database role has excessive privileges.

    What an application may do, an injected statement may do too. An application reads and writes rows; it needs neither
    SUPERUSER nor the right to create objects, and what is granted to PUBLIC is granted to every role, also to those of tomorrow.
    Roles that own the objects, migrate or administer are meant to do more: they are known by what they own and by their name.

    ## Fix
    - SQL: grant the privileges that are used (`SELECT, INSERT, UPDATE, DELETE` on tables, `USAGE` on schemas, `CONNECT` on the
      database) to the role that uses them, and let a role of its own run migrations.
    - Any: grant least privilege: rows to the application, schemas to a migration role, nothing to PUBLIC.
    """
    yield from _role(subject) if isinstance(subject, DatabaseRole) else _grant(stack, subject)


def _role(role: DatabaseRole) -> Iterator[Problem]:
    if role.created is None or is_administrative(role.catalogue, role.role):
        yield NOT_APPLICABLE
        return
    value = role.attributes.get("SUPERUSER")
    if value is not None and value.is_unknown:
        yield unknown(value.place, f"Whether the role `{role.role}` is a superuser is not known: {value.reason}.")
    elif value is not None and value.value and role.has("LOGIN"):
        yield fail(value.place, f"The role `{role.role}` is a superuser: no privilege and no row-level security binds it.")
    for name, group in role.member_of.items():
        if name in _SERVER_ROLES and role.has("LOGIN"):
            yield fail(group.place, f"The role `{role.role}` is a member of `{name}`, which reaches beyond its own tables.")


def _grant(stack: Stack, given: DatabaseGrant) -> Iterator[Problem]:
    grantee, kind = given.grantee, given.statement.object_kind
    if kind not in _ALL or given.statement.columns:
        yield NOT_APPLICABLE
        return
    if grantee.text.is_unknown:
        if _broad(given):
            place = grantee.place
            yield unknown(
                place,
                f"Whether the role to which `{_words(given)}` is granted is an application's is not known: {grantee.text.reason}.",
            )
        return
    if grantee.name == "public":
        yield from _to_everybody(given)
        return
    broad = _broad(given)
    name = grantee.name
    if not broad or is_administrative(given.catalogue, name) or name == "current_user" or _own(stack, given):
        return
    text = broad[0].or_else("")
    what = _ALL[kind] if text == "ALL" else f"create objects in the {kind}"
    grade = Severity.MEDIUM if kind == "database" else None  # the first line of many guides; it allows less than ALL on tables
    yield fail(broad[0].place, f"`{name}` may {what}: `{text}` is granted on {_objects(given)}.", severity=grade)


def _broad(given: DatabaseGrant) -> list[Value[str]]:
    """ALL; on a schema or database also CREATE."""
    wanted = ("ALL",) if given.statement.object_kind == "table" else ("ALL", "CREATE")
    return [value for value in given.privileges if value.or_else("") in wanted]


def _own(stack: Stack, given: DatabaseGrant) -> bool:
    """Whether the role owns all that is granted, or it is a schema that bears its name."""
    kind, name = given.statement.object_kind, given.grantee.name
    if given.statement.everything:
        return bool(given.objects) and all(
            one.full == name or owns(stack, given.catalogue, name, "schema", one.full) for one in given.objects
        )
    return bool(given.objects) and all(
        (kind == "schema" and one.full == name) or owns(stack, given.catalogue, name, kind, one.full) for one in given.objects
    )


def _to_everybody(given: DatabaseGrant) -> Iterator[Problem]:
    kind = given.statement.object_kind
    texts = {value.or_else(""): value for value in given.privileges}
    found = [value for text, value in texts.items() if text in (_CHANGING if kind == "table" else ("ALL", "CREATE"))]
    if not found and kind == "table" and given.statement.everything and "SELECT" in texts:
        found = [texts["SELECT"]]
    if found:
        text = found[0].or_else("")
        yield fail(found[0].place, f"Every role has `{text}` on {_objects(given)}: it is granted to PUBLIC.")


def _words(given: DatabaseGrant) -> str:
    return ", ".join(value.or_else("") for value in given.privileges[:3])


def _objects(given: DatabaseGrant) -> str:
    kind = given.statement.object_kind
    names = ", ".join(f"`{one.full[:60]}`" for one in given.objects[:3])
    if given.statement.defaults:
        return f"all {kind}s that are made from now on" + (f" in {names}" if names else "")
    if given.statement.everything:
        return f"all {kind}s in the schema {names}"
    return f"the {kind} {names}"

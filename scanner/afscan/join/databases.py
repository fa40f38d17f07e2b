"""Questions about what a PostgreSQL server holds after its scripts."""

import re

from afscan.model.record import field, record
from afscan.model.sql import Catalogue, DatabaseRole, SqlStatement
from afscan.model.stack import Stack
from afscan.model.subjects import Container

KEY = "databases"

_ADMINISTRATIVE = re.compile(
    r"(?:\A|[_.-])(?:owner|admin|administrator|dba|root|postgres|superuser|ddl|migrations?|migrate|migrator|flyway|liquibase|alembic"
    r"|deploy|deployer|provision|provisioner|maintenance|replication|replicator|repl)(?:\Z|[_.0-9-])"
)
_INHERITING = 50
"""How many groups a membership is followed through."""


def catalogue_of(stack: Stack, container: Container | None) -> Catalogue | None:
    """What the server of a container holds; None where no script of it is known."""
    found: dict[int, Catalogue] | None = stack.joined.get(KEY)
    if found is None:
        found = {id(one.container): one for one in stack.of(Catalogue) if one.container is not None}
        stack.joined[KEY] = found
    return found.get(id(container)) if container is not None else None


def is_administrative(catalogue: Catalogue, name: str) -> bool:
    """Whether a role is meant to own, change or administer a database: by its name, or because it is the image's superuser.

    A role that owns what is granted is asked for separately: :func:`owns`.
    """
    role = catalogue.roles.get(name)
    return (role is not None and role.bootstrap) or _ADMINISTRATIVE.search(name.lower()) is not None


def owns(stack: Stack, catalogue: Catalogue, name: str, kind: str, what: str) -> bool:
    """Whether a role owns an object, or makes it as its own (``CREATE SCHEMA ... AUTHORIZATION``)."""
    role = catalogue.roles.get(name)
    if role is not None and any(one.kind == kind and one.full == what for one in role.owns):
        return True
    return kind == "table" and (name, what) in _rights(stack, catalogue).tables


def can_log_in(stack: Stack, role: DatabaseRole) -> bool:
    """Whether somebody logs in as this role, or as a member of it: both have its rights."""
    return bool(role.has("LOGIN")) or role.role in _rights(stack, role.catalogue).entered


@record(slots=True)
class _Rights:
    """Of one catalogue: the roles that members log in for, and the tables with their owners."""

    entered: set[str] = field(default_factory=set)
    tables: set[tuple[str, str]] = field(default_factory=set)


def _rights(stack: Stack, catalogue: Catalogue) -> _Rights:
    key = f"{KEY}/{id(catalogue)}"
    found: _Rights | None = stack.joined.get(key)
    if found is None:
        found = stack.joined[key] = _Rights()
        for role in catalogue.roles.values():
            if role.has("LOGIN") and not role.bootstrap:
                found.entered |= _groups(role)
        found.tables = {
            (table.owner, name) for table in catalogue.tables for name in (table.table, f"{table.schema}.{table.table}")
        }
    return found


def _groups(role: DatabaseRole) -> set[str]:
    """The roles that a role is a member of, directly or not."""
    waiting, seen = list(role.member_of), set[str]()
    while waiting and len(seen) < _INHERITING:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            above = role.catalogue.roles.get(name)
            waiting += list(above.member_of) if above is not None else []
    return seen


def statements_of(catalogue: Catalogue) -> list[SqlStatement]:
    """All statements of its scripts, without those of files that they take in."""
    return [one for script in catalogue.scripts for one in script.statements]

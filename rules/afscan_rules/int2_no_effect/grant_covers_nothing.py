"""INT207: grants on all tables where there are none yet."""

from collections.abc import Iterator

from afscan.join.grantcover import covers_nothing
from afscan.model.sql import DatabaseGrant
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule


@rule("INT207", severity=Severity.MEDIUM, tags=("CWE-1164",))
def grant_covers_nothing(given: DatabaseGrant, stack: Stack) -> Iterator[Problem]:
    """Grant covers no table.

    `ON ALL TABLES IN SCHEMA` means the tables that exist at that moment. In an init script that runs before the tables are made it
    grants nothing, without an error, and the tables that come later are not covered: the role is refused at its first query, and is
    then helped out in a hurry with more than it needs.

    ## Fix
    - SQL: write `ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA s GRANT SELECT ON TABLES TO role` for the tables to come, and
      `GRANT ... ON ALL TABLES` behind the statements that make them.
    - Any: grant on tables once they are there, and set default privileges for later ones.
    """
    if not given.statement.everything or given.statement.defaults or given.statement.object_kind != "table":
        yield NOT_APPLICABLE
        return
    found = covers_nothing(stack, given)
    if found is None:
        yield NOT_APPLICABLE
        return
    nothing, later = found
    if not nothing or _has_defaults(given):
        return
    schemas = ", ".join(f"`{one.full[:60]}`" for one in given.objects[:3])
    related = [Related(later.place, "This table comes later, and is not covered.")] if later is not None else []
    yield fail(
        given.objects[0].place,
        f"This gives `{given.grantee.name[:60]}` nothing: no script makes a table in {schemas} before it, and tables that come later "
        "are not covered.",
        related=related,
    )


def _has_defaults(given: DatabaseGrant) -> bool:
    """Whether default privileges give the same role the tables to come, in one of these schemas or in all."""
    schemas = {one.name for one in given.objects}
    return any(
        one.statement.defaults
        and one.statement.object_kind == "table"
        and one.grantee.name == given.grantee.name
        and (not one.objects or any(schema.name in schemas for schema in one.objects))
        for one in given.catalogue.grants
    )

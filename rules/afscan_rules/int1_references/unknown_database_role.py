"""INT103: logins as roles that no init script creates."""

from collections.abc import Iterator

from afscan.join.endpoints import ABSENT, endpoint_of
from afscan.join.namespaces import is_excerpt
from afscan.join.rolesbehind import catalogue_behind, created_elsewhere
from afscan.model.sql import Catalogue
from afscan.model.stack import Stack
from afscan.model.subjects import Connection
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("INT103", severity=Severity.MEDIUM, absence=True, tags=("CWE-1059",))
def unknown_database_role(connection: Connection, stack: Stack) -> Iterator[Problem]:
    """Login as a role that nobody creates.

    A server has the superuser that its image makes and the roles that its init scripts make. With `POSTGRES_USER=x` there is no role
    `postgres`. Whoever logs in as another one is refused, which shows itself in production at the latest.

    ## Fix
    - SQL: create the role in an init script: `CREATE ROLE name LOGIN ...`.
    - Any: log in as a role that the init scripts create, or create it there.
    """
    catalogue = catalogue_behind(stack, connection)
    name = connection.user.or_else("")
    if catalogue is None and name and _nowhere(stack, connection, name):
        yield unknown(
            connection.user.place,
            f"Whether the role `{name[:60]}` exists is not known: `{connection.host.or_else('')[:60]}` is no server of this stack, and no "
            "script of it creates the role.",
        )
        return
    if catalogue is None or not name or catalogue.uncertain or not catalogue.bootstrap.is_set:
        yield NOT_APPLICABLE
        return
    if name in catalogue.roles or created_elsewhere(stack, name):
        return
    known = ", ".join(f"`{role}`" for role in list(catalogue.roles)[:5])
    yield fail(
        connection.user.place,
        f"No init script of {catalogue.name} in this stack creates the role `{name[:60]}`: it has {known}.",
        related=[Related(catalogue.place, "This is the server.")],
    )


def _nowhere(stack: Stack, connection: Connection, name: str) -> bool:
    """Whether a login goes to a server that is not in this stack (INT107), as a role that none of its servers has."""
    if connection.product != "postgres" or endpoint_of(stack, connection).kind != ABSENT or is_excerpt(connection):
        return False
    servers = [one for one in stack.of(Catalogue) if one.container is not None]
    known = bool(servers) and not any(one.uncertain or not one.bootstrap.is_set or name in one.roles for one in servers)
    return known and not created_elsewhere(stack, name)

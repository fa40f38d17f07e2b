"""DB402: roles that may take all connections of a server."""

from collections.abc import Iterator

from afscan.model.sql import DatabaseRole
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DB402", severity=Severity.MEDIUM, tags=("CWE-770",))
def role_without_connection_limit(role: DatabaseRole, stack: Stack) -> Iterator[Problem]:
    """Database role has no connection limit.

    A role without `CONNECTION LIMIT` may open as many connections as the server has: one leaking application then locks out all
    others, monitoring and backups included. Superusers are not bound by a limit, and roles that cannot log in need none.

    ## Fix
    - SQL: `CREATE ROLE name LOGIN CONNECTION LIMIT 50 ...`, or `ALTER ROLE name CONNECTION LIMIT 50` for one that exists.
    - Any: give every role that logs in a `CONNECTION LIMIT`.
    """
    if role.created is None or not role.has("LOGIN") or role.has("SUPERUSER") or role.has("REPLICATION"):
        yield NOT_APPLICABLE
        return
    limit = role.connection_limit
    if limit.is_unknown:
        yield unknown(limit.place, f"How many connections the role `{role.role}` may open is not known: {limit.reason}.")
    elif limit.is_unset:
        yield fail(
            role.created.role.place, f"The role `{role.role}` may open any number of connections: it has no `CONNECTION LIMIT`."
        )
    elif limit.or_else(0) < 0:
        yield fail(
            limit.place, f"The role `{role.role}` may open any number of connections: `CONNECTION LIMIT {limit.value}` is none."
        )

"""DB401: limits on connections that are absent or switched off."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import PgBouncer, Postgres, RedisServer
from afscan.model.value import Value
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DB401", severity=Severity.MEDIUM, tags=("CWE-770",))
def connections_unlimited(server: PgBouncer | Postgres | RedisServer, stack: Stack) -> Iterator[Problem]:
    """Connections are unlimited.

    A pool without a limit hands a burst of clients straight to the database, which then refuses everybody. PgBouncer opens
    `default_pool_size` connections for every pair of user and database; only `max_db_connections` bounds the sum.

    ## Fix
    - PgBouncer: set `max_db_connections` (and `max_user_connections`) to what the server can spare.
    - Any: set a limit that the server can bear.
    """
    if not isinstance(server, PgBouncer):
        yield NOT_APPLICABLE  # their defaults are bounded (Redis 10000, PostgreSQL 100), and neither accepts "unlimited"
        return
    for name, value in (("default_pool_size", server.default_pool_size), ("max_client_conn", server.max_client_connections)):
        if value.is_unknown:
            yield unknown(value.place, f"`{name}` of {server.name} is not known: {value.reason}.")
        elif value.is_set and value.or_else(1) <= 0:
            yield fail(value.place, f"{server.name} has no limit: `{name} = {value.value}` means unlimited.")
    total = server.max_db_connections
    if total.is_unknown:
        yield unknown(total.place, f"`max_db_connections` of {server.name} is not known: {total.reason}.")
    elif total.or_else(0) <= 0 and not _bounded_otherwise(server):
        how = "is 0, which means unlimited" if total.is_set else "is not set, which means unlimited"
        yield fail(total.place, f"{server.name} opens any number of connections to a database: `max_db_connections` {how}.")


def _bounded_otherwise(pooler: PgBouncer) -> bool:
    """Whether every database line carries its own limit, or logs in as one fixed user into a bounded pool."""
    pool: Value[int] = pooler.default_pool_size
    return bool(pooler.databases) and all(
        d.max_connections.or_else(0) > 0 or (d.user.is_set and d.pool_size.or_else(pool.or_else(20)) > 0) for d in pooler.databases
    )

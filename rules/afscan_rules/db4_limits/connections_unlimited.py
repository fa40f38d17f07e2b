"""DB401: limits on connections that are absent or switched off."""

from collections.abc import Iterator

from afscan.model.neo4j import Neo4j
from afscan.model.stack import Stack
from afscan.model.subjects import PgBouncer, Postgres, RedisServer
from afscan.model.value import Value
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DB401", severity=Severity.MEDIUM, tags=("CWE-770",))
def connections_unlimited(server: PgBouncer | Postgres | RedisServer | Neo4j, stack: Stack) -> Iterator[Problem]:
    """Connections are unlimited.

    A pool without a limit hands a burst of clients straight to the database, which then refuses everybody. PgBouncer opens
    `default_pool_size` connections for every pair of user and database; only `max_db_connections` bounds the sum. Redis (10000)
    and PostgreSQL (100) are bounded by default.

    ## Fix
    - PgBouncer: set `max_db_connections` (and `max_user_connections`) to what the server can spare.
    - Any: set a limit that the server can bear.
    """
    if isinstance(server, PgBouncer):
        yield from _pools(server)
        yield from _sum(server)
    elif isinstance(server, Neo4j):
        yield from _neo4j(server)
    else:
        yield NOT_APPLICABLE  # bounded by default, and neither Redis nor PostgreSQL accepts "unlimited"


def _pools(pooler: PgBouncer) -> Iterator[Problem]:
    """A pool of size 0 is unlimited since 1.24."""
    sizes = [("default_pool_size", pooler.default_pool_size), *(("pool_size", line.pool_size) for line in pooler.databases)]
    for name, value in sizes:
        if value.is_unknown:
            yield unknown(value.place, f"`{name}` of {pooler.name} is not known: {value.reason}.")
        elif value.is_set and value.or_else(1) <= 0:
            yield fail(value.place, f"{pooler.name} has pools without a limit: `{name} = {value.value}` means unlimited.")


def _sum(pooler: PgBouncer) -> Iterator[Problem]:
    """All users together, per database."""
    total = pooler.max_db_connections
    if _bounded_otherwise(pooler):
        return
    if total.is_unknown:
        yield unknown(total.place, f"`max_db_connections` of {pooler.name} is not known: {total.reason}.")
    elif total.or_else(0) <= 0:
        how = "is 0" if total.is_set else "is not set"
        yield fail(
            total.place,
            f"{pooler.name} has no limit on its connections to a database: `max_db_connections` {how}, which means unlimited, "
            "and each user has a pool of its own.",
        )


def _bounded_otherwise(pooler: PgBouncer) -> bool:
    """Whether every database line carries its own limit, or logs in as one fixed user into a bounded pool."""
    default: Value[int] = pooler.default_pool_size
    return bool(pooler.databases) and all(
        line.max_connections.or_else(0) > 0
        or (line.user.is_set and line.pool_size.or_else(default.or_else(0 if default.is_unknown else 20)) > 0)
        for line in pooler.databases
    )


def _neo4j(server: Neo4j) -> Iterator[Problem]:
    """Neo4j runs at most 1000 transactions at a time; a limit of 0 is none (operations manual, "Transaction management")."""
    limit = server.concurrent_transactions
    if limit.is_unknown:
        yield unknown(limit.place, f"How many transactions {server.name} runs at a time is not known: {limit.reason}.")
    elif limit.value == 0:
        why = "`db.transaction.concurrent.maximum` is 0, which means unlimited"
        yield fail(limit.place, f"{server.name} runs any number of transactions at a time: {why}.")

"""DB102: PostgreSQL without any pool in front of it."""

from collections.abc import Iterator

from afscan.join.pooling import pooling_of, target_of
from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource, Postgres
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule


@rule("DB102", severity=Severity.HIGH, absence=True, tags=("CWE-770",))
def no_connection_pooler(server: Postgres | ManagedResource, stack: Stack) -> Iterator[Problem]:
    """Database has no connection pooler.

    Each PostgreSQL connection is a process with its own memory, and opening one takes longer than most queries. Without a pool,
    the number of connections follows the number of requests until the server refuses them.

    ## Fix
    - Any: put PgBouncer (or RDS Proxy) in front, or set the pool of each client (`DATABASE_POOL_SIZE`, `?pool_size=`).
    """
    if isinstance(server, ManagedResource) and (server.product != "postgres" or not server.datastore):
        yield NOT_APPLICABLE
        return
    pooling = pooling_of(stack)
    proxy = any(resource.kind == "aws_db_proxy" for resource in stack.of(ManagedResource))
    if pooling.poolers or proxy:
        return
    direct = [c for c in pooling.connections if target_of(stack, c).server in (server, None)]
    if direct and all(c.pooled.value for c in direct):
        return
    yield fail(
        server.place,
        f"{server.name} is reached without a pool: this stack has no pooler, and no client here sets the size of a pool of its own.",
    )

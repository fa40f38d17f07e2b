"""DB102: PostgreSQL without any pool in front of it."""

from collections.abc import Iterator

from afscan.join.databaseclients import clients_of, possible_clients, runs_other_pooler, sets_pool, unplaced_clients
from afscan.join.pooling import is_database, poolers_of, pooling_of, world_of
from afscan.model.stack import Stack
from afscan.model.subjects import Connection, ManagedResource, Postgres
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_SHOWN = 3


@rule("DB102", severity=Severity.HIGH, absence=True, tags=("CWE-770",))
def no_connection_pooler(server: Postgres | ManagedResource, stack: Stack) -> Iterator[Problem]:
    """Database has no connection pooler.

    Each PostgreSQL connection is a process with its own memory, and opening one takes longer than most queries. Without a pool,
    the number of connections follows the number of requests until the server refuses them. A pooler in the stack counts, an RDS
    proxy, and a pool whose size the clients' own settings give.

    ## Fix
    - Kubernetes: run PgBouncer between the applications and the database.
    - Compose: add a PgBouncer service and point the applications at it.
    - Terraform: add an `aws_db_proxy`, or PgBouncer beside the applications.
    - Any: put PgBouncer (or RDS Proxy) in front, or set the pool of each client (`DATABASE_POOL_SIZE`, `?pool_size=`).
    """
    if not (is_database(server) if isinstance(server, ManagedResource) else server.container is not None):
        yield NOT_APPLICABLE  # another product, or a file that nothing here runs
    elif not _pooled(server, stack):
        yield from _clients(server, stack)


def _pooled(server: Postgres | ManagedResource, stack: Stack) -> bool:
    if poolers_of(stack, server) or (isinstance(server, ManagedResource) and pooling_of(stack).proxies):
        return True
    return runs_other_pooler(stack, world_of(server.container) if isinstance(server, Postgres) else "")


def _clients(server: Postgres | ManagedResource, stack: Stack) -> Iterator[Problem]:
    """What the clients do by themselves: those that are known to lead here, else those that may."""
    known = clients_of(stack, server)
    bare = [one for one in known if not one.pooled.or_else(False)]
    if known:
        if bare:
            yield _failed(server, bare)
        return
    world = world_of(server.container) if isinstance(server, Postgres) else ""
    possible = possible_clients(stack, world)
    elsewhere = [one for one in unplaced_clients(stack) if not world or world_of(one.container) == world]
    if not possible and not elsewhere:
        yield unknown(
            server.place, f"Whether {server.name} is reached through a pool is not known: no client of it is in this stack."
        )
    elif not any(one.pooled.or_else(False) for one in elsewhere) and not any(sets_pool(one) for one in possible):
        yield _failed(server, [])


def _failed(server: Postgres | ManagedResource, bare: list[Connection]) -> Problem:
    return fail(
        server.place,
        f"{server.name} is reached without a pool: no pooler stands before it, and its clients set no pool size of their own.",
        related=[Related(one.url.place, f"{one.name} connects directly.") for one in bare[:_SHOWN]],
    )

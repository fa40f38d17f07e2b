"""DB403: pools that together open more connections than the server accepts."""

from collections.abc import Iterator

from afscan.join.pooling import is_database
from afscan.join.poolsizes import Demand, demands_on
from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource, Postgres
from afscan.model.value import Value
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown

DEFAULT_MAX_CONNECTIONS = 100
DEFAULT_RESERVED = 3


@rule("DB403", severity=Severity.HIGH, tags=("CWE-770",))
def pools_exceed_server(server: Postgres | ManagedResource, stack: Stack) -> Iterator[Problem]:
    """Pools exceed the server.

    Each replica of a pooler opens its own pools. When their sum is more than `max_connections` less the reserved ones, the
    server refuses connections at the busiest moment, administrators' included.

    ## Fix
    - PgBouncer: lower `max_db_connections`, so that all replicas together stay below the server's `max_connections`.
    - Terraform: raise `max_connections` in the parameter group, with the memory that it takes, or lower the poolers' limits.
    - Any: lower `max_db_connections` or the number of poolers, or raise `max_connections` with the memory that it takes.
    """
    if isinstance(server, ManagedResource) and not is_database(server):
        yield NOT_APPLICABLE
        return
    demands = demands_on(stack, server)
    if not demands:
        yield NOT_APPLICABLE if stack.complete else NOT_JUDGED
        return
    limit, reserved = _accepted(server)
    total = sum(d.total for d in demands)
    doubtful = next((v for d in demands for v in (d.replicas, d.each) if v.is_unknown), None)
    if limit.is_unknown or (limit.is_unset and isinstance(server, ManagedResource)):
        why = limit.reason or "`max_connections` follows from the instance's memory"
        yield unknown(limit.place, f"How many connections {server.name} accepts is not known: {why}.")
        return
    room = limit.or_else(DEFAULT_MAX_CONNECTIONS) - reserved
    if total > room:
        first = max(demands, key=lambda d: d.total)
        limited = [Related(limit.place, f"{server.name} accepts {room + reserved} by this.")] if limit.is_set else []
        yield fail(
            first.each.place,
            f"{_sum(demands)} may open {total} connections, but {server.name} accepts {room} ({room + reserved} less {reserved} "
            "reserved).",
            related=[*limited, *(Related(d.place, f"{d.name} is declared here.") for d in demands)],
        )
    elif doubtful is not None:
        yield unknown(doubtful.place, f"How many connections {server.name} will be asked for is not known: {doubtful.reason}.")


def _accepted(server: Postgres | ManagedResource) -> tuple[Value[int], int]:
    """`max_connections` and how many of it are reserved."""
    if isinstance(server, Postgres):
        return server.max_connections, server.reserved_connections.or_else(DEFAULT_RESERVED)
    limit = server.max_connections
    return (limit if limit is not None else Value.unset(server.node)), DEFAULT_RESERVED


def _sum(demands: list[Demand]) -> str:
    known = [d for d in demands if d.each.is_set]
    return " and ".join(f"{d.replicas.or_else(1)} x {d.each.value} of {d.name}" for d in known)

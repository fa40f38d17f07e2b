"""DEP204: limits that are below what the container is configured to take."""

from collections.abc import Iterator

from afscan.join.needs import Need, heaps, need_of_server
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Server
from afscan.model.value import Value
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_UNITS = (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))


@rule("DEP204", severity=Severity.MEDIUM, tags=("CWE-770",))
def limit_below_need(subject: Container | Server, stack: Stack) -> Iterator[Problem]:
    """Limit is below the need.

    A container that is allowed less memory than its own configuration makes it take is killed as soon as it is used in earnest: a
    Redis that would evict at `maxmemory` never gets there, a Java heap never fills. A limit below the request is refused by
    Kubernetes.

    ## Fix
    - Redis: set `maxmemory` to about three quarters of the container's limit.
    - Postgres: set `shared_buffers` to about a quarter of the container's limit.
    - Any: raise the limit above what the server is told to take, or tell it to take less.
    """
    if isinstance(subject, Server):
        yield from _server(subject)
        return
    judged = False
    for what, limit, request in (
        ("memory", subject.memory_limit, subject.memory_request),
        ("CPU", subject.cpu_limit, subject.cpu_request),
    ):
        if limit.is_set and request.is_set:
            judged = True
            if limit.or_else(0.0) < request.or_else(0.0):
                related = [Related(request.place, f"This is the {what} that it requests.")]
                yield fail(limit.place, f"The {what} limit of {subject.name} is below its own request.", related=related)
    for need in heaps(subject) if subject.memory_limit.is_set else ():
        judged = True
        yield from _compared(subject.name, subject.memory_limit, need)
    if not judged:
        yield NOT_APPLICABLE


def _server(server: Server) -> Iterator[Problem]:
    need = need_of_server(server)
    if server.container is None or need is None or server.container.memory_limit.is_unset:
        yield NOT_APPLICABLE
        return
    limit = server.container.memory_limit
    doubtful = next((value for value in (limit, need.size) if value.is_unknown), None)
    if doubtful is not None:
        reason = f"{need.what} or the limit is not known: {doubtful.reason}"
        yield unknown(doubtful.place, f"Whether {server.name} fits into its memory limit is not known: {reason}.")
    else:
        yield from _compared(server.name, limit, need)


def _compared(name: str, limit: Value[float], need: Need) -> Iterator[Problem]:
    """A process always takes more than the setting says: as much as the limit is too much."""
    allowed, size = limit.or_else(0.0), need.size.or_else(0.0)
    if 0 < allowed <= size:
        message = f"{name} may take {_bytes(allowed)} of memory, and {need.what} makes it take {_bytes(size)}: it is killed first"
        yield fail(limit.place, f"{message}.", related=[Related(need.size.place, f"This makes it take {_bytes(size)}.")])


def _bytes(size: float) -> str:
    unit, factor = next(((unit, factor) for unit, factor in _UNITS if size >= factor), ("bytes", 1))
    return f"{size / factor:.4g} {unit}"

"""DB103: poolers that nobody can reach."""

from collections.abc import Iterator

from afscan.join.pooling import pooling_of, target_of
from afscan.join.services import services_of, target_container_ports
from afscan.model.stack import Stack
from afscan.model.subjects import PgBouncer
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

DEFAULT_PORT = 6432


@rule("DB103", severity=Severity.HIGH, absence=True, tags=("CWE-1059",))
def pooler_unreachable(pooler: PgBouncer, stack: Stack) -> Iterator[Problem]:
    """Pooler is unreachable.

    A pooler that no Service selects, or that listens on another port than its Service forwards to, stands in the manifests and
    carries no connection: the applications go round it, or do not work.

    ## Fix
    - Kubernetes: add a Service that selects the pooler's pods and forwards to `listen_port`.
    - Any: use the same port in `listen_port`, the Service and the clients.
    """
    container = pooler.container
    if container is None:
        yield NOT_APPLICABLE  # nothing here runs this file
        return
    if pooler.listen_port.is_unknown:
        yield unknown(pooler.listen_port.place, f"The port of {pooler.name} is not known: {pooler.listen_port.reason}.")
        return
    port = pooler.listen_port.or_else(DEFAULT_PORT)
    workload = container.workload
    services = services_of(stack, workload)
    if workload.platform in ("kubernetes", "terraform"):
        if not services:
            yield fail(workload.place, f"No Service of this stack selects {workload.name}: nobody can reach the pooler by a name.")
            return
        for service in services:
            targets = {t for p in service.ports for t in target_container_ports(p, workload)}
            if targets and port not in targets:
                at = pooler.listen_port.place
                shown = ", ".join(map(str, sorted(targets)))
                yield fail(
                    service.place,
                    f"{service.name} forwards to port {shown}, but {pooler.name} listens on {port}.",
                    related=[Related(at, f"It listens on {port} by this.")],
                )
    yield from _clients(pooler, stack, port)


def _clients(pooler: PgBouncer, stack: Stack, port: int) -> Iterator[Problem]:
    """Connections of this stack that name the pooler with a port on which neither its Services nor it answer."""
    assert pooler.container is not None
    workload = pooler.container.workload
    open_ports = {p.port.value for s in services_of(stack, workload) for p in s.ports if p.port.value is not None} or {port}
    answers = ", ".join(map(str, sorted(open_ports)))
    for connection in pooling_of(stack).connections:
        if target_of(stack, connection).server is pooler and connection.port.is_set and connection.port.value not in open_ports:
            yield fail(
                connection.port.place,
                f"{connection.name} looks for {pooler.name} on port {connection.port.value}, where nothing listens.",
                related=[Related(pooler.listen_port.place, f"The pooler answers on {answers}.")],
            )

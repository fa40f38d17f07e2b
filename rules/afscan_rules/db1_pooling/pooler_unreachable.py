"""DB103: poolers that nobody can reach, or that cannot reach their database."""

from collections.abc import Iterator

from afscan.join.listening import listening
from afscan.join.policies import allows_port, closest, isolation
from afscan.join.pooling import line_target, pooling_of, world_of
from afscan.join.reachability import NO, Reach, may_reach
from afscan.join.services import find_service, services_of, target_container_ports
from afscan.model.stack import Stack
from afscan.model.subjects import Connection, Container, PgBouncer, Service, Workload
from afscan.model.value import Value
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

DEFAULT_PORT = 6432
POSTGRES_PORT = 5432
_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))


@rule("DB103", severity=Severity.HIGH, absence=True, tags=("CWE-1059",))
def pooler_unreachable(pooler: PgBouncer, stack: Stack) -> Iterator[Problem]:
    """Pooler is unreachable.

    A pooler that no Service selects, that listens on another port than its Service forwards to, or that a network policy cuts off
    from its clients or its database, stands in the manifests and carries no connection: the applications go round it, or do not
    work. A pooler that runs in the application's own pod needs no Service.

    ## Fix
    - Kubernetes: add a Service that selects the pooler's pods and forwards to `listen_port`, and admit the clients by policy.
    - Compose: put clients and pooler into one network, and use `listen_port` in the clients.
    - PgBouncer: set `listen_addr = 0.0.0.0` and the port that the Service forwards to.
    - Any: use the same port in `listen_port`, the Service and the clients.
    """
    container = pooler.container
    if container is None:
        yield NOT_APPLICABLE  # nothing here runs this file
        return
    doubtful = next((v for v in (pooler.listen_address, pooler.listen_port) if v.is_unknown), None)
    if doubtful is not None:
        yield unknown(doubtful.place, f"Where {pooler.name} listens is not known: {doubtful.reason}.")
        return
    port = pooler.listen_port.or_else(DEFAULT_PORT)
    clients = [c for c in pooling_of(stack).clients.get(id(pooler), ()) if c.container is not None]
    local = _shares_network(container)
    problems = [*_address(pooler, local=local)] or [*_service(pooler, container, port, stack, local=local)]
    yield from problems or [*_clients(pooler, clients, stack, port), *_ingress(container, clients, stack, port)]
    yield from _egress(pooler, container, stack)


def _shares_network(pooler: Container) -> bool:
    """Whether clients may reach the pooler by the loopback interface, or by the host's address: a container beside it in its pod
    (other than an exporter), the host's network, a port of the host."""
    if any(one.kind == "network" for one in pooler.host_namespaces):
        return True
    if any(p.host_port is not None and not p.host_port.is_unset for p in pooler.ports):
        return True
    return any(
        one is not pooler and one.role in ("main", "sidecar") and "exporter" not in (one.image.repository if one.image else "")
        for one in pooler.workload.containers
    )


def _address(pooler: PgBouncer, *, local: bool) -> Iterator[Problem]:
    """Without `listen_addr` there is only a Unix socket."""
    address = pooler.listen_address
    hosts = {part.strip().lower() for part in address.or_else("").split(",") if part.strip()}
    if local or (hosts and not hosts <= _LOOPBACK):
        return
    how = f"is `{address.value}`" if hosts else "is not set, so that it listens on a Unix socket only"
    yield fail(address.place, f"{pooler.name} cannot be reached from other containers: `listen_addr` {how}.")


def _service(pooler: PgBouncer, container: Container, port: int, stack: Stack, *, local: bool) -> Iterator[Problem]:
    """No Service, or none that forwards to the port. Workloads with names of their own (Compose) need none."""
    workload = container.workload
    if workload.aliases or local:
        return
    services = services_of(stack, workload)
    if not services:
        yield fail(
            workload.place,
            f"No Service of this stack selects {workload.name}: nobody can reach the pooler by a name.",
            remedy=f"add a Service that selects its pods and forwards to port {port}.",
        )
        return
    leading = {id(service): _leads_to(service, workload) for service in services}
    if any(ports is None or port in ports for ports in leading.values()):
        return
    service = max(services, key=lambda one: any(p.port.value in (port, POSTGRES_PORT) for p in one.ports))
    shown = ", ".join(map(str, sorted(leading[id(service)] or ()))) or "no port of its pods"
    yield fail(
        service.place,
        f"{service.name} forwards to {shown}, but {pooler.name} listens on {port}.",
        related=[Related(pooler.listen_port.place, f"It listens on {port} by this.")],
    )


def _leads_to(service: Service, workload: Workload) -> set[int] | None:
    """The container ports behind a Service; None where they are not known, or it maps none (headless)."""
    if service.headless or any(p.target.is_unknown or p.port.is_unknown for p in service.ports):
        return None
    return {number for p in service.ports for number in target_container_ports(p, workload)}


def _clients(pooler: PgBouncer, clients: list[Connection], stack: Stack, port: int) -> Iterator[Problem]:
    """Connections that name the pooler with a port, or from a network, where it does not answer."""
    assert pooler.container is not None
    workload = pooler.container.workload
    for connection in clients:
        assert connection.container is not None
        own = connection.container.workload
        if own is workload:
            continue
        if workload.aliases and own.networks and workload.networks and not set(own.networks) & set(workload.networks):
            yield fail(
                connection.url.place,
                f"{connection.name} names {pooler.name}, but {own.name} shares no network with it.",
                related=[Related(workload.place, f"It is in {_listed(workload.networks)}.")],
            )
            continue
        asked, answered = _port_of(connection), _answered(connection, workload, stack, port)
        if asked is not None and answered and asked.value not in answered:
            how = "" if connection.port.is_set else ", the default"
            yield fail(
                asked.place,
                f"{connection.name} looks for {pooler.name} on port {asked.value}{how}, where nothing listens.",
                related=[Related(pooler.listen_port.place, f"The pooler answers on {_listed(map(str, sorted(answered)))}.")],
            )


def _port_of(connection: Connection) -> Value[int] | None:
    """The port that a client asks for; a URL without one means 5432, separate settings may have another default."""
    if connection.port.is_set:
        return connection.port
    url = connection.url.or_else("")
    if (
        connection.port.is_unknown
        or "://" not in url
        or connection.container is None
        or "PGPORT" in connection.container.environment
    ):
        return None
    return Value.of(POSTGRES_PORT, connection.url.node, connection.url.at)


def _answered(connection: Connection, workload: Workload, stack: Stack, port: int) -> set[int]:
    """The ports on which the name that a client uses answers; empty where they are not known."""
    if workload.aliases:
        return {port}
    assert connection.container is not None
    service = find_service(stack, connection.host.or_else(""), connection.container.workload.namespace)
    if service is None or any(p.port.is_unknown for p in service.ports):
        return set()
    return {port} if service.headless else {p.port.value for p in service.ports if p.port.value is not None}


def _ingress(container: Container, clients: list[Connection], stack: Stack, port: int) -> Iterator[Problem]:
    """Policies that cut the pooler off from all of its clients, or from everybody on its port."""
    workload = container.workload
    cut = isolation(stack, workload, ingress=True)
    owners = {id(c.container.workload): c.container.workload for c in clients if c.container is not None}
    callers = [one for one in owners.values() if one is not workload and world_of(one.containers[0]) == world_of(container)]
    nobody = bool(cut.policies) and not any(
        allows_port(one, port, "tcp", workload) is not False
        for policy in (*cut.policies, *cut.perhaps)
        for one in cut.rules_of(policy)
    )
    ways = [may_reach(stack, caller, workload, port) for caller in callers]
    if not nobody and (not ways or any(way.verdict != NO for way in ways)):
        return
    by = closest(cut.policies, ingress=True) if cut.policies else ways[0].closest
    if by is not None:
        yield fail(
            by.place,
            f"{by.name} does not let {'anybody' if nobody else 'any of its clients'} reach {workload.name} on port {port}, "
            "and no other policy does.",
            related=[Related(workload.place, "This is the pooler."), *_callers(callers)],
        )


def _callers(callers: list[Workload]) -> list[Related]:
    return [Related(one.place, f"{one.name} needs it.") for one in callers[:3]]


def _egress(pooler: PgBouncer, container: Container, stack: Stack) -> Iterator[Problem]:
    """Policies that cut the pooler off from a database of this stack."""
    workload = container.workload
    for line in pooler.databases:
        target = line_target(stack, pooler, line)
        server = target.server
        if server is None or line.port.is_unknown or target.workload is workload:
            continue
        if target.kind == "managed":
            ways = [may_reach(stack, workload, None, line.port.or_else(POSTGRES_PORT))]
        elif target.kind == "database" and target.workload is not None:
            ways = _ways(workload, target.workload, stack)
        else:
            continue
        by = ways[0].closest if ways and all(way.verdict == NO for way in ways) else None
        if by is not None:
            yield fail(
                by.place,
                f"{by.name} does not let {workload.name} reach {server.name}, its database, and no other policy does.",
                related=[Related(line.host.place, "The pooler connects to it by this.")],
            )
            return


def _ways(pooler: Workload, database: Workload, stack: Stack) -> list[Reach]:
    """From the pooler to each port on which PostgreSQL listens; empty where they are not known."""
    ports: set[int] = set()
    for container in database.containers:
        known = listening(stack, container)
        if known is not None and known.unknown:
            return []
        ports |= set(known.ports) if known is not None and known.why == "PostgreSQL" else set()
    return [may_reach(stack, pooler, database, port) for port in sorted(ports)]


def _listed(words: "Iterator[str] | map[str] | list[str]") -> str:
    return ", ".join(f"`{word}`" for word in words)

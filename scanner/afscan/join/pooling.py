"""Who reaches PostgreSQL, and through which pooler.

Everything is looked up once per stack, in time linear in connections and poolers. Source: pgbouncer.org/config.html.
"""

from collections import defaultdict
from collections.abc import Iterable

from afscan.join.endpoints import LOOPBACK, meaning, namespace_of
from afscan.join.listening import listening
from afscan.join.managedhosts import is_proxy_host, referenced
from afscan.join.services import target_container_ports
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import (
    Connection,
    Container,
    ManagedResource,
    PgBouncer,
    PoolerDatabase,
    Postgres,
    Server,
    Service,
    Subject,
    Workload,
    overlay_of,
)
from afscan.model.value import Value

KEY = "pooling"


@record(slots=True)
class Target:
    """What a host name leads to.

    ``kind``: ``pooler`` (``server`` is None for one that is not in this stack), ``database``, ``managed``, ``other`` (a workload
    that is neither), ``absent`` (nothing of this name in the stack: a service outside it, or none), ``unknown``.
    """

    kind: str
    server: Server | ManagedResource | None = None
    workload: Workload | None = None


@record(slots=True)
class Pooling:
    """The poolers and PostgreSQL servers of a stack.

    ``clients`` are the connections that lead to a server or pooler, ``front`` the poolers that lead to a server with the lines
    that do, both by the ``id`` of the server; ``relevant`` are the ``id``s of ``managed`` and ``proxies``; ``open_ended`` are the
    poolers of which it is not known where all lines lead.
    """

    poolers: list[PgBouncer] = field(default_factory=list)
    databases: list[Postgres] = field(default_factory=list)
    managed: list[ManagedResource] = field(default_factory=list)
    proxies: list[ManagedResource] = field(default_factory=list)
    relevant: set[int] = field(default_factory=set)
    connections: list[Connection] = field(default_factory=list)
    by_workload: dict[int, list[Server]] = field(default_factory=dict)
    clients: dict[int, list[Connection]] = field(default_factory=lambda: defaultdict(list))
    front: dict[int, list[tuple[PgBouncer, list[PoolerDatabase]]]] = field(default_factory=lambda: defaultdict(list))
    open_ended: list[PgBouncer] = field(default_factory=list)
    upstream: dict[str, PgBouncer] = field(default_factory=dict)
    targets: dict[int, Target] = field(default_factory=dict)


def join(stack: Stack) -> Iterable[Subject]:
    """Index poolers, servers and connections to PostgreSQL; adds no subjects."""
    pooling = Pooling(
        poolers=[one for one in stack.of(PgBouncer) if not overlay_of(one)],
        databases=[one for one in stack.of(Postgres) if not overlay_of(one)],
    )
    stack.joined[KEY] = pooling
    for resource in stack.of(ManagedResource):
        _index_resource(pooling, resource)
    for server in (*pooling.databases, *pooling.poolers):
        if server.container is not None:
            pooling.by_workload.setdefault(id(server.container.workload), []).append(server)
    for pooler in pooling.poolers:
        _index_pooler(stack, pooling, pooler)
    for connection in stack.of(Connection):
        if is_postgres(stack, connection):
            pooling.connections.append(connection)
            target = target_of(stack, connection)
            if target.server is not None and not overlay_of(connection):
                pooling.clients[id(target.server)].append(connection)
    return ()


def pooling_of(stack: Stack) -> Pooling:
    """The index that :func:`join` made."""
    if KEY not in stack.joined:
        join(stack)
    found = stack.joined[KEY]
    assert isinstance(found, Pooling)
    return found


def is_database(resource: ManagedResource) -> bool:
    """Whether a resource is a PostgreSQL server of its own: the instances of an Aurora cluster are parts of one."""
    return resource.datastore and resource.product == "postgres" and resource.kind != "aws_rds_cluster_instance"


def _index_resource(pooling: Pooling, resource: ManagedResource) -> None:
    proxy = resource.kind == "aws_db_proxy" and resource.product in ("postgres", "database")
    if proxy:
        pooling.proxies.append(resource)
    elif is_database(resource):
        pooling.managed.append(resource)
    else:
        return
    pooling.relevant.add(id(resource))


def _index_pooler(stack: Stack, pooling: Pooling, pooler: PgBouncer) -> None:
    lines: dict[int, list[PoolerDatabase]] = {}
    known = bool(pooler.databases) and not pooler.unread
    for line in pooler.databases:
        target = line_target(stack, pooler, line)
        if target.server is not None and target.kind in ("database", "managed"):
            lines.setdefault(id(target.server), []).append(line)
            continue
        known = False
        if target.kind == "absent":
            for host in _hosts(line.host):
                pooling.upstream.setdefault(_host_key(host, _namespace(pooler)), pooler)
    for server, found in lines.items():
        pooling.front[server].append((pooler, found))
    if not known:
        pooling.open_ended.append(pooler)


def line_target(stack: Stack, pooler: PgBouncer, line: PoolerDatabase) -> Target:
    """What one line of ``[databases]`` leads to; without a host it is a socket of the same pod."""
    if line.host.is_unset and pooler.container is not None:
        return _own_pod(stack, pooler.container, Postgres)
    return _target(stack, line.host, line.port, pooler.container, _namespace(pooler))


def _namespace(pooler: PgBouncer) -> str:
    """The namespace of a pooler, also of one whose ConfigMap nobody here mounts."""
    if pooler.container is not None:
        return pooler.container.workload.namespace
    return namespace_of(pooler)


def is_postgres(stack: Stack, connection: Connection) -> bool:
    """Whether a connection is one to PostgreSQL: by its product, else (``DATABASE_HOST: db``) by what it leads to."""
    if connection.listener or connection.product not in ("postgres", None):
        return False
    return (
        connection.product is not None
        or target_of(stack, connection).kind in ("pooler", "database", "managed")
        or behind(stack, connection) is not None
    )


def target_of(stack: Stack, connection: Connection) -> Target:
    """What the host of a connection means in this stack."""
    pooling = pooling_of(stack)
    found = pooling.targets.get(id(connection))
    if found is None:
        owner = connection.container
        namespace = owner.workload.namespace if owner is not None else ""
        found = pooling.targets[id(connection)] = _target(stack, connection.host, connection.port, owner, namespace)
    return found


def _target(stack: Stack, host: Value[str], port: Value[int], owner: Container | None, namespace: str) -> Target:
    pooling = pooling_of(stack)
    if not host.is_set:
        resource = referenced(stack, host) if host.is_unknown else None
        return _managed(pooling, resource) or Target("unknown")
    found = Target("absent")
    for name in _hosts(host):
        endpoint = meaning(stack, name, owner.workload if owner is not None else None, namespace)
        if endpoint.kind == LOOPBACK:
            return _own_pod(stack, owner, Server) if owner is not None else Target("absent")
        for workload in endpoint.workloads:
            server = _server(stack, workload, endpoint.service, port)
            if server is not None:
                return Target("pooler" if isinstance(server, PgBouncer) else "database", server, workload)
        if endpoint.workloads:
            found = Target("other", None, endpoint.workloads[0])
        elif (managed := _managed(pooling, endpoint.resource)) is not None:
            return managed
        elif is_proxy_host(endpoint.host):
            return Target("pooler")
    return found


def _hosts(host: Value[str]) -> list[str]:
    """The host, or each of a list (libpq and PgBouncer take several, separated by commas)."""
    return [part.strip() for part in host.or_else("").split(",")[:20] if part.strip()]


def _own_pod(stack: Stack, container: Container, kind: type[Server]) -> Target:
    """The server that runs beside a container in its pod."""
    for server in pooling_of(stack).by_workload.get(id(container.workload), ()):
        if isinstance(server, kind) and server.container is not container:
            return Target("pooler" if isinstance(server, PgBouncer) else "database", server, container.workload)
    return Target("absent")


def _server(stack: Stack, workload: Workload, service: Service | None, port: Value[int]) -> Server | None:
    """The server in a workload; where a pooler and its database share a pod, the one that listens on the port."""
    servers = pooling_of(stack).by_workload.get(id(workload), [])
    if len(servers) < 2:
        return servers[0] if servers else None
    wanted = {port.or_else(5432)}
    if service is not None and not service.headless:
        chosen = [p for p in service.ports if p.port.value in wanted]
        wanted = {number for p in chosen for number in target_container_ports(p, workload)}
    for server in servers:
        ports = listening(stack, server.container) if server.container is not None else None
        if ports is not None and wanted & ports.ports.keys():
            return server
    return next((server for server in servers if isinstance(server, PgBouncer)), servers[0])


def _managed(pooling: Pooling, resource: ManagedResource | None) -> Target | None:
    """A managed server of PostgreSQL, or a proxy for one."""
    if resource is None or id(resource) not in pooling.relevant:
        return None
    return Target("pooler" if resource.kind == "aws_db_proxy" else "managed", resource)


def _host_key(host: str, namespace: str) -> str:
    """A name under which two spellings of a Service in one namespace are equal."""
    name = host.lower().rstrip(".").removesuffix(".cluster.local").removesuffix(".svc")
    return name if "." in name else f"{name}.{namespace}"


def behind(stack: Stack, connection: Connection) -> PgBouncer | None:
    """The pooler that leads to the same server outside this stack as a connection does."""
    owner = connection.container
    namespace = owner.workload.namespace if owner is not None else ""
    upstream = pooling_of(stack).upstream
    return next((found for host in _hosts(connection.host) if (found := upstream.get(_host_key(host, namespace)))), None)


def world_of(container: Container | None) -> str:
    """Where a container runs: workloads of different worlds (Compose, a cluster) do not meet by name; "" is anywhere."""
    if container is None:
        return ""
    return "cluster" if container.platform in ("kubernetes", "terraform") else container.platform


def poolers_of(stack: Stack, server: Postgres | ManagedResource) -> list[PgBouncer]:
    """The poolers in front of a server: those that lead to it, else those of the same world that may."""
    pooling = pooling_of(stack)
    certain = [pooler for pooler, _ in pooling.front.get(id(server), ())]
    if certain:
        return certain
    world = world_of(server.container) if isinstance(server, Postgres) else ""
    return [one for one in pooling.open_ended if not world or world_of(one.container) in ("", world)]

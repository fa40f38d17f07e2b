"""Who reaches PostgreSQL, and through which pooler."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from afscan.join.services import resolve_host, selected
from afscan.model.place import Place
from afscan.model.stack import Stack
from afscan.model.subjects import (
    Connection,
    Container,
    ManagedResource,
    NetworkPolicy,
    PgBouncer,
    PolicyPeer,
    Postgres,
    Server,
    Subject,
    Workload,
)
from afscan.model.value import Value

KEY = "pooling"

_NOT_APPLICATIONS = ("exporter", "pgadmin", "adminer", "pgbackrest", "wal-g", "barman", "pgbouncer", "pgpool", "pgcat", "odyssey")
"""Parts of image names of programs that must talk to the server itself."""


@dataclass(slots=True)
class Target:
    """What a connection leads to.

    ``kind``: ``pooler``, ``database``, ``managed``, ``other`` (a workload of the stack that is neither), ``absent`` (nothing of
    this name in the stack: a service outside it, or none).
    """

    kind: str
    server: Server | ManagedResource | None = None
    workload: Workload | None = None


@dataclass(slots=True)
class Pooling:
    """The poolers and PostgreSQL servers of a stack. ``by_workload`` finds the server that a workload runs."""

    poolers: list[PgBouncer] = field(default_factory=list)
    databases: list[Postgres] = field(default_factory=list)
    managed: list[ManagedResource] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    by_workload: dict[int, Server] = field(default_factory=dict)


def join(stack: Stack) -> Iterable[Subject]:
    """Index poolers, servers and connections to PostgreSQL; adds no subjects."""
    pooling = Pooling(
        poolers=stack.of(PgBouncer),
        databases=stack.of(Postgres),
        managed=[m for m in stack.of(ManagedResource) if m.datastore and m.product == "postgres"],
        connections=[c for c in stack.of(Connection) if c.product == "postgres" and not c.listener],
    )
    for server in (*pooling.databases, *pooling.poolers):
        if server.container is not None:
            pooling.by_workload[id(server.container.workload)] = server
    stack.joined[KEY] = pooling
    return ()


def pooling_of(stack: Stack) -> Pooling:
    """The index that :func:`join` made."""
    found = stack.joined[KEY]
    assert isinstance(found, Pooling)
    return found


def target_of(stack: Stack, connection: Connection) -> Target:
    """What the host of a connection means in this stack."""
    host = connection.host.or_else("")
    owner = connection.container
    namespace = owner.workload.namespace if owner is not None else "default" if connection.platform == "kubernetes" else ""
    workloads = resolve_host(stack, host, namespace) if host else []
    pooling = pooling_of(stack)
    for workload in workloads:
        server = pooling.by_workload.get(id(workload))
        if server is not None:
            return Target("pooler" if isinstance(server, PgBouncer) else "database", server, workload)
    if workloads:
        return Target("other", None, workloads[0])
    resource = _managed(pooling, host)
    return Target("managed", resource) if resource is not None else Target("absent")


def _managed(pooling: Pooling, host: str) -> ManagedResource | None:
    """The managed server with an endpoint of this name: an RDS host name begins with the instance's or cluster's identifier."""
    name = host.split(".", 1)[0] if host.endswith((".rds.amazonaws.com", ".rds.amazonaws.com.cn")) else host
    return next((resource for resource in pooling.managed if name and name in resource.endpoints), None)


def peer_workloads(stack: Stack, policy: NetworkPolicy, peer: PolicyPeer) -> list[Workload]:
    """The workloads of this stack that a peer of a policy means; empty where its namespaces cannot be told by name."""
    if peer.unknown or peer.pods is None:
        return []
    namespace = policy.namespace if peer.namespaces is None else peer.namespaces.get("kubernetes.io/metadata.name")
    return selected(stack, namespace, peer.pods) if namespace is not None else []


def is_application(container: Container | None) -> bool:
    """Whether a container is one whose database connections belong through a pooler.

    Poolers, exporters, backup and administration tools, and one-off jobs (migrations, dumps) need the server itself.
    """
    if container is None:
        return False
    if container.workload.runs_to_completion or container.role in ("init", "ephemeral"):
        return False
    repository = container.image.repository.lower() if container.image is not None else ""
    return not any(part in repository for part in _NOT_APPLICATIONS)


def server_connections(pooler: PgBouncer) -> Value[int]:
    """The most connections that one instance of a pooler opens to its servers.

    Per database: ``max_db_connections`` where it limits, else (pool + reserve) for each user. Unknown where a part is unknown or
    the number of users is. Source: pgbouncer.org/config.html, "default_pool_size", "max_db_connections".
    """
    reserve = pooler.reserve_pool_size.or_else(0)
    limit = pooler.max_db_connections
    unknown = next((v for v in (pooler.reserve_pool_size, limit, pooler.default_pool_size) if v.is_unknown), None)
    if unknown is not None:
        return unknown
    total, node = 0, limit.node
    for database in pooler.databases:
        own = database.max_connections
        cap = own.or_else(0) or limit.or_else(0)
        if own.is_unknown:
            return own
        users = 1 if database.user.is_set else len(pooler.users)
        pool = database.pool_size.or_else(pooler.default_pool_size.or_else(20))
        if cap:
            total += min(cap, users * (pool + reserve)) if users else cap
        elif users:
            total += users * (pool + reserve)
        else:
            return Value.unknown(database.node, "the number of users is not known, and no `max_db_connections` limits them")
    return Value.of(total, node)


@dataclass(slots=True)
class Demand:
    """What one pooler asks of one server: each of ``replicas`` opens up to ``each`` connections."""

    name: str
    place: Place
    replicas: Value[int]
    each: Value[int]

    @property
    def total(self) -> int:
        """Connections of all replicas together; a replica count that is not written is 1, the platforms' default."""
        return self.replicas.or_else(1) * self.each.or_else(0)


def demands_on(stack: Stack, server: Postgres | ManagedResource) -> list[Demand]:
    """The poolers of the stack that lead to a server."""
    found = []
    for pooler in pooling_of(stack).poolers:
        if not any(target_of(stack, c).server is server for c in _own_connections(stack, pooler)):
            continue
        workload = pooler.container.workload if pooler.container is not None else None
        if workload is None:
            continue
        replicas = workload.replicas
        if workload.fleet:
            replicas = Value.unknown(workload.node, "one runs on each node, and their number is not written here")
        found.append(Demand(workload.name, workload.place, replicas, server_connections(pooler)))
    return found


def _own_connections(stack: Stack, pooler: PgBouncer) -> list[Connection]:
    """The connections that a pooler's ``[databases]`` open."""
    return [c for c in pooling_of(stack).connections if c.container is pooler.container and c.platform == "pgbouncer"]

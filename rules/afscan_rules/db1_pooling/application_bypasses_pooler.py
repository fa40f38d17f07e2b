"""DB101: applications that reach PostgreSQL past the pooler."""

from collections.abc import Iterator

from afscan.join.databaseclients import belongs_into_pool, is_application
from afscan.join.policies import means
from afscan.join.pooling import behind, is_postgres, poolers_of, pooling_of, target_of
from afscan.join.services import selected
from afscan.model.stack import Stack
from afscan.model.subjects import (
    Connection,
    ManagedResource,
    NetworkPolicy,
    PgBouncer,
    PolicyPeer,
    PolicyRule,
    Postgres,
    Workload,
)
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown

_POSTGRES_LABELS = frozenset(("postgres", "postgresql", "pg", "timescaledb", "cloudnative-pg"))


@rule("DB101", severity=Severity.HIGH, tags=("CWE-770",))
def application_bypasses_pooler(subject: Connection | NetworkPolicy, stack: Stack) -> Iterator[Problem]:
    """Application bypasses the pooler.

    A pooler protects PostgreSQL only if everybody goes through it: one deployment that connects directly, times its replicas,
    uses up the connections that the pool was sized for. A network policy that still opens the database to an application keeps
    that way open. Exporters, backups, migrations and one-off jobs may connect directly: they need a session of their own.

    ## Fix
    - Kubernetes: point the application at the pooler's Service, and allow only the pooler to reach the database.
    - Compose: put the pooler's service name and port into the application's database settings.
    - Terraform: give the application the pooler's host, or the endpoint of the `aws_db_proxy`.
    - Any: use the pooler's host and port.
    """
    if isinstance(subject, Connection) and not is_postgres(stack, subject):
        yield NOT_APPLICABLE
        return
    pooling = pooling_of(stack)
    if not pooling.poolers and not pooling.proxies:
        yield NOT_APPLICABLE if stack.complete else NOT_JUDGED
    elif isinstance(subject, NetworkPolicy):
        yield from _policy(subject, stack)
    else:
        yield from _connection(subject, stack)


def _connection(connection: Connection, stack: Stack) -> Iterator[Problem]:
    if not belongs_into_pool(stack, connection):
        yield NOT_APPLICABLE
        return
    target = target_of(stack, connection)
    if target.kind == "pooler":
        return
    if target.kind == "unknown":
        why = connection.host.reason or "its host is not written here"
        yield unknown(connection.url.place, f"Whether {connection.name} goes through the pooler is not known: {why}.")
        return
    server = target.server
    if isinstance(server, Postgres | ManagedResource):
        passed_by, name = _pooler_of(stack, server), server.name
    else:
        passed_by, name = behind(stack, connection), f"`{connection.host.value}`"
    if passed_by is None:
        yield NOT_APPLICABLE  # a server that no pooler here leads to
        return
    yield fail(
        connection.url.place,
        f"{connection.name} reaches {name} directly, though the stack has a pooler for it.",
        related=[_place_of(passed_by)],
    )


def _pooler_of(stack: Stack, server: Postgres | ManagedResource) -> PgBouncer | ManagedResource | None:
    """The pooler that should be used; an RDS proxy where there is one managed server only, as what it serves is not known."""
    poolers = poolers_of(stack, server)
    if poolers:
        return poolers[0]
    pooling = pooling_of(stack)
    alone = isinstance(server, ManagedResource) and len(pooling.managed) == 1
    return pooling.proxies[0] if alone and pooling.proxies else None


def _place_of(pooler: PgBouncer | ManagedResource) -> Related:
    runs = pooler.container if isinstance(pooler, PgBouncer) else None
    return Related(runs.place if runs is not None else pooler.place, f"This is the pooler that leads there: {pooler.name}.")


def _policy(policy: NetworkPolicy, stack: Stack) -> Iterator[Problem]:
    """A policy that opens PostgreSQL's pods to applications, from either side."""
    if policy.unknown_selector:
        yield NOT_APPLICABLE
        return
    pods = selected(stack, policy.namespace, policy.pods)
    judged = False
    servers = [server for pod in pods for server in _databases(stack, pod)]
    for one in policy.egress or () if any(_runs_application(stack, pod) for pod in pods) else ():
        for peer in one.peers or ():
            if peer.pods and _opens_postgres(one):
                judged = True
                yield from _egress(policy, peer, stack)
    for one in policy.ingress or () if servers else ():
        for peer in one.peers or ():
            if peer.pods and _opens_postgres(one):
                judged = True
                yield from _ingress(policy, peer, servers[0], stack)
    if not judged:
        yield NOT_APPLICABLE


def _egress(policy: NetworkPolicy, peer: PolicyPeer, stack: Stack) -> Iterator[Problem]:
    """A peer of an application's policy that is a database, by what its pods run, else by the label that it asks for."""
    pods = _pods_of(policy, peer, stack)
    servers = [server for pod in pods for server in _databases(stack, pod)]
    passed_by = next((found for server in servers if (found := _pooler_of(stack, server)) is not None), None)
    if not pods and not servers and any(value.lower() in _POSTGRES_LABELS for value in (peer.pods or {}).values()):
        passed_by = next(iter(pooling_of(stack).open_ended), None)
    if passed_by is not None:
        message = f"{policy.name} lets its pods reach PostgreSQL directly, though the stack has a pooler."
        yield fail(peer.node.head, message, related=[_place_of(passed_by)])


def _ingress(policy: NetworkPolicy, peer: PolicyPeer, server: Postgres, stack: Stack) -> Iterator[Problem]:
    """A peer of a database's policy that is an application."""
    passed_by = _pooler_of(stack, server)
    application = next((pod for pod in _pods_of(policy, peer, stack) if _runs_application(stack, pod)), None)
    if passed_by is not None and application is not None:
        message = f"{policy.name} lets {application.name} reach PostgreSQL directly, though the stack has a pooler."
        yield fail(peer.node.head, message, related=[_place_of(passed_by)])


def _pods_of(policy: NetworkPolicy, peer: PolicyPeer, stack: Stack) -> list[Workload]:
    """The workloads that a peer means for certain: by labels, in a namespace that is named."""
    if peer.unknown or not peer.pods:
        return []
    namespace = policy.namespace if peer.namespaces is None else peer.namespaces.get("kubernetes.io/metadata.name", "")
    return [pod for pod in selected(stack, namespace, peer.pods) if means(stack, policy, peer, pod) is not False]


def _databases(stack: Stack, pod: Workload) -> list[Postgres]:
    """The servers that a workload runs, unless a pooler stands before them in the same pod."""
    servers = pooling_of(stack).by_workload.get(id(pod), [])
    return [one for one in servers if isinstance(one, Postgres)] if not any(isinstance(one, PgBouncer) for one in servers) else []


def _runs_application(stack: Stack, pod: Workload) -> bool:
    return id(pod) not in pooling_of(stack).by_workload and any(is_application(stack, container) for container in pod.containers)


def _opens_postgres(one: PolicyRule) -> bool:
    return one.ports is None or any(port.value in (5432, "postgres", "postgresql") for port in one.ports)

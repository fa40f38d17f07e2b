"""DB101: applications that reach PostgreSQL past the pooler."""

from collections.abc import Iterator

from afscan.join.pooling import Pooling, is_application, peer_workloads, pooling_of, target_of
from afscan.join.services import selected
from afscan.model.stack import Stack
from afscan.model.subjects import Connection, NetworkPolicy, PgBouncer, PolicyRule
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown

_POSTGRES_LABELS = frozenset(("postgres", "postgresql", "pg", "timescaledb", "cloudnative-pg"))


@rule("DB101", severity=Severity.HIGH, tags=("CWE-770",))
def application_bypasses_pooler(subject: Connection | NetworkPolicy, stack: Stack) -> Iterator[Problem]:
    """Application bypasses the pooler.

    A pooler protects PostgreSQL only if everybody goes through it: one deployment that connects directly, times its replicas,
    uses up the connections that the pool was sized for. A network policy that still opens the database to an application keeps
    that way open.

    ## Fix
    - Kubernetes: point the application at the pooler's Service, and allow only the pooler to reach the database.
    - Any: use the pooler's host and port.
    """
    pooling = pooling_of(stack)
    if not pooling.poolers:
        yield NOT_APPLICABLE if stack.complete else NOT_JUDGED
    elif isinstance(subject, NetworkPolicy):
        yield from _policy(subject, stack, pooling)
    elif subject.product != "postgres" or subject.listener or not is_application(subject.container):
        yield NOT_APPLICABLE
    elif subject.host.is_unknown or subject.host.is_unset:
        yield unknown(subject.url.place, f"Whether {subject.name} goes through the pooler is not known: {subject.host.reason or 'its host is not written here'}.")
    else:
        target = target_of(stack, subject)
        if target.kind in ("database", "managed"):
            name = target.server.name if target.server is not None else "PostgreSQL"
            yield fail(
                subject.url.place,
                f"{subject.name} reaches {name} directly, though the stack has a pooler.",
                related=[_pooler_place(pooling.poolers[0])],
            )
        elif target.kind != "pooler":
            yield NOT_APPLICABLE  # a server that is not in this stack


def _pooler_place(pooler: PgBouncer) -> Related:
    place = pooler.container.place if pooler.container is not None else pooler.place
    return Related(place, "This is the pooler that it should use.")


def _policy(policy: NetworkPolicy, stack: Stack, pooling: Pooling) -> Iterator[Problem]:
    """A policy whose egress opens PostgreSQL to pods that are applications."""
    pods = selected(stack, policy.namespace, policy.pods)
    applications = [w for w in pods if any(is_application(c) and id(w) not in pooling.by_workload for c in w.containers)]
    if policy.egress is None or policy.unknown_selector or (pods and not applications):
        yield NOT_APPLICABLE
        return
    servers = {id(s.container.workload) for s in pooling.databases if s.container is not None}
    judged = False
    for one in policy.egress:
        for peer in one.peers or ():
            if not peer.pods or not _opens_postgres(one):
                continue
            judged = True
            named = any(value.lower() in _POSTGRES_LABELS for value in peer.pods.values())
            if named or any(id(w) in servers for w in peer_workloads(stack, policy, peer)):
                yield fail(
                    peer.node.head,
                    f"{policy.name} lets its pods reach PostgreSQL directly, though the stack has a pooler.",
                    related=[_pooler_place(pooling.poolers[0])],
                )
    if not judged:
        yield NOT_APPLICABLE


def _opens_postgres(one: PolicyRule) -> bool:
    return one.ports is None or any(port.value in (5432, "postgres", "postgresql") for port in one.ports)

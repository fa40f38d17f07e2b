"""SEC404: workloads that everybody in the cluster can reach."""

from collections.abc import Iterator

from afscan.join.exposure import internal_service
from afscan.join.namespaces import foreign_policy, is_excerpt, unread_manifests
from afscan.join.policies import isolation
from afscan.join.services import services_of
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Workload
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown


@rule("SEC404", severity=Severity.MEDIUM, absence=True, tags=("CWE-284",))
def workload_without_network_policy(workload: Workload, stack: Stack) -> Iterator[Problem]:
    """Workload has no network policy.

    A pod that no NetworkPolicy selects for ingress accepts connections from every pod of the cluster, whoever runs it. One
    policy per namespace that selects all pods and allows nothing turns that round. Judged are workloads that are there to be
    connected to: those behind a Service, and datastores.

    ## Fix
    - Kubernetes, Terraform: add a NetworkPolicy with `podSelector: {}` and `policyTypes: [Ingress]`, and one per workload for its clients.
    """
    if workload.service_account is None or _host_network(workload):
        yield NOT_APPLICABLE  # policies are Kubernetes', and do not hold for pods in the host's network
        return
    services = services_of(stack, workload)
    what = next((found for one in workload.containers if one.role != "init" and (found := _listener(one))), None)
    if not services and what is None:
        yield NOT_APPLICABLE  # a client
        return
    cut = isolation(stack, workload, ingress=True)
    if cut.policies:
        return
    if is_excerpt(workload):
        yield NOT_JUDGED
        return
    doubtful = next(iter(cut.perhaps), None) or foreign_policy(stack)
    role = what or f"behind {services[0].name}"
    if doubtful is not None or workload.unknown_labels or unread_manifests(stack):
        related = [Related(doubtful.place, "This may.")] if doubtful is not None else []
        message = f"Whether a network policy restricts who connects to {workload.name} ({role}) is not known."
        yield unknown(workload.place, message, related=related)
    else:
        message = f"No network policy selects {workload.name} ({role}) for ingress: every pod of the cluster may connect to it."
        yield fail(workload.place, message)


def _listener(container: Container) -> str | None:
    """What a container is that others connect to without a Service, too; an agent that declares no port only sends."""
    what = internal_service(container)
    return what if what is None or container.ports or what.startswith("datastore ") else None


def _host_network(workload: Workload) -> bool:
    return any(one.kind == "network" and one.shared.value is True for c in workload.containers for one in c.host_namespaces)

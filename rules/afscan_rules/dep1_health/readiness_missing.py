"""DEP102: whether a Service waits until a container can answer."""

from collections.abc import Iterator

from afscan.join.health import owes_probes
from afscan.join.services import services_of, target_container_ports
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Service
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown


@rule("DEP102", severity=Severity.MEDIUM, tags=("CWE-1059",))
def readiness_missing(container: Container, stack: Stack) -> Iterator[Problem]:
    """Readiness probe is missing.

    A Service sends traffic to a pod as soon as its containers run, unless a readiness probe says that they cannot answer yet.
    Without one, every rollout and every restart costs requests. It is owed by the containers that serve a port of a Service;
    others in the pod, jobs and workloads without a Service are not asked.

    ## Fix
    - Kubernetes, Terraform: add a `readinessProbe` that succeeds once the container can answer requests.
    """
    ready = container.readiness
    if ready is None or not owes_probes(container):
        yield NOT_APPLICABLE
        return
    services = services_of(stack, container.workload)
    if not services:
        yield NOT_APPLICABLE if stack.complete else NOT_JUDGED
        return
    if ready.is_set:
        return
    if ready.is_unknown:
        yield unknown(ready.place, f"The readiness probe of {container.name} is not known: {ready.reason}.")
        return
    behind = [(service, _serves(container, service)) for service in services]
    service = next((service for service, serves in behind if serves), None)
    if service is not None:
        related = [Related(service.place, "This is the Service that sends it requests.")]
        why = f"{service.name} sends it requests as soon as it runs"
        yield fail(ready.place, f"{container.name} has no readiness probe: {why}.", related=related)
    elif any(serves is None for _, serves in behind):
        why = "which container of the pod answers its Service is not known"
        yield unknown(ready.place, f"{container.name} has no readiness probe, and {why}.")
    else:
        yield NOT_APPLICABLE


def _serves(container: Container, service: Service) -> bool | None:
    """Whether a container answers a port of a Service that selects its pod; None where no container declares that port."""
    running = [one for one in container.workload.containers if owes_probes(one)]
    if len(running) == 1:
        return True
    declared = {id(one): {port.port.value for port in one.ports} for one in running}
    if not service.ports:  # headless, without ports: whoever knows the port reaches it
        return bool(container.ports)
    answered: bool | None = None if any(port.port.is_unknown for port in container.ports) else False
    for port in service.ports:
        targets = set(target_container_ports(port, container.workload))
        if targets & declared[id(container)]:
            return True
        others = any(targets & declared[id(one)] for one in running)
        # A Service's port by number need not be declared by anybody (containerPort only informs).
        if not others and not container.ports and not any(one.readiness is not None and one.readiness.is_set for one in running):
            answered = None
    return answered

"""SEC402: Services that carry an internal service out of the cluster."""

from collections.abc import Iterator

from afscan.join.exposure import internal_service
from afscan.model.stack import Stack
from afscan.model.subjects import Service
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("SEC402", severity=Severity.HIGH, tags=("CWE-668",))
def internal_service_exposed(service: Service, stack: Stack) -> Iterator[Problem]:
    """Internal service is exposed.

    A LoadBalancer or NodePort Service, or an external address, opens a port outside the cluster, where network policies on the
    pods are the last line. A datastore or an administration interface has no business there.

    ## Fix
    - Kubernetes, Terraform: use `type: ClusterIP`, and remove `externalIPs`; let clients in through an authenticated gateway.
    """
    found = next(((w, internal_service(c)) for w in service.selects for c in w.containers if internal_service(c)), None)
    if service.kind.is_unknown:
        yield unknown(service.kind.place, f"The type of {service.name} is not known: {service.kind.reason}.")
        return
    outside = service.kind.or_else("ClusterIP") in ("LoadBalancer", "NodePort")
    if not outside and not service.external_ips:
        return
    if found is None:
        if service.selects or stack.complete:
            yield NOT_APPLICABLE  # what it selects is not known to be internal
        else:
            yield unknown(service.kind.place, f"What {service.name} selects is not among the files that were given.")
        return
    workload, what = found
    related = [Related(workload.place, f"This is the {what} that it exposes.")]
    if service.external_ips:
        yield fail(service.external_ips[0].place, f"{service.name} opens {workload.name} ({what}) on an external address.", related=related)
    elif service.internal or _closed(service):
        return
    else:
        kind = service.kind.or_else("")
        yield fail(service.kind.place, f"{service.name} of type {kind} opens {workload.name} ({what}) to the outside of the cluster.", related=related)


def _closed(service: Service) -> bool:
    """Whether a load balancer admits only listed networks, none of them the whole internet."""
    ranges = service.source_ranges
    return (
        service.kind.or_else("") == "LoadBalancer"
        and bool(ranges)
        and all(r.is_set and not r.or_else("").endswith("/0") for r in ranges)
    )

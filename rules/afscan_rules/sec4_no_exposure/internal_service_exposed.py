"""SEC402: Services that carry an internal service out of the cluster."""

from collections.abc import Iterator

from afscan.join.exposure import DATASTORE_PORTS, internal_service, internal_workload, is_private_address, published_where
from afscan.model.place import Place
from afscan.model.stack import Stack
from afscan.model.subjects import HostPort, Service
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown


@rule("SEC402", severity=Severity.HIGH, tags=("CWE-668",))
def internal_service_exposed(service: Service | HostPort, stack: Stack) -> Iterator[Problem]:
    """Internal service is exposed.

    A LoadBalancer or NodePort Service, an external address, or a `hostPort` opens a port outside the cluster, where network policies on the
    pods are the last line. A datastore or an administration interface has no business there. A load balancer with an address
    of the private network, or one that admits listed networks only, is no exposure.

    ## Fix
    - Kubernetes, Terraform: use `type: ClusterIP`, without `externalIPs` and `hostPort`; let clients in through an authenticated gateway.
    - Any: keep it inside the cluster's network.
    """
    if isinstance(service, HostPort):
        yield from _node_port(service)
        return
    found = internal_workload(service, stack)
    port = None if service.selects else next((p for p in service.ports if p.port.or_else(0) in DATASTORE_PORTS), None)
    if found is None and port is None:
        # Where nothing here is selected, the rest of the stack may hold the workload.
        yield NOT_APPLICABLE if service.selects or stack.complete or not _outside(service) else NOT_JUDGED
        return
    opened = _opened(service)
    if opened is None:
        return
    at, how, doubt = opened
    if found is not None:
        workload, what = found
        related, what = [Related(workload.place, f"This is the {what} that it exposes.")], f"{workload.name} ({what})"
    else:
        number = port.port.or_else(0) if port is not None else 0
        related, what = [], f"port {number} ({DATASTORE_PORTS[number]})"
    if doubt:
        yield unknown(
            at, f"Whether {service.name} opens {what} to the outside of the cluster is not known: {doubt}.", related=related
        )
    else:
        yield fail(at, f"{service.name} {how} opens {what} to the outside of the cluster.", related=related)


def _node_port(port: HostPort) -> Iterator[Problem]:
    """A port that a pod opens on its node."""
    what = internal_service(port.container)
    if what is None:
        yield NOT_APPLICABLE
    elif port.host_ip.is_unknown:
        yield unknown(
            port.host_ip.place, f"On which address of its node {port.container.name} listens is not known: {port.host_ip.reason}."
        )
    elif (where := published_where(port)) is not None:
        yield fail(port.host_port.place, f"{port.container.name} ({what}) is opened on {where}, port {port.host_port.value}.")


def _outside(service: Service) -> bool:
    return service.kind.is_unknown or service.kind.or_else("") in ("LoadBalancer", "NodePort") or bool(service.external_ips)


def _opened(service: Service) -> tuple[Place, str, str] | None:
    """What opens a Service to the outside: its place, a clause, and why it is not certain; None where nothing does."""
    address = next((ip for ip in service.external_ips if not (ip.is_set and is_private_address(ip.or_else("")))), None)
    if address is not None:
        return address.place, f"with the external address {address.value}", address.reason
    kind = service.kind
    if kind.is_unknown:
        return kind.place, "", kind.reason
    if kind.value == "NodePort" or (kind.value == "LoadBalancer" and not service.internal and not _closed(service)):
        doubtful = next((one for one in service.source_ranges if one.is_unknown), None) if kind.value == "LoadBalancer" else None
        world = any(_is_world(one.or_else("")) for one in service.source_ranges)
        return kind.place, f"of type {kind.value}", doubtful.reason if doubtful is not None and not world else ""
    return None


def _closed(service: Service) -> bool:
    """Whether a load balancer admits only listed networks, none of them the whole internet."""
    ranges = service.source_ranges
    return bool(ranges) and all(r.is_set and not _is_world(r.or_else("")) for r in ranges)


def _is_world(network: str) -> bool:
    return network.strip().endswith("/0")

"""Ways into the stack from outside: published ports, Services with addresses of their own, Ingresses."""

from collections.abc import Iterator

from afscan.join.endpoints import meaning
from afscan.model.stack import Stack
from afscan.model.subjects import HostPort, Ingress, PublishedPort, Service, Workload, overlay_of
from afscan.picture.places import at
from afscan.picture.records import Exposure


def exposures(stack: Stack) -> dict[int, list[Exposure]]:
    """By the ``id`` of the workload, in the order of places."""
    found: dict[int, list[Exposure]] = {}
    for workload, way in (*_published(stack), *_services(stack), *_ingresses(stack)):
        if way not in found.setdefault(id(workload), []):
            found[id(workload)].append(way)
    for ways in found.values():
        ways.sort(key=lambda one: (one.place.path, one.place.line, one.place.column, one.how, one.what))
    return found


def _published(stack: Stack) -> Iterator[tuple[Workload, Exposure]]:
    for port in stack.of(PublishedPort):
        if overlay_of(port):
            continue
        how = "hostPort" if isinstance(port, HostPort) else "published"
        address = "" if port.host_ip.is_unset else f"{port.host_ip.value or '?'}:"
        host = port.host_port.value or ("any port" if port.host_port.is_unset else "?")
        inside = port.container_port.value if port.container_port.is_set else "?"
        yield port.container.workload, Exposure(how=how, what=f"{address}{host} -> {inside}", place=at(port.place))


def _services(stack: Stack) -> Iterator[tuple[Workload, Exposure]]:
    for service in stack.of(Service):
        kind = service.kind.or_else("ClusterIP")
        how = kind if kind in ("LoadBalancer", "NodePort") else "externalIPs" if service.external_ips else None
        if how is None:
            continue
        ports = ", ".join(str(one.port.value or "?") for one in service.ports) or "no port"
        what = f"{service.name}: {ports}{' (internal)' if service.internal else ''}"
        for workload in service.selects:
            yield workload, Exposure(how=how, what=what, place=at(service.place))


def _ingresses(stack: Stack) -> Iterator[tuple[Workload, Exposure]]:
    for ingress in stack.of(Ingress):
        for route in ingress.routes:
            name = route.service.value
            behind = meaning(stack, name, None, ingress.namespace).workloads if name else []
            host = route.host.value or ("any host" if route.host.is_unset else "?")
            for workload in behind:
                yield workload, Exposure(how="Ingress", what=f"{host}{route.path.value or ''}", place=at(route.node.head))

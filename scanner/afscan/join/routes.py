"""From an Ingress or a route of the Gateway API to the Service behind it, and on to the workloads and their ports.

Sources: Kubernetes documentation, "Ingress" and "Service"; gateway-api.sigs.k8s.io, "API specification" (a route attaches to the
listeners that its ``parentRefs`` name; without ``sectionName`` to every one that admits it).
"""

from collections import defaultdict
from collections.abc import Iterator

from afscan.join.services import find_service, target_container_ports
from afscan.model.node import Node
from afscan.model.objects import Gateway, GatewayListener, Route
from afscan.model.record import record
from afscan.model.stack import Stack
from afscan.model.subjects import Ingress, Service, ServicePort, Workload
from afscan.model.value import Value

KEY = "routes"


@record(slots=True)
class Backend:
    """Where a rule of an Ingress or route leads. ``service`` None: absent from this stack; ``port`` None: it has no such port."""

    node: Node
    host: Value[str]
    name: Value[str]
    service: Service | None
    port: ServicePort | None


def backends_of(stack: Stack, subject: "Ingress | Route") -> Iterator[Backend]:
    """Every backend that is a Service with a known name."""
    if isinstance(subject, Ingress):
        for route in subject.routes:
            if route.service.is_set:
                service = find_service(stack, route.service.or_else(""), subject.namespace)
                yield Backend(route.node, route.host, route.service, service, service_port(service, route.port))
        return
    host: Value[str] = subject.hostnames[0] if subject.hostnames else Value.unset(subject.node)
    for one in subject.backends:
        if one.kind == "Service" and one.service.is_set:
            service = find_service(stack, one.service.or_else(""), one.namespace)
            number: Value[int | str] = one.port.map(lambda value: value)
            yield Backend(one.node, host, one.service, service, service_port(service, number))


def service_port(service: Service | None, wanted: "Value[int | str]") -> ServicePort | None:
    """The port of a Service by number or name; its only one where none is asked for."""
    if service is None or wanted.is_unknown:
        return None
    if wanted.is_unset:
        return service.ports[0] if len(service.ports) == 1 else None
    return next((port for port in service.ports if wanted.value in (port.port.value, port.name)), None)


def reached(backend: Backend) -> Iterator[tuple[Workload, list[int]]]:
    """The workloads behind a backend, each with the container ports that its port leads to (empty: not known)."""
    for workload in backend.service.selects if backend.service is not None else ():
        yield workload, target_container_ports(backend.port, workload) if backend.port is not None else []


def routes_of(stack: Stack, gateway: Gateway, listener: GatewayListener) -> list[Route]:
    """The routes that attach to a listener, as far as they name it."""
    index: dict[tuple[str, str], list[Route]] | None = stack.joined.get(KEY)
    if index is None:
        index = stack.joined[KEY] = defaultdict(list)
        for route in stack.of(Route):
            for parent in route.parents:
                if parent.kind == "Gateway" and parent.parent.is_set:
                    index[parent.namespace, parent.parent.or_else("")].append(route)
    found = index.get((gateway.namespace, gateway.gateway), [])
    return [route for route in dict.fromkeys(found) if _attaches(route, gateway, listener)]


def gateways_of(stack: Stack, route: Route) -> list[Gateway]:
    """The Gateways of this stack that a route names."""
    index: dict[tuple[str, str], Gateway] | None = stack.joined.get(f"{KEY}/gateways")
    if index is None:
        index = stack.joined[f"{KEY}/gateways"] = {(one.namespace, one.gateway): one for one in stack.of(Gateway)}
    named = [(parent.namespace, parent.parent.or_else("")) for parent in route.parents if parent.kind == "Gateway"]
    return [index[key] for key in dict.fromkeys(named) if key in index]


def listeners_of(stack: Stack, route: Route) -> list[tuple[Gateway, GatewayListener]]:
    """The listeners of this stack that a route attaches to."""
    return [
        (gateway, listener)
        for gateway in gateways_of(stack, route)
        for listener in gateway.listeners
        if _attaches(route, gateway, listener)
    ]


def _attaches(route: Route, gateway: Gateway, listener: GatewayListener) -> bool:
    for parent in route.parents:
        if (parent.namespace, parent.parent.or_else("")) != (gateway.namespace, gateway.gateway):
            continue
        section = parent.section.or_else(listener.listener) in (listener.listener, "")
        port = parent.port.is_unset or parent.port.value == listener.port.value
        if section and port:
            return True
    return False

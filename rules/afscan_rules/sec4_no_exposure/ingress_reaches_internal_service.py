"""SEC410: ways in from outside that lead to a datastore or an administration port."""

from collections.abc import Iterator

from afscan.join.exposure import DATASTORE_PORTS, internal_service, internal_workload
from afscan.join.ingresses import guarded, inside_only
from afscan.join.routes import Backend, backends_of, gateways_of, reached
from afscan.model.objects import Route
from afscan.model.stack import Stack
from afscan.model.subjects import Ingress, Workload
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_FOR_CLIENTS = frozenset(("minio", "otel-collector"))
"""Products whose API is made for browsers and devices: object storage with signed addresses, telemetry of pages."""

_ADMINISTRATION = frozenset(("metrics", "http-metrics", "management", "actuator", "pprof", "debug", "admin-api"))


@rule("SEC410", severity=Severity.HIGH, tags=("CWE-668",))
def ingress_reaches_internal_service(entrance: Ingress | Route, stack: Stack) -> Iterator[Problem]:
    """Ingress reaches an internal service.

    A ClusterIP Service is internal until an Ingress or a route leads to it. Datastores, message queues, metrics and
    administration interfaces behind a public host are open to the internet, often with no more than their own default login.
    An Ingress of an internal class or load balancer, or one that asks for a login or admits certain addresses only, is not meant.

    ## Fix
    - Kubernetes: take the rule away and reach the service from inside (`kubectl port-forward`, a VPN), or put the Ingress on an
      internal class or behind an authenticating proxy.
    - Any: route public hosts to public services only.
    """
    if isinstance(entrance, Ingress):
        if inside_only(entrance) or guarded(entrance):
            return
    elif not entrance.parents or all(parent.kind != "Gateway" for parent in entrance.parents):
        yield NOT_APPLICABLE  # a route inside a mesh
        return
    elif any(
        "internal" in gateway.class_name.or_else("") or "rilb" in gateway.class_name.or_else("")
        for gateway in gateways_of(stack, entrance)
    ):
        return
    for backend in backends_of(stack, entrance):
        problem = _of_backend(entrance, backend, stack)
        if problem is not None:
            yield problem


def _is_meant(backend: Backend, workload: Workload, what: str) -> bool:
    """Whether a product is made for clients outside, or another container of the pod (a proxy that asks for a login) answers."""
    if what.rpartition(" ")[2] in _FOR_CLIENTS:
        return True
    numbers = {number for one, ports in reached(backend) if one is workload for number in ports}
    answering = [one for one in workload.containers if any(port.port.value in numbers for port in one.ports)]
    return bool(answering) and all(internal_service(one) is None for one in answering)


def _of_backend(entrance: Ingress | Route, backend: Backend, stack: Stack) -> Problem | None:
    way = f"{entrance.name} leads from outside to the Service `{backend.name.or_else('')}`"
    service, port = backend.service, backend.port
    inside = internal_workload(service, stack) if service is not None else None
    if service is not None and inside is not None and not _is_meant(backend, *inside):
        workload, what = inside
        related = [Related(service.place, "This is the Service."), Related(workload.place, f"This is the {what} behind it.")]
        return fail(backend.name.place, f"{way}, behind which is the {what}.", related=related)
    if inside is not None:
        return None
    numbers = {number for _, ports in reached(backend) for number in ports}
    if port is not None and port.port.is_set:
        numbers.add(port.port.or_else(0))
    store = next((number for number in sorted(numbers) if number in DATASTORE_PORTS), None)
    if store is not None:
        return fail(backend.name.place, f"{way}, port {store}: that is {DATASTORE_PORTS[store]}'s.")
    if service is not None and port is not None and port.name in _ADMINISTRATION:
        related = [Related(service.place, "This is the Service.")]
        return fail(backend.name.place, f"{way} and its port `{port.name}`, which is for inside.", related=related)
    if service is not None and port is None and any(one.port.is_unknown for one in service.ports):
        return unknown(
            backend.name.place, f"Whether {way[:1].lower()}{way[1:]} and an internal port is not known: not all its ports are."
        )
    return None

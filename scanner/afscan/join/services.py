"""Services and the workloads behind them; names that resolve to workloads; defaults that a namespace gives to its containers.

Source: Kubernetes documentation, "Service" and "DNS for Services and Pods"; Compose file reference, "networks".
"""

import re
from collections.abc import Iterable

from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import Container, ContainerDefaults, Service, ServicePort, Subject, Workload, labels_match
from afscan.model.value import Value

KEY = "services"

_POD_NAME = ("statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index")
_INDEX = re.compile(r"[0-9]{1,6}\Z")
_ADDRESS = re.compile(r"[0-9.]+\Z|.*:")
_MAX_ALIASES = 5


@record(slots=True)
class Services:
    """Indexes over the Services and workloads of a stack.

    ``workloads`` are those of Kubernetes by namespace, ``labelled`` by namespace, label and value; ``of`` the Services that
    select a workload, by the workload's ``id``, in groups of equal selectors; ``named`` Services by namespace and name;
    ``aliases`` Compose's workloads by name.
    """

    workloads: dict[str, list[Workload]] = field(default_factory=dict)
    labelled: dict[tuple[str, str, str], list[Workload]] = field(default_factory=dict)
    of: dict[int, list[list[Service]]] = field(default_factory=dict)
    named: dict[tuple[str, str], Service] = field(default_factory=dict)
    by_name: dict[str, list[Service]] = field(default_factory=dict)
    aliases: dict[str, list[Workload]] = field(default_factory=dict)


def join(stack: Stack) -> Iterable[Subject]:
    """Fill :attr:`Service.selects` and the limits that a LimitRange gives; adds no subjects."""
    index = _indexed(stack)
    stack.joined[KEY] = index
    groups: dict[tuple[str, frozenset[tuple[str, str]]], list[Service]] = {}
    for service in stack.of(Service):
        if service.selector is not None and service.kind.value != "ExternalName":
            groups.setdefault((service.namespace, frozenset(service.selector.items())), []).append(service)
    for (namespace, selector), services in groups.items():
        # Services of one selector share the list, or a few thousand of them over as many workloads would take seconds.
        found = _selected(index, namespace, dict(selector))
        for service in services:
            service.selects = found
        for workload in found:
            index.of.setdefault(id(workload), []).append(services)
    _apply_defaults(stack)
    return ()


def _indexed(stack: Stack) -> Services:
    index = Services()
    for workload in stack.of(Workload):
        if workload.platform in ("kubernetes", "terraform"):
            index.workloads.setdefault(workload.namespace, []).append(workload)
            for name, value in workload.labels.items():
                index.labelled.setdefault((workload.namespace, name, value), []).append(workload)
        elif not workload.overlay:
            for alias in dict.fromkeys(workload.aliases):
                index.aliases.setdefault(alias.lower(), []).append(workload)
    for service in stack.of(Service):
        if index.named.setdefault((service.namespace, service.service_name), service) is service:
            index.by_name.setdefault(service.service_name, []).append(service)
    return index


def _index(stack: Stack) -> Services:
    if KEY not in stack.joined:
        join(stack)
    found = stack.joined[KEY]
    assert isinstance(found, Services)
    return found


def selected(stack: Stack, namespace: str, selector: dict[str, str]) -> list[Workload]:
    """The Kubernetes workloads of a namespace whose pods a selector matches; {} matches all (see ``labels_match``).

    Labels that the StatefulSet controller adds to each pod (pod name, pod index) are understood.
    """
    return _selected(_index(stack), namespace, selector)


def _selected(index: Services, namespace: str, selector: dict[str, str]) -> list[Workload]:
    plain = {name: value for name, value in selector.items() if name not in _POD_NAME}
    lists = [index.labelled.get((namespace, name, value), []) for name, value in plain.items() if value != "*"]
    # The rarest label decides how many have to be looked at: near linear where labels tell workloads apart.
    candidates = min(lists, key=len) if lists else index.workloads.get(namespace, [])
    matching = [w for w in candidates if labels_match(plain, w.labels)] if len(plain) > 1 or not lists else list(candidates)
    return [w for w in matching if _is_pod_of(w, selector)] if len(plain) != len(selector) else matching


def _is_pod_of(workload: Workload, selector: dict[str, str]) -> bool:
    """Whether one of a StatefulSet's pods carries the labels that its controller adds."""
    if workload.kind != "StatefulSet":
        return False
    name, number = (selector.get(key) for key in _POD_NAME)
    own = workload.name.removeprefix("StatefulSet ")
    return (name is None or name == "*" or _ordinal(name, own) is not None) and (
        number is None or number == "*" or bool(_INDEX.match(number))
    )


def _ordinal(pod: str, owner: str) -> int | None:
    """The number of a StatefulSet's pod; None where the name is not one of its pods'."""
    head, dash, number = pod.rpartition("-")
    return int(number) if dash and head == owner and _INDEX.match(number) else None


def services_of(stack: Stack, workload: Workload) -> list[Service]:
    """The Services that select a workload."""
    return [service for group in _index(stack).of.get(id(workload), ()) for service in group]


def named_service(stack: Stack, host: str, namespace: str) -> Service | None:
    """As :func:`find_service`, but an alias (ExternalName) is not followed."""
    return _named(_index(stack), host.lower().rstrip("."), namespace)


def services_called(stack: Stack, name: str) -> list[Service]:
    """The Services of a name, in all namespaces."""
    return _index(stack).by_name.get(name, [])


def service_anywhere(stack: Stack, name: str, caller: Workload | None, namespace: str) -> Service | None:
    """The only Service of a name, where its namespace or the caller's is not written: both are applied together."""
    found = _index(stack).by_name.get(name, [])
    if len(found) != 1 or not namespace:
        return None
    return found[0] if not found[0].namespace_written or (caller is not None and not caller.namespace_written) else None


def resolve_alias(stack: Stack, name: str, caller: Workload | None) -> list[Workload]:
    """The Compose services that a name means: those of the caller's own project, else those of a project with which it shares a
    network; any project's where the caller is not known."""
    found = _index(stack).aliases.get(name, [])
    if caller is None:
        return found
    own = [one for one in found if one.project == caller.project]
    if own:
        return own
    networks = {one.name.value for one in caller.attachments if one.name.is_set}
    return [one for one in found if any(a.name.is_set and a.name.value in networks for a in one.attachments)]


def find_service(stack: Stack, host: str, namespace: str) -> Service | None:
    """The Service that a host name means to a pod of ``namespace`` (empty: not known): ``svc``, ``svc.ns``, ``svc.ns.svc``,
    ``svc.ns.svc.cluster.local``. Names of a headless Service's pods (``pod-0.svc``) lead to the Service; aliases are followed."""
    index = _index(stack)
    for _ in range(_MAX_ALIASES):
        service = _named(index, host.lower().rstrip("."), namespace)
        if service is None or service.kind.value != "ExternalName" or service.external_name is None:
            return service
        host, namespace = service.external_name.or_else(""), service.namespace
    return None


def _named(index: Services, host: str, namespace: str) -> Service | None:
    labels = host.split(".")
    if _ADDRESS.match(host) or not all(labels) or len(labels) > 8:
        return None
    if "svc" in labels[2:4]:  # a full name: all before "svc" is Service and namespace, or pod, Service and namespace
        at = labels.index("svc", 2)
        return index.named.get((labels[at - 1], labels[at - 2]))
    if len(labels) == 1:
        return _in_namespace(index, labels[0], namespace)
    if len(labels) == 2:
        return index.named.get((labels[1], labels[0])) or _headless(_in_namespace(index, labels[1], namespace))
    return _headless(index.named.get((labels[2], labels[1]))) if len(labels) == 3 else None


def _in_namespace(index: Services, name: str, namespace: str) -> Service | None:
    """By its short name, which is looked up in the caller's namespace; where that is not known, any that is alone in its name."""
    if namespace:
        return index.named.get((namespace, name))
    found = index.by_name.get(name, [])
    return index.named.get(("default", name)) or (found[0] if len(found) == 1 else None)


def _headless(service: Service | None) -> Service | None:
    return service if service is not None and service.headless else None


def target_container_ports(port: ServicePort, workload: Workload) -> list[int]:
    """The container ports that a Service's port leads to in a workload; empty where they are not known or no port is so named.

    A headless Service maps nothing: who connects to it reaches the container's port directly.
    """
    target = port.target
    if target.is_unset:
        target = port.port.map(lambda number: number)
    if not target.is_set or target.value is None:
        return []
    if isinstance(target.value, int):
        return [target.value]
    found = [
        declared.port.value
        for container in workload.containers
        if container.role in ("main", "sidecar")
        for declared in container.ports
        if declared.name == target.value and declared.protocol == port.protocol and declared.port.value is not None
    ]
    return list(dict.fromkeys(found))


def _apply_defaults(stack: Stack) -> None:
    """What a LimitRange gives to the containers of its namespace that set nothing themselves (admission plugin LimitRanger)."""
    defaults: dict[str, list[ContainerDefaults]] = {}
    for one in stack.of(ContainerDefaults):
        defaults.setdefault(one.namespace, []).append(one)
    for container in stack.of(Container) if defaults else ():
        if container.platform != "kubernetes" or container.role == "ephemeral":
            continue
        for one in defaults.get(container.workload.namespace, ()):
            container.memory_limit = _first(container.memory_limit, one.memory_limit)
            container.cpu_limit = _first(container.cpu_limit, one.cpu_limit)
            container.memory_request = _first(container.memory_request, one.memory_request)
            container.cpu_request = _first(container.cpu_request, one.cpu_request)


def _first(own: Value[float], default: Value[float]) -> Value[float]:
    return default if own.is_unset and not default.is_unset else own

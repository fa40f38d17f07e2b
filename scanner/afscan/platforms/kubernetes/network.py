"""Services, Ingresses and NetworkPolicies.

Source: Kubernetes API reference, "Service Resources" and "NetworkPolicy"; cloud providers' own documentation for annotations.
"""

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.selectors import Selector
from afscan.model.subjects import Ingress, IngressRoute, NetworkPolicy, PolicyPeer, PolicyRule, Service, ServicePort
from afscan.model.value import Value
from afscan.platforms.kubernetes.objects import PLATFORM, KubernetesObject, labels_of, port_value, section
from afscan.platforms.kubernetes.selectors import read_selector
from afscan.platforms.reading import Reader
from afscan.platforms.tlsversions import of_ingress

_INTERNAL = {
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    "networking.gke.io/load-balancer-type": "internal",
    "cloud.google.com/load-balancer-type": "internal",
    "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
    "service.beta.kubernetes.io/openstack-internal-load-balancer": "true",
    "service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type": "private",
    "service.beta.kubernetes.io/oci-load-balancer-internal": "true",
    "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type": "intranet",
}
"""Annotations that keep a LoadBalancer off the internet, each with the value that does (case is ignored).
Source: Kubernetes documentation, "Service: Internal load balancer"."""

_AWS_SCHEME = "service.beta.kubernetes.io/aws-load-balancer-scheme"
_AWS_INTERNAL = "service.beta.kubernetes.io/aws-load-balancer-internal"
_AWS_TYPE = "service.beta.kubernetes.io/aws-load-balancer-type"


def read_service(item: KubernetesObject) -> None:
    """Emit a Service."""
    spec = section(item.reader, "spec")
    kind = spec.text("type")
    # An empty selector is the same as none: "If empty or not present, the service is assumed to have an external process managing
    # its endpoints" (API reference, ServiceSpec). A Service that is an ExternalName ignores it.
    selector = labels_of(spec, "selector") or None
    item.out.subjects.append(
        Service(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            service_name=item.name,
            namespace=item.namespace,
            kind=kind,
            selector=None if kind.value == "ExternalName" else selector,
            ports=[_service_port(port) for port in spec.readers("ports")],
            external_ips=spec.strings("externalIPs"),
            source_ranges=spec.strings("loadBalancerSourceRanges") or _source_ranges(item),
            headless=spec.text("clusterIP").value == "None",
            internal=_is_internal(item, spec),
            external_name=spec.text("externalName"),
            selector_node=spec.node.get("selector"),
            namespace_written=item.namespace_written,
        )
    )


def _service_port(port: Reader) -> ServicePort:
    return ServicePort(
        node=port.node,
        port=port.integer("port"),
        target=port_value(port, "targetPort"),
        node_port=port.integer("nodePort"),
        name=port.text("name").or_else("") or None,
        protocol=port.text("protocol").or_else("TCP").lower(),
    )


def _source_ranges(item: KubernetesObject) -> list[Value[str]]:
    """The annotation that came before the field; it still counts where the field is empty."""
    written = item.reader.text("metadata", "annotations", "service.beta.kubernetes.io/load-balancer-source-ranges")
    return [
        Value.of(part.strip(), written.node, written.node.place)
        for part in written.or_else("").split(",")
        if written.is_set and part.strip()
    ]


def _is_internal(item: KubernetesObject, spec: Reader) -> bool:
    """Whether a LoadBalancer gets an address of the private network only.

    AWS: the in-tree controller takes any value but "false" of its annotation; the AWS Load Balancer Controller makes internal
    ones unless told otherwise (its documentation, "Network Load Balancer: secure by default").
    """
    annotations = {key: value.or_else("") for key, value in item.reader.string_map("metadata", "annotations").items()}
    if any(annotations.get(key, "").strip().lower() == value for key, value in _INTERNAL.items()):
        return True
    if _AWS_SCHEME in annotations:
        return False
    if _AWS_INTERNAL in annotations:
        return annotations[_AWS_INTERNAL].strip().lower() not in ("", "false")
    controller = spec.text("loadBalancerClass").or_else("")
    by_controller = annotations.get(_AWS_TYPE, "") in ("external", "nlb-ip")
    return by_controller or controller in ("service.k8s.aws/nlb", "eks.amazonaws.com/nlb")


def read_ingress(item: KubernetesObject) -> None:
    """Emit an Ingress, of networking.k8s.io/v1 or of the versions before it."""
    spec = section(item.reader, "spec")
    routes = [route for key in ("defaultBackend", "backend") if (route := _default_route(spec, key)) is not None]
    for rule in spec.readers("rules"):
        host = rule.text("host")
        paths = list(section(rule, "http").readers("paths"))
        routes += [_route(path, path.node, host, path.text("path"), "backend") for path in paths]
        if not paths:  # all of this host goes to the default backend
            nothing: Value[str] = Value.unset(rule.node)
            routes.append(IngressRoute(node=rule.node, host=host, path=nothing, service=nothing, port=Value.unset(rule.node)))
    tls = list(spec.readers("tls"))
    hosts = [entry.strings("hosts") for entry in tls]
    section_node = spec.node.get("tls")
    annotations = item.reader.string_map("metadata", "annotations")
    class_name = spec.text("ingressClassName")
    ingress = Ingress(
        name=item.title,
        node=item.node,
        platform=PLATFORM,
        namespace=item.namespace,
        routes=routes,
        tls=_tls(spec, section_node, written=bool(tls)),
        tls_hosts=[host for listed in hosts for host in listed],
        tls_any_host=any(not listed for listed in hosts),
        annotations=annotations,
        class_name=annotations.get("kubernetes.io/ingress.class", class_name) if class_name.is_unset else class_name,
    )
    item.out.subjects += [ingress, *of_ingress(ingress)]


def _tls(spec: Reader, node: Node | None, *, written: bool) -> Value[bool]:
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return Value.unset(spec.text("tls").node)
    if isinstance(node, Opaque):
        return Value.unknown(node, node.reason)
    return Value.of(written, node) if not isinstance(node, Scalar | Mapping) else Value.unknown(node, "`tls` is not a list")


def _default_route(spec: Reader, key: str) -> IngressRoute | None:
    """The backend for what no rule matches: any host, any path."""
    node = spec.mapping(key)
    return _route(spec, node, Value.unset(node), Value.unset(node), key) if node is not None else None


def _route(reader: Reader, node: Node, host: Value[str], path: Value[str], key: str) -> IngressRoute:
    """``backend.service.name``/``port`` (v1), ``backend.serviceName``/``servicePort`` (before)."""
    reader.mapping(key)
    if reader.mapping(key, "service") is not None:
        number = port_value(reader, key, "service", "port", "number")
        port = number if not number.is_unset else port_value(reader, key, "service", "port", "name")
        return IngressRoute(node=node, host=host, path=path, service=reader.text(key, "service", "name"), port=port)
    service, port = reader.text(key, "serviceName"), port_value(reader, key, "servicePort")
    return IngressRoute(node=node, host=host, path=path, service=service, port=port)


def read_network_policy(item: KubernetesObject) -> None:
    """Emit a NetworkPolicy. Without ``policyTypes`` it restricts ingress always, egress where it has egress rules."""
    spec = section(item.reader, "spec")
    written = spec.strings("policyTypes")
    types = [value.or_else("") for value in written if value.is_set]
    unknown_types = len(types) != len(written) or not isinstance(spec.node.get("policyTypes"), Sequence | Scalar | None)
    egress = [_rule(rule, "to") for rule in spec.readers("egress")]
    ingress = [_rule(rule, "from") for rule in spec.readers("ingress")]
    if not written:
        types = ["Ingress", "Egress"] if egress else ["Ingress"]
    unread = [one for one in ("ingress", "egress") if isinstance(spec.node.get(one), Opaque)]
    item.out.subjects.append(
        NetworkPolicy(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            namespace=item.namespace,
            selector=read_selector(spec, "podSelector") or Selector(),
            ingress=_direction(spec, "ingress", ingress) if unknown_types or "Ingress" in types else None,
            egress=_direction(spec, "egress", egress) if unknown_types or "Egress" in types or "egress" in unread else None,
            selector_node=spec.node.get("podSelector"),
            namespace_written=item.namespace_written,
            unknown_types=unknown_types or (not written and "egress" in unread),
        )
    )


def _direction(spec: Reader, key: str, rules: list[PolicyRule]) -> list[PolicyRule]:
    """The rules of a direction; where the list cannot be read, one that may let anything through."""
    node = spec.node.get(key)
    if node is None or _nothing(spec, key) or (isinstance(node, Sequence) and len(rules) == len(node.items)):
        return rules
    return [
        *rules,
        PolicyRule(node=node, peers=[PolicyPeer(node=node, unread=True)], ports=[Value.unknown(node, "it cannot be read")]),
    ]


def label_selector(reader: Reader, key: str) -> tuple[dict[str, str] | None, bool]:
    """A label selector in the form of :func:`afscan.model.subjects.labels_match`; whether a part of it is not evaluated."""
    found = read_selector(reader, key)
    if found is None:
        return None, False
    labels, whole = found.simple()
    written = reader.node.get(key)
    return (labels, not whole) if isinstance(written, Mapping) else (None, True)


def _rule(rule: Reader, key: str) -> PolicyRule:
    """One rule. An empty or absent list of peers is everywhere, one of ports every port."""
    peers = [_peer(peer) for peer in rule.readers(key)]
    ports = list(rule.readers("ports"))
    return PolicyRule(
        node=rule.node,
        peers=peers or (None if _nothing(rule, key) else [PolicyPeer(node=rule.node, unread=True)]),
        ports=[_policy_port(port) for port in ports] or (None if _nothing(rule, "ports") else [_unread(rule)]),
        protocols=[port.text("protocol").or_else("TCP").lower() for port in ports],
    )


def _nothing(rule: Reader, key: str) -> bool:
    """Whether a list is absent or empty; not so where it holds what could not be read."""
    node = rule.node.get(key)
    if isinstance(node, Scalar):
        return node.is_null
    return node is None or (isinstance(node, Sequence) and not node.items)


def _unread(rule: Reader) -> Value[int | str]:
    return Value.unknown(rule.node, "`ports` cannot be read")


def _policy_port(port: Reader) -> Value[int | str]:
    first, last, protocol = port_value(port, "port"), port.integer("endPort"), port.text("protocol")
    if protocol.is_unknown or last.is_unknown:
        return Value.unknown(port.node, protocol.reason or last.reason)
    if first.is_set and last.is_set and isinstance(first.value, int):
        text: int | str = f"{first.value}-{last.value}"
        return Value.of(text, first.node)
    return first


def _peer(peer: Reader) -> PolicyPeer:
    written = peer.node.get("ipBlock")
    block = written is not None and not (isinstance(written, Scalar) and written.is_null)
    readable = peer.mapping("ipBlock") is not None
    pods, namespaces = read_selector(peer, "podSelector"), read_selector(peer, "namespaceSelector")
    return PolicyPeer(
        node=peer.node,
        cidr=peer.text("ipBlock", "cidr") if readable else None,
        excepted=peer.strings("ipBlock", "except"),
        pod_selector=pods,
        namespace_selector=namespaces,
        unread=block is not readable or (not block and pods is None and namespaces is None),
    )

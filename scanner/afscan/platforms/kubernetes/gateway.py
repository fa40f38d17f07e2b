"""Gateway API: classes, Gateways, routes and grants.

Source: gateway-api.sigs.k8s.io, "API specification": a listener's ``tls.mode`` is ``Terminate`` by default; a reference names
group, kind and namespace only where they differ from the usual; routes of every version since v1alpha2 have the same fields.
"""

from afscan.model.node import Mapping, Sequence
from afscan.model.objects import (
    Gateway,
    GatewayClass,
    GatewayListener,
    ReferenceGrant,
    Route,
    RouteBackend,
    RouteParent,
)
from afscan.platforms.kubernetes.objects import PLATFORM, KubernetesObject, section
from afscan.platforms.reading import Reader


def read_gateway_class(item: KubernetesObject) -> None:
    """Emit a GatewayClass."""
    controller = section(item.reader, "spec").text("controllerName")
    item.out.subjects.append(
        GatewayClass(name=item.title, node=item.node, platform=PLATFORM, class_name=item.name, controller=controller)
    )


def read_gateway(item: KubernetesObject) -> None:
    """Emit a Gateway."""
    spec = section(item.reader, "spec")
    item.out.subjects.append(
        Gateway(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            gateway=item.name,
            namespace=item.namespace,
            class_name=spec.text("gatewayClassName"),
            listeners=[_listener(one) for one in spec.readers("listeners")],
            annotations=item.reader.string_map("metadata", "annotations"),
        )
    )


def _listener(reader: Reader) -> GatewayListener:
    name = reader.text("name")
    if name.is_set and isinstance(reader.node, Mapping):
        reader.node.title = name.node
    tls = section(reader, "tls")
    return GatewayListener(
        node=reader.node,
        listener=name.or_else(""),
        hostname=reader.text("hostname"),
        port=reader.integer("port"),
        protocol=reader.text("protocol"),
        mode=tls.text("mode"),
        certificates=[
            one.text("name") for one in tls.readers("certificateRefs") if one.text("kind").or_else("Secret") == "Secret"
        ],
        admits=reader.text("allowedRoutes", "namespaces", "from").or_else("Same"),
    )


def read_route(item: KubernetesObject) -> None:
    """Emit an HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute."""
    spec = section(item.reader, "spec")
    rules = list(spec.readers("rules"))
    item.out.subjects.append(
        Route(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            kind=item.kind,
            namespace=item.namespace,
            hostnames=spec.strings("hostnames"),
            parents=[_parent(one, item) for one in spec.readers("parentRefs")],
            backends=[_backend(one, item) for rule in rules for one in rule.readers("backendRefs")],
            redirects=bool(rules) and all(_redirects(rule) for rule in rules),
        )
    )


def _parent(reader: Reader, item: KubernetesObject) -> RouteParent:
    return RouteParent(
        node=reader.node,
        kind=reader.text("kind").or_else("Gateway"),
        parent=reader.text("name"),
        namespace=reader.text("namespace").or_else("") or item.namespace,
        section=reader.text("sectionName"),
        port=reader.integer("port"),
    )


def _backend(reader: Reader, item: KubernetesObject) -> RouteBackend:
    return RouteBackend(
        node=reader.node,
        kind=reader.text("kind").or_else("Service"),
        service=reader.text("name"),
        namespace=reader.text("namespace").or_else("") or item.namespace,
        port=reader.integer("port"),
    )


def _redirects(rule: Reader) -> bool:
    """Whether a rule sends every request to HTTPS."""
    backends = rule.node.get("backendRefs")
    if isinstance(backends, Sequence) and backends.items:
        return False
    return any(
        one.text("type").or_else("") == "RequestRedirect" and one.text("requestRedirect", "scheme").or_else("") == "https"
        for one in rule.readers("filters")
    )


def read_reference_grant(item: KubernetesObject) -> None:
    """Emit a ReferenceGrant."""
    spec = section(item.reader, "spec")
    item.out.subjects.append(
        ReferenceGrant(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            namespace=item.namespace,
            sources=[
                (one.text("group").or_else(""), one.text("kind").or_else(""), one.text("namespace").or_else(""))
                for one in spec.readers("from")
            ],
            targets=[(one.text("kind").or_else(""), one.text("name").or_else("")) for one in spec.readers("to")],
        )
    )

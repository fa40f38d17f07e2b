"""Reaching services: published ports, Services, Ingresses, network policies, connections."""

from afscan.model.node import Node
from afscan.model.record import field, record
from afscan.model.selectors import Selector
from afscan.model.subjects.base import Subject
from afscan.model.subjects.workloads import Container, Workload
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class PublishedPort(Subject):
    """A port published on the host (Compose ``ports``). ``host_ip`` unset: all interfaces."""

    container: Container
    host_ip: Value[str]
    host_port: Value[str]  # may be a range
    container_port: Value[int]
    protocol: str = "tcp"


@record(slots=True, kw_only=True, eq=False)
class HostPort(PublishedPort):
    """A pod's port opened on its node (Kubernetes ``hostPort``), past every Service."""


@record(slots=True, kw_only=True, eq=False)
class ServicePort:
    """One port of a Service."""

    node: Node
    port: Value[int]
    target: "Value[int | str]"  # number or name; unset: same as port
    node_port: Value[int]
    name: str | None = None
    protocol: str = "tcp"


@record(slots=True, kw_only=True, eq=False)
class Service(Subject):
    """A Kubernetes Service. ``selects`` is filled by the join; ``internal`` marks a cloud's internal load balancer annotation."""

    service_name: str
    namespace: str
    kind: Value[str]  # ClusterIP, NodePort, LoadBalancer, ExternalName
    selector: dict[str, str] | None  # None: no selector (endpoints by hand)
    ports: list[ServicePort]
    external_ips: list[Value[str]] = field(default_factory=list)
    source_ranges: list[Value[str]] = field(default_factory=list)
    headless: bool = False
    internal: bool = False
    external_name: Value[str] | None = None  # where an ExternalName leads
    selector_node: Node | None = None  # where the selector is written
    selects: list[Workload] = field(default_factory=list)
    namespace_written: bool = True  # else its namespace may be any


@record(slots=True, kw_only=True, eq=False)
class IngressRoute:
    """One host/path of an Ingress and the Service behind it."""

    node: Node
    host: Value[str]  # unset: any host
    path: Value[str]
    service: Value[str]
    port: "Value[int | str]"


@record(slots=True, kw_only=True, eq=False)
class Ingress(Subject):
    """A Kubernetes Ingress. ``tls_hosts`` are the hosts under ``spec.tls``; ``tls`` is unset where there is no such section."""

    namespace: str
    routes: list[IngressRoute]
    tls: Value[bool]
    tls_hosts: list[Value[str]]
    tls_any_host: bool = False  # a tls entry without hosts: the controller's default certificate for all
    annotations: dict[str, Value[str]] = field(default_factory=dict)
    class_name: Value[str]


def labels_match(selector: dict[str, str], labels: dict[str, str]) -> bool:
    """Whether labels carry all that a selector asks for; the value ``*`` (which no label can have) asks only that one exists."""
    return all(key in labels and value in ("*", labels[key]) for key, value in selector.items())


@record(slots=True, kw_only=True, eq=False)
class PolicyPeer:
    """A peer of a policy rule. ``cidr`` for ipBlock, ``excepted`` what is taken out of it; selectors None where absent;
    ``unread``: what it is cannot be read.

    ``pods`` and ``namespaces`` are the selectors in the form of :func:`labels_match`; ``unknown``: they do not say all.
    """

    node: Node
    cidr: Value[str] | None = None
    excepted: list[Value[str]] = field(default_factory=list)
    pod_selector: Selector | None = None
    namespace_selector: Selector | None = None
    unread: bool = False

    @property
    def pods(self) -> dict[str, str] | None:
        """The selector of pods as a mapping."""
        return self.pod_selector.simple()[0] if self.pod_selector is not None else None

    @property
    def namespaces(self) -> dict[str, str] | None:
        """The selector of namespaces as a mapping."""
        return self.namespace_selector.simple()[0] if self.namespace_selector is not None else None

    @property
    def unknown(self) -> bool:
        """Whether the mappings do not say all."""
        return self.unread or not all(one.simple()[1] for one in (self.pod_selector, self.namespace_selector) if one is not None)


@record(slots=True, kw_only=True, eq=False)
class PolicyRule:
    """One ingress or egress rule: ``peers`` None means anywhere; ``ports`` None means every port.

    A port is a number, a port's name or a range (``"8000-8010"``); an unset one is every port of its protocol. ``protocols``
    (``tcp``, ``udp``, ``sctp``) go with ``ports``, one each.
    """

    node: Node
    peers: list[PolicyPeer] | None
    ports: "list[Value[int | str]] | None"
    protocols: list[str] = field(default_factory=list)


@record(slots=True, kw_only=True, eq=False)
class NetworkPolicy(Subject):
    """A Kubernetes NetworkPolicy. An empty ``selector`` selects all pods of the namespace; ``ingress``/``egress`` None: not
    restricted; ``unknown_types``: whether it restricts a direction is not known, where it has rules for one.

    ``pods`` is the selector in the form of :func:`labels_match`; ``unknown_selector``: it selects at most those.
    """

    namespace: str
    selector: Selector
    ingress: list[PolicyRule] | None
    egress: list[PolicyRule] | None
    selector_node: Node | None = None  # where the selector is written
    namespace_written: bool = True  # else its namespace may be any
    unknown_types: bool = False

    @property
    def pods(self) -> dict[str, str]:
        """The selector as a mapping."""
        return self.selector.simple()[0]

    @property
    def unknown_selector(self) -> bool:
        """Whether :attr:`pods` does not say all."""
        return not self.selector.simple()[1]


@record(slots=True, kw_only=True, eq=False)
class Connection(Subject):
    """Somebody opens a connection: a URL, or host settings that belong together.

    ``url`` is the place of the whole (its ``part`` the place of the scheme or password); ``secure`` is whether the transport
    is encrypted by what is written here (scheme or parameters); unset: the text does not decide it. ``container`` is who opens
    it, None where nobody here is known to. ``user``/``password`` are userinfo or sibling settings.
    """

    url: Value[str]
    scheme: str
    host: Value[str]
    port: Value[int]
    secure: Value[bool]
    user: Value[str]
    password: Value[str]
    product: str | None = None  # postgres, redis, qdrant, neo4j, amqp, http ...
    container: Container | None = None
    listener: bool = False  # an address to listen on or to advertise, not one to connect to
    pooled: Value[bool]  # client-side pool settings beside it (DB102); unset where none

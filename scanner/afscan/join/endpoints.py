"""What the host of a connection means in a stack: a workload, a Service, a managed resource, something outside, or nothing.

One answer for everybody who asks. Names are looked up from where the client runs: in the namespace of its pod, or in its Compose
project. Sources: Kubernetes documentation, "DNS for Services and Pods"; Compose file reference, "networks"; Docker documentation,
"Explore networking features" (host.docker.internal).
"""

from collections.abc import Iterator

from afscan.join.managedhosts import cloud_of, referenced, resource_called
from afscan.join.services import named_service, resolve_alias, service_anywhere, target_container_ports
from afscan.model.cluster import Namespace
from afscan.model.node import Scalar
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import ConfigEntry, Connection, Container, ManagedResource, Origin, Service, Subject, Workload
from afscan.model.value import Value

KEY = "endpoints"

LOOPBACK, WORKLOAD, SERVICE, MANAGED = "loopback", "workload", "service", "managed"
EXTERNAL, ABSENT, UNKNOWN = "external", "absent", "unknown"

_PROVIDED = frozenset(("kubernetes", "host.docker.internal", "gateway.docker.internal", "metadata.google.internal"))
"""Names that nobody has to declare."""

_CLUSTER_NAMESPACES = frozenset(("kube-system", "kube-public", "kube-node-lease"))
_PORTS = {
    "postgres": 5432,
    "mysql": 3306,
    "redis": 6379,
    "mongodb": 27017,
    "neo4j": 7687,
    "amqp": 5672,
    "nats": 4222,
    "memcached": 11211,
    "mssql": 1433,
    "cassandra": 9042,
}
_SCHEME_PORTS = {
    "http": 80,
    "https": 443,
    "ws": 80,
    "wss": 443,
    "ldap": 389,
    "ldaps": 636,
    "amqps": 5671,
    "mqtt": 1883,
    "mqtts": 8883,
}
"""Ports of schemes and products where none is written. Source: IANA service names; the products' documentation."""


@record(slots=True)
class Endpoint:
    """What a connection leads to.

    ``kind``: ``workload`` (``workloads``, through ``service`` where there is one), ``service`` (a Service of which it is not known, or
    not said here, who answers), ``managed`` (``resource``, None where the stack does not declare it), ``external`` (a host outside the
    stack; ``address`` where it is an IP address), ``loopback`` (the client's own pod, in ``workloads``), ``absent`` (a name that only
    this stack could answer, and nothing in it does), ``unknown``. ``why`` is a clause. ``port`` is the one asked for, None where it is
    not known; ``assumed``: by the product's default only.
    """

    kind: str
    host: str = ""
    why: str = ""
    service: Service | None = None
    workloads: list[Workload] = field(default_factory=list)
    resource: ManagedResource | None = None
    address: str | None = None
    port: int | None = None
    assumed: bool = False

    def port_in(self, workload: Workload) -> int | None:
        """The port of a workload's pods at which the connection arrives; None where it is not known, or no port of the Service."""
        service = self.service
        if service is None or service.headless or self.port is None:
            return self.port
        found = next((one for one in service.ports if one.port.value == self.port and one.protocol == "tcp"), None)
        return next(iter(target_container_ports(found, workload)), None) if found is not None else None


@record(slots=True)
class _Index:
    """``found``: what a name means from a place; ``of``: what connections lead to; ``namespaces``: those of which the stack has
    anything; ``entries``: of ConfigMaps by the ``id`` of their nodes; ``readers``: the containers that get a ConfigMap's entry as a
    variable, by namespace, name and key, "" for all of it."""

    found: dict[tuple[str, str, str, str], Endpoint] = field(default_factory=dict)
    of: dict[int, Endpoint] = field(default_factory=dict)
    namespaces: set[str] = field(default_factory=set)
    entries: dict[int, ConfigEntry] = field(default_factory=dict)
    readers: dict[tuple[str, str, str], list[Container]] = field(default_factory=dict)


def endpoint_of(stack: Stack, connection: Connection) -> Endpoint:
    """What a connection leads to, and on which port."""
    index = _index(stack)
    known = index.of.get(id(connection))
    if known is not None:
        return known
    client = next(iter(clients_of(stack, connection)), None)
    caller = client.workload if client is not None else None
    entry = index.entries.get(id(connection.node))
    namespace = caller.namespace if caller is not None else entry.namespace if entry is not None else namespace_of(connection)
    found = endpoint_at(stack, connection.host, caller, namespace)
    port, assumed = _port_of(connection)
    made = index.of[id(connection)] = Endpoint(
        found.kind,
        found.host,
        found.why,
        found.service,
        found.workloads,
        found.resource,
        found.address,
        port,
        assumed,
    )
    return made


def clients_of(stack: Stack, connection: Connection) -> list[Container]:
    """The containers that open a connection: the one in whose settings it stands, or those that get the ConfigMap's entry as a
    variable."""
    if connection.container is not None:
        return [connection.container]
    index = _index(stack)
    entry = index.entries.get(id(connection.node))
    if entry is None:
        return []
    keys = ((entry.namespace, entry.config_map, ""), (entry.namespace, entry.config_map, entry.key))
    return list({id(one): one for key in keys for one in index.readers.get(key, ())}.values())


def endpoint_at(stack: Stack, host: Value[str], caller: Workload | None, namespace: str = "") -> Endpoint:
    """What a host means.

    :param host: without port; of a list separated by commas the first name counts that leads anywhere.
    :param caller: the workload that opens the connection, None where it is not known.
    :param namespace: where the caller runs, where only that is known.
    """
    if not host.is_set:
        resource = referenced(stack, host) if host.is_unknown else None
        if resource is not None:
            return Endpoint(MANAGED, "", resource.name, resource=resource)
        return Endpoint(UNKNOWN, "", host.reason or "no host is written here")
    names = [part.strip() for part in host.or_else("").split(",")[:20] if part.strip()]
    answers = [meaning(stack, name, caller, namespace) for name in names]
    leading = next((one for one in answers if one.kind not in (ABSENT, UNKNOWN)), None)
    return leading or next(iter(answers), Endpoint(UNKNOWN, "", "no host is written here"))


def meaning(stack: Stack, host: str, caller: Workload | None, namespace: str = "") -> Endpoint:
    """What one host name means to a caller; see :func:`endpoint_at`. Each name is looked up once for all callers of one place."""
    index = _index(stack)
    name = host.strip().strip("[]").lower().rstrip(".")
    place = ("", namespace, "") if caller is None else (caller.platform, caller.namespace, caller.project)
    own = caller is not None and (caller.more_names or bool(caller.host_names) or caller.platform == "compose")
    key = (name, *place) if not own else (name, str(id(caller)), "", "")
    if key not in index.found:
        index.found[key] = _meaning(stack, name, caller, caller.namespace if caller is not None else namespace)
    return index.found[key]


def _meaning(stack: Stack, name: str, caller: Workload | None, namespace: str) -> Endpoint:
    from afscan.platforms.urls import is_any_address, is_loopback  # noqa: PLC0415  (start-up time)

    if not name or is_any_address(name):
        return Endpoint(UNKNOWN, name, "it is an address to listen on" if name else "no host is written here")
    if is_loopback(name):
        return Endpoint(LOOPBACK, name, "", workloads=[caller] if caller is not None else [])
    if ":" in name or name.replace(".", "").isdecimal():
        return Endpoint(EXTERNAL, name, "an address", address=name)
    if caller is not None and name in (one.lower() for one in caller.host_names):
        return Endpoint(EXTERNAL, name, f"{caller.name} gives it an address itself")
    composed = caller is None or caller.platform == "compose"
    workloads = resolve_alias(stack, name, caller) if composed and not namespace else []
    if workloads:
        return Endpoint(WORKLOAD, name, "", workloads=workloads)
    if caller is not None and composed:
        return _composed(stack, name, caller)
    return _clustered(stack, name, caller, namespace)


def _composed(stack: Stack, name: str, caller: Workload) -> Endpoint:
    if "." in name:
        return _outside(stack, name)
    if caller.more_names:
        return Endpoint(UNKNOWN, name, f"{caller.name} may get the name from elsewhere")
    mode = caller.network_mode
    if mode is not None and not mode.is_unset:
        return Endpoint(UNKNOWN, name, f"{caller.name} may get the name from elsewhere")
    if any(
        one.internal is None or not one.name.is_set or one.name.value != f"{caller.project}_{one.key}"
        for one in caller.attachments
    ):
        return Endpoint(UNKNOWN, name, f"{caller.name} is in a network that other projects share")
    return Endpoint(ABSENT, name, f"no service of this project is called `{name}`")


def _clustered(stack: Stack, name: str, caller: Workload | None, namespace: str) -> Endpoint:
    service = named_service(stack, name, namespace)
    if service is None and "." not in name:
        service = service_anywhere(stack, name, caller, namespace)
    if service is None:
        return _nobody(stack, name, caller, namespace)
    for _ in range(5):
        if service.kind.value != "ExternalName":
            return _answered(service, name)
        target = service.external_name
        if target is None or not target.is_set:
            return Endpoint(SERVICE, name, f"{service.name} is an alias of a name that is not known", service)
        following = named_service(stack, target.or_else("").lower().rstrip("."), service.namespace)
        if following is None:
            outside = _nobody(stack, target.or_else("").lower().rstrip("."), None, "")
            return Endpoint(outside.kind, outside.host, outside.why, service, resource=outside.resource, address=outside.address)
        service = following
    return Endpoint(UNKNOWN, name, f"{service.name} is an alias of itself")


def _answered(service: Service, name: str) -> Endpoint:
    if service.selects:
        pod = name.split(".", maxsplit=1)[0]
        sets = [one for one in service.selects if one.kind == "StatefulSet"]
        if pod != service.service_name and service.headless and len(sets) == len(service.selects):
            chosen = [one for one in sets if pod.rpartition("-")[0] == one.name.removeprefix("StatefulSet ")]
            return Endpoint(WORKLOAD, name, "", service, chosen or sets)
        return Endpoint(WORKLOAD, name, "", service, service.selects)
    return Endpoint(
        SERVICE, name, f"{service.name} {'selects no workload of this stack' if service.selector else 'has no selector'}", service
    )


def _nobody(stack: Stack, name: str, caller: Workload | None, namespace: str) -> Endpoint:
    """A name that no Service has."""
    labels = name.split(".")
    if name in _PROVIDED or (labels[0] == "kubernetes" and labels[1:2] in ([], ["default"])):
        return Endpoint(EXTERNAL, name, "it is provided by the platform")
    if len(labels) == 1 and not namespace:
        return Endpoint(UNKNOWN, name, "from where it is looked up is not known")
    if caller is not None and caller.more_names:
        return Endpoint(UNKNOWN, name, f"{caller.name} may get the name from elsewhere")
    if len(labels) == 1:
        return Endpoint(ABSENT, name, f"no Service in the namespace {namespace} is called `{name}`")
    full = "svc" in labels[2:4]
    at = labels.index("svc", 2) if full else 2
    service, space = labels[at - 2], labels[at - 1]
    if full or (len(labels) == 2 and space in _index(stack).namespaces):
        if space in _CLUSTER_NAMESPACES or space not in _index(stack).namespaces:
            return Endpoint(EXTERNAL, name, f"the namespace {space} is none of this stack's")
        return Endpoint(ABSENT, name, f"no Service in the namespace {space} is called `{service}`")
    if (
        len(labels) == 3
        and labels[2] in _index(stack).namespaces
        and named_service(stack, f"{labels[1]}.{labels[2]}", "") is not None
    ):
        return Endpoint(UNKNOWN, name, "it may be a pod's name")
    return _outside(stack, name)


def _outside(stack: Stack, name: str) -> Endpoint:
    """A host with a domain: a managed service by the name that its cloud gives it, or anybody's."""
    resource = resource_called(stack, name)
    if resource is not None:
        return Endpoint(MANAGED, name, resource.name, resource=resource)
    cloud = cloud_of(name)
    return Endpoint(MANAGED, name, cloud) if cloud is not None else Endpoint(EXTERNAL, name)


def namespace_of(subject: Subject) -> str:
    """The namespace of the ConfigMap in which a subject stands; "" where it stands in none."""
    source = subject.node.source
    return source.owner.partition("/")[0] if source.holder == "configmap" else ""


def _port_of(connection: Connection) -> tuple[int | None, bool]:
    if connection.port.is_set or connection.port.is_unknown:
        return connection.port.value, False
    scheme = connection.scheme.partition("+")[0]
    if scheme in _SCHEME_PORTS:
        return _SCHEME_PORTS[scheme], False
    url = "://" in connection.url.or_else("")
    found = _PORTS.get(connection.product or "")
    return found, found is not None and not url


def _index(stack: Stack) -> _Index:
    if KEY not in stack.joined:
        index = stack.joined[KEY] = _Index()
        index.namespaces.update(one.namespace for one in stack.of(Workload) if one.platform != "compose")
        index.namespaces.update(one.namespace for one in stack.of(Service))
        index.namespaces.update(one.namespace for one in stack.of(Namespace))
        index.entries.update((id(one.node), one) for one in stack.of(ConfigEntry))
        for container in stack.of(Container) if index.entries else ():
            for reader in _read_by(container):
                index.readers.setdefault(reader, []).append(container)
    found = stack.joined[KEY]
    assert isinstance(found, _Index)
    return found


def _read_by(container: Container) -> Iterator[tuple[str, str, str]]:
    """The ConfigMaps of a container's ``envFrom``, and the entries that its variables take."""
    namespace = container.workload.namespace
    for whole in container.environment_from:
        holder = whole.node.parent
        if whole.is_set and holder is not None and holder.key is not None and holder.key.text == "configMapRef":
            yield namespace, whole.or_else(""), ""
    for variable in container.environment.values():
        node = variable.value.node
        if variable.origin is Origin.REFERENCE and node.key is not None and node.key.text == "configMapKeyRef":
            name, key = node.get("name"), node.get("key")
            if isinstance(name, Scalar) and isinstance(key, Scalar):
                yield namespace, name.text, key.text

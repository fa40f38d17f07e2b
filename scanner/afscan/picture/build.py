"""A stack as a :class:`~afscan.picture.records.Picture`."""

from typing import TypeVar

from afscan.join.endpoints import (
    ABSENT,
    EXTERNAL,
    LOOPBACK,
    MANAGED,
    SERVICE,
    UNKNOWN,
    Endpoint,
    clients_of,
    endpoint_at,
    endpoint_of,
    namespace_of,
)
from afscan.join.logging import runners
from afscan.join.pooling import is_postgres, pooling_of
from afscan.join.pooling import target_of as pool_target
from afscan.join.reachability import Reach, may_reach
from afscan.join.secretsources import source_of
from afscan.join.watching import watches
from afscan.model.monitoring import LogOutput, LogPipeline, PrometheusConfig, RuleFile
from afscan.model.node import Node as ModelNode
from afscan.model.node import Scalar, Sequence
from afscan.model.patterns import pattern
from afscan.model.place import Place
from afscan.model.record import replace
from afscan.model.stack import Stack
from afscan.model.subjects import (
    Connection,
    Container,
    ManagedResource,
    Origin,
    PgBouncer,
    Subject,
    Variable,
    Workload,
    overlay_of,
)
from afscan.model.value import Value
from afscan.picture.care import alerted, deployed, saved, watched
from afscan.picture.exposures import exposures
from afscan.picture.nodes import external_node, managed_node, settings_node, workload_node
from afscan.picture.places import at, host_and_port, mention
from afscan.picture.readers import Readers
from afscan.picture.records import Alerts, Answer, Judged, Link, Node, Picture, Role, Unresolved, Watch
from afscan.platforms.variables.roles import role_of

S = TypeVar("S", bound=Subject)
_FILLED = pattern(r"\{\{[^{}]*\}\}")
"""What an operator fills into a template."""

_JUDGED: dict[str, Judged] = {"yes": "yes", "no": "no", "unknown": "unknown"}
_ROLES: dict[str, Role] = {ABSENT: "absent", MANAGED: "managed", EXTERNAL: "external", SERVICE: "external"}
_LOADED: dict[str, Answer] = {"loaded": "yes", "no": "no"}


def picture_of(stack: Stack, variant: str = "") -> Picture:
    """The picture of a joined stack. Everything is in the order of files and places, whatever the order in which it was read.

    :param variant: the kustomization that renders it, where it is one of several alternatives.
    """
    return _Builder(stack).picture(variant)


class _Builder:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.nodes: dict[str, Node] = {}
        self.ids: dict[int, str] = {}
        self.links: list[Link] = []
        self.readers = Readers(stack)
        self.unresolved: list[Unresolved] = []

    def picture(self, variant: str) -> Picture:
        stack, ways_in = self.stack, exposures(self.stack)
        for workload in _ordered([one for one in stack.of(Workload) if not overlay_of(one)]):
            self._add(workload, workload_node(stack, workload, ways_in.get(id(workload), [])))
        for resource in _ordered([one for one in stack.of(ManagedResource) if one.datastore or one.kind == "aws_db_proxy"]):
            self._add(resource, managed_node(resource))
        for connection in _ordered([one for one in stack.of(Connection) if not one.listener and not overlay_of(one)]):
            self._connect(connection)
        self._log_outputs()
        self._alertmanagers()
        self._secrets()
        self._watches()
        self._care()
        return Picture(
            root="" if stack.root == "." else stack.root,
            variant=variant,
            complete=stack.complete,
            nodes=sorted(self.nodes.values(), key=lambda one: one.id),
            links=self.links,
            alerts=[self._alerts(file) for file in _ordered(stack.of(RuleFile))],
            unresolved=sorted(self.unresolved, key=lambda one: (one.place.path, one.place.line, one.place.column, one.what)),
        )

    def _add(self, subject: Subject, node: Node) -> str:
        name, number = node.id, 2
        while name in self.nodes:
            name, number = f"{node.id} ({number})", number + 1
        node.id = name
        self.nodes[name] = node
        self.ids[id(subject)] = name
        return name

    def _connect(self, connection: Connection) -> None:
        stack = self.stack
        endpoint = endpoint_of(stack, connection)
        if endpoint.kind in (UNKNOWN, ABSENT):
            told = f"`{endpoint.host}`" if endpoint.host else "its host"
            why = endpoint.why if endpoint.kind == ABSENT else f"{told} is not known: {endpoint.why}"
            self.unresolved.append(Unresolved(what=connection.name, why=why, place=at(connection.url.place)))
        clients = [one.workload for one in clients_of(stack, connection)] or self.readers.of(connection)
        ends: list[Workload | None] = [*{id(one): one for one in clients}.values()] or [None]
        for client in ends:
            for server, workload in self._servers(endpoint):
                own = self._client(client, connection)
                if server != own or workload is not client:
                    reach = self._reach(endpoint, client, workload)
                    self.links.append(self._link(connection, endpoint, (own, server), reach))

    def _client(self, client: Workload | None, settings: Subject) -> str:
        """The node that opens a connection: a workload, or the file where nobody here is known to."""
        known = self.ids.get(id(client)) if client is not None else None
        return known if known is not None else self._named(settings_node(settings.place.path))

    def _named(self, node: Node) -> str:
        self.nodes.setdefault(node.id, node)
        return node.id

    def _servers(self, endpoint: Endpoint) -> list[tuple[str, Workload | None]]:
        """The nodes that an endpoint leads to."""
        if endpoint.kind == LOOPBACK:
            return []
        if endpoint.resource is not None:
            known = self.ids.get(id(endpoint.resource))
            return [(known or self._add(endpoint.resource, managed_node(endpoint.resource)), None)]
        found = [(self.ids[id(one)], one) for one in endpoint.workloads if id(one) in self.ids]
        if found:
            return [(name, one) for name, one in found]
        role = _ROLES.get(endpoint.kind)
        return [(self._named(external_node(endpoint, role)), None)] if role is not None and endpoint.host else []

    def _link(self, connection: Connection, endpoint: Endpoint, names: tuple[str, str], reach: Reach | None) -> Link:
        return Link(
            client=names[0],
            server=names[1],
            setting=connection.name,
            host=endpoint.host,
            through=endpoint.service.name if endpoint.service is not None else None,
            port=endpoint.port,
            product=connection.product,
            tls=_answer(connection.secure.value if connection.secure.is_set else None),
            pooled=self._pooled(connection),
            user=connection.user.value if connection.user.is_set else connection.user.reason or None,
            allowed=_verdict(reach),
            why=reach.why if reach is not None else "",
            policies=[mention(one) for one in reach.policies] if reach is not None else [],
            place=at(connection.url.place),
        )

    def _log_outputs(self) -> None:
        """Where pipelines of logs send them."""
        for pipeline in _ordered(self.stack.of(LogPipeline)):
            workloads = {id(one.workload): one.workload for one in runners(self.stack, pipeline)}
            clients: list[Workload | None] = [*workloads.values()] or [None]
            for client in clients:
                for output in pipeline.outputs:
                    for host in output.hosts if output.remote else ():
                        self._log_output(pipeline, output, host, client)

    def _log_output(self, pipeline: LogPipeline, output: LogOutput, host: Value[str], client: Workload | None) -> None:
        tls = _answer(output.secure.value if output.secure.is_set else output.secure_default)
        self._plain(pipeline, client, host, (f"{pipeline.name}, output {output.kind}", output.kind, tls))

    def _alertmanagers(self) -> None:
        """Whom a Prometheus tells of its alerts."""
        for config in _ordered(self.stack.of(PrometheusConfig)):
            clients: list[Workload | None] = [*self.readers.of(config)] or [None]
            for entry in config.alertmanagers if not config.managed else ():
                scheme = entry.get("scheme")
                tls: Answer = "yes" if isinstance(scheme, Scalar) and scheme.text == "https" else "no"
                for target in _targets(entry):
                    for client in clients:
                        self._plain(config, client, target, (f"alertmanagers in {config.name}", "alertmanager", tls))

    def _plain(self, owner: Subject, client: Workload | None, host: Value[str], told: tuple[str, str, Answer]) -> None:
        """A connection that is no subject of its own. ``told``: the setting, the product, whether by TLS."""
        what, product, tls = told
        name, port = host_and_port(host)
        endpoint = endpoint_at(self.stack, name, client, client.namespace if client is not None else namespace_of(owner))
        endpoint = replace(endpoint, port=port)
        if endpoint.kind == ABSENT:
            self.unresolved.append(Unresolved(what=what, why=endpoint.why, place=at(host.place)))
        for server, workload in self._servers(endpoint):
            reach = self._reach(endpoint, client, workload)
            self.links.append(
                Link(
                    client=self._client(client, owner),
                    server=server,
                    setting=what,
                    host=endpoint.host,
                    through=endpoint.service.name if endpoint.service is not None else None,
                    port=port,
                    product=product,
                    tls=tls,
                    pooled="n.a.",
                    user=None,
                    allowed=_verdict(reach),
                    why=reach.why if reach is not None else "",
                    policies=[mention(one) for one in reach.policies] if reach is not None else [],
                    place=at(host.place),
                )
            )

    def _reach(self, endpoint: Endpoint, client: Workload | None, workload: Workload | None) -> Reach | None:
        if client is None or endpoint.kind in (ABSENT, UNKNOWN):
            return None
        if workload is None:
            if endpoint.kind == SERVICE or endpoint.port is None:
                return Reach("unknown", endpoint.why or "the port is not known")
            return may_reach(self.stack, client, None, endpoint.port, address=endpoint.address)
        port = endpoint.port_in(workload)
        if port is None:
            return Reach("unknown", "the port is not known")
        return may_reach(self.stack, client, workload, port)

    def _pooled(self, connection: Connection) -> Judged:
        own = connection.container.workload if connection.container is not None else None
        servers = pooling_of(self.stack).by_workload.get(id(own), [])
        if not is_postgres(self.stack, connection) or any(isinstance(one, PgBouncer) for one in servers):
            return "n.a."  # a pooler's own connections are the pool
        kind = pool_target(self.stack, connection).kind
        if kind == "pooler" or connection.pooled.value is True:
            return "yes"
        return "unknown" if kind == "unknown" else "no"

    def _secrets(self) -> None:
        """Variables that say where to connect, and whose value only the cluster knows."""
        for workload in self.stack.of(Workload):
            for container in workload.containers if not workload.overlay else ():
                for variable in container.environment.values():
                    value = variable.value
                    if variable.origin is Origin.REFERENCE and value.is_unknown and role_of(variable.name)[1] in ("host", "url"):
                        self._secret(container, variable)

    def _secret(self, container: Container, variable: Variable) -> None:
        """A variable that a Secret gives: where the files say what is in it, it leads somewhere; else what makes it is told."""
        from afscan.platforms.urls import parse_url, product_of_url, security_of  # noqa: PLC0415 - only where there are any

        what, value = f"{container.name}, {variable.name}", variable.value
        source = source_of(self.stack, container, variable)
        if source is not None and source.by is not None and source.text.is_set:
            url = parse_url(_FILLED.sub("x", source.text.or_else("")))
            if url is not None and url.host and not url.unresolved & {"host", "port"}:
                host = Value.of(f"{url.host}:{url.port}" if url.port is not None else url.host, source.text.node)
                told = (what, product_of_url(url, variable.name) or url.scheme, _answer(security_of(url)))
                self._plain(source.by, container.workload, host, told)
                return
        why = value.reason if source is None else f"{value.reason}, {source.told()}"
        self.unresolved.append(Unresolved(what=what, why=why, place=at(value.place)))

    def _watches(self) -> None:
        for watch in watches(self.stack):
            for workload in watch.workloads:
                node = self.nodes.get(self.ids.get(id(workload), ""))
                entry = Watch(job=watch.job.job, place=at(watch.job.place))
                if node is not None and entry not in node.watched_by:
                    node.watched_by.append(entry)
            for why, place in watch.open:
                self.unresolved.append(Unresolved(what=f"scrape job {watch.job.job}", why=why, place=at(place)))

    def _care(self) -> None:
        """What saves, measures and deploys the nodes."""
        nodes: dict[int, Node] = {number: self.nodes[name] for number, name in self.ids.items()}
        stores: list[Workload | ManagedResource] = [*self.stack.of(Workload), *self.stack.of(ManagedResource)]
        for subject in stores:
            if id(subject) in nodes:
                saved(self.stack, nodes[id(subject)], subject)
        watched(self.nodes, self.links)
        for node in nodes.values():
            alerted(self.stack, node)
        deployed(self.stack, nodes)

    def _alerts(self, file: RuleFile) -> Alerts:
        from afscan.join.monitoring import loading_of  # noqa: PLC0415 - only where there are rules

        loading = loading_of(self.stack, file)
        return Alerts(
            name=file.name,
            alerts=sum(1 for one in file.rules if not one.alert.is_unset),
            recordings=sum(1 for one in file.rules if not one.record.is_unset),
            loaded=_LOADED.get(loading.state, "unknown"),
            why=loading.why,
            place=at(file.place),
        )


def _targets(entry: ModelNode) -> list[Value[str]]:
    """The targets of an entry of ``alertmanagers`` that are written out."""
    groups = entry.get("static_configs")
    lists = [group.get("targets") for group in groups.items] if isinstance(groups, Sequence) else []
    items = [item for one in lists if isinstance(one, Sequence) for item in one.items]
    return [Value.of(item.text, item) for item in items if isinstance(item, Scalar) and item.text]


def _ordered(subjects: list[S]) -> list[S]:
    return sorted(subjects, key=_key)


def _key(subject: Subject) -> tuple[Place, str]:
    return subject.place, subject.name


def _answer(value: bool | None) -> Answer:
    return "unknown" if value is None else "yes" if value else "no"


def _verdict(reach: Reach | None) -> Judged:
    return "n.a." if reach is None else _JUDGED[reach.verdict]

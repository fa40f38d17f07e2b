"""On which ports a container listens, as far as its server's effective configuration or its image says, and what it speaks there.

Sources: redis.io, redis.conf (port 6379, tls-port 0, cluster bus on port + 10000); pgbouncer.org/config.html (listen_port 6432);
qdrant.tech, "Configuration" (http_port 6333, grpc_port 6334, p2p port 6335; one listener each, TLS on all of them or none);
postgresql.org, "Connections and Authentication" (port 5432, PGPORT). For other images their documented ports, where nothing that
this container sets could change them.
"""

import re

from afscan.model.grafana import Grafana
from afscan.model.neo4j import Neo4j
from afscan.model.place import Place
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import Container, PgBouncer, Postgres, Qdrant, RedisServer, Server
from afscan.model.value import Value
from afscan.platforms.images import facts_of_reference

KEY = "listening"

_PORT_VARIABLE = re.compile(r"PORT|ADDR|LISTEN|BIND|HOST", re.IGNORECASE)
_CONFIGURATION = frozenset(("configmap", "secret", "host", "compose-config", "compose-secret", "image", "other"))


@record(slots=True)
class Listening:
    """The ports of one container.

    ``ports``: number -> what is spoken there (``http``, ``https``, ``redis``, ``rediss``, ``postgres``, "" for not known);
    ``because``: the place that decides a number, where one is written; ``why`` names the server for a message; ``unknown`` says
    why some ports are not known, empty where these are all.
    """

    ports: dict[int, str] = field(default_factory=dict)
    because: dict[int, Place] = field(default_factory=dict)
    why: str = ""
    unknown: str = ""


def listening(stack: Stack, container: Container) -> Listening | None:
    """The ports of a container; None where nothing is known of them."""
    if KEY not in stack.joined:
        stack.joined[KEY] = {id(server.container): server for server in stack.of(Server) if server.container is not None}
    servers: dict[int, Server] = stack.joined[KEY]
    server = servers.get(id(container))
    if isinstance(server, RedisServer):
        return _redis(server, container)
    if isinstance(server, PgBouncer):
        return _listening("PgBouncer", container, [(server.listen_port, 6432, "postgres")])
    if isinstance(server, Qdrant):
        return _qdrant(server, container)
    if isinstance(server, Postgres):
        return _postgres(server, container)
    if isinstance(server, Grafana):
        speaks = (
            "https" if server.protocol.value in ("https", "h2") else "http" if server.protocol.value in (None, "http") else ""
        )
        return _listening("Grafana", container, [(_number(server.setting("server.http_port")), 3000, speaks)])
    if isinstance(server, Neo4j):
        return _neo4j(server, container)
    return _documented(container)


def _listening(why: str, container: Container, known: list[tuple[Value[int], int, str]]) -> Listening:
    """Each port as written, else its default; 0 is none. An image of which nothing is known may bring its own configuration."""
    found = Listening(why=why)
    public = _public(container)
    for value, default, speaks in known:
        if value.is_unknown or (value.is_unset and not public):
            found.unknown = value.reason or "the image may bring its own configuration"
            continue
        number = value.or_else(default)
        if number > 0:
            found.ports[number] = speaks
            if value.is_set:
                found.because[number] = value.place
    return found


def _public(container: Container) -> bool:
    """Whether a container runs a known image as it is: then defaults are the product's."""
    return container.build is None and container.image is not None and facts_of_reference(container.image) is not None


def _number(value: Value[str]) -> Value[int]:
    text = value.or_else("").strip()
    if value.is_set and not (text.isascii() and text.isdecimal() and len(text) <= 5):
        return Value.unknown(value.node, "it is no port number", value.at)
    return value.map(int)


def _redis(server: RedisServer, container: Container) -> Listening:
    found = _listening("Redis", container, [(server.port, 6379, "redis"), (server.tls_port, 0, "rediss")])
    if server.cluster.value:
        for number in list(found.ports):
            found.ports.setdefault(number + 10000, "")
    return found


def _qdrant(server: Qdrant, container: Container) -> Listening:
    certain = server.tls.is_set or (server.tls.is_unset and _public(container))
    speaks = ("https" if server.tls.value else "http") if certain else ""
    ports = [
        (_number(server.setting("service.http_port")), 6333, speaks),
        (_number(server.setting("service.grpc_port")), 6334, ""),
        (_number(server.setting("cluster.p2p.port")), 6335, ""),
    ]
    found = _listening("Qdrant", container, ports)
    if server.tls.is_set:
        found.because = dict.fromkeys(found.ports, server.tls.place) | found.because
    return found


def _neo4j(server: Neo4j, container: Container) -> Listening:
    """A connector listens on the port that its address names, else on its own."""
    ports = []
    for scope, enabled, number, speaks in (
        ("bolt", server.bolt.or_else(True), 7687, ""),
        ("http", server.http.or_else(True), 7474, "http"),
        ("https", server.https.or_else(False), 7473, "https"),
    ):
        address = server.setting(f"server.{scope}.listen_address")
        named = address.or_else("").rpartition(":")[2]
        if enabled:
            ports.append(
                (_number(Value.of(named, address.node, address.at)) if named.isdecimal() else _unwritten(address), number, speaks)
            )
    return _listening("Neo4j", container, ports)


def _unwritten(address: Value[str]) -> Value[int]:
    """The port of an address that names none: the connector's own."""
    return Value.unknown(address.node, address.reason) if address.is_unknown else Value.unset(address.node)


def _postgres(server: Postgres, container: Container) -> Listening:
    port = server.setting("port")
    variable = container.environment.get("POSTGRESQL_PORT_NUMBER" if _is_bitnami(container) else "PGPORT")
    if port.is_unset and variable is not None:
        port = variable.value
    return _listening("PostgreSQL", container, [(_number(port), 5432, "postgres")])


def _is_bitnami(container: Container) -> bool:
    from afscan.join.servers.products import is_bitnami  # noqa: PLC0415 - its package imports every product's server

    return is_bitnami(container)


def _documented(container: Container) -> Listening | None:
    """The ports of a public image that is run as it is: no command line, no configuration, no variable that looks like a port."""
    image = container.image
    if image is None or container.build is not None or _is_bitnami(container):
        return None
    facts = facts_of_reference(image)
    told = container.command.is_unset and container.arguments.is_unset and not container.environment_from
    if facts is None or not facts.ports or not told or any(mount.kind in _CONFIGURATION for mount in container.mounts):
        return None
    if any(_PORT_VARIABLE.search(name) for name in container.environment):
        return None
    return Listening(ports=dict.fromkeys(facts.ports, ""), why=f"`{image.reference.or_else(image.written)[:100]}`")

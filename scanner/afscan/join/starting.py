"""What keeps a server's container from starting, or everybody else from reaching it, as it is configured.

Sources: redis.io, redis.conf (``bind``, ``logfile``); pgbouncer.org ("PgBouncer should not run as root");
qdrant.tech, "Configuration" (``service.host``); postgresql.org, "Connection Settings"; neo4j.com/docs, "Configure network
connectors"; Kubernetes, "Configure a Pod to Use a ConfigMap" (a volume's mount path is a folder, unless ``subPath`` names an entry).
"""

from collections.abc import Iterator
from posixpath import basename, dirname, normpath

from afscan.join.endpoints import endpoint_of
from afscan.join.listening import listening
from afscan.join.services import services_of, target_container_ports
from afscan.join.users import effective_user
from afscan.model.neo4j import Neo4j
from afscan.model.record import record
from afscan.model.redis import RedisSentinel
from afscan.model.stack import Stack
from afscan.model.subjects import (
    Connection,
    Container,
    Mount,
    PgBouncer,
    Postgres,
    PublishedPort,
    Qdrant,
    RedisServer,
    Server,
)
from afscan.model.value import Value
from afscan.platforms.neo4jserver import host_of
from afscan.platforms.urls import is_loopback

KEY = "reached"

_FILES = frozenset(
    (
        "aclfile",
        "tls-cert-file",
        "tls-key-file",
        "tls-ca-cert-file",
        "pgbouncer.auth_file",
        "pgbouncer.auth_hba_file",
        "pgbouncer.client_tls_cert_file",
        "pgbouncer.client_tls_key_file",
        "pgbouncer.client_tls_ca_file",
        "pgbouncer.server_tls_ca_file",
        "ssl_cert_file",
        "ssl_key_file",
        "ssl_ca_file",
        "hba_file",
        "tls.cert",
        "tls.key",
        "tls.ca_cert",
        "server.cert_file",
        "server.cert_key",
    )
)
"""Settings whose value is a file that the server reads when it starts."""

_CONFIGURATIONS = (".conf", ".ini", ".yaml", ".yml", ".acl")
_SWITCHES = frozenset(("su", "gosu", "su-exec", "setpriv", "runuser", "sudo", "chroot"))


@record(slots=True)
class Reached:
    """By whom a container has to be reached: ``by`` is a clause, ``place`` where that is written."""

    by: str
    value: Value[str]


def loopback_only(server: Server) -> Value[str] | None:
    """The setting by which a datastore listens on the loopback interface only; None where it does not, or nobody says so.

    A pooler is another matter: :mod:`afscan.join.pooling` tells whether its clients reach it.
    """
    if isinstance(server, RedisServer | RedisSentinel):
        written = server.bind
        local = written and all(one.is_set and is_loopback(one.or_else("").lstrip("-")) for one in written)
        return written[0] if local else None
    if isinstance(server, Qdrant):
        return _local(server.host)
    if isinstance(server, Postgres):
        return _local(server.setting("listen_addresses"), separator=",")
    if isinstance(server, Neo4j):
        return _local(server.bolt_listen.map(host_of)) if server.bolt.value is not False else None
    return None


def _local(value: Value[str], separator: str = "\0") -> Value[str] | None:
    hosts = [one.strip().strip("'\"") for one in value.or_else("").split(separator)]
    return value if value.is_set and any(hosts) and all(is_loopback(host) for host in hosts if host) else None


def reached_by(stack: Stack, container: Container) -> Reached | None:
    """Who needs a container's ports from outside of its pod or container; None where nobody here does."""
    if any(namespace.kind == "network" for namespace in container.host_namespaces):
        return None
    published, connected = _index(stack)
    port = published.get(id(container))
    if port is not None:
        return Reached("its port is published", port.host_port if not port.host_port.is_unset else port.container_port.map(str))
    heard = listening(stack, container)
    ports = set(heard.ports) if heard is not None else set()
    for service in services_of(stack, container.workload):
        if any(ports & set(target_container_ports(one, container.workload)) for one in service.ports):
            return Reached(f"{service.name} leads to it", Value.of(service.service_name, service.node))
    connection = connected.get(id(container.workload))
    if connection is not None and container.platform == "compose":
        return Reached("another container connects to it", connection.url)
    return None


def _index(stack: Stack) -> tuple[dict[int, PublishedPort], dict[int, Connection]]:
    """Published ports by container; for each workload a connection that another one opens to it."""
    if KEY not in stack.joined:
        published = {id(one.container): one for one in reversed(stack.of(PublishedPort))}
        connected: dict[int, Connection] = {}
        for one in stack.of(Connection):
            if one.container is None or one.listener or not one.host.is_set:
                continue
            for workload in endpoint_of(stack, one).workloads:
                if workload is not one.container.workload:
                    connected.setdefault(id(workload), one)
        stack.joined[KEY] = (published, connected)
    found: tuple[dict[int, PublishedPort], dict[int, Connection]] = stack.joined[KEY]
    return found


def runs_as_root(server: PgBouncer) -> Value[str] | None:
    """The user 0 as whom PgBouncer would be started, and refuse to; None where it is another one, or changes to one itself."""
    container = server.container
    if container is None or server.unread:
        return None
    words = {basename(word) for word in container.program() or ()}
    if words & _SWITCHES or "-u" in words or server.setting("pgbouncer.user").value:
        return None
    user = effective_user(container)
    return user.value if user.verdict == "root" and user.value.is_set else None


def folders_for_files(server: Server) -> Iterator[tuple[Mount, str]]:
    """Mounts of ConfigMaps and Secrets at the path of a file that the server reads: what it finds there is a folder."""
    container = server.container
    if container is None:
        return
    read = {
        normpath(one.value.or_else("")): f"`{name}`"
        for name, one in server.settings.items()
        if name in _FILES and one.value.value
    }
    for word in container.program() or ():
        if word.startswith("/") and word.endswith(_CONFIGURATIONS):
            read.setdefault(normpath(word), "its command line")
    for mount in container.mounts:
        target = normpath(mount.target.or_else("")) if mount.target.is_set else ""
        if mount.kind in ("configmap", "secret") and mount.sub_path is None and target in read:
            yield mount, read[target]


def missing_log_folder(server: RedisServer) -> Value[str] | None:
    """The log file in a folder that Redis' official image does not have: the server gives up when it cannot open it."""
    container = server.container
    file = server.setting("logfile")
    if container is None or container.image is None or container.build is not None or container.image.repository != "redis":
        return None
    folder = dirname(file.or_else(""))
    if folder not in ("/var/log/redis", "/var/log/redis-server"):
        return None
    targets = [normpath(mount.target.or_else("/")) for mount in container.mounts if mount.target.is_set]
    return None if any(folder == one or folder.startswith(f"{one}/") for one in targets if one != "/") else file

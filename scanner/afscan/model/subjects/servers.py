"""Servers: their configuration files and their effective settings, by product."""

from afscan.model.node import Node
from afscan.model.place import Place
from afscan.model.record import field, record
from afscan.model.subjects.base import Setting, Subject
from afscan.model.subjects.workloads import Container
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class ConfigFile(Subject):
    """A server's configuration file as interpreted from one source; joined with containers into a :class:`Server`.

    ``settings`` keeps every occurrence in order (last wins or not is the product's business); names are normalised by the
    product's own rules (Redis and PostgreSQL: lower case; PgBouncer: ``section.key``; Qdrant: dotted path). ``records`` are those of
    a pg_hba.conf in order, with the ``include`` directives between them as settings.
    """

    product: str
    settings: list["Setting"]
    records: "list[HbaRule | Setting]" = field(default_factory=list)


@record(slots=True, kw_only=True, eq=False)
class HbaRule(Subject):
    """One record of pg_hba.conf; of several that match a client the first decides (:mod:`afscan.platforms.hbamatching`).

    ``type`` is ``local``, ``host``, ``hostssl``, ``hostnossl``, ``hostgssenc`` or ``hostnogssenc``. The words of ``databases``,
    ``users`` and ``address`` are keywords (``all``, ``samenet``) unless their node is quoted (not ``plain``). ``address`` is unset
    for ``local``; ``mask`` is set where it stands in a field of its own. ``order`` counts the records of the file from 0.
    Source: postgresql.org, "The pg_hba.conf File".
    """

    type: Value[str]
    databases: list[Value[str]]
    users: list[Value[str]]
    address: Value[str]
    mask: Value[str]
    method: Value[str]
    options: dict[str, Value[str]]
    order: int


@record(slots=True, kw_only=True, eq=False)
class Server(Subject):
    """A server with its *effective* settings: file, then environment, then command line, the later one wins.

    ``container`` is None where only a file is known: then what is missing may be given elsewhere, and ``certain`` is False for
    absences unless the stack is complete and nothing can override. ``unread`` says why some settings are not known (a mounted
    file that is not in the stack, a Secret), empty where all is known.
    """

    product: str
    settings: dict[str, Setting]
    container: Container | None = None
    files: list[ConfigFile] = field(default_factory=list)
    unread: str = ""
    refused: "list[RefusedSetting]" = field(default_factory=list)  # what keeps it from starting (INT202)

    def setting(self, name: str) -> Value[str]:
        """The effective text of a setting; unset at the server's place; unknown where unread sources may set it."""
        found = self.settings.get(name)
        if found is not None:
            return found.value
        if self.unread:
            return Value.unknown(self.node, self.unread)
        return Value.unset(self.node)


@record(slots=True, kw_only=True, eq=False)
class RefusedSetting:
    """A setting with which its server does not start. ``why`` is a clause: "`256mb` is no size". Never holds a secret's text."""

    setting: str
    place: Place
    why: str
    remedy: str = ""  # what to write instead, where the rule's own advice does not fit


@record(slots=True, kw_only=True, eq=False)
class RedisServer(Server):
    """Redis or Valkey. Field units: ports as numbers, memory in bytes. Source: redis.io, "Redis configuration", redis.conf."""

    port: Value[int]  # effective: default 6379; 0 = no plaintext listener
    tls_port: Value[int]  # default 0
    cluster: Value[bool]
    tls_replication: Value[bool]
    tls_cluster: Value[bool]
    replica: Value[bool]
    password: Value[str]  # requirepass or the default user's ACL password
    default_user_off: Value[bool]
    bind: list[Value[str]]
    protected_mode: Value[bool]
    max_clients: Value[int]
    max_memory: Value[float]
    idle_timeout: Value[int]  # seconds, 0 = never
    disabled_commands: Value[list[str]]  # upper case: renamed to "" or to another name, or denied by ACL to clients


@record(slots=True, kw_only=True, eq=False)
class PoolerDatabase:
    """One line of PgBouncer's [databases]. ``name`` ``*`` is the fallback."""

    node: Node
    name: str
    host: Value[str]
    port: Value[int]
    pool_size: Value[int]
    max_connections: Value[int]
    pool_mode: Value[str]
    user: Value[str]
    password: Value[str]


@record(slots=True, kw_only=True, eq=False)
class PgBouncer(Server):
    """PgBouncer. Effective values, defaults applied as unset; source: pgbouncer.org/config.html."""

    databases: list[PoolerDatabase]
    listen_address: Value[str]
    listen_port: Value[int]  # default 6432
    client_tls: Value[str]  # default disable
    server_tls: Value[str]  # default disable before 1.20, prefer since
    auth_type: Value[str]  # default md5
    auth_file: Value[str]
    pool_mode: Value[str]  # default session
    max_client_connections: Value[int]  # default 100
    default_pool_size: Value[int]  # default 20
    reserve_pool_size: Value[int]  # default 0
    max_db_connections: Value[int]  # default 0 = unlimited
    max_user_connections: Value[int]  # default 0 = unlimited
    users: list["PoolerUser"] = field(default_factory=list)  # joined from userlist.txt


@record(slots=True, kw_only=True, eq=False)
class PoolerUser:
    """One line of userlist.txt. ``form``: ``plain``, ``md5``, ``scram``, ``empty``, ``unknown`` (filled in later)."""

    node: Node
    user: str
    secret: Value[str]
    form: str


@record(slots=True, kw_only=True, eq=False)
class Qdrant(Server):
    """Qdrant. Source: qdrant.tech/documentation/guides/configuration and /security."""

    api_key: Value[str]
    tls: Value[bool]  # service.enable_tls, default false
    certificate: Value[str]
    key: Value[str]
    cluster: Value[bool]
    peer_tls: Value[bool]  # cluster.p2p.enable_tls, default false
    host: Value[str]  # service.host, default 0.0.0.0
    read_only_api_key: Value[str]
    jwt_rbac: Value[bool]  # service.jwt_rbac, default false; of no use without an api_key
    verify_clients: Value[bool]  # service.verify_https_client_certificate, default false
    telemetry_disabled: Value[bool]  # default false


@record(slots=True, kw_only=True, eq=False)
class Postgres(Server):
    """A PostgreSQL server, by its files, its environment and its command line.

    ``partial`` marks a piece of a configuration that no container here reads (a file of ``conf.d``): what it does not set is set
    elsewhere, and unknown here. ``records`` are those of its pg_hba.conf as far as they are known, in order; ``records_known`` is
    True where these are all, unset where no file of its own is known (the image's decides), unknown where some may be missing.
    """

    tls: Value[bool]  # ssl, default off
    max_connections: Value[int]  # default 100
    reserved_connections: Value[int]  # superuser_reserved_connections, default 3
    password_encryption: Value[str]
    host_auth_method: Value[str]  # unset also where a pg_hba.conf of its own decides
    remote: Value[bool] | None = None  # whether listen_addresses lets other hosts in; None: not known
    partial: bool = False
    records: list[HbaRule] = field(default_factory=list)
    records_known: Value[bool] | None = None  # None: not looked for
    plaintext_rules: list[HbaRule] = field(default_factory=list)  # records that let remote clients in without TLS
    hba_methods: list[Value[str]] = field(default_factory=list)  # methods of the records by which remote clients get in


@record(slots=True, kw_only=True, eq=False)
class OtherDatastore(Server):
    """A datastore or internal service known by its image alone: ``product`` says which (neo4j, mysql, elasticsearch, ...)."""


@record(slots=True, kw_only=True, eq=False)
class IgnoredSetting(Subject):
    """A setting that its product does not read here (INT201); a protection that only looks on where ``protection`` is given (DB306).

    ``why`` explains in a clause: "Qdrant reads `service.api_key`, not a key at the document's root"; ``instead`` what is read.
    """

    product: str
    setting: str
    why: str
    instead: str = ""
    protection: str | None = None

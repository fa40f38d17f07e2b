"""Subjects: what rules judge, free of any syntax.

Every field that can be written in a file is a :class:`~afscan.model.value.Value`, so that every judgement has a place. A field
that a platform has no notion of is ``None`` ("not applicable here"), which is not the same as unset ("could be written, is not").
Platform modules produce these; joins (``afscan.join``) connect them; rules read them.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from afscan.model.node import Node
from afscan.model.place import Place
from afscan.model.value import Value


@dataclass(slots=True, kw_only=True, eq=False)
class Subject:
    """What all subjects share.

    ``name`` identifies it to a person and in fingerprints (``Deployment agentflow-api, container api``), ``node`` is what
    declares it, ``platform`` is the vocabulary in which it is written: ``kubernetes``, ``compose``, ``dockerfile``,
    ``terraform``, ``redis``, ``pgbouncer``, ``qdrant``, ``postgres``, ``sql``, ``neo4j``, ``grafana``, ``elasticsearch``.
    """

    name: str
    node: Node
    platform: str

    @property
    def place(self) -> Place:
        """Where a finding about the subject as a whole points."""
        return self.node.head


# ---------------------------------------------------------------- images and builds


@dataclass(slots=True, kw_only=True, eq=False)
class ImageReference(Subject):
    """A name of an image somewhere: a container's image, ``FROM``, ``COPY --from``.

    ``reference`` is the whole text after substitution of known variables. ``built_here`` marks the name that a build of this
    very file gives to its result (Compose ``build`` + ``image``); ``stage`` marks a reference to an earlier build stage. Where
    ``reference`` is unknown, ``written`` may give the text as far as it is known (``postgres:${TAG}``): the repository often is.
    """

    reference: Value[str]
    built_here: bool = False
    stage: bool = False
    written: str = ""

    @property
    def repository(self) -> str:
        """Repository without registry's default and ``library/``: ``redis``, ``bitnami/redis``, ``ghcr.io/org/app``; "" if unknown."""
        text = self.reference.or_else(self.written).split("@", 1)[0]
        head, _, last = text.rpartition("/")
        name = (head + "/" if head else "") + last.split(":", 1)[0]
        if "$" in name:
            return ""
        for prefix in ("docker.io/", "index.docker.io/", "registry-1.docker.io/"):
            name = name.removeprefix(prefix)
        return name.removeprefix("library/")

    @property
    def tag(self) -> str | None:
        """The tag, None where none is written or the reference is unknown."""
        last = self.reference.or_else("").split("@", 1)[0].rpartition("/")[2]
        return last.split(":", 1)[1] if ":" in last else None

    @property
    def digest(self) -> str | None:
        """The digest (``sha256:...``), None where none is written."""
        text = self.reference.or_else("")
        return text.split("@", 1)[1] if "@" in text else None

    @property
    def version(self) -> tuple[str | None, str | None] | None:
        """Tag and digest, None for what is not written; None as a whole where they cannot be told.

        Also where the registry or repository alone is not known: ``${REGISTRY}/app:1.2`` names the tag 1.2.
        """
        text = self.reference.or_else(self.written)
        last, _, digest = text.rpartition("/")[2].partition("@")
        _, colon, tag = last.rpartition(":")
        decisive = tag if colon else last
        if self.reference.is_unknown and (not text or any(mark in decisive + digest for mark in "$<>{}%")):
            return None
        return tag if colon else None, digest or None


@dataclass(slots=True, kw_only=True, eq=False)
class BuildArgument:
    """``ENV``, ``ARG`` or a Compose build arg: a name and its value."""

    name: str
    value: Value[str]
    kind: str  # "env" or "arg"


@dataclass(slots=True, kw_only=True, eq=False)
class BuildCopy:
    """``COPY``/``ADD`` from the build context: one source path. ``from_stage`` is None for the context."""

    source: Value[str]
    target: str
    from_stage: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class BuildCommand:
    """``RUN``: the shell text (heredoc bodies included) and what is mounted for it (``secret``, ``cache``, ...).

    ``security`` is the mode of ``--security`` (``insecure``, ``sandbox``), None without that flag.
    """

    text: Value[str]
    mounts: list[str] = field(default_factory=list)
    security: Value[str] | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class BuildStage:
    """One ``FROM`` and what follows. ``base`` is None for ``scratch``; ``parent`` is the earlier stage it builds on, if any."""

    node: Node
    name: str | None
    base: ImageReference | None
    parent: "BuildStage | None"
    user: Value[str]  # the last USER of this stage alone; unset where it has none
    healthcheck: "Value[Probe]"  # HEALTHCHECK of this stage alone
    arguments: list[BuildArgument] = field(default_factory=list)
    copies: list[BuildCopy] = field(default_factory=list)
    commands: list[BuildCommand] = field(default_factory=list)
    entrypoint: Value[list[str]] | None = None
    command: Value[list[str]] | None = None
    ports: list[Value[int]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class ImageBuild(Subject):
    """A Dockerfile: its stages in order; the last one (or the built target) is what runs.

    ``built_by`` is filled by the join: the containers of the stack that build it.
    """

    stages: list[BuildStage]
    built_by: "list[Container]" = field(default_factory=list)

    def stage(self, target: str | None = None) -> BuildStage | None:
        """The stage that a build with this target yields (by name, case-insensitive, or index); the last one by default."""
        if not self.stages:
            return None
        if target is None:
            return self.stages[-1]
        for stage in self.stages:
            if stage.name is not None and stage.name.lower() == target.lower():
                return stage
        return self.stages[int(target)] if target.isdecimal() and int(target) < len(self.stages) else None


@dataclass(slots=True, kw_only=True, eq=False)
class Dependency(Subject):
    """Something fetched by name while building or provisioning (DEP404).

    ``kind``: ``terraform-module``, ``terraform-provider``, ``pip``, ``apt``, ``apk``, ``npm``, ``gem``, ``go``. ``version`` is the
    constraint as written; ``pinned`` whether it always yields the same major line at least (exact version, ``~>``, lock file, hash).
    """

    kind: str
    version: Value[str]
    pinned: Value[bool]


# ---------------------------------------------------------------- workloads and containers


@dataclass(slots=True, kw_only=True, eq=False)
class Probe:
    """A health check. ``kind``: ``http``, ``https``, ``tcp``, ``exec``, ``grpc`` or ``none`` (explicitly disabled).

    ``port`` is a number or a port's name; ``command`` the argv (shell text after ``["/bin/sh", "-c"]``).
    """

    node: Node
    kind: str
    port: "Value[int | str] | None" = None
    path: Value[str] | None = None
    command: Value[list[str]] | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class ContainerPort:
    """A port that a container declares. ``host_port`` is None where the platform has no such field here."""

    node: Node
    port: Value[int]
    name: str | None = None
    protocol: str = "tcp"
    host_port: Value[int] | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Mount:
    """Something mounted into a container.

    ``kind``: ``host`` (a bind of a host path), ``volume`` (named or claimed storage), ``empty`` (emptyDir, tmpfs),
    ``configmap``, ``secret``, ``compose-config``, ``compose-secret``, ``image``, ``other``. ``source`` is the host path, or the
    name of the volume/ConfigMap/...; ``sub_path`` the single entry mounted (Kubernetes subPath), ``items`` the mapping of
    entry -> relative path where only some are projected.
    """

    node: Node
    kind: str
    source: Value[str]
    target: Value[str]
    read_only: bool = False
    sub_path: str | None = None
    items: dict[str, str] | None = None
    optional: bool = False
    declared: Node | None = None  # Compose: the top-level config that it mounts


class Origin(StrEnum):
    """Where an environment variable's or credential's value comes from."""

    LITERAL = "literal"  # written here in full
    REFERENCE = "reference"  # a Secret, a file, `var.x`, a data source, an external store
    INTERPOLATED = "interpolated"  # `${VAR}` that the reader of this file expands from its environment
    PLACEHOLDER = "placeholder"  # `${VAR}` or `<...>` that the reader does NOT expand, `changeme`, `your-key-here`
    HASH = "hash"  # a password hash (md5..., SCRAM-SHA-256$...)
    EMPTY = "empty"  # written, but empty
    UNKNOWN = "unknown"


@dataclass(slots=True, kw_only=True, eq=False)
class Variable:
    """An environment variable of a container. ``value`` is after interpolation of what is known; ``origin`` says from where.

    ``shared`` marks one that comes from a file of variables, which others may read as well: that this container has no use for it
    says nothing.
    """

    name: str
    value: Value[str]
    origin: Origin
    shared: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class HostNamespace:
    """A namespace shared with the host: ``network``, ``pid``, ``ipc``, ``user``, ``uts``."""

    kind: str
    shared: Value[bool]


@dataclass(slots=True, kw_only=True, eq=False)
class Workload(Subject):
    """What runs one or more replicas of a pod, or a Compose service.

    ``kind`` is the platform's own (``Deployment``, ``StatefulSet``, ``CronJob``, ``service``, ...); ``runs_to_completion``
    marks Jobs, CronJobs and bare one-shot services: no probes are owed. ``labels`` are the pod template's.
    """

    kind: str
    namespace: str
    replicas: Value[int]  # unset: the platform's default, 1
    labels: dict[str, str]
    containers: "list[Container]" = field(default_factory=list)
    runs_to_completion: bool = False
    fleet: bool = False  # one per node (DaemonSet, Compose global mode): the replica count is not written anywhere
    service_name: str | None = None  # StatefulSet.spec.serviceName
    networks: list[str] = field(default_factory=list)  # Compose
    project: str = ""  # Compose: the project's name
    overlay: str = ""  # see overlay_of
    aliases: list[str] = field(
        default_factory=list
    )  # DNS names other than the services' (Compose: service name, container_name, aliases)
    unknown_labels: bool = False  # the pods have further labels, which are not known
    service_account: Value[str] | None = None  # Kubernetes; unset: the namespace's `default`
    automount_token: Value[bool] | None = None  # Kubernetes: what the pod itself says; unset: its service account decides


@dataclass(slots=True, kw_only=True, eq=False)
class Container(Subject):
    """One container as it will run. ``role``: ``main``, ``init``, ``sidecar`` (restartable init), ``ephemeral``.

    Kubernetes: fields of the pod that the container does not override are merged in, their places in the pod's text.
    Units: memory in bytes, CPU in cores.
    """

    workload: Workload
    role: str = "main"
    image: ImageReference | None = None
    build: "BuildReference | None" = None
    command: Value[list[str]]  # replaces the image's ENTRYPOINT
    arguments: Value[list[str]]  # replaces the image's CMD
    environment: dict[str, Variable] = field(default_factory=dict)
    environment_from: list[Value[str]] = field(default_factory=list)  # whole ConfigMaps / Secrets / env files
    user: Value[str]  # numeric or name, without group; unset where nobody sets one
    run_as_non_root: Value[bool] | None = None
    privileged: Value[bool]
    privilege_escalation: Value[bool]  # True = allowed; unset = the platform's default: allowed
    capabilities_added: list[Value[str]] = field(default_factory=list)  # upper case without CAP_
    capabilities_dropped: list[Value[str]] = field(default_factory=list)
    capabilities: Value[str]  # the place of the capability settings; unknown where they cannot be evaluated
    read_only_root: Value[bool]
    seccomp: Value[str] | None = None  # the profile's type: RuntimeDefault, Localhost, Unconfined
    apparmor: Value[str] | None = None  # likewise; unset or None: the runtime's own, where the machine has AppArmor
    host_namespaces: list[HostNamespace] = field(default_factory=list)
    mounts: list[Mount] = field(default_factory=list)
    ports: list[ContainerPort] = field(default_factory=list)
    memory_limit: Value[float]
    cpu_limit: Value[float]
    memory_request: Value[float]
    cpu_request: Value[float]
    liveness: Value[Probe]  # Compose and Dockerfile: the health check
    readiness: Value[Probe] | None  # None where the platform has no such thing
    startup: Value[Probe] | None = None
    pids_limit: Value[int] | None = None  # None where the platform sets it for the node as a whole
    log_output: "LogOutput | None" = None  # None where the platform rotates what containers write by itself
    dockerfile: ImageBuild | None = None  # filled by the join
    stage: BuildStage | None = None  # filled by the join: the stage of ``dockerfile`` that runs

    def program(self) -> list[str] | None:
        """The argv that this container's own file sets (command then arguments); None where the image decides or it is unknown."""
        if self.command.is_set:
            return self.command.or_else([]) + (self.arguments.or_else([]) if self.arguments.is_set else [])
        return self.arguments.or_else([]) if self.arguments.is_set and self.command.is_unset else None


@dataclass(slots=True, kw_only=True, eq=False)
class LogOutput:
    """Where the container runtime puts what a container writes (Docker's logging driver).

    ``driver`` unset: ``json-file``, which keeps everything unless ``max_size`` bounds a file (bytes; 0 or less is no bound).
    """

    driver: Value[str]
    max_size: Value[float]


@dataclass(slots=True, kw_only=True, eq=False)
class ContainerDefaults(Subject):
    """What a Kubernetes LimitRange gives to containers of its namespace that set nothing themselves. Units as in Container."""

    namespace: str
    memory_limit: Value[float]
    cpu_limit: Value[float]
    memory_request: Value[float]
    cpu_request: Value[float]


@dataclass(slots=True, kw_only=True, eq=False)
class BuildReference:
    """Compose ``build``: context directory and Dockerfile; paths are relative to the working directory, as those of sources."""

    node: Node
    context: Value[str]
    dockerfile: Value[str]  # normalised path, comparable with a source's
    target: Value[str]
    arguments: dict[str, Value[str]] = field(default_factory=dict)


# ---------------------------------------------------------------- reaching services


@dataclass(slots=True, kw_only=True, eq=False)
class PublishedPort(Subject):
    """A port published on the host (Compose ``ports``). ``host_ip`` unset: all interfaces."""

    container: Container
    host_ip: Value[str]
    host_port: Value[str]  # may be a range
    container_port: Value[int]
    protocol: str = "tcp"


@dataclass(slots=True, kw_only=True, eq=False)
class HostPort(PublishedPort):
    """A pod's port opened on its node (Kubernetes ``hostPort``), past every Service."""


@dataclass(slots=True, kw_only=True, eq=False)
class ServicePort:
    """One port of a Service."""

    node: Node
    port: Value[int]
    target: "Value[int | str]"  # number or name; unset: same as port
    node_port: Value[int]
    name: str | None = None
    protocol: str = "tcp"


@dataclass(slots=True, kw_only=True, eq=False)
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


@dataclass(slots=True, kw_only=True, eq=False)
class IngressRoute:
    """One host/path of an Ingress and the Service behind it."""

    node: Node
    host: Value[str]  # unset: any host
    path: Value[str]
    service: Value[str]
    port: "Value[int | str]"


@dataclass(slots=True, kw_only=True, eq=False)
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


@dataclass(slots=True, kw_only=True, eq=False)
class PolicyPeer:
    """A peer of a policy rule. ``cidr`` for ipBlock, ``excepted`` what is taken out of it; selectors None where absent, in the
    form of :func:`labels_match`; ``unknown`` where expressions are not evaluated."""

    node: Node
    cidr: Value[str] | None = None
    excepted: list[Value[str]] = field(default_factory=list)
    pods: dict[str, str] | None = None
    namespaces: dict[str, str] | None = None
    unknown: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class PolicyRule:
    """One ingress or egress rule: ``peers`` None means anywhere; ``ports`` None means every port.

    A port is a number, a port's name or a range (``"8000-8010"``); an unset one is every port of its protocol. ``protocols``
    (``tcp``, ``udp``, ``sctp``) go with ``ports``, one each.
    """

    node: Node
    peers: list[PolicyPeer] | None
    ports: "list[Value[int | str]] | None"
    protocols: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class NetworkPolicy(Subject):
    """A Kubernetes NetworkPolicy. ``pods`` (see :func:`labels_match`) {} selects all pods of the namespace;
    ``unknown_selector``: it selects at most those; ``ingress``/``egress`` None: not restricted."""

    namespace: str
    pods: dict[str, str]
    unknown_selector: bool
    ingress: list[PolicyRule] | None
    egress: list[PolicyRule] | None
    selector_node: Node | None = None  # where ``pods`` is written


@dataclass(slots=True, kw_only=True, eq=False)
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


# ---------------------------------------------------------------- credentials


@dataclass(slots=True, kw_only=True, eq=False)
class Credential(Subject):
    """A secret value, or the place where one belongs.

    ``key`` is the setting's own name (``POSTGRES_PASSWORD``, ``requirepass``), ``kind`` is ``password``, ``api-key``, ``token``,
    ``private-key``, ``secret``; ``in_url`` marks a URL's userinfo. ``reader`` names the product that reads the value, None for
    an application unknown to us. ``holder``: ``file``, ``environment``, ``configmap``, ``secret``, ``image`` (Dockerfile),
    ``command-line``, ``terraform``, ``sql``.
    """

    key: str
    kind: str
    value: Value[str]
    origin: Origin
    user: str | None = None
    reader: str | None = None
    holder: str = "file"
    in_url: bool = False
    container: Container | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class ConfigEntry(Subject):
    """One entry of a ConfigMap (SEC103): its name and text, and what it was recognised as (``redis``, ``pgbouncer-userlist``, ...)."""

    key: str
    text: Value[str]
    config_map: str
    namespace: str
    recognised_as: str | None = None

    @property
    def place(self) -> Place:
        """The entry's key."""
        return self.node.key.place if self.node.key is not None else self.node.head


@dataclass(slots=True, kw_only=True, eq=False)
class SecretEntry(Subject):
    """One entry of a Secret in the files. ``text`` is decoded; unknown where it is no text, too long or encrypted (SOPS).

    ``encoded``: it stands there in base64 (``data``), so that places inside it are the whole entry's. ``secret_type`` is the
    Secret's ``type``, empty where none is written (Opaque).
    """

    key: str
    text: Value[str]
    secret: str
    namespace: str
    encoded: bool = False
    secret_type: str = ""

    @property
    def place(self) -> Place:
        """The entry's key."""
        return self.node.key.place if self.node.key is not None else self.node.head


@dataclass(slots=True, kw_only=True, eq=False)
class Authentication(Subject):
    """Whether a server asks who is there (SEC503). ``required`` is effective: defaults and overrides are applied.

    ``how`` names the setting and its effect for the message: "`auth_type = any` lets everybody in".
    """

    product: str
    required: Value[bool]
    how: str
    container: Container | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Login(Subject):
    """A user name with which an application or script logs in (SEC504). ``superuser`` names that the product ships as all-powerful."""

    product: str
    user: Value[str]
    superuser: bool
    container: Container | None = None
    administrative: bool = False  # the server's own bootstrap user, a job that must be one: not an application


# ---------------------------------------------------------------- servers


@dataclass(slots=True, kw_only=True, eq=False)
class ConfigFile(Subject):
    """A server's configuration file as interpreted from one source; joined with containers into a :class:`Server`.

    ``settings`` keeps every occurrence in order (last wins or not is the product's business); names are normalised by the
    product's own rules (Redis and PostgreSQL: lower case; PgBouncer: ``section.key``; Qdrant: dotted path). ``records`` are those of
    a pg_hba.conf in order, with the ``include`` directives between them as settings.
    """

    product: str
    settings: list["Setting"]
    records: "list[HbaRule | Setting]" = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class Setting:
    """One setting of a product, from a file, an environment variable or the command line (``layer``)."""

    name: str
    value: Value[str]
    key_place: Place
    layer: str = "file"
    arguments: list[Value[str]] = field(default_factory=list)  # Redis: all words after the directive


@dataclass(slots=True, kw_only=True, eq=False)
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


@dataclass(slots=True, kw_only=True, eq=False)
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

    def setting(self, name: str) -> Value[str]:
        """The effective text of a setting; unset at the server's place; unknown where unread sources may set it."""
        found = self.settings.get(name)
        if found is not None:
            return found.value
        if self.unread:
            return Value.unknown(self.node, self.unread)
        return Value.unset(self.node)


@dataclass(slots=True, kw_only=True, eq=False)
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


@dataclass(slots=True, kw_only=True, eq=False)
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


@dataclass(slots=True, kw_only=True, eq=False)
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


@dataclass(slots=True, kw_only=True, eq=False)
class PoolerUser:
    """One line of userlist.txt. ``form``: ``plain``, ``md5``, ``scram``, ``empty``, ``unknown`` (filled in later)."""

    node: Node
    user: str
    secret: Value[str]
    form: str


@dataclass(slots=True, kw_only=True, eq=False)
class Qdrant(Server):
    """Qdrant. Source: qdrant.tech/documentation/guides/configuration and /security."""

    api_key: Value[str]
    tls: Value[bool]  # service.enable_tls, default false
    certificate: Value[str]
    key: Value[str]
    cluster: Value[bool]
    peer_tls: Value[bool]  # cluster.p2p.enable_tls, default false
    host: Value[str]  # service.host, default 0.0.0.0


@dataclass(slots=True, kw_only=True, eq=False)
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


@dataclass(slots=True, kw_only=True, eq=False)
class OtherDatastore(Server):
    """A datastore or internal service known by its image alone: ``product`` says which (neo4j, mysql, elasticsearch, ...)."""


@dataclass(slots=True, kw_only=True, eq=False)
class IgnoredSetting(Subject):
    """A setting that its product does not read here (INT201); a protection that only looks on where ``protection`` is given (DB306).

    ``why`` explains in a clause: "Qdrant reads `service.api_key`, not a key at the document's root"; ``instead`` what is read.
    """

    product: str
    setting: str
    why: str
    instead: str = ""
    protection: str | None = None


# ---------------------------------------------------------------- managed services


@dataclass(slots=True, kw_only=True, eq=False)
class ManagedResource(Subject):
    """A cloud resource in Terraform (or a StorageClass). A facet that the resource type does not have is None.

    ``kind`` is the resource type (``aws_db_instance``), ``product`` the engine or family (``postgres``, ``redis``, ``bucket``,
    ``cluster``, ``volume``, ``queue`` ...), ``datastore`` whether it holds a database or cache. Unset means the provider's default.
    """

    kind: str
    product: str
    datastore: bool
    storage_encrypted: "Facet | None" = None
    transit_encrypted: "Facet | None" = None
    public: "Facet | None" = None  # on = reachable from the internet
    backup_days: Value[int] | None = None
    backup_default: int = 0  # days that count when backup_days is unset
    max_connections: Value[int] | None = None
    password_encryption: Value[str] | None = None  # None also where nobody writes it: the default depends on the provider
    endpoints: list[str] = field(default_factory=list)
    final_snapshot: "Facet | None" = None  # on = a snapshot is taken before it is deleted
    deletion_protection: "Facet | None" = None
    hardening: "list[Facet]" = field(default_factory=list)  # a second zone, logins by IAM, minor upgrades: all ought to be on
    monitoring: "list[Facet]" = field(default_factory=list)  # metrics of the host, of queries, exported logs: likewise
    logs: "Facet | None" = None  # on = its logs are delivered somewhere
    scan_on_push: "Facet | None" = None  # on = the registry scans images that arrive
    engine_version: Value[str] | None = None
    lifecycle: str = ""  # whose support dates hold for engine_version, a key of afscan.platforms.lifecycles


@dataclass(slots=True, kw_only=True, eq=False)
class Facet:
    """One switch of a managed resource: ``on`` is effective (default applied, unknown kept), ``setting`` its name, ``why`` a clause."""

    setting: str
    on: Value[bool]
    default: bool
    why: str = ""

    @property
    def effective(self) -> bool | None:
        """The switch with the provider's default applied; None where unknown."""
        if self.on.is_unknown:
            return None
        return self.on.value if self.on.is_set else self.default


@dataclass(slots=True, kw_only=True, eq=False)
class SecurityGroupRule(Subject):
    """An ingress rule of a security group. ``protocol`` ``-1`` is all; ports inclusive, unset with protocol -1."""

    protocol: Value[str]
    from_port: Value[int]
    to_port: Value[int]
    cidrs: list[Value[str]]


@dataclass(slots=True, kw_only=True, eq=False)
class TerraformVariable(Subject):
    """An input variable of a root module that a secret's name announces. ``credential`` is the kind of secret.

    ``sensitive`` is unset where nobody says it; the default is false. Source: developer.hashicorp.com/terraform/language/values.
    """

    credential: str
    sensitive: Value[bool]


@dataclass(slots=True, kw_only=True, eq=False)
class TerraformOutput(Subject):
    """An output of a root module; ``exposes`` is the reference to a secret in its value, unset where there is none."""

    exposes: Value[str]
    sensitive: Value[bool]


@dataclass(slots=True, kw_only=True, eq=False)
class TerraformRoot(Subject):
    """A root module, by its ``terraform`` block if there is one: where its state lies and which Terraform may change it.

    ``backend`` is the type (``s3``; ``cloud`` for the block of that name), unset where the state is a local file. ``locking``
    is whether two runs exclude each other there, with the backend's default applied.
    """

    backend: Value[str]
    locking: Value[bool]
    required_version: Value[str]


@dataclass(slots=True, kw_only=True, eq=False)
class TerraformFile(Subject):
    """One file of a Terraform module, before the join puts modules together; ``node`` is its root.

    ``role``: ``configuration`` (.tf, .tf.json), ``variables`` (.tfvars) or ``lock`` (.terraform.lock.hcl). ``file`` is the file's
    own name, ``directory`` where the module lies. ``container`` tells apart modules in documents: empty for files on disk.
    """

    role: str
    file: str
    directory: str
    container: str = ""


# ---------------------------------------------------------------- Compose projects


@dataclass(slots=True, kw_only=True, eq=False)
class ComposeFile(Subject):
    """One document of a Compose file, before the join puts projects together; ``node`` is its root.

    ``file`` is the file's own name, ``directory`` the folder that its relative paths start from. ``document`` is the path of the
    Markdown file that holds it as a block: empty for files on disk.
    """

    file: str
    directory: str
    document: str = ""


@dataclass(slots=True, kw_only=True, eq=False)
class DotenvFile(Subject):
    """A dotenv file (``.env``); ``node`` is its root. Fields as in :class:`ComposeFile`.

    ``example`` marks a file that only shows what belongs into the real one. ``used`` are the names that the files of the stack
    have read from it: filled by the join.
    """

    file: str
    directory: str
    document: str = ""
    example: bool = False
    used: set[str] = field(default_factory=set)


def overlay_of(subject: Subject) -> str:
    """The file under which a subject is judged a second time, "" for everything that is judged once.

    Compose merges ``docker-compose.prod.yml`` over ``docker-compose.yml`` only when it is told to. The services that such a file
    changes exist twice then: as the base alone makes them, and merged. Of the merged ones only what stands in the overlay is
    reported, and they are not deployed beside the others: whoever counts or looks up workloads leaves them out.
    """
    owner = getattr(subject, "container", subject)
    workload = getattr(owner, "workload", owner)
    return workload.overlay if isinstance(workload, Workload) else ""

"""Workloads and containers: what runs, with which rights, probes, mounts, variables and limits."""

from afscan.model.node import Node
from afscan.model.record import field, record
from afscan.model.subjects.base import Origin, Subject
from afscan.model.subjects.images import BuildStage, ImageBuild, ImageReference
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class Probe:
    """A health check. ``kind``: ``http``, ``https``, ``tcp``, ``exec``, ``grpc`` or ``none`` (explicitly disabled).

    ``port`` is a number or a port's name; ``command`` the argv (shell text after ``["/bin/sh", "-c"]``). ``period`` (seconds) and
    ``failures`` (in a row, until it has failed) are None where the platform has no such thing; unset means 10 and 3.
    """

    node: Node
    kind: str
    port: "Value[int | str] | None" = None
    path: Value[str] | None = None
    command: Value[list[str]] | None = None
    period: Value[int] | None = None
    failures: Value[int] | None = None


@record(slots=True, kw_only=True, eq=False)
class ContainerPort:
    """A port that a container declares. ``host_port`` is None where the platform has no such field here."""

    node: Node
    port: Value[int]
    name: str | None = None
    protocol: str = "tcp"
    host_port: Value[int] | None = None


@record(slots=True, kw_only=True, eq=False)
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


@record(slots=True, kw_only=True, eq=False)
class Variable:
    """An environment variable of a container. ``value`` is after interpolation of what is known; ``origin`` says from where.

    ``shared`` marks one that comes from a file of variables, which others may read as well: that this container has no use for it
    says nothing.
    """

    name: str
    value: Value[str]
    origin: Origin
    shared: bool = False


@record(slots=True, kw_only=True, eq=False)
class HostNamespace:
    """A namespace shared with the host: ``network``, ``pid``, ``ipc``, ``user``, ``uts``."""

    kind: str
    shared: Value[bool]


@record(slots=True, kw_only=True, eq=False)
class NetworkAttachment:
    """A network that a Compose service is in: its ``key`` in the file and the ``name`` by which projects share it.

    ``internal``: it leads nowhere outside; None where that is not known (an external network).
    """

    key: str
    name: Value[str]
    internal: bool | None


@record(slots=True, kw_only=True, eq=False)
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
    attachments: list[NetworkAttachment] = field(default_factory=list)  # Compose: one for each of ``networks``
    network_mode: Value[str] | None = None  # Compose; unset: ``networks`` decide
    annotations: dict[str, Value[str]] = field(default_factory=dict)  # Kubernetes: the pod template's
    host_names: list[str] = field(default_factory=list)  # to which it gives addresses itself (extra_hosts, hostAliases)
    more_names: bool = False  # its containers may know hosts by further names (Compose links, Kubernetes dnsConfig)
    namespace_written: bool = True  # Kubernetes: whether the manifest names its namespace; else it may be any
    service_account: Value[str] | None = None  # Kubernetes; unset: the namespace's `default`
    automount_token: Value[bool] | None = None  # Kubernetes: what the pod itself says; unset: its service account decides


@record(slots=True, kw_only=True, eq=False)
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
    pull_policy: Value[str] | None = None  # `Always`, `IfNotPresent`, `Never`; unset: the platform's default; None: it has none
    dockerfile: ImageBuild | None = None  # filled by the join
    stage: BuildStage | None = None  # filled by the join: the stage of ``dockerfile`` that runs

    def program(self) -> list[str] | None:
        """The argv that this container's own file sets (command then arguments); None where the image decides or it is unknown."""
        if self.command.is_set:
            return self.command.or_else([]) + (self.arguments.or_else([]) if self.arguments.is_set else [])
        return self.arguments.or_else([]) if self.arguments.is_set and self.command.is_unset else None


@record(slots=True, kw_only=True, eq=False)
class LogOutput:
    """Where the container runtime puts what a container writes (Docker's logging driver).

    ``driver`` unset: ``json-file``, which keeps everything unless ``max_size`` bounds a file (bytes; 0 or less is no bound).
    """

    driver: Value[str]
    max_size: Value[float]


@record(slots=True, kw_only=True, eq=False)
class ContainerDefaults(Subject):
    """What a Kubernetes LimitRange gives to containers of its namespace that set nothing themselves. Units as in Container."""

    namespace: str
    memory_limit: Value[float]
    cpu_limit: Value[float]
    memory_request: Value[float]
    cpu_request: Value[float]


@record(slots=True, kw_only=True, eq=False)
class BuildReference:
    """Compose ``build``: context directory and Dockerfile; paths are relative to the working directory, as those of sources."""

    node: Node
    context: Value[str]
    dockerfile: Value[str]  # normalised path, comparable with a source's
    target: Value[str]
    arguments: dict[str, Value[str]] = field(default_factory=dict)


def overlay_of(subject: Subject) -> str:
    """The file under which a subject is judged a second time, "" for everything that is judged once.

    Compose merges ``docker-compose.prod.yml`` over ``docker-compose.yml`` only when it is told to. The services that such a file
    changes exist twice then: as the base alone makes them, and merged. Of the merged ones only what stands in the overlay is
    reported, and they are not deployed beside the others: whoever counts or looks up workloads leaves them out.
    """
    owner = getattr(subject, "container", subject)
    workload = getattr(owner, "workload", owner)
    return workload.overlay if isinstance(workload, Workload) else ""

"""Log pipelines: who runs them, and which workloads of a Kubernetes stack they cover.

A node keeps the output of its containers in ``/var/log/containers/<pod>_<namespace>_<container>-<id>.log`` and in
``/var/log/pods/<namespace>_<pod>_<uid>/<container>/<n>.log``; a pod's name begins with its workload's. A pipeline covers a container
where one of the paths that it tails fits that name and none that it leaves out does. All pipelines of a stack count together.
Compose's logging drivers are not modelled. Source: kubernetes.io, "Logging Architecture"; kubelet, ContainerLogsDir.
"""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from posixpath import basename, dirname, normpath
from posixpath import join as join_path

from afscan.join.servers.files import path_of
from afscan.model.monitoring import (
    AlertRouting,
    LogCollection,
    LogInput,
    LogPipeline,
    PrometheusConfig,
    ScrapeJob,
)
from afscan.model.notice import Notice, NoticeKind
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Mount, NetworkPolicy, Subject, Workload, overlay_of
from afscan.model.value import Value
from afscan.platforms.logsettings import HOST_LOGS

KEY = "logging"

_IMAGES = re.compile(
    r"(?:^|/)(?:fluentd[\w-]*|fluent-?bit[\w-]*|td-agent[\w-]*|filebeat|elastic-agent|promtail|alloy|grafana-agent|vector|logstash|"
    r"opentelemetry-collector[\w-]*|aws-for-fluent-bit|logspout|cloudwatch-agent|splunk-otel-collector|datadog-agent|"
    r"newrelic-fluentbit-output)\Z|(?:^|/)datadog/agent\Z"
)
"""Images of programs that collect logs."""

_SAMPLE_ID = "0" * 64
_SUFFIXES = {
    "Pod": "",
    "StatefulSet": "-0",
    "Deployment": "-6d4cf56db6-x7k2p",
    "CronJob": "-28391040-x7k2p",
    **dict.fromkeys(("ReplicaSet", "ReplicationController", "DaemonSet", "Job"), "-x7k2p"),
}
"""What the controllers of Kubernetes append to a workload's name to make a pod's, with samples for what is generated."""

_MAX_GLOB = 500
_MAX_ALTERNATIVES = 64


@record(slots=True, kw_only=True)
class Logging:
    """What :func:`join` found out. ``runs``: containers by the ``id`` of the pipeline that they run; ``tails``: the inputs that read
    the logs of containers, with their pipelines; ``unknown``: a value that keeps the coverage from being known."""

    runs: dict[int, list[Container]] = field(default_factory=dict)
    tails: list[tuple[LogPipeline, LogInput]] = field(default_factory=list)
    unknown: Value[str] | None = None
    uncovered: dict[int, list[Container]] = field(default_factory=dict)
    collecting: set[int] = field(default_factory=set)


def join(stack: Stack) -> Iterable[Subject]:
    """Find who runs and who is covered; a :class:`LogCollection` for a stack with Kubernetes workloads."""
    pipelines = stack.of(LogPipeline)
    workloads = [one for one in stack.of(Workload) if one.kind in _SUFFIXES and not overlay_of(one)]
    if not pipelines and not workloads:
        return []
    found = Logging()
    stack.joined[KEY] = found
    _find_runners(stack, pipelines, found)
    _follow_includes(stack, pipelines, found)
    for pipeline in pipelines:
        for one in pipeline.inputs:
            if one.kind == "tail" and (not one.paths or any(path.is_unknown for path in one.paths)):
                found.unknown = found.unknown or next(iter(one.paths), Value.unknown(one.node, "it tails no path that is known"))
            if reads_containers(one):
                found.tails.append((pipeline, one))
    collectors = [container for one in workloads for container in one.containers if collects_logs(container, found)]
    found.collecting = {id(container.workload) for container in collectors}
    if found.tails:
        _cover(workloads, found)
    if not workloads:
        return []
    # A file by itself may be part of an image or of a machine; an entry of a ConfigMap has no use but to be mounted.
    idle = [one for one in pipelines if one.node.source.holder == "configmap" and not found.runs.get(id(one))]
    place = idle[0].node if idle else workloads[0].node
    return [
        LogCollection(
            name="The stack's log collection",
            node=place,
            platform="kubernetes",
            workloads=workloads,
            collectors=collectors,
            idle=idle,
            owed=_owed(stack, idle),
        )
    ]


def runners(stack: Stack, pipeline: LogPipeline) -> list[Container]:
    """The containers that run a pipeline."""
    found = stack.joined.get(KEY)
    return found.runs.get(id(pipeline), []) if isinstance(found, Logging) else []


def container_tails(stack: Stack) -> list[tuple[LogPipeline, LogInput]]:
    """The inputs of all pipelines that read the logs of a node's containers, in order."""
    found = stack.joined.get(KEY)
    return found.tails if isinstance(found, Logging) else []


def unknown_coverage(stack: Stack) -> Value[str] | None:
    """What keeps the coverage from being known: a path that is computed, an include that was not read; None where all is known."""
    found = stack.joined.get(KEY)
    return found.unknown if isinstance(found, Logging) else None


def collects(stack: Stack, workload: Workload) -> bool:
    """Whether a workload itself collects logs, its own at least: a log collector, or a pod with one as a sidecar."""
    found = stack.joined.get(KEY)
    return isinstance(found, Logging) and id(workload) in found.collecting


def uncovered_containers(stack: Stack, workload: Workload) -> list[Container]:
    """The containers of a workload whose logs no pipeline reads; of a stack where any reads containers' logs."""
    found = stack.joined.get(KEY)
    return found.uncovered.get(id(workload), []) if isinstance(found, Logging) else []


def reads_containers(one: LogInput) -> bool:
    """Whether an input tails the logs of a node's containers."""
    return one.kind == "tail" and any(path.or_else("").startswith(HOST_LOGS) for path in one.paths)


def collects_logs(container: Container, found: Logging) -> bool:
    """Whether a container runs a pipeline of this stack, has an image that collects logs, or reads the nodes' logs."""
    if any(container is one for group in found.runs.values() for one in group):
        return True
    if container.image is not None and _IMAGES.search(container.image.repository):
        return True
    return container.workload.fleet and any(
        mount.kind == "host" and f"{mount.source.or_else('').rstrip('/')}/".startswith(("/var/log/", *HOST_LOGS))
        for mount in container.mounts
    )


def _owed(stack: Stack, idle: list[LogPipeline]) -> str:
    """Why a stack has to collect its own logs."""
    if idle:
        return "it configures a log pipeline that no workload mounts"
    monitoring: tuple[type[Subject], ...] = (PrometheusConfig, ScrapeJob, AlertRouting)
    if any(stack.of(kind) for kind in monitoring):
        return "it brings its own monitoring"
    for policy in stack.of(NetworkPolicy):
        if not policy.pods and not policy.unknown_selector:
            return f"it governs the whole namespace `{policy.namespace}`"
    return ""


# ---------------------------------------------------------------- who runs a pipeline


def _find_runners(stack: Stack, pipelines: list[LogPipeline], found: Logging) -> None:
    by_owner: dict[tuple[str, str], list[LogPipeline]] = {}
    by_path: dict[str, list[LogPipeline]] = {}
    for one in pipelines:
        source = one.node.source
        if source.owner:
            by_owner.setdefault((source.holder, source.owner), []).append(one)
        else:
            path = path_of(source)
            by_path.setdefault(path, []).append(one)
            by_path.setdefault(dirname(path), []).append(one)
    if not pipelines:
        return
    for container in stack.of(Container):
        for mount in container.mounts:
            for one in _mounted(container, mount, by_owner, by_path):
                _run(found, one, container)
        for path in _copied(container):
            for one in by_path.get(path, ()):
                _run(found, one, container)


def _run(found: Logging, pipeline: LogPipeline, container: Container) -> None:
    group = found.runs.setdefault(id(pipeline), [])
    if not any(one is container for one in group):
        group.append(container)


def _mounted(
    container: Container,
    mount: Mount,
    by_owner: dict[tuple[str, str], list[LogPipeline]],
    by_path: dict[str, list[LogPipeline]],
) -> Iterator[LogPipeline]:
    source = mount.source.or_else("")
    if not source:
        return
    if mount.kind == "host":
        yield from by_path.get(normpath(source), ())
    elif mount.kind in ("configmap", "secret"):
        owner = f"{container.workload.namespace or 'default'}/{source}"
        holders = ("secret", "secret-template") if mount.kind == "secret" else ("configmap",)
        for one in (pipeline for holder in holders for pipeline in by_owner.get((holder, owner), ())):
            name = basename(one.node.source.name)
            if (mount.sub_path or name) == name and (not mount.items or name in mount.items):
                yield one
    elif mount.kind == "compose-config":
        here = container.node.source.path
        yield from (one for one in by_owner.get(("compose-config", source), ()) if one.node.source.path == here)


def _copied(container: Container) -> Iterator[str]:
    """The files of the build context that go into a container's image."""
    context = container.build.context.or_else(".") if container.build is not None else None
    stage = container.stage
    if stage is None or context is None:
        return
    for copy in stage.copies:
        source = copy.source.or_else("")
        if copy.from_stage is None and source:
            yield normpath(join_path(context, source.lstrip("/")))


def _follow_includes(stack: Stack, pipelines: list[LogPipeline], found: Logging) -> None:
    """An included file runs with the one that includes it; what was not read makes the coverage unknown."""
    beside: dict[tuple[str, str], list[LogPipeline]] = {}
    for one in pipelines:
        beside.setdefault(_folder(one), []).append(one)
    for pipeline in pipelines:
        for include in pipeline.includes:
            glob = basename(include.or_else("")) if include.is_set else ""
            others = [one for one in beside[_folder(pipeline)] if one is not pipeline and glob]
            matched = [one for one in others if _fits(glob, basename(one.node.source.name))]
            for one in matched:
                for container in found.runs.get(id(pipeline), ()):
                    _run(found, one, container)
            if not matched:
                why = include.reason if include.is_unknown else "it is not among the files that were read"
                stack.notices.append(Notice(NoticeKind.UNRESOLVED, include.place, f"The included file is not judged: {why}."))
                found.unknown = found.unknown or Value.unknown(include.node, "a file that is included was not read", include.at)


def _folder(pipeline: LogPipeline) -> tuple[str, str]:
    source = pipeline.node.source
    return (source.holder, source.owner) if source.owner else ("", dirname(path_of(source)))


# ---------------------------------------------------------------- what a pipeline covers


def _cover(workloads: list[Workload], found: Logging) -> None:
    readers = [
        ([path.or_else("") for path in one.paths if path.is_set], [path.or_else("") for path in one.excluded if path.is_set])
        for _, one in found.tails
    ]
    for workload in workloads:
        if id(workload) in found.collecting:
            continue
        missing = [
            container
            for container in workload.containers
            if container.role in ("main", "sidecar")
            and not any(_reads(paths, left_out, container) for paths, left_out in readers)
        ]
        if missing:
            found.uncovered[id(workload)] = missing


def _reads(paths: list[str], left_out: list[str], container: Container) -> bool:
    return any(
        any(_fits(path, name) for path in paths) and not any(_fits(path, name) for path in left_out)
        for name in _log_files(container)
    )


def _log_files(container: Container) -> Iterator[str]:
    """Names of the files that a node writes a container's output to, with samples for what is generated."""
    workload = container.workload
    own = workload.name.rpartition(" ")[2]
    name = container.name.rpartition(" ")[2]
    pod = own + _SUFFIXES.get(workload.kind, "")
    namespace = workload.namespace or "default"
    yield f"/var/log/containers/{pod}_{namespace}_{name}-{_SAMPLE_ID}.log"
    yield f"/var/log/pods/{namespace}_{pod}_2f6f6b1c-0a4e-4d0a-9d0e-0c1f7c2b7f10/{name}/0.log"
    yield f"/var/lib/docker/containers/{_SAMPLE_ID}/{_SAMPLE_ID}-json.log"


_BRACKETS = re.compile(r"\[[^\]]*\]")
_BRACES = re.compile(r"\{([^{}]*)\}")


@lru_cache(maxsize=256)
def _globs(glob: str) -> tuple[str, ...]:
    """The patterns that a path with ``{a,b}`` stands for. A set in brackets becomes ``?``: names here are samples."""
    found = [_BRACKETS.sub("?", glob[:_MAX_GLOB])]
    while len(found) < _MAX_ALTERNATIVES:
        braces = _BRACES.search(found[0])
        if braces is None:
            break
        head, tail = found[0][: braces.start()], found[0][braces.end() :]
        found = [*found[1:], *(head + one + tail for one in braces[1].split(","))]
    return tuple(found[:_MAX_ALTERNATIVES])


def _fits(glob: str, path: str) -> bool:
    """Whether a path fits a pattern as Ruby's ``Dir.glob`` and glob(3) take it: only ``**`` crosses a slash."""
    return any(_fits_one(one, path) for one in _globs(glob))


def _fits_one(glob: str, path: str) -> bool:
    if "**" in glob:
        return fnmatchcase(path, glob.replace("**/", "*"))
    wanted, given = glob.split("/"), path.split("/")
    return len(wanted) == len(given) and all(map(fnmatchcase, given, wanted))

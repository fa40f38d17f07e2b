"""Log pipelines: who runs them, and which workloads of a Kubernetes stack they cover (:mod:`afscan.join.logcoverage`).

A pipeline covers a container where one of the paths that it tails fits the names of its files and none that it leaves out does.
All pipelines of a stack count together. Compose's logging drivers are not modelled.
"""

import re
from collections.abc import Iterable, Iterator
from posixpath import basename, dirname, normpath
from posixpath import join as join_path

from afscan.join.logcoverage import SUFFIXES, fits, uncovered_by
from afscan.model.monitoring import (
    AlertRouting,
    LogCollection,
    LogInput,
    LogOutput,
    LogPipeline,
    PrometheusConfig,
)
from afscan.model.notice import Notice, NoticeKind
from afscan.model.record import field, record
from afscan.model.source import Source
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Mount, NetworkPolicy, Subject, Workload, overlay_of
from afscan.model.value import Value
from afscan.platforms.logsettings import HOST_LOGS
from afscan.platforms.urls import is_loopback

KEY = "logging"

_IMAGES = re.compile(
    r"(?:^|/)(?:fluentd[\w-]*|fluent-?bit[\w-]*|td-agent[\w-]*|filebeat|elastic-agent|promtail|alloy|grafana-agent|vector|logstash|"
    r"opentelemetry-collector[\w-]*|aws-for-fluent-bit|logspout|cloudwatch-agent|splunk-otel-collector|datadog-agent|"
    r"newrelic-fluentbit-output)\Z|(?:^|/)datadog/agent\Z"
)
"""Images of programs that collect logs."""


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
    workloads = [one for one in stack.of(Workload) if one.kind in SUFFIXES and not overlay_of(one)]
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
    running = {id(container) for group in found.runs.values() for container in group}
    collectors = [
        container
        for workload in workloads
        for container in workload.containers
        if id(container) in running or collects_logs(container)
    ]
    found.collecting = {id(container.workload) for container in collectors}
    inputs = [one for _, one in found.tails]
    for workload in workloads if inputs else ():
        missing = [] if id(workload) in found.collecting else uncovered_by(inputs, workload)
        if missing:
            found.uncovered[id(workload)] = missing
    return [_collection(stack, workloads, collectors, found)] if workloads else []


def _collection(stack: Stack, workloads: list[Workload], collectors: list[Container], found: Logging) -> LogCollection:
    # A file by itself may be part of an image or of a machine; an entry of a ConfigMap has no use but to be mounted.
    idle = [one for one in stack.of(LogPipeline) if one.node.source.holder == "configmap" and not found.runs.get(id(one))]
    return LogCollection(
        name="The stack's log collection",
        node=idle[0].node if idle else workloads[0].node,
        platform="kubernetes",
        workloads=workloads,
        collectors=collectors,
        idle=idle,
        owed=_owed(stack, idle),
    )


def runners(stack: Stack, pipeline: LogPipeline) -> list[Container]:
    """The containers that run a pipeline."""
    found = stack.joined.get(KEY)
    return found.runs.get(id(pipeline), []) if isinstance(found, Logging) else []


def fleeting(stack: Stack, pipeline: LogPipeline, path: Value[str]) -> Container | None:
    """The pod's container that runs a pipeline and mounts nothing at a path it writes to: what it keeps there ends with the container.

    None where nobody in the stack runs it, where the path is not known, or where something is mounted.
    """
    text = normpath(path.or_else(""))
    if not text.startswith("/"):
        return None
    for container in runners(stack, pipeline):
        targets = [mount.target.or_else("").rstrip("/") for mount in container.mounts if mount.target.is_set]
        mounted = any(text == target or text.startswith(target + "/") for target in targets)
        if container.workload.kind in SUFFIXES and not mounted and len(targets) == len(container.mounts):
            return container
    return None


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


def collects_logs(container: Container) -> bool:
    """Whether a container has an image that collects logs, or one of a DaemonSet reads the nodes' logs."""
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
    monitoring = [*stack.of(PrometheusConfig), *stack.of(AlertRouting)]
    if any(one.node.source.holder == "configmap" for one in monitoring):
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
            path = _path_of(source)
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
            matched = [one for one in others if fits(glob, basename(one.node.source.name))]
            for one in matched:
                for container in found.runs.get(id(pipeline), ()):
                    _run(found, one, container)
            if not matched:
                why = include.reason if include.is_unknown else "it is not among the files that were read"
                stack.notices.append(Notice(NoticeKind.UNRESOLVED, include.place, f"The included file is not judged: {why}."))
                found.unknown = found.unknown or Value.unknown(include.node, "a file that is included was not read", include.at)


def _path_of(source: Source) -> str:
    from afscan.join.servers.files import path_of  # noqa: PLC0415 - its package imports every product's server

    return path_of(source)


def _folder(pipeline: LogPipeline) -> tuple[str, str]:
    source = pipeline.node.source
    return (source.holder, source.owner) if source.owner else ("", dirname(_path_of(source)))


# ---------------------------------------------------------------- outputs


def stays_here(output: LogOutput) -> bool:
    """Whether an output only speaks to the machine itself: all its hosts are loopback, or it is left at that default."""
    if not output.hosts:
        return output.secure.is_unset and not output.secure_default
    return all(host.is_set and is_loopback(host.or_else("")) for host in output.hosts)

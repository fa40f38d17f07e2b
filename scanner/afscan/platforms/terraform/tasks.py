"""ECS task definitions: containers, described in JSON inside Terraform.

Source: Amazon ECS developer guide, "Task definition parameters": ``memory`` is a hard limit in MiB, ``memoryReservation`` a soft one,
``cpu`` are shares (1024 to a core) that bound nothing on Linux; what the task itself sets bounds all of its containers. Fargate has
no setting against new privileges, and no Docker logging driver that fills a disk.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from afscan.model.node import Mapping, Node, Opaque, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.subjects import (
    Container,
    ContainerPort,
    HostNamespace,
    ImageReference,
    Mount,
    Origin,
    Probe,
    Variable,
    Workload,
)
from afscan.model.subjects.workloads import LogOutput
from afscan.model.value import Value
from afscan.platforms.reading import Reader
from afscan.platforms.terraform.body import Body
from afscan.platforms.terraform.references import referring
from afscan.platforms.terraform.results import Unknown
from afscan.platforms.terraform.structured import structured

if TYPE_CHECKING:
    from afscan.model.subjects import Subject

_MIB = 1024 * 1024
_NAMESPACES = (("network_mode", "network"), ("pid_mode", "pid"), ("ipc_mode", "ipc"))


def read_task(kind: str, name: str, body: Body) -> None:
    """Emit the containers of an ``aws_ecs_task_definition``; other resources have none here."""
    written = body.node.entries.get("container_definitions")
    if kind != "aws_ecs_task_definition" or written is None:
        return
    root = structured(written, body.scope, "json")
    if isinstance(root, Unknown | Opaque):
        reason = f"The containers of this task are not judged: {root.reason}."
        body.out.notice(NoticeKind.PARTIAL, (written.key or written).place, reason)
        return
    services = _services(body)
    workload = Workload(
        name=name,
        node=body.node,
        platform="terraform",
        kind="task",
        namespace=f"ECS {name}",
        replicas=services[0].integer("desired_count") if services else Value.unset(body.node),
        labels={},
        runs_to_completion=not services,  # a task that no service keeps running ends by itself
        unknown_labels=True,
    )
    body.out.subjects.append(workload)
    holder = Mapping(root.source, root.span)
    holder.add(Scalar(root.source, root.span, "definitions"), root)
    for number, reader in enumerate(Reader(holder, body.out).readers("definitions")):
        _emit(reader, workload, body, services, number=number)


def _services(body: Body) -> list[Body]:
    """The ECS services of this module that run the task."""
    found = referring(body.scope, "aws_ecs_service", "task_definition", body.node)
    return [Body(node, body.scope, body.out) for node in found]


def _emit(reader: Reader, workload: Workload, body: Body, services: list[Body], *, number: int) -> None:
    from afscan.platforms.variables import describe_container  # noqa: PLC0415 - only where there are containers

    own = reader.text("name").or_else("") or f"without name ({number + 1})"
    container = _container(reader, workload, body, services, name=f"{workload.name}, container {own}")
    workload.containers.append(container)
    found: list[Subject] = [container] if container.image is None else [container.image, container]
    body.out.subjects += found
    describe_container(container, body.out)


def _container(reader: Reader, workload: Workload, body: Body, services: list[Body], *, name: str) -> Container:
    fargate = any("FARGATE" in value.or_else("").upper() for value in body.strings("requires_compatibilities"))
    memory, whole = reader.integer("memory"), body.integer("memory")
    task_cpu = body.integer("cpu")
    reserved, shares = reader.integer("memoryReservation"), reader.integer("cpu")
    return Container(
        name=name,
        node=reader.node,
        platform="terraform",
        workload=workload,
        image=_image(reader, name),
        command=_words(reader, "entryPoint"),
        arguments=_words(reader, "command"),
        environment=dict(_environment(reader)),
        environment_from=[Value.unknown(one.node, "it is a file in S3") for one in reader.readers("environmentFiles")],
        user=reader.text("user").map(lambda text: text.partition(":")[0]),
        privileged=reader.boolean("privileged"),
        privilege_escalation=_escalation(reader, fargate),
        capabilities_added=reader.strings("linuxParameters", "capabilities", "add"),
        capabilities_dropped=reader.strings("linuxParameters", "capabilities", "drop"),
        capabilities=reader.text("linuxParameters", "capabilities", "place"),
        read_only_root=reader.boolean("readonlyRootFilesystem"),
        host_namespaces=[
            HostNamespace(kind=what, shared=body.text(key).map(lambda text: text == "host"))
            for key, what in _NAMESPACES
            if body.written(key)
        ],
        mounts=list(_mounts(reader, body)),
        ports=list(_ports(reader)),
        memory_limit=_first(memory, whole).map(lambda mib: float(mib * _MIB)),
        cpu_limit=task_cpu.map(lambda units: units / 1024) if not task_cpu.is_unset else Value.unset(reader.node),
        memory_request=_first(reserved, memory, whole).map(lambda mib: float(mib * _MIB)),
        cpu_request=_first(shares, task_cpu).map(lambda units: units / 1024),
        liveness=_health(reader, services),
        readiness=None,
        log_output=None if fargate or reader.node.get("logConfiguration") is not None else _json_file(reader),
    )


def _image(reader: Reader, name: str) -> ImageReference | None:
    reference_, node = reader.text("image"), reader.node.get("image")
    if node is None:
        return None
    written = reference_.or_else("") or (node.text.strip('"') if isinstance(node, Opaque) else "")
    return ImageReference(name=name, node=node, platform="terraform", reference=reference_, written=written)


def _words(reader: Reader, name: str) -> Value[list[str]]:
    node = reader.node.get(name)
    if node is None:
        return Value.unset(reader.node)
    words = reader.strings(name)
    unknown = next((word for word in words if word.is_unknown), None)
    if unknown is not None:
        return Value.unknown(node, unknown.reason)
    return Value.of([word.or_else("") for word in words], node)


def _environment(reader: Reader) -> Iterator[tuple[str, Variable]]:
    from afscan.platforms.variables import origin_of  # noqa: PLC0415 - only where there are containers

    for item in reader.readers("environment"):
        name, value = item.text("name").or_else(""), item.text("value")
        if name and value.is_set:
            text = value.or_else("")
            origin = origin_of(text, expands=False) if text else Origin.EMPTY
            if origin is Origin.LITERAL and not _stands(value.node, text):
                origin = Origin.REFERENCE  # a variable brings it in: it stands at that one
            yield name, Variable(name=name, value=value, origin=origin)
        elif name:
            yield name, Variable(name=name, value=value, origin=Origin.REFERENCE if value.is_unknown else Origin.EMPTY)
    for item in reader.readers("secrets"):
        name = item.text("name").or_else("")
        if name:
            told: Value[str] = Value.unknown(item.node, "it comes from Secrets Manager or the Parameter Store")
            yield name, Variable(name=name, value=told, origin=Origin.REFERENCE)


def _stands(node: Node, text: str) -> bool:
    """Whether the characters of a text stand at its place in the file."""
    source, span = node.source.file, node.place.span
    return text in source.text[source.offset(*span[:2]) : source.offset(*span[2:])]


def _escalation(reader: Reader, fargate: bool) -> Value[bool]:
    for option in reader.strings("dockerSecurityOptions"):
        if option.or_else("").startswith("no-new-privileges"):
            return Value.of(False, option.node, option.at)
    if fargate:
        return Value.unknown(reader.node, "Fargate has no setting for it")
    return Value.unset(reader.node)


def _mounts(reader: Reader, body: Body) -> Iterator[Mount]:
    volumes = {volume.text("name").or_else(""): volume for volume in body.blocks("volume")}
    for item in reader.readers("mountPoints"):
        volume = volumes.get(item.text("sourceVolume").or_else(""))
        host: Value[str] = volume.text("host_path") if volume is not None else Value.unset(item.node)
        yield Mount(
            node=item.node,
            kind="host" if host.is_set else "volume",
            source=host if host.is_set else item.text("sourceVolume"),
            target=item.text("containerPath"),
            read_only=item.boolean("readOnly").or_else(False),
        )


def _ports(reader: Reader) -> Iterator[ContainerPort]:
    for item in reader.readers("portMappings"):
        port = item.integer("containerPort")
        if not port.is_unset:
            name = item.text("name").or_else("") or None
            yield ContainerPort(node=item.node, port=port, name=name, protocol=item.text("protocol").or_else("tcp"))


def _first(*values: Value[int]) -> Value[int]:
    """The first value that is written; where none is, the first."""
    return next((value for value in values if not value.is_unset), values[0])


def _health(reader: Reader, services: list[Body]) -> Value[Probe]:
    """The container's own health check; else that of the load balancer in front of it, which has unhealthy tasks replaced."""
    node: Node | None = reader.node.get("healthCheck")
    if node is None:
        for target in (block for service in services for block in service.blocks("load_balancer")):
            if target.text("container_name").or_else("") == reader.text("name").or_else("?"):
                return Value.of(Probe(node=target.node, kind="http"), target.node)
    if not isinstance(node, Mapping):
        return Value.unset(reader.node) if node is None else Value.unknown(node, getattr(node, "reason", "it is no object"))
    command = _words(reader.at("healthCheck"), "command")
    words = command.or_else([])
    if words[:1] == ["CMD-SHELL"]:
        command = command.map(lambda all_: ["/bin/sh", "-c", *all_[1:]])
    elif words[:1] == ["CMD"]:
        command = command.map(lambda all_: all_[1:])
    return Value.of(Probe(node=node, kind="exec", command=command), node)


def _json_file(reader: Reader) -> LogOutput:
    """Without a log configuration Docker's own driver keeps everything on the instance's disk."""
    return LogOutput(driver=Value.unset(reader.node), max_size=Value.unset(reader.node))

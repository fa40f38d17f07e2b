"""Containers of a pod: each with the pod's settings merged in, as it will run."""

from afscan.model.node import Node, Opaque
from afscan.model.notice import NoticeKind
from afscan.model.record import record
from afscan.model.subjects import Container, ContainerPort, HostNamespace, HostPort, ImageReference, Probe, Workload
from afscan.model.value import Value
from afscan.platforms.kubernetes.environment import environment_of, sources_of, words_of
from afscan.platforms.kubernetes.objects import PLATFORM, section
from afscan.platforms.kubernetes.probes import probe_of
from afscan.platforms.kubernetes.quantities import quantity
from afscan.platforms.kubernetes.security import misplaced, security_of
from afscan.platforms.kubernetes.volumes import Volumes, mounts_of
from afscan.platforms.reading import Interpretation, Reader

_WORDS = {"main": "container", "init": "init container", "sidecar": "sidecar container", "ephemeral": "ephemeral container"}


@record(slots=True)
class Resources:
    """Limits and requests of a container, or of a pod as a whole. Bytes and cores."""

    memory_limit: Value[float]
    cpu_limit: Value[float]
    memory_request: Value[float]
    cpu_request: Value[float]


@record(slots=True)
class Pod:
    """What the containers of one pod share. ``windows`` is where the pod says that it runs on Windows."""

    workload: Workload
    reader: Reader
    volumes: Volumes
    resources: Resources
    host_namespaces: list[HostNamespace]
    windows: Node | None


def resources_of(reader: Reader) -> Resources:
    """``resources`` as written on a container or on a pod; a request that is left out is the limit.

    Source: Kubernetes documentation, "Resource Management for Pods and Containers".
    """
    section(reader, "resources")
    reader.mapping("resources", "limits")
    reader.mapping("resources", "requests")
    limits = {name: quantity(reader, "resources", "limits", name) for name in ("memory", "cpu")}
    requests = {name: quantity(reader, "resources", "requests", name) for name in ("memory", "cpu")}
    for name, limit in limits.items():
        if requests[name].is_unset and not limit.is_unset:
            requests[name] = limit
    return Resources(limits["memory"], limits["cpu"], requests["memory"], requests["cpu"])


def _within(own: Resources, pod: Resources) -> Resources:
    """A container's resources; where it says nothing, the pod's own limit and request bound it (pod-level resources)."""

    def covered(mine: Value[float], whole: Value[float]) -> Value[float]:
        return whole if mine.is_unset and not whole.is_unset else mine

    return Resources(
        covered(own.memory_limit, pod.memory_limit),
        covered(own.cpu_limit, pod.cpu_limit),
        covered(own.memory_request, pod.memory_request),
        covered(own.cpu_request, pod.cpu_request),
    )


def read_containers(pod: Pod, out: Interpretation) -> None:
    """Emit the containers of a pod, their images, published ports and what their environment says."""
    for key, role in (("initContainers", "init"), ("containers", "main"), ("ephemeralContainers", "ephemeral")):
        for index, reader in enumerate(pod.reader.readers(key)):
            always = role == "init" and reader.text("restartPolicy").or_else("") == "Always"
            _read_container(reader, pod, "sidecar" if always else role, index, out)


def _read_container(reader: Reader, pod: Pod, role: str, index: int, out: Interpretation) -> None:
    from afscan.platforms.variables import describe_container  # noqa: PLC0415  (start-up time: only where there are containers)

    own = reader.text("name").or_else("") or f"without name ({index + 1})"
    name = f"{pod.workload.name}, {_WORDS[role]} {own}"
    container = _container(reader, pod, role, name)
    pod.workload.containers.append(container)
    if container.image is not None:
        out.subjects.append(container.image)
    out.subjects.append(container)
    out.subjects += _published(container, out)
    out.subjects += misplaced(reader, name, pod=False)
    describe_container(container, out)


def _container(reader: Reader, pod: Pod, role: str, name: str) -> Container:
    security = security_of(reader, pod.reader, pod.windows)
    sources = sources_of(reader)
    environment = environment_of(reader, sources)
    resources = _within(resources_of(reader), pod.resources)
    probed = role in ("main", "sidecar")  # the API refuses probes on the others
    return Container(
        name=name,
        node=reader.node,
        platform=PLATFORM,
        workload=pod.workload,
        role=role,
        image=_image(reader, name),
        pull_policy=reader.text("imagePullPolicy"),
        command=words_of(reader, "command", environment),
        arguments=words_of(reader, "args", environment),
        environment=environment,
        environment_from=sources,
        user=security.user,
        run_as_non_root=security.run_as_non_root,
        privileged=security.privileged,
        privilege_escalation=security.privilege_escalation,
        capabilities_added=security.added,
        capabilities_dropped=security.dropped,
        capabilities=security.capabilities,
        read_only_root=security.read_only_root,
        seccomp=security.seccomp,
        apparmor=security.apparmor,
        host_namespaces=pod.host_namespaces,
        mounts=mounts_of(reader, pod.volumes, environment),
        ports=_ports(reader),
        memory_limit=resources.memory_limit,
        cpu_limit=resources.cpu_limit,
        memory_request=resources.memory_request,
        cpu_request=resources.cpu_request,
        liveness=probe_of(reader, "livenessProbe") if probed else _no_probe(reader),
        readiness=probe_of(reader, "readinessProbe") if probed else None,
        startup=probe_of(reader, "startupProbe") if probed else None,
    )


def _no_probe(reader: Reader) -> Value[Probe]:
    return Value.unset(reader.node)


def _image(reader: Reader, name: str) -> ImageReference | None:
    """The image; None where the container names none (its workload's template is then completed elsewhere)."""
    reference = reader.text("image")
    if reference.is_set and not reference.or_else("").strip():
        reader.out.notice(NoticeKind.PARTIAL, reference.place, "The image is empty: it is filled in elsewhere, not judged here.")
        return None
    if reference.is_unset:
        return None
    written = reference.or_else("")
    if any(mark in written for mark in ("$", "<", "{{")):  # characters that no image's name can have: filled in by another tool
        reference = Value.unknown(reference.node, f"`{written}` is filled in before it is applied")
    return ImageReference(name=name, node=reference.node, platform=PLATFORM, reference=reference, written=written)


def _ports(reader: Reader) -> list[ContainerPort]:
    """The declared ports; what cannot be evaluated stands for a port of unknown number and name."""
    written = reader.node.get("ports")
    opaque = [written] if isinstance(written, Opaque) else [item for item in reader.items("ports") if isinstance(item, Opaque)]
    found = [ContainerPort(node=node, port=Value.unknown(node, node.reason)) for node in opaque]
    for port in reader.readers("ports"):
        protocol = port.text("protocol").or_else("TCP").lower()
        name = port.text("name").or_else("") or None
        number, host_port = port.integer("containerPort"), port.integer("hostPort")
        found.append(ContainerPort(node=port.node, port=number, name=name, protocol=protocol, host_port=host_port))
    return found


def _published(container: Container, out: Interpretation) -> list[HostPort]:
    """A published port for each ``hostPort``; 0 is none."""
    found = []
    for port in container.ports:
        host_port = port.host_port
        if host_port is None or host_port.is_unset or host_port.value == 0:
            continue
        shown = host_port.value if host_port.is_set else "?"
        found.append(
            HostPort(
                name=f"{container.name}, host port {shown}",
                node=port.node,
                platform=PLATFORM,
                container=container,
                host_ip=Reader(port.node, out).text("hostIP"),
                host_port=host_port.map(str),
                container_port=port.port,
                protocol=port.protocol,
            )
        )
    return found

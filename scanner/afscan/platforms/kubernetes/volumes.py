"""Volumes of a pod and where its containers mount them.

Source: Kubernetes API reference, Volume and VolumeMount. A claim template of a StatefulSet takes precedence over a volume of the
same name; a volume without a source is an emptyDir; ConfigMaps, Secrets and projections are mounted read-only.
"""

from afscan.model.node import Mapping, Node, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.record import record
from afscan.model.subjects import Mount
from afscan.model.value import Value
from afscan.platforms.kubernetes.environment import Environment, expand
from afscan.platforms.reading import Reader


@record(slots=True)
class VolumeSource:
    """What a volume holds; a projected volume holds several. The fields are those of :class:`Mount`."""

    kind: str
    source: Value[str]
    items: dict[str, str] | None = None
    optional: bool = False
    read_only: bool = False


Volumes = dict[str, list[VolumeSource]]

_NAMED = {
    "hostPath": ("host", "path"),
    "persistentVolumeClaim": ("volume", "claimName"),
    "csi": ("other", "driver"),
    "image": ("image", "reference"),
}


def volumes_of(pod: Reader, workload: Reader) -> Volumes:
    """The volumes of a pod by name; ``workload`` is the StatefulSet's ``spec`` (its claim templates count) or any mapping."""
    found: Volumes = {}
    for volume in pod.readers("volumes"):
        name = volume.text("name")
        if name.is_set:
            found[name.or_else("")] = _sources(volume)
    for claim in workload.readers("volumeClaimTemplates"):
        name = claim.text("metadata", "name")
        if name.is_set:
            found[name.or_else("")] = [VolumeSource("volume", name)]
    return found


def _sources(volume: Reader) -> list[VolumeSource]:
    node = volume.node
    entries = node.entries if isinstance(node, Mapping) else {}
    written = (key for key, value in entries.items() if not (isinstance(value, Scalar) and value.is_null))
    key = next((key for key in written if key != "name"), None)
    if key is None or key == "emptyDir":
        return [VolumeSource("empty", volume.text("name"))]
    volume.mapping(key)
    if key in _NAMED:
        kind, name = _NAMED[key]
        read_only = volume.boolean(key, "readOnly").or_else(False)
        return [VolumeSource(kind, _required(volume, key, name), read_only=read_only or kind == "image")]
    if key == "configMap":
        return [_entries(volume.at(key), "configmap", "name")]
    if key == "secret":
        return [_entries(volume.at(key), "secret", "secretName")]
    if key == "projected":
        return [_projection(source) for source in volume.readers(key, "sources")]
    return [VolumeSource("volume" if key == "ephemeral" else "other", volume.text("name"))]


def _required(reader: Reader, *path: str) -> Value[str]:
    found = reader.text(*path)
    return found if not found.is_unset else Value.unknown(found.node, f"`{path[-1]}` is missing")


def _projection(source: Reader) -> VolumeSource:
    """One source of a projected volume. Its Secrets go by ``name``, not ``secretName``."""
    for key, kind in (("configMap", "configmap"), ("secret", "secret")):
        if isinstance(source.node.get(key), Mapping):
            return _entries(source.at(key), kind, "name")
    key = next(iter(source.node.entries), "") if isinstance(source.node, Mapping) else ""
    return VolumeSource("other", Value.of(key, source.node), read_only=True)


def _entries(reader: Reader, kind: str, name: str) -> VolumeSource:
    items: dict[str, str] = {}
    for item in reader.readers("items"):
        key, path = item.text("key"), item.text("path")
        if key.is_set and path.is_set:
            items[key.or_else("")] = path.or_else("")
    optional = reader.boolean("optional").or_else(False)
    return VolumeSource(kind, _required(reader, name), items or None, optional, read_only=True)


def mounts_of(container: Reader, volumes: Volumes, environment: Environment) -> list[Mount]:
    """What a container mounts, one :class:`Mount` for each source of a projected volume."""
    found: list[Mount] = []
    for mount in container.readers("volumeMounts"):
        name = mount.text("name")
        sources = volumes.get(name.or_else("")) if name.is_set else []
        if sources is None:
            reason = f"The pod has no volume `{name.or_else('')}`; what is mounted here is not known."
            mount.out.notice(NoticeKind.UNRESOLVED, name.place, reason)
            sources = [VolumeSource("other", Value.unknown(name.node, f"the pod has no volume `{name.or_else('')}`"))]
        target, sub_path = mount.text("mountPath"), _sub_path(mount, environment)
        read_only = mount.boolean("readOnly").or_else(False)
        found += [_mount(mount.node, source, target, sub_path, read_only=read_only) for source in sources]
    return found


def _mount(node: Node, source: VolumeSource, target: Value[str], sub_path: str | None, *, read_only: bool) -> Mount:
    return Mount(
        node=node,
        kind=source.kind,
        source=source.source,
        target=target,
        read_only=read_only or source.read_only,
        sub_path=sub_path,
        items=source.items,
        optional=source.optional,
    )


def _sub_path(mount: Reader, environment: Environment) -> str | None:
    """``subPath``, or ``subPathExpr`` with what is known of its references replaced."""
    plain = mount.text("subPath").or_else("")
    if plain:
        return plain
    written = mount.text("subPathExpr").or_else("")
    expanded, _ = expand(written, environment, more=True)
    return (expanded if expanded is not None else written) or None

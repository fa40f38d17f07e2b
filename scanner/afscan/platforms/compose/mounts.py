"""``volumes``, ``tmpfs``, ``configs`` and ``secrets``: what a service mounts.

Source: the Compose Specification, "volumes", and compose-go's ``format.ParseVolume``: a short volume's source is a path on
the host where it starts with ``.``, ``/``, ``~``, a drive letter or ``\\\\``; anything else names a volume.
"""

import re
from typing import NamedTuple

from afscan.model.node import Mapping, Node, Opaque, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.subjects import Container, Mount
from afscan.model.value import Value
from afscan.platforms.compose.reading import Context, Fields, missing_reason, present

_VARIABLE = re.compile(r"\$\{[A-Za-z_]")
_DRIVE = re.compile(r"[A-Za-z]:\Z")
_LONG_KINDS = {"bind": "host", "npipe": "host", "volume": "volume", "cluster": "volume", "tmpfs": "empty", "image": "image"}


class VolumeText(NamedTuple):
    """The parts of a short volume; ``source`` is None for an anonymous one."""

    source: str | None
    target: str
    options: tuple[str, ...]


def split_volume(text: str) -> VolumeText | None:
    """The parts of ``[SOURCE:]TARGET[:OPTIONS]``; None where Compose refuses it."""
    if len(text) <= 2:
        return VolumeText(None, text, ()) if text else None
    parts: list[str] = []
    for piece in text.split(":"):
        if parts and _DRIVE.match(parts[-1] + ":") and len(parts[-1]) == 1:
            parts[-1] += ":" + piece
        else:
            parts.append(piece)
    if not all(parts) or len(parts) > 3:
        return None
    if len(parts) == 1:
        return VolumeText(None, parts[0], ())
    return VolumeText(parts[0], parts[1], tuple(parts[2].split(",")) if len(parts) == 3 else ())


def is_path(source: str) -> bool:
    """Whether a short volume's source is a path on the host."""
    return source[:1] in (".", "/", "~") or source.startswith("\\\\") or (source[1:2] == ":" and source[0].isalpha())


class Mounts:
    """Reads the mounts of the services of one project, which share its top-level volumes and configs."""

    def __init__(self, volumes: dict[str, Node], configs: dict[str, Node], context: Context) -> None:
        self.context = context
        self.volumes = volumes
        self.configs = configs
        self.uses: dict[str, str] = {}
        """Where each top-level config is first mounted: its target path."""

    def add(self, fields: Fields, container: Container) -> None:
        """Put a service's mounts into its container; of several on one target the last one counts."""
        found: list[Mount] = []
        for node in fields.items("volumes"):
            found += self._volume(node)
        for node in fields.items("tmpfs", single=True):
            target = self.context.text(node).map(lambda text: text.partition(":")[0])
            found.append(Mount(node=node, kind="empty", source=Value.unset(node), target=target))
        for kind in ("configs", "secrets"):
            for node in fields.items(kind):
                found += self._file(node, kind)
        if fields.boolean("use_api_socket").or_else(False):
            node = fields.get("use_api_socket") or fields.node
            socket = Value.of("/var/run/docker.sock", node)
            found.append(Mount(node=node, kind="host", source=socket, target=socket))
        by_target = {mount.target.value if mount.target.is_set else id(mount): mount for mount in found}
        container.mounts += by_target.values()

    def _volume(self, node: Node) -> list[Mount]:
        if isinstance(node, Mapping):
            return self._long_volume(node)
        if isinstance(node, Opaque):
            unknown = Value.unknown(node, node.reason)
            return [Mount(node=node, kind="other", source=unknown, target=unknown)]
        if not isinstance(node, Scalar):
            self.context.wrong_type(node, "a volume")
            return []
        text = self.context.expanded(node)
        volume = split_volume(text.partial)
        if volume is None or text.malformed:
            if not text.malformed:
                self.context.notice(NoticeKind.WRONG_TYPE, node.head, "This is no volume that Compose accepts; it is not judged.")
            return []
        reason = missing_reason(text)
        open_target = text.missing and _VARIABLE.search(volume.target)
        target = Value.unknown(node, reason) if open_target else Value.of(volume.target, node)
        read_only = "ro" in volume.options
        if volume.source is None:
            return [Mount(node=node, kind="volume", source=Value.unset(node), target=target, read_only=read_only)]
        if text.missing and _VARIABLE.search(volume.source):
            known_path = is_path(volume.source) or "/" in volume.source or _VARIABLE.match(volume.source)
            kind = "host" if known_path else "volume"
            return [Mount(node=node, kind=kind, source=Value.unknown(node, reason), target=target, read_only=read_only)]
        kind, source = self._source(volume.source, node, bind=is_path(volume.source))
        return [Mount(node=node, kind=kind, source=source, target=target, read_only=read_only)]

    def _source(self, text: str, node: Node, *, bind: bool) -> tuple[str, Value[str]]:
        """Kind and source of a mount; a named volume that the file itself binds to a host path is that path."""
        if bind:
            return "host", Value.of(self.context.path(text, node), node)
        declared = self.volumes.get(text)
        options = Fields(declared, self.context) if isinstance(declared, Mapping) else None
        if options is not None and "bind" in options.text("driver_opts", "o").or_else("").split(","):
            device = options.text("driver_opts", "device")
            if device.is_set or device.is_unknown:
                return "host", self._path(device)
        return "volume", Value.of(text, node)

    def _long_volume(self, node: Mapping) -> list[Mount]:
        fields = Fields(node, self.context)
        kind = _LONG_KINDS.get(fields.text("type").or_else("volume"), "other")
        source, target = fields.text("source"), fields.text("target")
        if kind == "host":
            source = self._path(source)
        elif kind == "volume" and source.is_set:
            kind, source = self._source(source.or_else(""), source.node, bind=False)
        sub_path = fields.text("volume", "subpath")
        return [
            Mount(
                node=node,
                kind=kind,
                source=source,
                target=target,
                read_only=fields.boolean("read_only").or_else(False),
                sub_path=sub_path.value if sub_path.is_set else None,
            )
        ]

    def _file(self, node: Node, section: str) -> list[Mount]:
        """A config or secret of a service: short (its name) or long (``source``, ``target``)."""
        fields = Fields(node, self.context) if isinstance(node, Mapping) else None
        if fields is None and not isinstance(node, Scalar):
            if not isinstance(node, Opaque):
                self.context.wrong_type(node, "a name or a mapping")
            return []
        source = fields.text("source") if fields is not None else self.context.text(node)
        target = fields.text("target") if fields is not None else Value.unset(node)
        folder = "/run/secrets/" if section == "secrets" else "/"
        if target.is_unset:
            target = source.map(lambda name: folder + name)
        elif section == "secrets":
            target = target.map(lambda path: path if path.startswith("/") else folder + path)
        if section == "secrets":
            return [Mount(node=node, kind="compose-secret", source=source, target=target, read_only=True)]
        if source.is_set and target.is_set:
            self.uses.setdefault(source.or_else(""), target.or_else(""))
        declared = present(self.configs.get(source.or_else("")))
        file = Fields(declared, self.context).text("file") if isinstance(declared, Mapping) else Value.unset(node)
        if file.is_unset:
            return [Mount(node=node, kind="compose-config", source=source, target=target, read_only=True, declared=declared)]
        return [Mount(node=node, kind="host", source=self._path(file), target=target, read_only=True)]

    def _path(self, value: Value[str]) -> Value[str]:
        """A path as sources have it."""
        return value.map(lambda text: self.context.path(text, value.node))

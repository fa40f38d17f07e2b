"""What a service names and the project has to declare: volumes, networks, configs, secrets, and services to wait for.

Source: the Compose Specification, "Volumes", "Networks", "Configs", "Secrets", "depends_on": Compose refuses a project that names
what none of its files declares. The network ``default`` is always there.
"""

import posixpath
from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.objects import Reference
from afscan.model.subjects import Container
from afscan.model.value import Value
from afscan.platforms.compose.loading import Model
from afscan.platforms.compose.reading import Fields, present

_SECTIONS = ("volumes", "networks", "configs", "secrets", "services")
_KINDS = {"volume": "volumes", "compose-config": "configs", "compose-secret": "secrets"}


class Declared:
    """What a project declares. ``open``: another file that is not read here may declare more; ``around``: one of its folder does."""

    def __init__(self, model: Model) -> None:
        self.names = {kind: model.section(kind).keys() for kind in ("volumes", "networks", "configs", "secrets")}
        self.services = model.names().keys()
        roots = [unit.root for unit, _ in model.layers]
        self.fragment = any("services" not in root.entries or root.source.holder == "markdown" for root in roots)
        self.open = any("include" in root.entries for root in roots)
        self.around = _around(model)

    def emit(self, fields: Fields, container: Container) -> None:
        """Put the references of a service into the interpretation; nothing where the file is only a part of another."""
        if self.fragment or fields.gap is not None:
            return
        owner = container.workload.name
        for kind, target, optional in (*_mounted(container), *_networks(fields), *_awaited(fields)):
            known = self.services if kind == "services" else self.names[kind]
            found = target.or_else("") in known or (kind == "networks" and target.value == "default")
            elsewhere = self.open or target.is_unknown or (kind, target.or_else("")) in self.around
            missing = "unknown" if elsewhere else "absent"
            fields.context.out.subjects.append(
                Reference(
                    name=f"{owner}, {kind[:-1]} {target.or_else('?')}",
                    node=target.node,
                    platform="compose",
                    kind=kind[:-1],
                    group="",
                    target=target,
                    namespace="",
                    owner=owner,
                    how={"services": "it waits for", "networks": "it joins"}.get(kind, "it mounts"),
                    optional=optional,
                    settled="present" if found else missing,
                )
            )


def _around(model: Model) -> set[tuple[str, str]]:
    """What the Compose files of the project's folder declare: one may be merged over another when Compose is told to (``-f``)."""
    library, file = model.loader.library, model.files[0]
    folder = (file.key[0], posixpath.dirname(file.key[1]))
    if not library.declared:
        for one in library.files:
            names = library.declared.setdefault((one.key[0], posixpath.dirname(one.key[1])), set())
            for document in one.documents:
                for kind in _SECTIONS:
                    below = document.node.get(kind)
                    names.update((kind, name) for name in (below.entries if isinstance(below, Mapping) else ()))
    return library.declared.get(folder, set())


def _mounted(container: Container) -> Iterator[tuple[str, Value[str], bool]]:
    for mount in container.mounts:
        kind = _KINDS.get(mount.kind)
        declared = mount.kind == "compose-config" and mount.declared is not None
        if kind is not None and not declared and not mount.source.is_unset:
            yield kind, mount.source, False


def _networks(fields: Fields) -> Iterator[tuple[str, Value[str], bool]]:
    node = fields.get("networks")
    names: list[Node] = []
    if isinstance(node, Mapping):
        names = [node.keys[name] for name in node.entries if name in node.keys]
    elif isinstance(node, Sequence):
        names = node.items
    for one in names:
        if isinstance(one, Scalar):
            yield "networks", fields.context.text(one), False


def _awaited(fields: Fields) -> Iterator[tuple[str, Value[str], bool]]:
    node = fields.get("depends_on")
    if isinstance(node, Mapping):
        for name, below in node.entries.items():
            required = present(below.get("required"))
            optional = isinstance(required, Scalar) and required.text.lower() == "false"
            if name in node.keys:
                yield "services", Value.of(name, node.keys[name]), optional
    elif isinstance(node, Sequence):
        for one in node.items:
            if isinstance(one, Scalar):
                yield "services", fields.context.text(one), False

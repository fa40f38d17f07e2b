"""What Compose files say of each other, before any of them is read as a project."""

import posixpath
from collections.abc import Iterator
from itertools import islice

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.platforms.compose.interpolation import interpolate
from afscan.platforms.compose.library import File, Library
from afscan.platforms.compose.reading import present
from afscan.platforms.compose.recognition import is_named_compose

_MAX_STEPS = 20


class Folder:
    """The Compose files of one folder, or of one document's folder, and which of them builds on which."""

    def __init__(self, files: list[File]) -> None:
        self.files = files
        self._names: dict[int, set[str]] = {}
        self._lacking: dict[int, set[str]] = {}
        self._whole: dict[str, list[File]] = {}
        for file in files:
            self._names[id(file)] = {name for name, _ in _services(file)}
            self._lacking[id(file)] = _lacking(file)
            if not self._lacking[id(file)] and is_named_compose(file.source):
                for name in self._names[id(file)]:
                    self._whole.setdefault(name, []).append(file)

    def base_of(self, file: File, default: File | None) -> File | None:
        """The file that another one adds to; None where it stands alone or its base is not here.

        :param default: what Compose reads in this folder when it is told nothing.
        """
        lacking, names = self._lacking[id(file)], self._names[id(file)]
        if not is_named_compose(file.source) or not (lacking or "override" in file.name.lower()):
            return None
        if default is not None:
            return default if default is not file and names & self._names[id(default)] else None
        candidates = self._whole.get(min(lacking, default=""), [])
        found = list(islice((one for one in candidates if lacking <= self._names[id(one)]), 2))
        return found[0] if len(found) == 1 else None


def _lacking(file: File) -> set[str]:
    """The services of a file that cannot stand alone: they have neither ``image`` nor ``build``, nor anything that could bring
    one, or they take away or replace (``!reset``, ``!override``) what only another file can have."""
    complete = ("image", "build", "extends", "provider")
    found = set()
    for name, node in _services(file):
        takes = any(child.tag in ("!reset", "!override") for child in (node, *node.children()))
        if takes or not any(present(node.get(key)) is not None for key in complete):
            found.add(name)
    return found


def included_files(library: Library) -> set[int]:
    """The files that others include, by ``id``."""
    found: set[int] = set()
    for file in library.files:
        for document in file.documents:
            include = present(document.node.get("include"))
            for item in include.items if isinstance(include, Sequence) else ():
                paths = item.get("path") if isinstance(item, Mapping) else item
                for path in paths.items if isinstance(paths, Sequence) else [paths]:
                    target = _target(path, file, library)
                    if target is not None and target is not file:
                        found.add(id(target))
    return found


def extended_services(library: Library) -> dict[int, frozenset[str]]:
    """The services that exist for other files to extend, with those that they themselves extend, by the ``id`` of their file."""
    found: dict[int, set[str]] = {}
    known: dict[int, dict[str, Node]] = {}
    for file in library.files:
        for _, service in _services(file):
            extends = service.get("extends")
            base = extends.get("service") if isinstance(extends, Mapping) else None
            target = _target(extends.get("file"), file, library) if isinstance(extends, Mapping) else None
            if target is not None and target is not file and isinstance(base, Scalar):
                services = known.setdefault(id(target), {}) or dict(_services(target))
                known[id(target)] = services
                found.setdefault(id(target), set()).update(_chain(services, base.text))
    return {file: frozenset(names) for file, names in found.items()}


def _services(file: File) -> Iterator[tuple[str, Node]]:
    for document in file.documents:
        services = document.node.get("services")
        if isinstance(services, Mapping):
            yield from ((name, node) for name, node in services.entries.items() if not name.startswith("x-"))


def _chain(services: dict[str, Node], name: str) -> Iterator[str]:
    """A service of a file and what it extends within the file."""
    for _ in range(_MAX_STEPS):
        yield name
        extends = services[name].get("extends") if name in services else None
        below = extends if isinstance(extends, Scalar) else None
        if isinstance(extends, Mapping) and "file" not in extends.entries:
            service = extends.get("service")
            below = service if isinstance(service, Scalar) else None
        if below is None:
            return
        name = below.text


def _target(node: Node | None, file: File, library: Library) -> File | None:
    """The file that a path in a file leads to, as far as defaults and the folder's ``.env`` tell it."""
    if not isinstance(node, Scalar):
        return None
    text = interpolate(node.text, library.environment(file.directory, file.key[0])).text
    if not text:
        return None
    return library.compose(posixpath.normpath(posixpath.join(file.directory, text)), file.key[0])

"""The services of a Compose project, put together from its files: documents, override files, ``extends`` and ``include``.

Source: the Compose Specification, "extends", "Include" and "Merge and override", and compose-go's ``loader``: of each document
first ``extends`` is resolved, then what it includes is taken in, then it is merged over the documents before it. A service is
resolved when somebody asks for it, and once.
"""

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.subjects import ComposeFile
from afscan.model.value import Value
from afscan.platforms.compose.library import MAX_INCLUDES, File, Key, Library
from afscan.platforms.compose.reading import Context, Fields, Scope, present
from afscan.platforms.compose.recognition import fragment_services

if TYPE_CHECKING:
    from afscan.platforms.compose.merging import Merger

MAX_CHAIN = 20
"""How many services may extend, and how many files may include, one after the other."""

ELSEWHERE = "the definition that it adds to is not merged in, so it is not judged."

Resolved = tuple[Mapping, "Value[str] | None"]
"""A service with all that it is made of, and why an absence in it proves nothing (None where it does)."""


class Unit:
    """One document of a file. ``empty`` are the services that it names without a word, ``removed`` those that it takes away."""

    def __init__(self, root: Mapping, key: Key) -> None:
        self.root = root
        self.key = key
        self.services: dict[str, Mapping] = {}
        self.empty: dict[str, Mapping] = {}
        self.removed: set[str] = set()


class Loader:
    """Reads the documents of one project, each once, and resolves what its services extend."""

    def __init__(self, library: Library, context: Context) -> None:
        self.library = library
        self.context = context
        self._merger: Merger | None = None
        self._units: dict[int, Unit] = {}
        self._done: dict[tuple[int, str], Resolved] = {}

    @property
    def merger(self) -> "Merger":
        """What merges the definitions of this project."""
        if self._merger is None:
            from afscan.platforms.compose.merging import Merger  # noqa: PLC0415 - a file by itself has nothing to merge

            self._merger = Merger(self.context)
        return self._merger

    def unit(self, file: File, document: ComposeFile) -> Unit:
        """A document's services by name; those that are no mapping are noted."""
        found = self._units.get(id(document))
        if found is None:
            root = document.node
            assert isinstance(root, Mapping)
            found = self._units[id(document)] = Unit(root, file.key)
            self._read_services(found)
        return found

    def _read_services(self, unit: Unit) -> None:
        context, root = self.context, unit.root
        if "services" not in root.entries:
            unit.services = fragment_services(root.source, root)
            sections = ("include", "networks", "volumes", "configs", "secrets", "models")
            if not unit.services and not any(key in sections for key in root.entries):
                reason = "This Compose file has no `services`; nothing in it is judged."
                context.notice(NoticeKind.WRONG_TYPE, root.head, reason)
            return
        node = present(root.entries["services"])
        if not isinstance(node, Mapping):
            if node is not None and not isinstance(node, Opaque):
                context.wrong_type(node, "a mapping")
            return
        for name, service in node.entries.items():
            if service.tag == "!reset":
                unit.removed.add(name)
            elif isinstance(service, Mapping):
                unit.services[name] = service
            elif isinstance(service, Scalar) and service.is_null:
                unit.empty[name] = node
            elif isinstance(service, Opaque):
                reason = f"Service `{name}` cannot be evaluated ({service.reason}); it is not judged."
                context.notice(NoticeKind.PARTIAL, service.head, reason)
            elif not name.startswith("x-"):
                context.wrong_type(service, "a mapping")

    def resolve(self, unit: Unit, name: str) -> Resolved:
        """A service of a document with what it extends merged in."""
        chain: list[tuple[Unit, str]] = []
        current: tuple[Unit, str] | None = (unit, name)
        gap: Value[str] | None = None
        while current is not None and (id(current[0]), current[1]) not in self._done:
            chain.append(current)
            current, gap = self._base(*current, chain)
        if current is not None:
            merged, gap = self._done[id(current[0]), current[1]]
        else:
            last, service = chain.pop()
            merged = last.services[service]
            self._done[id(last), service] = (merged, gap)
        for step, service in reversed(chain):
            merged = self.merger.extended(merged, step.services[service])
            self._done[id(step), service] = (merged, gap)
        return merged, gap

    def _base(self, unit: Unit, name: str, chain: list[tuple[Unit, str]]) -> "tuple[tuple[Unit, str] | None, Value[str] | None]":
        """The service that a service extends; None without one, with the reason where the base is not read."""
        node = present(unit.services[name].get("extends"))
        if node is None:
            return None, None
        service, file = (node.get("service"), present(node.get("file"))) if isinstance(node, Mapping) else (node, None)
        if not isinstance(service, Scalar):
            self.context.wrong_type(node, "a service's name or a mapping with `service`")
            return None, Value.unknown(node, "its `extends` is not understood")
        base = self.context.expanded(service).partial
        units = [unit]
        if isinstance(file, Scalar):
            found = self._extended(unit, name, node, file)
            if found is None:
                return None, Value.unknown(node, f"`{file.text}`, which the service extends, may set it")
            units = found
        near = next((one for one in units if base in one.services), None)
        if near is not None and (near, base) not in chain and len(chain) <= MAX_CHAIN:
            return (near, base), None
        there = "this file" if units[0] is unit else "that file"
        why = f"is not in {there}" if near is None else "extends this one in turn, or over too many steps"
        self.context.notice(NoticeKind.UNRESOLVED, node.head, f"Service `{base}`, which `{name}` extends, {why}.")
        return None, Value.unknown(node, f"`{base}`, which the service extends, {why}")

    def _extended(self, unit: Unit, name: str, node: Node, written: Scalar) -> list[Unit] | None:
        """The documents of the file in which a service's base lies; None (with a notice) where that file is not here."""
        value = self.context.text(written)
        text = value.or_else(written.text)
        path = self.context.path(text, written)
        if value.is_set and path == unit.key[1]:
            return [unit]
        file = self.library.compose(path, unit.key[0]) if value.is_set else None
        if file is not None:
            lookup = self.context.scope(node).lookup
            self.context.enter(file.source, Scope(file.directory, lookup))
            return [self.unit(file, document) for document in file.documents]
        if self.library.complete:
            why = value.reason if value.is_unknown else self.library.why_not(text, path)
            reason = f"`{text}`, which service `{name}` extends, {why}: what this file does not set is unknown."
            self.context.notice(NoticeKind.UNRESOLVED, written.place, reason)
        else:
            reason = f"`{text}`, which service `{name}` extends, is not merged in: what this file does not set is unknown."
            self.context.notice(NoticeKind.PARTIAL, node.head, reason)
        return None


class Model:
    """Files merged in their order, with what they include. ``gap`` is why absences in them prove nothing."""

    def __init__(
        self, loader: Loader, files: list[File], scope: Scope, chain: tuple[Key, ...] = (), gap: "Value[str] | None" = None
    ) -> None:
        self.loader = loader
        self.gap = gap
        self.layers: list[tuple[Unit, list[Model]]] = []
        self.files = list(files)
        self._names: dict[str, Mapping] | None = None
        chain = (*chain, *(file.key for file in files))
        for file in files:
            loader.context.enter(file.source, scope)
            for document in file.documents:
                unit = loader.unit(file, document)
                self.layers.append((unit, list(self._included(unit, scope, chain))))
        for unit, included in self.layers:
            self._note_conflicts(unit, included)

    def names(self) -> dict[str, Mapping]:
        """The names of all services, each with a place where it is written."""
        if self._names is None:
            self._names = {}
            for unit, included in self.layers:
                for names in (unit.services, *(model.names() for model in included)):
                    for name, node in names.items():
                        self._names.setdefault(name, node)
        return self._names

    def resolve(self, name: str) -> Resolved | None:
        """A service merged from all layers; None where none has it."""
        found: Mapping | None = None
        gap = self.gap
        for unit, included in self.layers:
            if name in unit.removed:
                found = None
            one = self.loader.resolve(unit, name) if name in unit.services else _first(included, name)
            if one is not None:
                found = one[0] if found is None else self.loader.merger.overridden(found, one[0])
                gap = gap or one[1]
        return (found, gap) if found is not None else None

    def section(self, name: str) -> dict[str, Node]:
        """The entries of a top-level section, merged."""
        found: dict[str, Node] = {}
        for unit, included in self.layers:
            own: dict[str, Node] = {}
            for model in included:
                own = model.section(name) | own
            written = Fields(unit.root, self.loader.context).mapping(name)
            own |= written.entries if written is not None else {}
            found = self.loader.merger.section(found, own) if found else own
        return found

    def written(self) -> Iterator[Mapping]:
        """All services as they are written, before they are merged."""
        for unit, included in self.layers:
            yield from unit.services.values()
            for model in included:
                yield from model.written()

    def all_files(self) -> Iterator[File]:
        """The files that this is made of, included ones too."""
        yield from self.files
        for _, included in self.layers:
            for model in included:
                yield from model.all_files()

    def _note_conflicts(self, unit: Unit, included: "list[Model]") -> None:
        theirs = {name for model in included for name in model.names()} if included else set()
        for name in unit.services.keys() & theirs:
            reason = f"Service `{name}` is also defined by an included file; Compose refuses that unless both say the same."
            self.loader.context.notice(NoticeKind.PARTIAL, unit.services[name].head, reason)

    def _included(self, unit: Unit, scope: Scope, chain: tuple[Key, ...]) -> "Iterator[Model]":
        node = present(unit.root.entries.get("include"))
        if isinstance(node, Sequence):
            for item in node.items:
                model = self._include(item, unit, scope, chain)
                if model is not None:
                    yield model
        elif node is not None and not isinstance(node, Opaque):
            self.loader.context.wrong_type(node, "a list")

    def _include(self, item: Node, unit: Unit, scope: Scope, chain: tuple[Key, ...]) -> "Model | None":
        """One entry of ``include``: a path, or a mapping with one or several."""
        context, library = self.loader.context, self.loader.library
        fields = Fields(item, context) if isinstance(item, Mapping) else None
        paths = list(fields.items("path", single=True)) if fields is not None else [item]
        files: list[File] = []
        gap: Value[str] | None = None
        for node in paths:
            file = self._open(node, unit)
            if file is None and not files:
                return None
            if file is None:
                gap = Value.unknown(node, "a file that is merged over it was not read")
            else:
                files.append(file)
        if not files:
            return None
        library.includes += 1
        around = any(file.key in chain for file in files)
        if around or len(chain) > MAX_CHAIN or library.includes > MAX_INCLUDES:
            why = "includes this one in turn" if around else "is included too deep, or one of too many"
            context.notice(NoticeKind.LIMIT, paths[0].place, f"`{files[0].name}` {why}; this include is not followed.")
            return None
        folder, lookup = self._surroundings(fields, files[0], unit, scope)
        return Model(self.loader, files, Scope(folder, lookup), chain, gap)

    def _surroundings(self, fields: Fields | None, file: File, unit: Unit, scope: Scope) -> Scope:
        """The folder and the variables of an included project."""
        context, library = self.loader.context, self.loader.library
        folder = file.directory
        env_files: list[str] = []
        if fields is not None:
            directory = fields.text("project_directory")
            folder = context.path(directory.or_else(""), fields.node) if directory.value else folder
            written = fields.items("env_file", single=True)
            env_files = [context.path(context.text(node).or_else(""), node) for node in written]
        if not env_files:
            env_files = [posixpath.normpath(posixpath.join(folder, ".env"))]
        return Scope(folder, library.environment_of(env_files, unit.key[0], scope.lookup))

    def _open(self, node: Node, unit: Unit) -> File | None:
        """The file that a path of ``include`` names; None (with a notice, where the stack is complete) where it is not here."""
        context, library = self.loader.context, self.loader.library
        if not isinstance(node, Scalar):
            if not isinstance(node, Opaque):
                context.wrong_type(node, "a path")
            return None
        value = context.text(node)
        text = value.or_else(node.text)
        path = context.path(text, node)
        file = library.compose(path, unit.key[0]) if value.is_set else None
        if file is None and library.complete:
            why = value.reason if value.is_unknown else library.why_not(text, path)
            reason = f"`{text}`, which is included here, {why}; its services are not judged."
            context.notice(NoticeKind.UNRESOLVED, node.place, reason)
        return file


def _first(models: list[Model], name: str) -> Resolved | None:
    """A service from the first included model that has it."""
    return next((found for model in models if name in model.names() and (found := model.resolve(name)) is not None), None)

"""A Compose project as subjects: its services as they will run, from all of its files.

Services of every profile are judged: they are deployed when somebody chooses the profile.
"""

import posixpath
import re
from posixpath import basename

from afscan.model.node import Mapping, Node, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.subjects import Container, Subject, Workload
from afscan.model.value import Value
from afscan.platforms.compose.declared import Declared
from afscan.platforms.compose.delivery import add_secret_variables
from afscan.platforms.compose.embedding import Embedding
from afscan.platforms.compose.interpolation import Lookup
from afscan.platforms.compose.library import File, Library
from afscan.platforms.compose.loading import ELSEWHERE, Loader, Model
from afscan.platforms.compose.mounts import Mounts
from afscan.platforms.compose.networks import attach
from afscan.platforms.compose.reading import Context, Fields, Scope
from afscan.platforms.compose.services import add_service
from afscan.platforms.reading import Interpretation

MAX_ENTRIES = 200_000
"""How many entries all services of a project may have together, shared ones counted each time."""

_NOT_IN_NAMES = re.compile(r"[^a-z0-9_-]")


class Project:
    """What Compose reads together: the files in their order.

    ``overlay`` is the last of them where it is merged only on demand (see :func:`~afscan.model.subjects.overlay_of`); then only
    the services that it names are read. ``without`` are services that exist to be extended from other files.
    """

    def __init__(self, files: list[File], overlay: File | None = None, without: frozenset[str] = frozenset()) -> None:
        self.files = files
        self.overlay = overlay
        self.without = without


def read_project(project: Project, library: Library, out: Interpretation) -> list[File]:
    """Put the services of a project into the interpretation; the files that it is made of, included ones too."""
    first = project.files[0]
    lookup = _environment(project, library)
    scope = Scope(first.directory, lookup)
    context = Context(out, scope, library)
    model = Model(Loader(library, context), project.files, scope)
    start, embedded = len(out.subjects), len(out.embedded)
    _read_services(project, model, context)
    add_secret_variables(context)
    if project.overlay is not None:
        path = project.overlay.source.path
        below = [(unit, included) for unit, included in model.layers if unit.key != project.overlay.key]
        base = {name for unit, _ in below for name in unit.services}
        base |= {name for _, included in below for one in included for name in one.names()}
        out.subjects[start:] = _changed(out.subjects[start:], path, base)
        out.embedded[embedded:] = [one for one in out.embedded[embedded:] if _stands_in(one, project.overlay)]
    name = _name(project, lookup)
    declared = model.section("networks")
    for subject in out.subjects[start:]:
        if isinstance(subject, Workload):
            subject.project = name
            attach(subject, declared, name, context)
    return list(model.all_files())


def _read_services(project: Project, model: Model, context: Context) -> None:
    names = model.names()
    mounts, embedding = Mounts(model.section("volumes"), model.section("configs"), context), Embedding(context)
    awaited, declared = _awaited(model), Declared(model)
    overlaid = _overlaid(project, model)
    entries = 0
    for name, written in names.items():
        if name in project.without or (overlaid is not None and name not in overlaid):
            continue
        found = model.resolve(name)
        if found is None:
            continue
        node, gap = found
        entries += _size(node)
        if entries > MAX_ENTRIES:
            reason = f"The services have more than {MAX_ENTRIES} entries; `{name}` and those after it are not judged."
            context.notice(NoticeKind.LIMIT, written.head, reason)
            break
        fields = Fields(node, context, gap or _override_gap(project, written))
        if fields.get("image") is not None or fields.get("build") is not None:
            add_service(name, fields, mounts, embedding, completes=name in awaited)
            container = next(one for one in reversed(context.out.subjects) if isinstance(one, Container))
            declared.emit(fields, container)
        elif fields.get("provider") is None and gap is None:
            reason = f"Service `{name}` has neither `image` nor `build` here; {ELSEWHERE}"
            context.notice(NoticeKind.PARTIAL, written.head, reason)
    for unit, _ in model.layers:
        for name in unit.empty.keys() - names.keys():
            reason = f"Service `{name}` is empty here; {ELSEWHERE}"
            context.notice(NoticeKind.PARTIAL, unit.empty[name].key_place(name), reason)
    _embed_configs(mounts, embedding)


def _overlaid(project: Project, model: Model) -> set[str] | None:
    """The services that an overlay names; None where all services are read."""
    if project.overlay is None:
        return None
    found: set[str] = set()
    for unit, included in model.layers:
        if unit.key == project.overlay.key:
            found |= unit.services.keys()
            found |= {name for one in included for name in one.names()}
    return found


def _changed(subjects: list[Subject], path: str, base: set[str]) -> list[Subject]:
    """What a project with an overlay adds to the base's own: subjects in the overlay, and containers that it makes others."""
    kept: list[Subject] = []
    for subject in subjects:
        if isinstance(subject, Workload):
            subject.overlay = path if subject.name.removeprefix("service ") in base else ""
        if isinstance(subject, Workload | Container) or subject.place.path == path:
            kept.append(subject)
    return kept


def _stands_in(source: Source, file: File) -> bool:
    """Whether a text is embedded in a file."""
    at: Source | None = source
    while at is not None:
        if at is file.source:
            return True
        at = at.outer
    return False


def _override_gap(project: Project, service: Mapping) -> Value[str] | None:
    """Why an absence in an override file without its base proves nothing: Compose merges such a file over another one."""
    if len(project.files) > 1 or "override" not in basename(project.files[0].source.name).lower():
        return None
    return Value.unknown(service, "the file that this one overrides may set it")


def _awaited(model: Model) -> set[str]:
    """The services that another one waits for until they have completed."""
    found: set[str] = set()
    for service in model.written():
        depends = service.entries.get("depends_on")
        for name, node in depends.entries.items() if isinstance(depends, Mapping) else ():
            condition = node.get("condition")
            if isinstance(condition, Scalar) and condition.text == "service_completed_successfully":
                found.add(name)
    return found


def _size(service: Mapping) -> int:
    """How many entries a service has on its first two levels."""
    return sum(1 + sum(1 for _ in node.children()) for node in service.entries.values())


def _embed_configs(mounts: Mounts, embedding: Embedding) -> None:
    """Hand over the texts of top-level configs, named after the file that they become."""
    for name, node in mounts.configs.items():
        content = node.get("content")
        if isinstance(content, Scalar):
            embedding.embed(content, name=mounts.uses.get(name, name), holder="compose-config", owner=name)


def _environment(project: Project, library: Library) -> Lookup:
    """What is known of variables: the folder's ``.env``, and the project's own name where a file gives one."""
    first = project.files[0]
    outer = library.environment(first.directory, first.key[0])
    name = _written_name(project)
    if not name:
        return outer

    def lookup(variable: str) -> str | None:
        known = outer(variable)
        return name if known is None and variable == "COMPOSE_PROJECT_NAME" else known

    return lookup


def _written_name(project: Project) -> str:
    """The top-level ``name`` of the last file that has one; "" where it is none or depends on variables."""
    name = ""
    for file in project.files:
        for document in file.documents:
            node: Node | None = document.node.get("name")
            if isinstance(node, Scalar) and not node.is_null:
                name = node.text if "$" not in node.text else ""
    return name


def _name(project: Project, lookup: Lookup) -> str:
    """The project's name: what a variable or a file says, else the folder's name, as Compose changes it."""
    given = lookup("COMPOSE_PROJECT_NAME")
    folder = posixpath.basename(posixpath.normpath(project.files[0].directory or "."))
    return given or _NOT_IN_NAMES.sub("", folder.lower()).lstrip("_-")

"""Compose projects: the files of a folder that Compose reads together, and what their services say.

* A file is read as a project of its own, except the override file that Compose merges over the folder's base by itself
  (``compose.override.yaml``), files that others include, and services that exist for files of other names to extend.
* Which files Compose takes by default is decided as it does (compose-go, ``cli``): the first of the default names, then the first
  override name; or what ``COMPOSE_FILE`` in the folder's ``.env`` says.
* A file that cannot stand alone (``docker-compose.prod.yml`` with a service without ``image`` and ``build``), or that calls itself
  an override, and has services of a base in its folder is an overlay: Compose merges it only when told to (``-f``). The base is
  judged without it, and the merged services a second time: of them only what stands in the overlay is reported (``overlay_of``).
* Files of a Markdown document belong together as those of a folder do; blocks without a name stand alone.
* What a dotenv file says is emitted here where no service gets it (``env_file``) and no text takes it (``${NAME}``).
"""

import posixpath
from collections.abc import Iterable
from typing import TYPE_CHECKING

from afscan.model.notice import Notice
from afscan.model.stack import Stack
from afscan.model.subjects import ComposeFile, DotenvFile, Subject

if TYPE_CHECKING:
    from afscan.platforms.compose.library import File, Library
    from afscan.platforms.compose.project import Project
    from afscan.platforms.reading import Interpretation

_BASES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = ("compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml")


def join(stack: Stack) -> Iterable[Subject]:
    """Put the stack's Compose files together and read them, texts embedded in them included."""
    files, dotenvs = stack.of(ComposeFile), stack.of(DotenvFile)
    if not files and not dotenvs:
        return []
    from afscan.platforms.reading import Interpretation  # noqa: PLC0415 - only stacks with such files pay for it

    out = Interpretation()
    if files:
        read_files(files, dotenvs, out, root=stack.root, complete=stack.complete)
    if out.embedded:
        _read_embedded(stack, out)
    for dotenv in dotenvs:
        from afscan.platforms.dotenv import connections_of  # noqa: PLC0415

        out.subjects += connections_of(dotenv)
    known: set[Notice] = set(stack.notices)
    stack.notices += dict.fromkeys(notice for notice in out.notices if notice not in known)
    return out.subjects


def read_files(
    files: list[ComposeFile], dotenvs: list[DotenvFile], out: "Interpretation", *, root: str = "", complete: bool = True
) -> None:
    """Put the services of all projects that Compose files make into the interpretation.

    :param root: the folder of their stack; what lies outside is not followed.
    :param complete: whether the stack is, so that a file which is referred to and not here is worth a notice.
    """
    from afscan.platforms.compose.library import Library  # noqa: PLC0415
    from afscan.platforms.compose.project import read_project  # noqa: PLC0415

    library = Library(files, dotenvs, root=root, complete=complete)
    reached: set[int] = set()
    for project in _projects(library):
        reached.update(map(id, read_project(project, library, out)))
    # Files that only include each other have no root: the first of them is then read as one.
    for file in library.files:
        if id(file) not in reached:
            from afscan.platforms.compose.project import Project  # noqa: PLC0415

            reached.update(map(id, read_project(Project([file]), library, out)))


def _read_embedded(stack: Stack, out: "Interpretation") -> None:
    """Interpret the texts inside Compose files."""
    from afscan.interpret import interpret  # noqa: PLC0415

    for source in out.embedded:
        inner, read, _ = interpret(source)
        out.subjects += inner.subjects
        out.notices += inner.notices
        stack.sources += read


def _projects(library: "Library") -> "list[Project]":
    """The projects of a stack: bases first, so that a name leads to what is deployed."""
    from afscan.platforms.compose.project import Project  # noqa: PLC0415

    if len(library.files) == 1:
        return [Project(library.files)]
    from afscan.platforms.compose.references import Folder, extended_services, included_files  # noqa: PLC0415

    folders: dict[tuple[str, str], list[File]] = {}
    for file in library.files:
        folders.setdefault((file.key[0], posixpath.dirname(file.key[1])), []).append(file)
    included = included_files(library)
    extended = extended_services(library)
    plain: list[Project] = []
    overlays: list[Project] = []
    for files in folders.values():
        default = _default(files, library)
        if default and id(default[0]) in included:
            default = default[:1]  # who includes it reads it, and without its override file
        elif default:
            plain.append(Project(default))
        rest = [file for file in files if file not in default and id(file) not in included]
        folder = Folder(files) if rest else None
        for file in rest:
            base = folder.base_of(file, default[0] if default else None) if folder is not None else None
            if base is not None:
                overlays.append(Project([base, file], overlay=file))
            else:
                plain.append(Project([file], without=extended.get(id(file), frozenset())))
    return plain + overlays


def _default(files: "list[File]", library: "Library") -> "list[File]":
    """The files of a folder that Compose reads when it is told nothing, in their order."""
    by_name: dict[str, list[File]] = {}
    for file in files:
        by_name.setdefault(file.name, []).append(file)

    def first(names: Iterable[str]) -> "list[File]":
        return next((by_name[name] for name in names if len(by_name.get(name, ())) == 1), [])

    folder, document = files[0].directory, files[0].key[0]
    said = library.environment(folder, document)("COMPOSE_FILE")
    if said:
        separator = library.environment(folder, document)("COMPOSE_PATH_SEPARATOR") or (";" if ";" in said else ":")
        named = [first([posixpath.normpath(name.strip())]) for name in said.split(separator)[:20]]
        if all(named):
            return list(dict.fromkeys(one[0] for one in named))
    base = first(_BASES)
    return base + first(_OVERRIDES) if base else []

"""Kustomizations: what is deployed is what they render to, not the files that they are made of.

* Every *root* (a kustomization that no other one of the stack includes) is rendered; the files that it names are no longer judged
  by themselves. A component is no root: it changes who includes it. What no kustomization names is judged as it stands.
* Roots that render the same base are *alternatives* (dev, staging and prod over one base): whoever deploys one does not deploy the
  others beside it, so they are never joined. Each is judged in a stack of its own, beside everything that is no alternative
  (:func:`deployments`). Of another group of alternatives it gets the one whose folder has the same name, else that group's first.
  Roots that share nothing are deployed together, in one stack.
* What surrounds the alternatives is judged once: in the first of these stacks, which is production's where one is called so.
* A change that could not be made (a plugin, a patch that is not there) is a :class:`~afscan.model.cluster.ManifestPatch`: what
  fails on the objects that it may change is unknown.
"""

import os
import posixpath
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from afscan.model.cluster import ManifestPatch
from afscan.model.kustomize import KustomizationFile
from afscan.model.node import Mapping, Node
from afscan.model.notice import Notice, NoticeKind
from afscan.model.objects import GeneratedObject
from afscan.model.record import field, record
from afscan.model.source import Source
from afscan.model.stack import Deployment, Stack
from afscan.model.subjects import ComposeFile, DotenvFile, Subject
from afscan.platforms.kustomize.names import components, included, patched_with
from afscan.platforms.kustomize.tree import Budget, TooMuch
from afscan.platforms.reading import Interpretation

if TYPE_CHECKING:
    from afscan.platforms.kustomize.objects import Item
    from afscan.platforms.kustomize.scope import Rendering

KEY = "kustomizations"

MAX_VARIANTS = 500
"""How many alternatives of one stack are judged."""

MAX_SURROUNDINGS = 300_000
"""How many subjects around the alternatives are joined with them, counted once for each."""

_REMADE = frozenset((NoticeKind.WRONG_TYPE, NoticeKind.PARTIAL, NoticeKind.UNRESOLVED))
"""Notices that come from what a file means: they are made anew for what is rendered from it."""

_PRODUCTION = ("prod", "live", "prd")


@record(slots=True)
class Roots:
    """The kustomizations that nobody includes: ``alone`` are deployed together, those of one group in ``groups`` never are."""

    library: "Files"
    budget: Budget
    alone: list[KustomizationFile] = field(default_factory=list)
    groups: list[list[KustomizationFile]] = field(default_factory=list)


class Files:
    """The files of a stack as kustomizations name them (a :class:`~afscan.platforms.kustomize.scope.Library`)."""

    def __init__(self, stack: Stack) -> None:
        self.complete = stack.complete
        self.root = "" if stack.root == "." else stack.root
        self.paths = set(stack.paths)
        self.read: list[Source] = []
        self._sources: dict[str, Source | None] = {one.path: one for one in stack.sources if one.outer is None}
        self._documents: dict[str, list[Node] | None] = {}
        self.files: dict[str, KustomizationFile] = {}
        for one in stack.of(KustomizationFile):
            self.files.setdefault(one.directory, one)

    def inside(self, path: str) -> bool:
        """Whether a path lies in the stack."""
        if not self.root:
            return not path.startswith(("../", "/")) and path != ".."
        return path == self.root or path.startswith(self.root.rstrip("/") + "/")

    def kustomization(self, directory: str) -> KustomizationFile | None:
        """The kustomization of a folder."""
        return self.files.get(directory)

    def documents(self, path: str) -> list[Node] | None:
        """The documents of a file of YAML or JSON; None where there is no such file, or it is no such text."""
        if path not in self._documents:
            self._documents[path] = self._parsed(path)
        return self._documents[path]

    def _parsed(self, path: str) -> list[Node] | None:
        from afscan.syntax import parse  # noqa: PLC0415 - only stacks with kustomizations pay for it

        source = self.source(path)
        if source is None:
            return None
        syntax = "json" if path.endswith(".json") else "yaml"
        if source.syntax != syntax:
            source = Source(source.path, source.text, syntax=syntax)
        parsed = parse(source)
        failed = any(one.kind in (NoticeKind.SYNTAX, NoticeKind.LIMIT) for one in parsed.notices)
        return None if failed else parsed.roots

    def source(self, path: str) -> Source | None:
        """The text of a file of the stack, also of one in which nothing was recognised."""
        if path not in self._sources:
            from afscan.files.read import read_file  # noqa: PLC0415

            found = read_file(path, path) if path in self.paths and self.inside(path) else None
            self._sources[path] = found if isinstance(found, Source) else None
            self.read += [found] if isinstance(found, Source) else []
        return self._sources[path]

    def exists(self, path: str) -> bool:
        """Whether a file of this path was found, read or not."""
        return path in self.paths or self._sources.get(path) is not None


def join(stack: Stack) -> Iterable[Subject]:
    """Take what kustomizations name out of the stack, and put in what those render to that have no alternatives."""
    files = stack.of(KustomizationFile)
    if not files:
        return []
    library = Files(stack)
    for one in files:
        if library.files[one.directory] is not one:
            reason = "There are several kustomizations in this folder; Kustomize refuses that, and the first is rendered."
            stack.notices.append(Notice(NoticeKind.UNRESOLVED, one.place, reason))
    roots = _roots(library, stack)
    _take_out(stack, library, roots)
    stack.joined[KEY] = roots
    subjects: list[Subject] = []
    for root in roots.alone:
        subjects += _rendered(root, roots, stack)
    return subjects


def _roots(library: Files, stack: Stack) -> Roots:
    """The kustomizations that nobody includes, and which of them are alternatives."""
    files = library.files
    below = {one.directory: [path for path in (*included(one), *components(one)) if path in files] for one in files.values()}
    named = {path for directory, paths in below.items() for path in paths if path != directory}
    found = [one for one in files.values() if one.directory not in named and not one.component]
    reached: set[str] = set()
    for root in found:
        reached |= _reach(root, library, everything=True)
    for one in files.values():  # those that only include each other have no root: the first of them is then rendered as one
        if one.directory not in reached and not one.component:
            found.append(one)
            reached |= _reach(one, library, everything=True)
        elif one.directory not in reached:
            reason = "No kustomization here includes this component; the files that it names are judged by themselves."
            stack.notices.append(Notice(NoticeKind.PARTIAL, one.place, reason))
    roots = Roots(library, Budget())
    for group in _alternatives(found, library):
        if len(group) == 1:
            roots.alone += group
        else:
            roots.groups.append(group)
    return roots


def _reach(root: KustomizationFile, library: Files, *, everything: bool) -> set[str]:
    """The folders and files that a kustomization is rendered from; without ``everything`` those only that bring in objects."""
    reached: set[str] = set()
    waiting = [root]
    while waiting:
        file = waiting.pop()
        if file.directory in reached:
            continue
        reached.add(file.directory)
        names = [*included(file), *(components(file) if everything else ())]
        if everything:
            reached.add(file.node.source.path)
            reached.update(path for path in patched_with(file) if path not in library.files)
        for name in names:
            if name in library.files:
                waiting.append(library.files[name])
            else:
                reached.add(name)
    return reached


def _alternatives(roots: list[KustomizationFile], library: Files) -> list[list[KustomizationFile]]:
    """Roots in groups that share what they render, directly or through each other."""
    group_of: dict[str, int] = {}
    groups: dict[int, list[KustomizationFile]] = {}
    members: dict[int, set[str]] = {}
    for number, root in enumerate(roots):
        reached = _reach(root, library, everything=False)
        same = {group_of[path] for path in reached if path in group_of}
        target = max(same, key=lambda one: len(members[one])) if same else number
        groups.setdefault(target, []).append(root)
        members.setdefault(target, set()).update(reached)
        group_of.update(dict.fromkeys(reached, target))
        for other in same - {target}:
            groups[target] += groups.pop(other)
            group_of.update(dict.fromkeys(members[other], target))
            members[target] |= members.pop(other)
    return [sorted(group, key=lambda one: one.directory) for group in groups.values()]


_STAYING = (ComposeFile, DotenvFile, KustomizationFile, GeneratedObject)


def _take_out(stack: Stack, library: Files, roots: Roots) -> None:
    """Remove what was read from the files that are rendered; what Compose may read as well stays, and what says that bases and
    generators make more than afscan renders."""
    files: set[str] = set()
    for root in (*roots.alone, *(root for group in roots.groups for root in group)):
        files |= _reach(root, library, everything=True)
    stack.keep(lambda one: isinstance(one, _STAYING) or one.node.source.path not in files)
    stack.notices[:] = [one for one in stack.notices if one.kind not in _REMADE or one.place.path not in files]


def _rendered(root: KustomizationFile, roots: Roots, stack: Stack) -> list[Subject]:
    """The subjects of what a kustomization renders to; its notices and texts go to the stack."""
    from afscan.interpret import interpret  # noqa: PLC0415
    from afscan.platforms.kubernetes import read_objects  # noqa: PLC0415
    from afscan.platforms.kustomize.build import render  # noqa: PLC0415
    from afscan.platforms.kustomize.scope import Rendering  # noqa: PLC0415

    out = Interpretation()
    rendering = Rendering(roots.library, roots.budget, out)
    items = render(root, rendering)
    stack.sources += roots.library.read
    roots.library.read = []
    nodes = _by_program(root, rendering, items, stack) if rendering.doubts or not rendering.whole else None
    read_objects(nodes if nodes is not None else [item.node for item in items], out, rendered=True)
    for node, doubted in rendering.doubts:
        out.subjects += _doubts(node, doubted, frozenset(rendering.files))
    for source in out.embedded:
        inner, read, _ = interpret(source)
        out.subjects += inner.subjects
        out.notices += inner.notices
        stack.sources += read
    known = set(stack.notices)
    stack.notices += dict.fromkeys(one for one in out.notices if one not in known)
    return out.subjects


def _by_program(root: KustomizationFile, rendering: "Rendering", items: "list[Item]", stack: Stack) -> "list[Mapping] | None":
    """The objects as Kustomize itself renders them, where that is allowed and the program is here; None where not."""
    directory = root.directory or "."
    if stack.joined.get("render") != "auto" or not os.path.isdir(directory):
        return None
    from afscan.files.programs import find_program, run_program  # noqa: PLC0415
    from afscan.platforms.kustomize.graft import graft  # noqa: PLC0415
    from afscan.syntax import parse  # noqa: PLC0415

    out = rendering.out
    for name, arguments in (("kubectl", ["kustomize"]), ("kustomize", ["build"])):
        program = find_program(name, stack.root or ".")
        if program is None:
            continue
        printed, problem = run_program([program, *arguments, os.path.abspath(directory)], stack.root or ".")
        if problem:
            reason = f"`{name} {arguments[0]}` does not render this either: {problem}."
            out.notice(NoticeKind.UNRESOLVED, root.place, reason)
            return None
        at = rendering.doubts[0][0] if rendering.doubts else root.node
        parsed = parse(Source(root.node.source.path, printed, syntax="yaml"))
        if parsed.notices:
            out.notice(NoticeKind.UNRESOLVED, root.place, f"What `{name} {arguments[0]}` prints cannot be read.")
            return None
        out.notices[:] = [one for one in out.notices if one.kind not in _REMADE | {NoticeKind.LIMIT}]
        rendering.doubts.clear()
        try:
            return graft(parsed.roots, items, at, rendering.budget)
        except TooMuch as error:
            out.notice(NoticeKind.LIMIT, root.place, f"What `{name} {arguments[0]}` prints is not judged: {error}.")
            return []
    reason = "Neither `kubectl` nor `kustomize` is on the PATH (outside of what is scanned): what is left out stays unknown."
    out.notice(NoticeKind.UNRESOLVED, root.place, reason)
    return None


def _doubts(node: Node, items: "list[Item] | None", files: frozenset[str]) -> Iterator[ManifestPatch]:
    """What was left out, for the objects that it may change."""
    if items is None:
        yield ManifestPatch(name="a change that is not made", node=node, platform="kubernetes", kind="", patched="", files=files)
    for item in items or ():
        yield ManifestPatch(name=f"{item.kind} {item.name}", node=node, platform="kubernetes", kind=item.kind, patched=item.name)


def deployments(stack: Stack) -> Iterator[Deployment]:
    """One stack for each alternative, joined, made when it is its turn."""
    roots = stack.joined[KEY]
    assert isinstance(roots, Roots)
    groups = roots.groups
    judged: set[str] = set()
    common, notices = list(stack), list(stack.notices)
    count = joined = 0
    for root in sorted((one for group in groups for one in group), key=_rank):
        if root.directory in judged:
            continue
        count += 1
        if count > MAX_VARIANTS:
            reason = f"More than {MAX_VARIANTS} kustomizations are alternatives of each other; this one and those after it are not judged."
            stack.notices.append(Notice(NoticeKind.LIMIT, root.place, reason))
            return
        chosen = [_chosen(root, group) for group in groups]
        fresh = [one for one in chosen if one.directory not in judged]
        judged.update(one.directory for one in fresh)
        joined += len(common)
        alone = joined > MAX_SURROUNDINGS and count > 1
        if alone and common:
            reason = "There are too many kustomizations for what else is deployed to be joined with each: this one is judged by itself."
            stack.notices.append(Notice(NoticeKind.LIMIT, root.place, reason))
        surroundings = Stack(stack.root, complete=stack.complete and not (alone and common))
        surroundings.foreign = stack.foreign
        surroundings.sources, surroundings.paths, surroundings.notices = list(stack.sources), stack.paths, list(notices)
        surroundings.joined = {key: value for key, value in stack.joined.items() if key != KEY}
        surroundings.add([] if alone else common)
        yield _deployment(surroundings, roots, chosen, fresh, first=count == 1)


def _rank(root: KustomizationFile) -> tuple[bool, str]:
    return not posixpath.basename(root.directory).lower().startswith(_PRODUCTION), root.directory


def _chosen(root: KustomizationFile, group: list[KustomizationFile]) -> KustomizationFile:
    """The alternative of a group that is deployed with a root."""
    if root in group:
        return root
    name = posixpath.basename(root.directory)
    return next((one for one in group if posixpath.basename(one.directory) == name), min(group, key=_rank))


def _deployment(
    part: Stack, roots: Roots, chosen: list[KustomizationFile], fresh: list[KustomizationFile], *, first: bool
) -> Deployment:
    """Alternatives put into their surroundings, and joined with them."""
    from afscan.join import connect  # noqa: PLC0415

    for root in chosen:
        part.add(_rendered(root, roots, part))
    connect(part)
    files: set[str] = set()
    for root in fresh:
        files |= _reach(root, roots.library, everything=True)
    return Deployment(part, fresh[0], frozenset(files), everything=first)

"""What one kustomization is rendered in: its file, what it may read, what is noted about it."""

from collections.abc import Iterator
from posixpath import join as join_path
from posixpath import normpath
from typing import Protocol

from afscan.model.kustomize import KustomizationFile
from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.platforms.kustomize.objects import Item
from afscan.platforms.kustomize.tree import Budget
from afscan.platforms.reading import Interpretation


class Library(Protocol):
    """The files that kustomizations may name. ``complete``: all of the stack's are there."""

    complete: bool

    def inside(self, path: str) -> bool:
        """Whether a path lies in the stack."""

    def kustomization(self, directory: str) -> KustomizationFile | None:
        """The kustomization of a folder."""

    def documents(self, path: str) -> list[Node] | None:
        """The documents of a file of YAML or JSON; None where there is no such file, or it cannot be parsed."""

    def source(self, path: str) -> Source | None:
        """The text of a file."""

    def exists(self, path: str) -> bool:
        """Whether a file of this path was found, read or not."""


class Rendering:
    """What all kustomizations of one rendering share.

    ``doubts`` are changes that were left out, with the objects that they may change (None: all). ``whole`` is False where objects
    are missing.
    """

    def __init__(self, library: Library, budget: Budget, out: Interpretation) -> None:
        self.library = library
        self.budget = budget
        self.out = out
        self.files: set[str] = set()
        self.doubts: list[tuple[Node, list[Item] | None]] = []
        self.whole = True
        self.operations = 0


class Scope:
    """One kustomization in a rendering."""

    def __init__(self, file: KustomizationFile, rendering: Rendering) -> None:
        assert isinstance(file.node, Mapping)
        self.file = file
        self.root: Mapping = file.node
        self.rendering = rendering
        self.library = rendering.library
        self.budget = rendering.budget
        self.files = rendering.files

    @property
    def is_whole(self) -> bool:
        """Whether all objects are there: only then a target that is not found is worth a word."""
        return self.rendering.whole

    def note(self, kind: NoticeKind, node: Node, reason: str) -> None:
        """Note something at the head of a node."""
        self.rendering.out.notice(kind, node.place if isinstance(node, Scalar) else node.head, reason)

    def doubt(self, node: Node, reason: str, items: list[Item] | None = None, kind: NoticeKind = NoticeKind.UNRESOLVED) -> None:
        """Note a change that is left out; what it may change is judged with that in mind."""
        self.note(kind, node, reason)
        self.rendering.doubts.append((node, items))

    def items(self, field: str) -> list[Node]:
        """The items of a list; a wrong type is noted."""
        node = self.root.entries.get(field)
        if isinstance(node, Sequence):
            return node.items
        if node is not None and not (isinstance(node, Scalar) and node.is_null):
            self.note(NoticeKind.WRONG_TYPE, node, f"`{field}` should be a list; it is not evaluated.")
        return []

    def mappings(self, field: str) -> Iterator[Mapping]:
        """The mappings of a list; others are noted."""
        for item in self.items(field):
            if isinstance(item, Mapping):
                yield item
            else:
                self.note(NoticeKind.WRONG_TYPE, item, f"Items of `{field}` should be mappings; this one is not evaluated.")

    def scalar(self, field: str) -> Scalar | None:
        """A field that is a text, None where it is empty; a wrong type is noted."""
        node = self.root.entries.get(field)
        if node is None or (isinstance(node, Scalar) and (node.is_null or not node.text)):
            return None
        if not isinstance(node, Scalar):
            self.note(NoticeKind.WRONG_TYPE, node, f"`{field}` should be a string; it is not evaluated.")
            return None
        return node


def path_below(scope: Scope, written: str, at: Node) -> str | None:
    """A path that a kustomization names, as paths of sources are; None (with a notice) where it leaves the stack."""
    path = normpath(join_path(scope.file.directory, written))
    if scope.library.inside(path) or not scope.library.complete:
        return "" if path == "." else path
    scope.note(NoticeKind.UNRESOLVED, at, f"`{written[:80]}` lies outside of what is scanned; it is not read.")
    return None

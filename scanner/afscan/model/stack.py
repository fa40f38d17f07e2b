"""The stack: all subjects deployed together, and whether it is whole."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, cast

from afscan.model.notice import Notice
from afscan.model.record import record
from afscan.model.source import Source
from afscan.model.subjects import Subject

S = TypeVar("S", bound=Subject)


class Stack:
    """Subjects by type, in the order of their sources.

    ``complete`` is False where only some files of the stack were given: rules about an absence are then not judged. ``root`` is
    the stack's folder relative to the scan root ("" for the root itself). ``sources`` are all texts read, by (path, name);
    ``paths`` all files, also those in which nothing was recognised.
    ``joined`` holds indexes that joins (``afscan.join``) compute once per stack, by their own names.
    """

    def __init__(self, root: str, *, complete: bool) -> None:
        self.root = root
        self.complete = complete
        self.sources: list[Source] = []
        self.paths: list[str] = []
        self.foreign: list[str] = []  # files that were not read at all, by their names (archives among them)
        self.notices: list[Notice] = []
        self.joined: dict[str, Any] = {}
        self._by_type: dict[type[Subject], list[Subject]] = {}

    def add(self, subjects: Iterable[Subject]) -> None:
        """Take subjects in; each is found under its own type and all its base types."""
        for subject in subjects:
            for kind in type(subject).__mro__:
                if kind is object:
                    break
                self._by_type.setdefault(kind, []).append(subject)

    def keep(self, wanted: Callable[[Subject], bool]) -> None:
        """Leave out all subjects that are not wanted."""
        for kind, subjects in self._by_type.items():
            self._by_type[kind] = [one for one in subjects if wanted(one)]

    def of(self, kind: type[S]) -> list[S]:
        """All subjects of a type, subtypes included."""
        return cast("list[S]", self._by_type.get(kind, []))

    def kinds(self) -> list[type[Subject]]:
        """All types of which there are subjects, base types included."""
        return [kind for kind, subjects in self._by_type.items() if subjects]

    def __iter__(self) -> Iterator[Subject]:
        return iter(self.of(Subject))


@record(slots=True)
class Deployment:
    """What is deployed together, as a stack, and what of it is judged in it.

    Mostly this is a stack itself, with nothing else set. Where Kustomize renders alternatives (overlays over one base), each of them
    is a deployment: ``root`` is its kustomization, ``files`` are the files that it is rendered from. What surrounds the alternatives
    is part of each of the stacks and judged in the one that judges ``everything``.
    """

    stack: Stack
    root: Subject | None = None
    files: frozenset[str] = frozenset()
    everything: bool = True

    def judges(self, subject: Subject) -> bool:
        """Whether a subject of the stack is judged here."""
        return self.everything or subject.node.source.path in self.files

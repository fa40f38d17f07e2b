"""Walk the given paths: which files there are, and which stack each belongs to.

Ignore files (``.gitignore``) are honoured below a directory, never for a file that was named itself. Links are followed to
files inside the root only; directories behind links are not entered.
"""

import os
from collections.abc import Iterator
from os.path import join
from posixpath import dirname, normpath
from posixpath import join as posix_join
from typing import TYPE_CHECKING

from afscan.files.recognise import is_foreign
from afscan.judge.config import load_file
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Place, Span
from afscan.model.record import field, record

if TYPE_CHECKING:
    from typing import Any

    from pathspec import PathSpec

    Patterns = PathSpec[Any]

MARKER = ".afscan.yaml"
"""A folder with this file is a stack of its own."""

MAX_FILES = 100_000
SKIPPED = frozenset(
    (".git", ".hg", ".svn", "node_modules", ".terraform", "__pycache__", ".venv", "venv", ".tox", ".mypy_cache", ".pytest_cache")
)
"""Folders that hold nothing a person wrote for this platform."""

_NAMED = frozenset((MARKER, ".gitignore", ".dockerignore"))


@record(slots=True)
class StackFiles:
    """The files of one stack. ``report`` narrows what is reported to these paths; None reports on all."""

    root: str
    complete: bool
    files: list[str] = field(default_factory=list)
    report: set[str] | None = None


@record(slots=True)
class Discovery:
    """All files to read, by stack; foreign ones (code, media) are only counted."""

    stacks: dict[str, StackFiles] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def stack(self, root: str, *, complete: bool) -> StackFiles:
        """The stack at a root, made when first asked for; once partial stays partial unless its root itself was scanned."""
        found = self.stacks.get(root)
        if found is None:
            found = self.stacks[root] = StackFiles(root, complete)
        found.complete = found.complete or complete
        return found


def display(path: str) -> str:
    """A path as it is reported: relative to the working directory where it lies below it, else as given; always with ``/``."""
    text = os.path.normpath(path)
    if os.path.isabs(text):
        relative = os.path.relpath(text)
        text = relative if not relative.startswith("..") else text
    return text.replace(os.sep, "/")


class _Once:
    """Each file once, also where the given paths overlap or name it in two ways (``x`` and ``../here/x``)."""

    def __init__(self, *, several: bool) -> None:
        self.several = several
        self.taken: set[str] = set()

    def takes(self, file: str) -> bool:
        """Whether a file is new."""
        if not self.several:
            return True
        key = os.path.abspath(file)
        if key in self.taken:
            return False
        self.taken.add(key)
        return True


def discover(paths: list[str], *, context: str = "none", exclude: "Patterns | None" = None) -> Discovery:
    """Find the files of the given paths.

    :param paths: files and directories; a missing one raises.
    :param context: ``stack`` also reads the rest of the stack of each given path (nearest marker above it, else the
        repository's top) and reports on the given paths only.
    :param exclude: patterns of files to leave out, relative to the working directory. A path that somebody names is read
        nevertheless; not so the files given with ``stack``: that is how a hook names all that changed.
    :raises FileNotFoundError: for a path that does not exist.
    """
    found = Discovery()
    given: set[str] = set()
    once = _Once(several=len(paths) > 1)
    paths = [path for path in paths if _leads_somewhere(path, found)]
    # Folders first, the outer before the inner: what lies in one of them belongs to its stack, however else it is named.
    for path in sorted(filter(os.path.isdir, paths), key=lambda one: os.path.abspath(one).count(os.sep)):
        start = display(path)
        above = None if os.path.isfile(join(path, MARKER)) else _marker_above(start)
        root = above or start
        for file, owner in _walk(start, root, found, None if _matches(exclude, start + "/") else exclude):
            if once.takes(file):
                found.stack(owner, complete=above is None or owner != root).files.append(file)
                given.add(file)
    for path in paths:
        start = display(path)
        left_out = context == "stack" and _matches(exclude, start)
        if not os.path.isdir(path) and not left_out and once.takes(start):
            found.stack(_stack_of(start), complete=False).files.append(start)
            given.add(start)
    found.foreign = list(dict.fromkeys(found.foreign))
    if context == "stack":
        _add_context(found, given, exclude)
    for stack in found.stacks.values():
        stack.files = sorted(set(stack.files))
    return found


def _matches(patterns: "Patterns | None", path: str) -> bool:
    return patterns is not None and patterns.match_file(path)


def _leads_somewhere(path: str, found: Discovery) -> bool:
    """Whether a given path can be read; a link to nowhere or in a circle is noted, a missing path raises."""
    try:
        os.stat(path)
    except OSError:
        if not os.path.islink(path):
            raise
        _note(found, display(path), "This link leads nowhere; it is not followed.")
        return False
    return True


def _add_context(found: Discovery, given: set[str], exclude: "Patterns | None") -> None:
    """Read the rest of every partial stack, and report on the given files only."""
    for stack in list(found.stacks.values()):
        if stack.complete:
            continue
        root = stack.root
        wanted = given & set(stack.files)
        stack.files += [file for file, owner in _walk(root, root, found, exclude) if owner == root]
        stack.complete = True
        stack.report = wanted


def _marker_above(path: str) -> str | None:
    """The nearest folder strictly above a path that holds the marker; not looked for beyond the repository's top."""
    current = os.path.abspath(path)
    while not os.path.exists(join(current, ".git")) and os.path.dirname(current) != current:
        current = os.path.dirname(current)
        if os.path.isfile(join(current, MARKER)):
            return display(current)
    return None


def _stack_of(path: str) -> str:
    """The stack root of a single file: nearest marker, else the repository's top, else the file's folder."""
    above = _marker_above(path)
    if above is not None:
        return above
    start = current = os.path.dirname(os.path.abspath(path))
    while os.path.dirname(current) != current:
        if os.path.exists(join(current, ".git")):
            return display(current)
        current = os.path.dirname(current)
    return display(start)


def _walk(start: str, root: str, found: Discovery, exclude: "Patterns | None") -> Iterator[tuple[str, str]]:
    """Every file below a directory with the root of its stack, in a stable order."""
    real_root = os.path.realpath(start)
    waiting: list[tuple[str, str, tuple[tuple[str, Patterns], ...]]] = [(start, root, ())]
    count = 0
    while waiting:
        folder, owner, ignores = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda e: e.name, reverse=True)
        except OSError as error:
            _note(found, folder, f"The directory cannot be read: {error.strerror or error}.")
            continue
        names = {entry.name for entry in entries}
        if MARKER in names:
            owner = folder
            own = load_file(join(folder, MARKER)).excluded() if folder != start else None
            ignores = (*ignores, (".", own)) if own is not None else ignores
        if ".gitignore" in names:
            ignores = (*ignores, (folder, _ignore_file(join(folder, ".gitignore"))))
        files: list[str] = []
        for entry in entries:
            path = normpath(posix_join(folder, entry.name)) if folder != "." else entry.name
            if _is_ignored(path, entry, ignores) or (exclude is not None and exclude.match_file(path)):
                continue
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED:
                    waiting.append((path, owner, ignores))
            elif entry.is_symlink() and not _link_stays(entry.path, real_root):
                _note(found, path, "This link leads to a directory, out of the scanned tree or nowhere; it is not followed.")
            elif entry.name not in _NAMED:
                files.append(path)
        for path in reversed(files):
            count += 1
            if count > MAX_FILES:
                _note(found, start, f"There are more than {MAX_FILES:,} files; the rest is not read.")
                return
            if is_foreign(path):
                found.foreign.append(path)
                continue
            yield path, owner


def _link_stays(path: str, real_root: str) -> bool:
    real = os.path.realpath(path)
    return os.path.isfile(real) and (real == real_root or real.startswith(real_root.rstrip(os.sep) + os.sep))


def _ignore_file(path: str) -> "Patterns":
    from pathspec import GitIgnoreSpec  # noqa: PLC0415

    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return GitIgnoreSpec.from_lines(stream.read(1_000_000).splitlines())
    except (OSError, ValueError):
        return GitIgnoreSpec([])


def _is_ignored(path: str, entry: "os.DirEntry[str]", ignores: "tuple[tuple[str, Patterns], ...]") -> bool:
    for folder, spec in ignores:
        relative = path if folder == "." else path[len(folder) + 1 :]
        if spec.match_file(relative + "/" if entry.is_dir(follow_symlinks=False) else relative):
            return True
    return False


def _note(found: Discovery, path: str, reason: str) -> None:
    found.notices.append(Notice(NoticeKind.UNREADABLE, Place(path, Span(1, 1, 1, 1)), reason))


def folder_of(path: str) -> str:
    """The folder of a reported path; "." for a bare name."""
    return dirname(path) or "."

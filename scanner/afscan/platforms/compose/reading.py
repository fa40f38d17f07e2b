"""How the nodes of a Compose file are read: every scalar interpolated, every oddity noted once, paths resolved.

Compose interpolates before it looks at types, so a number, a boolean or a port can be a variable. What a missing variable
stands in is unknown; where only part of a text is missing, :meth:`Context.known` keeps the part that is there.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.place import Place
from afscan.model.source import Source
from afscan.model.value import Value
from afscan.platforms.compose import units
from afscan.platforms.compose.interpolation import Interpolated, Lookup, interpolate
from afscan.platforms.reading import Interpretation

if TYPE_CHECKING:
    from afscan.platforms.compose.library import Library

T = TypeVar("T")

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def folder_of(source: Source) -> str:
    """The folder that a Compose file's relative paths start from, relative to the working directory; "" for that itself.

    A block of a Markdown file stands where its own name says, below the Markdown file's folder.
    """
    folder = posixpath.dirname(source.path)
    name = source.name
    if source.outer is None or name.startswith(source.path) or posixpath.isabs(name):
        return folder
    return posixpath.join(folder, posixpath.dirname(name)).rstrip("/")


def document_of(source: Source) -> str:
    """The Markdown file that holds a text; empty for a file of its own. Files of a document know each other only."""
    return source.file.path if source.outer is not None else ""


def missing_reason(text: Interpolated) -> str:
    """Why an interpolated text is not known, in a clause."""
    if text.malformed:
        return "its variable reference is malformed"
    return f"`${{{text.missing[0]}}}` comes from the environment" if text.missing else "it is not known"


class Scope(NamedTuple):
    """How the texts of one file are read: where relative paths start, and what is known of variables."""

    folder: str
    lookup: Lookup


def nothing_known(name: str) -> str | None:
    """A lookup that knows no variable."""
    return None


class Context:
    """The files of a Compose project while they are interpreted: how each is read, and what was interpolated already."""

    def __init__(self, out: Interpretation, scope: Scope, library: "Library") -> None:
        self.out = out
        self.main = scope
        self.library = library
        self._scopes: dict[int, Scope] = {}
        self._texts: dict[int, tuple[Scalar, Interpolated]] = {}
        self._noted: set[tuple[Place, str]] = set()

    def enter(self, source: Source, scope: Scope) -> None:
        """Say how a file is read; what was said first counts."""
        self._scopes.setdefault(id(source), scope)

    def scope(self, node: Node) -> Scope:
        """How the file of a node is read."""
        return self._scopes.get(id(node.source), self.main)

    def notice(self, kind: NoticeKind, place: Place, reason: str) -> None:
        """Record what was not read; the same thing (a shared anchor, an extended service) only once."""
        if (place, reason) not in self._noted:
            self._noted.add((place, reason))
            self.out.notice(kind, place, reason)

    def wrong_type(self, node: Node, what: str) -> None:
        """Record a node of a type that Compose does not accept there."""
        name = node.key.text if node.key is not None else "this item"
        self.notice(NoticeKind.WRONG_TYPE, node.head, f"`{name}` should be {what}; it is not judged.")

    def expanded(self, scalar: Scalar) -> Interpolated:
        """A scalar's text with its variables expanded; malformed references are noted."""
        known = self._texts.get(id(scalar))
        if known is not None:
            return known[1]
        text = interpolate(scalar.text, self.scope(scalar).lookup)
        self._texts[id(scalar)] = (scalar, text)
        for start, end in text.malformed:
            reason = "This is no variable reference that Compose accepts; `$$` writes a dollar sign."
            self.notice(NoticeKind.SYNTAX, scalar.part(start, end), reason)
        return text

    def texts(self) -> "Iterator[tuple[Scalar, Interpolated]]":
        """The texts that were expanded so far, each once."""
        yield from self._texts.values()

    def read(self, node: Node, convert: Callable[[str], "T | None"], what: str) -> Value[T]:
        """A node's interpolated text converted: unknown where a variable is missing, or (with a notice) where it is no
        ``what``."""
        if isinstance(node, Opaque):
            return Value.unknown(node, node.reason)
        if isinstance(node, Scalar):
            text = self.expanded(node)
            if text.text is None:
                return Value.unknown(node, missing_reason(text))
            found = convert(text.text)
            if found is not None:
                return Value.of(found, node)
        self.wrong_type(node, what)
        return Value.unknown(node, f"it is not {what}")

    def text(self, node: Node) -> Value[str]:
        """A string; numbers and booleans are taken as they are written."""
        return self.read(node, lambda text: text, "a string")

    def known(self, node: Node) -> Value[str]:
        """A string in which missing variables stay; unknown only where it consists of nothing else.

        They stay as they are written as long as nothing else changes, so that parts of the value are found again in the file;
        beside an expanded variable they stay as ``${NAME}``.
        """
        if isinstance(node, Scalar):
            text = self.expanded(node)
            if text.text is None and not text.malformed and not text.only_variables:
                changed = text.defaulted or text.given or "$$" in node.text
                return Value.of(text.partial if changed else node.text, node)
        return self.text(node)

    def path(self, text: str, node: Node) -> str:
        """A path that stands at a node, as a source's path is: relative to the working directory; absolute, home and Windows
        paths as they are."""
        if text.startswith("~") or _WINDOWS.match(text):
            return text
        return posixpath.normpath(
            posixpath.join(self.scope(node).folder, text.replace("\\", "/") if text.startswith(".") else text)
        )


def present(node: Node | None) -> Node | None:
    """A node that says something: None for an absent one, for null and for what ``!reset`` takes away."""
    return None if node is None or node.tag == "!reset" or (isinstance(node, Scalar) and node.is_null) else node


class Fields:
    """The fields of one service. ``gap`` is why an absence proves nothing (a definition that lies in another file), None
    normally."""

    __slots__ = ("context", "gap", "node")

    def __init__(self, node: Mapping, context: Context, gap: "Value[str] | None" = None) -> None:
        self.node = node
        self.context = context
        self.gap = gap

    def get(self, *path: str) -> Node | None:
        """The node at a path; None where it is absent or null."""
        return present(self.node.get(*path))

    def missing(self, *path: str) -> Value:  # type: ignore[type-arg]
        """What an absent field is: unknown where a file that is not here may set it, else unset: at the service, or where another
        file takes it away."""
        if self.gap is not None:
            return Value.unknown(self.gap.node, self.gap.reason)
        taken = self.node.get(*path) if path else None
        if taken is not None and taken.tag == "!reset" and taken.source is not self.node.source:
            return Value("unset", None, taken, at=taken.key.place if taken.key is not None else None)
        return Value.unset(self.node)

    def read(self, path: tuple[str, ...], convert: Callable[[str], "T | None"], what: str) -> Value[T]:
        """The field at a path, converted."""
        node = self.get(*path)
        if node is not None:
            return self.context.read(node, convert, what)
        sections = (self.get(*path[:end]) for end in range(1, len(path)))
        above = next((section for section in sections if section is not None and not isinstance(section, Mapping)), None)
        if above is None:
            return self.missing(*path)
        if not isinstance(above, Opaque):
            self.context.wrong_type(above, "a mapping")
        return Value.unknown(above, above.reason if isinstance(above, Opaque) else "it is not a mapping")

    def text(self, *path: str) -> Value[str]:
        """A string."""
        return self.read(path, lambda text: text, "a string")

    def boolean(self, *path: str) -> Value[bool]:
        """A boolean."""
        return self.read(path, units.parse_boolean, "true or false")

    def number(self, *path: str) -> Value[float]:
        """A number."""
        return self.read(path, units.parse_number, "a number")

    def whole(self, *path: str) -> Value[int]:
        """A whole number."""
        return self.read(path, units.parse_whole, "a whole number")

    def size(self, *path: str) -> Value[float]:
        """A size in bytes."""
        return self.read(path, units.parse_bytes, "a size in bytes such as `512m`")

    def mapping(self, *path: str) -> Mapping | None:
        """A mapping; None (with a notice) where it is something else."""
        node = self.get(*path)
        if node is None or isinstance(node, Mapping):
            return node
        if not isinstance(node, Opaque):
            self.context.wrong_type(node, "a mapping")
        return None

    def items(self, *path: str, single: bool = False) -> Iterator[Node]:
        """The items of a list; ``single`` is whether a lone scalar counts as a list of one."""
        node = self.get(*path)
        if isinstance(node, Sequence):
            yield from node.items
        elif isinstance(node, Opaque) or (single and isinstance(node, Scalar)):
            yield node
        elif node is not None:
            self.context.wrong_type(node, "a list")

    def pairs(self, *path: str) -> Iterator[tuple[str, Node, int]]:
        """Name and value of each entry of a mapping, or of a list of ``NAME=value``.

        The third part is where the value starts in the text of a list's scalar, -1 where the node itself is the value, and
        0 where a list's item gives no value. A name that is itself a variable is "".
        """
        node = self.get(*path)
        if isinstance(node, Mapping):
            yield from ((name, value, -1) for name, value in node.entries.items())
        elif isinstance(node, Sequence):
            for item in node.items:
                if isinstance(item, Layer):
                    yield from Fields(item.holder, self.context, self.gap).pairs("layer")
                elif isinstance(item, Scalar):
                    name, equals, _ = item.text.partition("=")
                    yield "" if "$" in name else name.strip(), item, len(name) + 1 if equals else 0
                elif not isinstance(item, Opaque):
                    self.context.wrong_type(item, "a string `NAME=value`")
        elif node is not None and not isinstance(node, Opaque):
            self.context.wrong_type(node, "a mapping or a list")


class Layer(Node):
    """One of several forms (mapping, list) of a field that come together where a service extends another one."""

    __slots__ = ("holder",)

    def __init__(self, node: Node) -> None:
        super().__init__(node.source, node.span)
        self.holder = Mapping(node.source, node.span)
        self.holder.entries["layer"] = node

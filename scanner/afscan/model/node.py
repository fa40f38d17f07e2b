"""Nodes: the values of a parsed source, whatever its syntax, each with its place.

Four kinds: :class:`Scalar`, :class:`Mapping`, :class:`Sequence`, and :class:`Opaque` for what is written but cannot be
evaluated (a template expression, an HCL function call, a recursive alias). A node may be shared (YAML aliases), so a tree is a
graph without cycles: use :meth:`Node.walk`, which visits each node once.
"""

import re
from collections.abc import Callable, Iterator

from afscan.model.place import Place, Span
from afscan.model.source import Source

_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*|0o[0-7]+|0x[0-9a-fA-F]+)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))


class Node:
    """What all kinds share: the source, the span of the value, the key it stands under and the parent.

    ``tag`` is what the syntax says of the value beside its text, None where nothing: in YAML a tag of the reading program's own,
    as written (Compose's ``!reset`` and ``!override``, CloudFormation's ``!If``); in SQL the kind of token.
    """

    __slots__ = ("key", "parent", "source", "span", "tag")

    def __init__(self, source: Source, span: Span) -> None:
        self.source = source
        self.span = span
        self.key: Scalar | None = None
        self.parent: Node | None = None
        self.tag: str | None = None

    @property
    def place(self) -> Place:
        """The whole value in the outermost file."""
        return self.source.place(self.span)

    @property
    def head(self) -> Place:
        """Where to point a person: the key that names the value; without a key the value's first line.

        A finding about a whole service or container points at its head, not at forty lines.
        """
        if self.key is not None and not isinstance(self, Scalar):
            return self.key.place
        span = self.span
        if span.end_line != span.line:
            span = self._first_line(span)
        return self.source.place(span)

    def _first_line(self, span: Span) -> Span:
        """The first line of a span that is not blank, from where its text begins."""
        for number in range(span.line, span.end_line + 1):
            line = self.source.line(number).rstrip()
            start = span.column if number == span.line else len(line) - len(line.lstrip()) + 1
            if len(line) >= start:
                return Span(number, start, number, len(line) + 1)
        return Span(span.line, span.column, span.line, span.column)

    def get(self, *path: "str | int") -> "Node | None":
        """The node at a path of keys and indices below this one; None where there is none or the kind does not fit."""
        node: Node | None = self
        for step in path:
            if isinstance(node, Mapping) and isinstance(step, str):
                node = node.entries.get(step)
            elif isinstance(node, Sequence) and isinstance(step, int) and -len(node.items) <= step < len(node.items):
                node = node.items[step]
            else:
                return None
        return node

    def children(self) -> "Iterator[Node]":
        """The nodes directly below."""
        return iter(())

    def walk(self) -> "Iterator[Node]":
        """This node and all below it, each once, in document order, without recursion."""
        seen: set[int] = set()
        stack: list[Node] = [self]
        while stack:
            node = stack.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            yield node
            stack.extend(reversed(list(node.children())))


class Scalar(Node):
    """A single value. ``text`` is what it says after unquoting; ``plain`` is whether it stood there without quotes.

    ``inner`` gives (line, column) in ``source`` of each line of ``text`` (block scalars), or of each character and the end
    (quoted scalars with escapes); None where the text runs from the span's start without escapes. Used to embed the text.
    A syntax may give a function instead (:func:`functools.partial`, so that nodes can be pickled): it is called at first use.
    """

    __slots__ = ("_inner", "plain", "text")

    def __init__(
        self,
        source: Source,
        span: Span,
        text: str,
        *,
        plain: bool = True,
        inner: "list[tuple[int, int]] | Callable[[], list[tuple[int, int]]] | None" = None,
    ) -> None:
        super().__init__(source, span)
        self.text = text
        self.plain = plain
        self._inner = inner

    @property
    def inner(self) -> "list[tuple[int, int]] | None":
        """Positions in ``source`` per line or per character of ``text``; see the class."""
        if callable(self._inner):
            self._inner = self._inner()
        return self._inner

    @inner.setter
    def inner(self, positions: "list[tuple[int, int]] | None") -> None:
        self._inner = positions

    @property
    def value(self) -> "str | int | float | bool | None":
        """The value by YAML 1.2's core schema (also right for JSON): a quoted scalar is always a string."""
        text = self.text
        if not self.plain:
            return text
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
        if text in _NULLS:
            return None
        if len(text) > 64:
            return text
        if _INT.match(text):
            return int(text, 0) if text.lstrip("+-")[:2] in ("0o", "0x") else int(text)
        if _FLOAT.match(text):
            return float(text)
        return text

    @property
    def is_null(self) -> bool:
        """Whether nothing is written (``key:``), or null."""
        return self.plain and self.text in _NULLS

    def embed(self, *, name: str, holder: str, syntax: str | None = None) -> Source:
        """This scalar's text as a source of its own, whose places are the outer file's."""
        positions = self.inner
        if positions is None:
            quoted = 0 if self.plain else 1
            line, column = self.span.line, self.span.column + quoted
            positions = [(line + i, column if i == 0 else 1) for i in range(self.text.count("\n") + 1)]
        return Source.embedded(self.source, self.text, positions, name=name, holder=holder, syntax=syntax)

    def part(self, start: int, end: int) -> Place:
        """The place of the characters ``start`` to ``end`` (exclusive) of this scalar's text: one password inside a URL."""
        inner = self.embed(name="", holder="")
        return inner.place(inner.span(start, end))

    def __repr__(self) -> str:
        return f"Scalar({self.text!r})"


class Mapping(Node):
    """Keys and values in order. ``entries`` is by key text, the last one wins; ``duplicates`` are keys that were overwritten.

    ``keys`` are the keys as written here: a value that is shared (YAML alias) knows only the first key it stood under.
    """

    __slots__ = ("duplicates", "entries", "keys", "title")

    def __init__(self, source: Source, span: Span) -> None:
        super().__init__(source, span)
        self.entries: dict[str, Node] = {}
        self.keys: dict[str, Scalar] = {}
        self.duplicates: list[Scalar] = []
        self.title: Node | None = None

    @property
    def head(self) -> Place:
        """Where to point a person: what a platform marked as the mapping's title, else as for any node."""
        return self.title.place if self.title is not None else super().head

    def add(self, key: Scalar, value: Node) -> None:
        """Append an entry; a value that has no parent yet is told its key and parent."""
        if key.text in self.entries:
            self.duplicates.append(key)
        self.entries[key.text] = value
        self.keys[key.text] = key
        if value.parent is None:
            value.key = key
            value.parent = self

    def key_place(self, name: str) -> Place:
        """The place of a key; of this mapping's head where the key is absent."""
        key, node = self.keys.get(name), self.entries.get(name)
        if key is None and node is not None:
            key = node.key
        return key.place if key is not None else self.head

    def children(self) -> Iterator[Node]:
        """The values, in order."""
        return iter(self.entries.values())

    def __repr__(self) -> str:
        return f"Mapping({list(self.entries)!r})"


class Sequence(Node):
    """Values in order."""

    __slots__ = ("items",)

    def __init__(self, source: Source, span: Span) -> None:
        super().__init__(source, span)
        self.items: list[Node] = []

    def add(self, item: Node) -> None:
        """Append an item; one that has no parent yet is told its parent."""
        self.items.append(item)
        if item.parent is None:
            item.parent = self

    def children(self) -> Iterator[Node]:
        """The items, in order."""
        return iter(self.items)

    def __repr__(self) -> str:
        return f"Sequence({len(self.items)} items)"


class Opaque(Node):
    """Something written whose value cannot be known from here. ``text`` is as written, ``reason`` says why."""

    __slots__ = ("reason", "text")

    def __init__(self, source: Source, span: Span, text: str, reason: str) -> None:
        super().__init__(source, span)
        self.text = text
        self.reason = reason

    def __repr__(self) -> str:
        return f"Opaque({self.text!r}, {self.reason!r})"

"""How platform modules read nodes: typed, tolerant, with every oddity noted.

A platform module has

* ``recognise(source, root) -> bool``: is this parsed text mine? (content first, ``source.name`` second);
* ``interpret(source, root, out) -> None``: put subjects, notices and embedded sources into the :class:`Interpretation`.

It never raises for anything that a file can contain: a wrong type becomes an unknown value and a notice.
"""

from collections.abc import Callable, Iterator

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Place
from afscan.model.record import field, record
from afscan.model.source import Source
from afscan.model.subjects import Subject
from afscan.model.value import Value


@record(slots=True)
class Interpretation:
    """What one source yields."""

    subjects: list[Subject] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    embedded: list[Source] = field(default_factory=list)

    def notice(self, kind: NoticeKind, place: Place, reason: str) -> None:
        """Record what was not read, and why (one sentence, with a full stop)."""
        self.notices.append(Notice(kind, place, reason))


class Reader:
    """Typed access to one mapping of a platform's file.

    Each method takes a path of keys below the mapping. Absent (or null) gives an unset value placed at the nearest mapping that
    exists on the path; an :class:`Opaque` node gives unknown; a wrong type gives unknown and a notice. A wrong type *above* the
    last key gives unknown without a notice: :meth:`mapping` of the parent notes it once.
    """

    __slots__ = ("node", "out")

    def __init__(self, node: Node, out: Interpretation) -> None:
        self.node = node
        self.out = out

    def at(self, *path: "str | int") -> "Reader":
        """A reader for the node at a path; where it is absent, for the nearest existing one (all its fields are unset)."""
        node = self.node.get(*path)
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return Reader(_Absent(self._owner(path)), self.out)
        return Reader(node, self.out)

    def _owner(self, path: "tuple[str | int, ...]") -> Node:
        if isinstance(self.node, _Absent):
            return self.node.owner
        node = self.node
        for step in path:
            below = node.get(step)
            if below is None or (isinstance(below, Scalar) and below.is_null):
                break
            node = below
        return node

    def _read(self, path: "tuple[str | int, ...]", convert: Callable[[Scalar], object], what: str) -> Value:  # type: ignore[type-arg]
        node = self.node.get(*path)
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return self._missing(path)
        if isinstance(node, Opaque):
            return Value.unknown(node, node.reason)
        if isinstance(node, Scalar):
            found = convert(node)
            if found is not None:
                return Value.of(found, node)
        name = ".".join(str(step) for step in path)
        self.out.notice(NoticeKind.WRONG_TYPE, node.head, f"`{name}` should be {what}; it is not judged.")
        return Value.unknown(node, f"`{name}` is not {what}")

    def _missing(self, path: "tuple[str | int, ...]") -> Value:  # type: ignore[type-arg]
        """Unset; unknown where something above the last key is opaque or of a type that has no such key."""
        owner = self._owner(path)
        if isinstance(owner, Opaque):
            return Value.unknown(owner, owner.reason)
        if isinstance(owner, Scalar) or (isinstance(owner, Sequence) and not any(isinstance(step, int) for step in path)):
            if isinstance(self.node, _Absent):
                return Value.unset(owner)
            name = owner.key.text if owner.key is not None else "this"
            return Value.unknown(owner, f"`{name}` is not a mapping")
        return Value.unset(owner)

    def text(self, *path: "str | int") -> Value[str]:
        """A string; numbers and booleans are taken as they are written."""
        return self._read(path, lambda s: s.text, "a string")

    def boolean(self, *path: "str | int") -> Value[bool]:
        """A boolean as Go's YAML readers take it into a boolean field: true/false, also yes/no/on/off unquoted."""
        return self._read(path, _boolean, "true or false")

    def integer(self, *path: "str | int") -> Value[int]:
        """An integer; a quoted number counts."""
        return self._read(path, _integer, "a whole number")

    def mapping(self, *path: "str | int") -> Mapping | None:
        """A mapping, or None where it is absent; a wrong type is noted and taken as absent."""
        node = self.node.get(*path) if path else self.node
        if isinstance(node, Mapping):
            return node
        if node is not None and not isinstance(node, _Absent | Opaque) and not (isinstance(node, Scalar) and node.is_null):
            self.out.notice(
                NoticeKind.WRONG_TYPE, node.head, f"`{'.'.join(map(str, path))}` should be a mapping; it is not judged."
            )
        return None

    def items(self, *path: "str | int") -> "Iterator[Node]":
        """The items of a sequence; nothing where it is absent; a wrong type is noted."""
        node = self.node.get(*path) if path else self.node
        if isinstance(node, Sequence):
            yield from node.items
        elif node is not None and not isinstance(node, _Absent | Opaque) and not (isinstance(node, Scalar) and node.is_null):
            self.out.notice(NoticeKind.WRONG_TYPE, node.head, f"`{'.'.join(map(str, path))}` should be a list; it is not judged.")

    def readers(self, *path: "str | int") -> "Iterator[Reader]":
        """A reader for each mapping in a sequence; items of another type are noted."""
        for item in self.items(*path):
            if isinstance(item, Mapping):
                yield Reader(item, self.out)
            elif not isinstance(item, Opaque):
                name = ".".join(map(str, path))
                self.out.notice(
                    NoticeKind.WRONG_TYPE, item.head, f"Items of `{name}` should be mappings; this one is not judged."
                )

    def strings(self, *path: "str | int") -> "list[Value[str]]":
        """The scalars of a sequence as strings; a list that nobody knows is one unknown value."""
        node = self.node.get(*path) if path else self.node
        if isinstance(node, Opaque):
            return [Value.unknown(node, node.reason)]
        found: list[Value[str]] = []
        for item in self.items(*path):
            if isinstance(item, Scalar):
                found.append(Value.of(item.text, item))
            elif isinstance(item, Opaque):
                found.append(Value.unknown(item, item.reason))
            else:
                name = ".".join(map(str, path))
                self.out.notice(NoticeKind.WRONG_TYPE, item.head, f"Items of `{name}` should be strings; this one is not judged.")
        return found

    def string_map(self, *path: "str | int") -> "dict[str, Value[str]]":
        """A mapping of scalars."""
        node = self.mapping(*path)
        found: dict[str, Value[str]] = {}
        for key, value in node.entries.items() if node is not None else ():
            if isinstance(value, Scalar):
                found[key] = Value.of(value.text, value)
            elif isinstance(value, Opaque):
                found[key] = Value.unknown(value, value.reason)
            else:
                self.out.notice(NoticeKind.WRONG_TYPE, value.head, f"`{key}` should be a string; it is not judged.")
        return found


class _Absent(Node):
    """Stands for a node that is not there; ``owner`` is what lacks it."""

    __slots__ = ("owner",)

    def __init__(self, owner: Node) -> None:
        super().__init__(owner.source, owner.span)
        self.owner = owner
        self.key = owner.key
        self.parent = owner.parent


_WORDS = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}


def _boolean(scalar: Scalar) -> bool | None:
    text = scalar.text
    usual = text in (text.lower(), text.title(), text.upper())  # `tRue` is a string to every reader
    return _WORDS.get(text.lower()) if scalar.plain and usual else None


def _integer(scalar: Scalar) -> int | None:
    text = scalar.text.strip().replace("_", "") if scalar.plain else scalar.text.strip()
    if len(text) > 20:
        return None
    try:
        return int(text, 0) if text[:2].lower() in ("0x", "0o") else int(text)
    except ValueError:
        return None

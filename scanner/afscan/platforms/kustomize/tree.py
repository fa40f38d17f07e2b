"""Rendered objects as nodes: copies of what base and patch files say, which are changed in place and keep their places.

Each rendering works on copies of its own. A copied node stands where the original stands, so a value that a patch sets is reported
at the patch and one from the base at the base. Copies have their own parents: a tree is as the rendered object is.
"""

from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.source import Source
from afscan.syntax import MAX_DEPTH

MAX_NODES = 2_000_000
"""How many nodes all renderings of a stack may copy together: 200 overlays over 30 objects take some 400,000."""


class TooMuch(Exception):
    """Rendering any further would cost too much: too many nodes, or values nested too deep."""


class Composed(Scalar):
    """A scalar whose text is made from several (a prefixed name, an image with another tag); its span is of what decides it.

    Positions within the text have no counterpart in the file: every part of it is the whole span.
    """

    __slots__ = ()

    def embed(self, *, name: str, holder: str, syntax: str | None = None) -> Source:
        """The text as a source of its own, all of whose places are this scalar's."""
        return Source(self.source.path, self.text, name=name, holder=holder, outer=self.source, syntax=syntax, fixed=self.span)


class Budget:
    """Counts the nodes that are copied."""

    def __init__(self, limit: int = MAX_NODES) -> None:
        self.left = limit

    def take(self, count: int = 1) -> None:
        """Take some.

        :raises TooMuch: where there are none left.
        """
        self.left -= count
        if self.left < 0:
            raise TooMuch(f"more than {MAX_NODES:,} values would have to be copied")


def copy(node: Node, budget: Budget, depth: int = 0) -> Node:
    """A copy of a node and all below it, without key and parent.

    :param depth: how deep it will stand.
    :raises TooMuch: where it is too large, or nests too deep.
    """
    if depth > MAX_DEPTH:
        raise TooMuch(f"values would nest more than {MAX_DEPTH} deep")
    budget.take()
    made: Node
    if isinstance(node, Mapping):
        made = Mapping(node.source, node.span)
        for name, value in node.entries.items():
            place(made, node.keys.get(name) or _key_of(value, name), copy(value, budget, depth + 1))
        made.duplicates = list(node.duplicates)
    elif isinstance(node, Sequence):
        made = Sequence(node.source, node.span)
        for item in node.items:
            made.add(copy(item, budget, depth + 1))
    elif isinstance(node, Opaque):
        made = Opaque(node.source, node.span, node.text, node.reason)
    elif isinstance(node, Scalar):
        kind = Composed if isinstance(node, Composed) else Scalar
        made = kind(node.source, node.span, node.text, plain=node.plain, inner=node._inner)
    else:
        made = Node(node.source, node.span)
    made.tag = node.tag
    return made


def _key_of(value: Node, name: str) -> Scalar:
    return value.key if value.key is not None else Scalar(value.source, value.span, name)


def place(parent: Mapping, key: Scalar, value: Node) -> None:
    """Set an entry of a mapping: the value takes this key and parent, whatever it had."""
    value.key, value.parent = key, parent
    parent.entries[key.text] = value
    parent.keys[key.text] = key


def drop(parent: Mapping, key: str) -> None:
    """Take an entry away, if it is there."""
    parent.entries.pop(key, None)
    parent.keys.pop(key, None)


def fill(sequence: Sequence, items: list[Node]) -> None:
    """Replace the items of a sequence."""
    for item in items:
        item.key, item.parent = None, sequence
    sequence.items = items


def text_of(node: Node | None) -> str:
    """The text of a scalar, empty for anything else."""
    return node.text if isinstance(node, Scalar) and not node.is_null else ""


def composed(at: Node, text: str) -> Composed:
    """A scalar with a text of its own at the place of another node."""
    return Composed(at.source, at.span, text, plain=False)


def ensure(parent: Mapping, steps: tuple[str, ...], at: Node) -> Mapping | None:
    """The mapping at a path, made (at the place of ``at``) where it is missing; None where something else stands there."""
    for step in steps:
        below = parent.entries.get(step)
        if below is None or (isinstance(below, Scalar) and below.is_null):
            below = Mapping(at.source, at.span)
            place(parent, Scalar(at.source, at.span, step), below)
        if not isinstance(below, Mapping):
            return None
        parent = below
    return parent


def below(root: Node, steps: tuple[str, ...]) -> Iterator[Node]:
    """The nodes at a path of keys; lists on the way, and at its end, are gone through."""
    found = [root]
    for step in steps:
        found = [value for node in _spread(found) if isinstance(node, Mapping) and (value := node.entries.get(step)) is not None]
    yield from _spread(found)


def _spread(nodes: list[Node]) -> list[Node]:
    return [item for node in nodes for item in (node.items if isinstance(node, Sequence) else [node])]


def replace(old: Node, new: Node) -> None:
    """Put a node where another one stands, under the same key."""
    parent = old.parent
    if isinstance(parent, Mapping) and old.key is not None:
        place(parent, old.key, new)
    elif isinstance(parent, Sequence):
        index = next(i for i, item in enumerate(parent.items) if item is old)
        parent.items[index] = new
        new.key, new.parent = None, parent

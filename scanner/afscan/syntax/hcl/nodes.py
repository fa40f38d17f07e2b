"""The nodes that HCL adds to the common ones: blocks with labels, and expressions kept for the platform to evaluate."""

from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Opaque, Scalar
from afscan.model.place import Span
from afscan.model.source import Source

_SHOWN = 60


class Block(Mapping):
    """A block: its body as a mapping. ``kind`` is its type (``resource``), ``labels`` stand between it and the brace.

    ``key`` is the whole header (``resource "aws_db_instance" "main"``) with the type as its text: a block's
    head is its header.
    """

    __slots__ = ("kind", "labels")

    def __init__(self, source: Source, span: Span, kind: Scalar, labels: list[Scalar]) -> None:
        super().__init__(source, span)
        self.kind = kind
        self.labels = labels

    def __repr__(self) -> str:
        return f"Block({self.kind.text!r}, {[label.text for label in self.labels]!r}, {list(self.entries)!r})"


class Expression(Opaque):
    """An expression as a tree of nodes, each with its span. ``form`` says what ``name`` and ``operands`` are:

    * ``variable``: the root of a reference (``var``, ``local``, ``aws_db_instance``) is ``name``;
    * ``attribute``: ``.name`` of ``operands[0]``;
    * ``index``: ``operands[0][operands[1]]``;
    * ``splat``: all elements of ``operands[0]``, each followed by the steps behind it (a scalar that is quoted is an attribute);
    * ``call``: function ``name`` on ``operands``; ``spread``: likewise, the last argument expanded (``...``);
    * ``template``: the concatenation of ``operands`` (a single one that is no literal keeps its type);
    * ``conditional``: condition, then, else;
    * ``binary``, ``unary``: the operator is ``name``;
    * ``object``: an object whose keys are computed: key, value, key, value, ...;
    * ``for_list``: collection, value and perhaps condition; ``name`` lists the names it binds, separated by commas;
    * ``for_object``, ``for_groups`` (with ``...``): likewise with collection, key, value and perhaps condition;
    * ``for_text``: the directive ``%{ for }`` of a template: collection and the template in between;
    * ``other``: what is not read: its value is not known.
    """

    __slots__ = ("form", "name", "operands")

    def __init__(
        self, source: Source, span: Span, text: str, *, form: str, name: str = "", operands: "list[Node] | None" = None
    ) -> None:
        super().__init__(source, span, text, f"`{shorten(text)}` is known only when applied")
        self.form = form
        self.name = name
        self.operands = operands if operands is not None else []
        for operand in self.operands:
            if operand.parent is None:
                operand.parent = self

    def children(self) -> Iterator[Node]:
        """The operands."""
        return iter(self.operands)


def shorten(text: str) -> str:
    """A piece of source for a message: one line, not longer than a glance."""
    text = " ".join(text[: _SHOWN * 4].split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."

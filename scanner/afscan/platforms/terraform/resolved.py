"""Results as nodes again: what the resource's text says once variables and locals are filled in, each at its place.

A value that is written in the resource keeps its own place; one that a variable or local brings in stands where the resource
refers to it.
"""

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.place import Place, Span
from afscan.platforms.terraform.results import Known, NotKnownError, Result, text_of


def within(inner: Node, outer: Node) -> bool:
    """Whether a node is written inside another (or is it)."""
    if inner.source is not outer.source:
        source = inner.source.outer
        while source is not None and source is not outer.source:
            source = source.outer
        if source is None:
            return False
        place, around = inner.place.span, outer.place.span
        return around[:2] <= place[:2] and place[2:] <= around[2:]
    return outer.span[:2] <= inner.span[:2] and inner.span[2:] <= outer.span[2:]


def at(node: Node) -> Place | None:
    """The place of an attribute's value on one line; None (the head) where it takes several."""
    span = node.span
    return node.place if span.line == span.end_line else None


def to_node(result: Result, written: Node, *, at_home: bool = False) -> Node:
    """A result as a node; ``written`` is the value in the resource that it was evaluated from.

    :param at_home: lists and objects stand where they are written, whoever refers to them.
    """
    elsewhere = at_home and isinstance(result, Known) and isinstance(result.value, list | dict)
    home = result.node if elsewhere or within(result.node, written) else written
    if not isinstance(result, Known):
        return Opaque(home.source, home.span, getattr(home, "text", ""), result.reason)
    value = result.value
    if isinstance(value, list):
        sequence = Sequence(home.source, home.span)
        for item in value:
            sequence.add(to_node(item, home, at_home=at_home))
        return sequence
    if isinstance(value, dict):
        return _mapping(result, value, home, at_home=at_home)
    return scalar(result, home)


def _mapping(result: Known, value: dict[str, Result], home: Node, *, at_home: bool) -> Mapping:
    mapping = Mapping(home.source, home.span)
    original = result.node if isinstance(result.node, Mapping) and result.node is home else None
    for key, item in value.items():
        before = original.entries.get(key) if original is not None else None
        if before is not None and before.key is not None:
            name = Scalar(before.key.source, before.key.span, key)
        else:
            name = Scalar(home.source, _first_line(home), key)
        mapping.add(name, to_node(item, home if before is None else before, at_home=at_home))
    return mapping


def _first_line(node: Node) -> Span:
    span = node.span
    if span.line == span.end_line:
        return span
    return Span(span.line, span.column, span.line, max(span.column + 1, len(node.source.line(span.line)) + 1))


def scalar(result: Known, home: Node) -> Node:
    """A primitive as a scalar; a literal that stands here is kept with its inner positions."""
    original = result.node
    if isinstance(original, Scalar) and original is home and original.value == result.value:
        return Scalar(original.source, original.span, original.text, plain=original.plain, inner=original.inner)
    if result.value is None:
        return Scalar(home.source, home.span, "null")
    try:
        text = text_of(result.value)
    except NotKnownError as error:
        return Opaque(home.source, home.span, "", str(error))
    quoted = isinstance(result.value, str)
    # Characters that come from elsewhere all stand where the reference stands.
    inner = [home.span[:2]] * (len(text) + 1) if quoted else None
    return Scalar(home.source, home.span, text, plain=not quoted, inner=inner)

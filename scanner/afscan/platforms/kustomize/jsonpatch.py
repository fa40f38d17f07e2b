"""JSON patches (RFC 6902) over nodes, with pointers as in RFC 6901."""

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.platforms.kustomize.tree import Budget, copy, drop, place, text_of

MAX_OPERATIONS = 20_000
"""How many operations of JSON patches one stack may apply."""


class Refused(Exception):
    """An operation cannot be applied: Kustomize ends with an error. The text says why, as the end of a sentence."""


def operate(root: Mapping, operation: Node, budget: Budget) -> None:
    """Apply one operation to an object, in place.

    :raises Refused: where it does not fit the object, or is none.
    :raises TooMuch: where the result would be too large.
    """
    name, steps = text_of(operation.get("op")), pointer(operation.get("path"))
    value = operation.get("value")
    if name in ("add", "replace", "test") and value is None:
        raise Refused("has no `value`")
    if name == "test":
        if value is None or not equal(_at(root, steps), value):
            raise Refused("does not hold")
    elif name == "add" and value is not None:
        _add(root, steps, copy(value, budget, len(steps)), operation)
    elif name == "replace" and value is not None:
        _replace(root, steps, copy(value, budget, len(steps)))
    elif name == "remove":
        _remove(root, steps)
    elif name in ("move", "copy"):
        origin = pointer(operation.get("from"))
        made = copy(_at(root, origin), budget, len(steps))
        if name == "move":
            if steps[: len(origin)] == origin:
                raise Refused("moves a value into itself")
            _remove(root, origin)
        _add(root, steps, made, operation)
    else:
        raise Refused(f"has no operation that JSON Patch knows (`{name[:20]}`)")


def pointer(node: Node | None) -> list[str]:
    """The steps of a JSON pointer.

    :raises Refused: where it is none.
    """
    if not isinstance(node, Scalar):
        raise Refused("has no path")
    text = node.text
    if text and not text.startswith("/"):
        raise Refused(f"has a path that is no JSON pointer (`{text[:60]}`)")
    steps = text.split("/")[1:]
    if len(steps) > 100:
        raise Refused("has a path of more than 100 steps")
    return [step.replace("~1", "/").replace("~0", "~") for step in steps]


def _at(root: Node, steps: list[str]) -> Node:
    node = root
    for step in steps:
        below = node.get(_index(node, step)) if isinstance(node, Sequence) else node.get(step)
        if below is None:
            raise Refused(f"points at `{step[:60]}`, which is not there")
        node = below
    return node


def _index(sequence: Sequence, step: str, *, end: bool = False) -> int:
    if end and step == "-":
        return len(sequence.items)
    if not (step.isascii() and step.isdecimal() and len(step) < 8) or (len(step) > 1 and step[0] == "0"):
        raise Refused(f"has `{step[:60]}` in its path, which is no index of a list")
    if int(step) > len(sequence.items) - (not end):
        raise Refused(f"points at item {step} of a list of {len(sequence.items)}")
    return int(step)


def _add(root: Mapping, steps: list[str], value: Node, operation: Node) -> None:
    if not steps:
        raise Refused("replaces the whole object")
    parent, last = _at(root, steps[:-1]), steps[-1]
    if isinstance(parent, Mapping):
        at = operation.get("path") or operation
        place(parent, Scalar(at.source, at.span, last), value)
    elif isinstance(parent, Sequence):
        parent.items.insert(_index(parent, last, end=True), value)
        value.key, value.parent = None, parent
    else:
        raise Refused(f"adds `{last[:60]}` to a value that is neither a mapping nor a list")


def _replace(root: Mapping, steps: list[str], value: Node) -> None:
    if not steps:
        raise Refused("replaces the whole object")
    old = _at(root, steps)
    parent = old.parent
    if isinstance(parent, Sequence):
        parent.items[_index(parent, steps[-1])] = value
        value.key, value.parent = None, parent
    elif isinstance(parent, Mapping):
        place(parent, parent.keys[steps[-1]], value)


def _remove(root: Mapping, steps: list[str]) -> None:
    if not steps:
        raise Refused("removes the whole object")
    old = _at(root, steps)
    parent = old.parent
    if isinstance(parent, Sequence):
        del parent.items[_index(parent, steps[-1])]
    elif isinstance(parent, Mapping):
        drop(parent, steps[-1])


def equal(one: Node, other: Node) -> bool:
    """Whether two nodes say the same."""
    waiting = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            if left.entries.keys() != right.entries.keys():
                return False
            waiting += [(value, right.entries[name]) for name, value in left.entries.items()]
        elif isinstance(left, Sequence) and isinstance(right, Sequence):
            if len(left.items) != len(right.items):
                return False
            waiting += zip(left.items, right.items, strict=True)
        elif not isinstance(left, Scalar) or not isinstance(right, Scalar) or not _same(left, right):
            return False
    return True


def _same(one: Scalar, other: Scalar) -> bool:
    return one.value == other.value and type(one.value) is type(other.value)

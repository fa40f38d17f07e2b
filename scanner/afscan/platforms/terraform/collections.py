"""Terraform's functions of collections: sets, ranges, selections. Elements keep the nodes that they stem from.

Source: developer.hashicorp.com/terraform/language/functions.
"""

from collections.abc import Callable
from typing import Any

from afscan.model.node import Node
from afscan.platforms.terraform.results import MAX_ELEMENTS, Known, NotKnownError, Result, Set, Unknown, plain, text_of


def listed(result: Result) -> list[Result]:
    """The elements of a list or set.

    :raises NotKnownError: if it is not known.
    :raises TypeError: if it is none.
    """
    if isinstance(result, Unknown):
        raise NotKnownError(result.reason)
    if not isinstance(result.value, list):
        raise TypeError
    return result.value


def bounded(items: list[Result], node: Node) -> Known:
    """A list that is not longer than a computed list may be."""
    if len(items) > MAX_ELEMENTS:
        raise NotKnownError("the list is too long")
    return Known(items, node)


def _token(item: Result) -> str:
    from json import dumps  # noqa: PLC0415

    return dumps(plain(item), sort_keys=True)


def alike(items: list[Result]) -> list[Result]:
    """Elements as one type: where any is a string, numbers and booleans become strings."""
    values = [item.value for item in items if isinstance(item, Known)]
    if not any(isinstance(value, str) for value in values) or any(isinstance(value, list | dict) for value in values):
        return items
    return [
        Known(text_of(item.value), item.node) if isinstance(item, Known) and isinstance(item.value, bool | int | float) else item
        for item in items
    ]


def set_of(items: list[Result], node: Node) -> Known:
    """A set: each element once, strings in their order."""
    once: dict[str, Result] = {}
    for item in alike(items):
        once.setdefault(_token(item), item)
    values = list(once.values())
    if all(isinstance(item, Known) and isinstance(item.value, str) for item in values):
        values.sort(key=lambda item: item.value if isinstance(item, Known) else "")
    return Known(Set(values), node)


def _union(arguments: list[Result], node: Node) -> Result:
    return set_of(bounded([item for argument in arguments for item in listed(argument)], node).value, node)


def _intersection(arguments: list[Result], node: Node) -> Result:
    common = set.intersection(*({_token(item) for item in listed(argument)} for argument in arguments))
    return set_of([item for item in listed(arguments[0]) if _token(item) in common], node)


def _subtract(arguments: list[Result], node: Node) -> Result:
    without = {_token(item) for item in listed(arguments[1])}
    return set_of([item for item in listed(arguments[0]) if _token(item) not in without], node)


def _product(arguments: list[Result], node: Node) -> Result:
    rows: list[list[Result]] = [[]]
    for argument in arguments:
        items = listed(argument)
        if len(rows) * len(items) > MAX_ELEMENTS:
            raise NotKnownError("the list is too long")
        rows = [[*row, item] for row in rows for item in items]
    return Known([Known(row, node) for row in rows], node)


def _range(arguments: list[Result], node: Node) -> Result:
    numbers = [plain(argument) for argument in arguments]
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers) or not numbers:
        raise TypeError
    start, stop = (0, numbers[0]) if len(numbers) == 1 else numbers[:2]
    step = numbers[2] if len(numbers) > 2 else 1 if stop >= start else -1
    if step == 0 or abs((stop - start) / step) > MAX_ELEMENTS:
        raise NotKnownError("the list is too long")
    count = max(0, -int(-(stop - start) // step))
    return Known([Known(start + step * index, node) for index in range(count)], node)


def _zipmap(arguments: list[Result], node: Node) -> Result:
    keys, values = listed(arguments[0]), listed(arguments[1])
    return Known({text_of(plain(key)): value for key, value in zip(keys, values, strict=True)}, node)


def _slice(arguments: list[Result], node: Node) -> Result:
    items, start, end = listed(arguments[0]), plain(arguments[1]), plain(arguments[2])
    if not 0 <= start <= end <= len(items):
        raise ValueError
    return Known(items[start:end], node)


def _chunks(arguments: list[Result], node: Node) -> Result:
    items, size = listed(arguments[0]), plain(arguments[1])
    if not isinstance(size, int) or size <= 0:
        raise ValueError
    return Known([Known(items[at : at + size], node) for at in range(0, len(items), size)], node)


def _match(arguments: list[Result], node: Node) -> Result:
    values, keys, wanted = (listed(argument) for argument in arguments)
    chosen = {_token(item) for item in wanted}
    return Known([value for value, key in zip(values, keys, strict=True) if _token(key) in chosen], node)


def _one(arguments: list[Result], node: Node) -> Result:
    items = listed(arguments[0])
    if len(items) > 1:
        raise ValueError
    return items[0] if items else Known(None, node)


def _index(arguments: list[Result], node: Node) -> Result:
    wanted = _token(arguments[1])
    return Known([_token(item) for item in listed(arguments[0])].index(wanted), node)


def _sort(arguments: list[Result], node: Node) -> Result:
    texts: list[Any] = [text_of(plain(item)) for item in listed(arguments[0])]
    return Known([Known(text, node) for text in sorted(texts)], node)


COLLECTIONS: dict[str, Callable[[list[Result], Node], Result]] = {
    "chunklist": _chunks,
    "index": _index,
    "matchkeys": _match,
    "one": _one,
    "range": _range,
    "reverse": lambda arguments, node: Known(list(reversed(listed(arguments[0]))), node),
    "setintersection": _intersection,
    "setproduct": _product,
    "setsubtract": _subtract,
    "setunion": _union,
    "slice": _slice,
    "sort": _sort,
    "zipmap": _zipmap,
}
"""By name: what a function makes of its arguments."""

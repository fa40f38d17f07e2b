"""Terraform's functions, as far as their results follow from known arguments.

Source: developer.hashicorp.com/terraform/language/functions. What is not here has no known value.
"""

import json
import math
from collections.abc import Callable
from typing import Any

from afscan.model.node import Node
from afscan.platforms.terraform.results import MAX_ELEMENTS, MAX_TEXT, Known, NotKnownError, Result, Unknown, plain, text_of, wrap


def call(name: str, arguments: list[Result], node: Node) -> Result:
    """The result of a function; ``node`` is the call."""
    name = name.removeprefix("core::")
    try:
        if name in _STRUCTURAL:
            return _STRUCTURAL[name](arguments, node)
        if name in _PLAIN:
            value = _PLAIN[name](*[plain(argument) for argument in arguments])
            if isinstance(value, str) and len(value) > MAX_TEXT:
                raise NotKnownError("the text is too long")
            return wrap(value, node)
    except NotKnownError as error:
        return Unknown(str(error), node)
    except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError):
        return Unknown(f"`{name}` cannot be evaluated with these arguments", node)
    return Unknown(f"the result of `{name}` is not evaluated", node)


# ---------------------------------------------------------------- functions that keep their arguments' nodes


def _elements(result: Result) -> list[Result]:
    if isinstance(result, Unknown):
        raise NotKnownError(result.reason)
    if not isinstance(result.value, list):
        raise TypeError
    return result.value


def _entries(result: Result) -> dict[str, Result]:
    if isinstance(result, Unknown):
        raise NotKnownError(result.reason)
    if result.value is None:
        return {}
    if not isinstance(result.value, dict):
        raise TypeError
    return result.value


def _bounded(items: list[Result], node: Node) -> Known:
    if len(items) > MAX_ELEMENTS:
        raise NotKnownError("the list is too long")
    return Known(items, node)


def _concat(arguments: list[Result], node: Node) -> Result:
    items: list[Result] = []
    for argument in arguments:
        items = _bounded(items + _elements(argument), node).value
    return Known(items, node)


def _flatten(arguments: list[Result], node: Node) -> Result:
    items: list[Result] = []
    waiting = list(reversed(_elements(arguments[0])))
    while waiting:
        item = waiting.pop()
        if isinstance(item, Unknown):
            raise NotKnownError(item.reason)
        if isinstance(item.value, list):
            waiting += reversed(item.value)
        else:
            items.append(item)
        _bounded(items + waiting if len(waiting) > MAX_ELEMENTS else items, node)
    return Known(items, node)


def _distinct(arguments: list[Result], node: Node) -> Result:
    seen: dict[str, Result] = {}
    for item in _elements(arguments[0]):
        seen.setdefault(json.dumps(plain(item), sort_keys=True), item)
    return Known(list(seen.values()), node)


def _merge(arguments: list[Result], node: Node) -> Result:
    merged: dict[str, Result] = {}
    for argument in arguments:
        merged.update(_entries(argument))
    return Known(merged, node)


def _lookup(arguments: list[Result], node: Node) -> Result:
    found = _entries(arguments[0]).get(text_of(plain(arguments[1])))
    if found is not None:
        return found
    return arguments[2] if len(arguments) > 2 else Unknown("the key is not in the map", node)


def _coalesce(arguments: list[Result], node: Node) -> Result:
    for argument in arguments:
        if isinstance(argument, Unknown) or argument.value not in (None, ""):
            return argument
    return Unknown("every argument of `coalesce` is empty", node)


def _coalescelist(arguments: list[Result], node: Node) -> Result:
    for argument in arguments:
        if isinstance(argument, Unknown) or argument.value:
            return argument
    return Unknown("every argument of `coalescelist` is empty", node)


def _try(arguments: list[Result], node: Node) -> Result:
    # An unknown argument may succeed when applied, and then it counts: only one that is known to fail is passed over.
    for argument in arguments:
        if not (isinstance(argument, Unknown) and argument.failed):
            return argument
    return Unknown("every argument of `try` fails", node, failed=True)


def _element(arguments: list[Result], node: Node) -> Result:
    items = _elements(arguments[0])
    return items[int(plain(arguments[1])) % len(items)]


def _same(arguments: list[Result], node: Node) -> Result:
    return arguments[0]


def _list(arguments: list[Result], node: Node) -> Result:
    return Known(list(_elements(arguments[0])), node)


def _map(arguments: list[Result], node: Node) -> Result:
    return Known(dict(_entries(arguments[0])), node)


def _length(arguments: list[Result], node: Node) -> Result:
    if isinstance(arguments[0], Unknown):
        return arguments[0]
    return Known(len(arguments[0].value), node)


def _values(arguments: list[Result], node: Node) -> Result:
    entries = _entries(arguments[0])
    return Known([entries[key] for key in sorted(entries)], node)


def _keys(arguments: list[Result], node: Node) -> Result:
    return wrap(sorted(_entries(arguments[0])), node)


def _compact(arguments: list[Result], node: Node) -> Result:
    return Known([item for item in _elements(arguments[0]) if plain(item) not in (None, "")], node)


_STRUCTURAL: dict[str, Callable[[list[Result], Node], Result]] = {
    "coalesce": _coalesce,
    "coalescelist": _coalescelist,
    "compact": _compact,
    "concat": _concat,
    "distinct": _distinct,
    "element": _element,
    "flatten": _flatten,
    "keys": _keys,
    "length": _length,
    "lookup": _lookup,
    "merge": _merge,
    "nonsensitive": _same,
    "sensitive": _same,
    "setunion": lambda arguments, node: _distinct([_concat(arguments, node)], node),
    "tolist": _list,
    "tomap": _map,
    "toset": _distinct,
    "try": _try,
    "values": _values,
}


# ---------------------------------------------------------------- functions of bare values


def _to_number(value: Any) -> Any:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, str):
        number = float(value)
        return int(number) if number == int(number) else number
    return value


def _to_bool(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    return {"true": True, "false": False}[value]


def _replace(text: str, old: str, new: str) -> str:
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        raise NotKnownError("regular expressions are not evaluated")
    if len(text) * (len(new) + 1) > MAX_TEXT:
        raise NotKnownError("the text is too long")
    return text.replace(old, new)


def _format(form: str, *values: Any) -> str:
    """``%s``, ``%d``, ``%v``, ``%q`` and ``%%``; anything else is not evaluated."""
    pieces, rest = [], list(values)
    parts = form.split("%")
    pieces.append(parts[0])
    literal = False
    for part in parts[1:]:
        if literal:
            pieces.append(part)
            literal = False
        elif part == "":
            pieces.append("%")
            literal = True
        elif part[0] in "sdv":
            pieces.append(text_of(rest.pop(0)) + part[1:])
        elif part[0] == "q":
            pieces.append(json.dumps(text_of(rest.pop(0))) + part[1:])
        else:
            raise NotKnownError("this format is not evaluated")
    return "".join(pieces)


def _join(separator: str, *lists: Any) -> str:
    return separator.join(text_of(item) for items in lists for item in items)


def _contains(items: Any, value: Any) -> bool:
    return any(type(item) is type(value) and item == value for item in items)


_PLAIN: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "alltrue": all,
    "anytrue": any,
    "ceil": math.ceil,
    "contains": _contains,
    "endswith": lambda text, end: text.endswith(end),
    "floor": math.floor,
    "format": _format,
    "join": _join,
    "jsonencode": lambda value: json.dumps(value, separators=(",", ":"), sort_keys=True),
    "lower": lambda text: text_of(text).lower(),
    "max": max,
    "min": min,
    "replace": _replace,
    "split": lambda separator, text: text.split(separator),
    "startswith": lambda text, start: text.startswith(start),
    "title": lambda text: text_of(text).title(),
    "tobool": _to_bool,
    "tonumber": _to_number,
    "tostring": lambda value: None if value is None else text_of(value),
    "trim": lambda text, characters: text.strip(characters),
    "trimprefix": lambda text, prefix: text.removeprefix(prefix),
    "trimspace": lambda text: text.strip(),
    "trimsuffix": lambda text, suffix: text.removesuffix(suffix),
    "upper": lambda text: text_of(text).upper(),
}

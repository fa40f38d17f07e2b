"""Terraform's functions, as far as their results follow from known arguments.

Source: developer.hashicorp.com/terraform/language/functions. What is not here has no known value.
"""

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from afscan.model.node import Node
from afscan.platforms.terraform.collections import COLLECTIONS, alike, bounded, listed, set_of
from afscan.platforms.terraform.encodings import ENCODERS, READERS, json_text
from afscan.platforms.terraform.results import MAX_ELEMENTS, MAX_TEXT, Known, NotKnownError, Result, Unknown, plain, text_of, wrap

if TYPE_CHECKING:
    from afscan.platforms.terraform.evaluate import Scope


def call(name: str, arguments: list[Result], node: Node, scope: "Scope") -> Result:
    """The result of a function; ``node`` is the call."""
    name = name.removeprefix("core::")
    try:
        if name in READERS:
            return READERS[name](arguments, node, scope)
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
        return Unknown(f"`{name}` cannot be evaluated with these arguments", node, failed=name in _REFUSING)
    return Unknown(f"the result of `{name}` is not evaluated", node)


_REFUSING = frozenset(("tonumber", "tobool", "one", "slice", "index"))
"""Functions whose refusal here is Terraform's too: ``try`` and ``can`` may count on it."""


# ---------------------------------------------------------------- functions that keep their arguments' nodes


def _entries(result: Result) -> dict[str, Result]:
    if isinstance(result, Unknown):
        raise NotKnownError(result.reason)
    if result.value is None:
        return {}
    if not isinstance(result.value, dict):
        raise TypeError
    return result.value


def _concat(arguments: list[Result], node: Node) -> Result:
    items: list[Result] = []
    for argument in arguments:
        items = bounded(items + listed(argument), node).value
    return Known(items, node)


def _flatten(arguments: list[Result], node: Node) -> Result:
    items: list[Result] = []
    waiting = list(reversed(listed(arguments[0])))
    while waiting:
        item = waiting.pop()
        if isinstance(item, Unknown):
            raise NotKnownError(item.reason)
        if isinstance(item.value, list):
            waiting += reversed(item.value)
        else:
            items.append(item)
        bounded(items + waiting if len(waiting) > MAX_ELEMENTS else items, node)
    return Known(items, node)


def _distinct(arguments: list[Result], node: Node) -> Result:
    seen: dict[str, Result] = {}
    for item in listed(arguments[0]):
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
    items = listed(arguments[0])
    return items[int(plain(arguments[1])) % len(items)]


def _same(arguments: list[Result], node: Node) -> Result:
    return arguments[0]


def _can(arguments: list[Result], node: Node) -> Result:
    result = arguments[0]
    if isinstance(result, Unknown) and not result.failed:
        return result
    return Known(isinstance(result, Known), node)


def _list(arguments: list[Result], node: Node) -> Result:
    return Known(alike(list(listed(arguments[0]))), node)


def _map(arguments: list[Result], node: Node) -> Result:
    entries = _entries(arguments[0])
    return Known(dict(zip(entries, alike(list(entries.values())), strict=True)), node)


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
    return Known([item for item in listed(arguments[0]) if plain(item) not in (None, "")], node)


_STRUCTURAL: dict[str, Callable[[list[Result], Node], Result]] = {
    **COLLECTIONS,
    "can": _can,
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
    "tolist": _list,
    "tomap": _map,
    "toset": lambda arguments, node: set_of(listed(arguments[0]), node),
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
            value = rest.pop(0)
            shown = json_text(value) if part[0] == "v" and isinstance(value, list | dict) else text_of(value)
            pieces.append(shown + part[1:])
        elif part[0] == "q":
            pieces.append(json.dumps(text_of(rest.pop(0))) + part[1:])
        else:
            raise NotKnownError("this format is not evaluated")
    return "".join(pieces)


def _join(separator: str, *lists: Any) -> str:
    return separator.join(text_of(item) for items in lists for item in items)


def _substr(text: str, offset: int, length: int) -> str:
    start = offset if offset >= 0 else len(text) + offset
    if start < 0:
        raise ValueError
    return text[start:] if length < 0 else text[start : start + length]


def _refuse() -> Any:
    raise ValueError


def _contains(items: Any, value: Any) -> bool:
    return any(type(item) is type(value) and item == value for item in items)


_PLAIN: dict[str, Callable[..., Any]] = {
    **ENCODERS,
    "abs": abs,
    "alltrue": all,
    "anytrue": any,
    "ceil": math.ceil,
    "chomp": lambda text: text.rstrip("\r\n"),
    "contains": _contains,
    "endswith": lambda text, end: text.endswith(end),
    "floor": math.floor,
    "format": _format,
    "indent": lambda spaces, text: text.replace("\n", "\n" + " " * min(int(spaces), 1000)),
    "join": _join,
    "lower": lambda text: text_of(text).lower(),
    "max": max,
    "min": min,
    "replace": _replace,
    "split": lambda separator, text: text.split(separator),
    "strcontains": lambda text, part: part in text,
    "strrev": lambda text: text[::-1],
    "substr": _substr,
    "sum": lambda numbers: sum(map(_to_number, numbers)) if numbers else _refuse(),
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

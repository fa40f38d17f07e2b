"""Instances: ``count`` and ``for_each`` of resources and module calls.

Source: developer.hashicorp.com/terraform/language/meta-arguments/count and /for_each.
"""

from typing import TYPE_CHECKING

from afscan.model.node import Mapping, Scalar
from afscan.platforms.terraform.results import Known, Result
from afscan.syntax.hcl.nodes import Expression

if TYPE_CHECKING:
    from afscan.platforms.terraform.evaluate import Key, Scope

MAX_INSTANCES = 100
"""How many instances are told apart; of more, one stands for all, in which ``each`` and ``count`` are not known."""


def instances(node: Mapping, scope: "Scope") -> "list[tuple[Key, Scope]]":
    """Key and scope of each instance of a resource or call; one with the key None where it is a single one or they are not known."""
    keys = _keys(node, scope)
    if keys is None:
        return [(None, scope)]
    return [(key, scope.bound(names)) for key, names in keys]


def _keys(node: Mapping, scope: "Scope") -> "list[tuple[Key, dict[str, Result]]] | None":
    marker = ("instances", f"{id(node)}")
    if marker in scope.running:
        return None  # how many there are depends on themselves
    scope.running.add(marker)
    try:
        return _told(node, scope)
    finally:
        scope.running.discard(marker)


def _told(node: Mapping, scope: "Scope") -> "list[tuple[Key, dict[str, Result]]] | None":
    for argument, read in (("count", _counted), ("for_each", _each)):
        written = node.get(argument)
        result = scope.evaluate(written) if written is not None else None
        found = read(result) if isinstance(result, Known) else None
        if found is not None:
            return found
    return None


def _counted(result: Known) -> "list[tuple[Key, dict[str, Result]]] | None":
    value, at = result.value, result.node
    if isinstance(value, str) and value.isdecimal() and len(value) < 6:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value > MAX_INSTANCES:
        return [] if value is False else None
    return [(index, {"count": Known({"index": Known(index, at)}, at)}) for index in range(value)]


def _each(result: Known) -> "list[tuple[Key, dict[str, Result]]] | None":
    value, at = result.value, result.node
    if isinstance(value, dict):
        pairs = [(key, value[key]) for key in sorted(value)]
    elif isinstance(value, list):
        pairs = [(item.value, item) for item in value if isinstance(item, Known) and isinstance(item.value, str)]
        if len(pairs) != len(value):
            return None
    else:
        return None
    if len(pairs) > MAX_INSTANCES:
        return None
    return [(key, {"each": Known({"key": Known(key, item.node), "value": item}, at)}) for key, item in pairs]


def suffix(key: "Key") -> str:
    """An instance's key as an address has it: ``["a"]``, ``[0]`` or nothing."""
    return "" if key is None else f"[{key}]" if isinstance(key, int) else f'["{key}"]'


def differs(node: Mapping) -> bool:
    """Whether the instances of a resource or call may differ: its body speaks of ``each`` or ``count``."""
    for inner in node.walk():
        if isinstance(inner, Expression) and inner.form == "variable" and inner.name in ("each", "count"):
            return True
        if isinstance(inner, Scalar) and inner.source.syntax == "json" and ("each." in inner.text or "count." in inner.text):
            return True
    return False

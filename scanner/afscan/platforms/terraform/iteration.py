"""``for`` expressions, splats and the directive ``%{ for }``.

Source: developer.hashicorp.com/terraform/language/expressions/for and /splat: maps are gone through in the order of their keys,
sets in the order of their elements, for which key and value are the same; without names for both, the one name is the value.
"""

from typing import TYPE_CHECKING, Any

from afscan.model.node import Node, Scalar
from afscan.platforms.terraform.references import instances_of_reference, step_into
from afscan.platforms.terraform.results import (
    MAX_ELEMENTS,
    MAX_TEXT,
    Known,
    NotKnownError,
    Result,
    Set,
    Unknown,
    plain,
    text_of,
)
from afscan.syntax.hcl.nodes import Expression

if TYPE_CHECKING:
    from afscan.platforms.terraform.evaluate import Scope


def elements(result: Result) -> list[tuple[Result, Result]]:
    """Key and value of each element of a collection.

    :raises NotKnownError: if the collection is not known.
    :raises TypeError: if it is none.
    """
    if isinstance(result, Unknown):
        raise NotKnownError(result.reason)
    if isinstance(result.value, dict):
        return [(Known(key, result.value[key].node), result.value[key]) for key in sorted(result.value)]
    if isinstance(result.value, Set):
        return [(item, item) for item in result.value]
    if isinstance(result.value, list):
        return [(Known(number, item.node), item) for number, item in enumerate(result.value)]
    raise TypeError


def iterate(node: Expression, scope: "Scope", depth: int) -> Result:
    """What a ``for`` expression yields."""
    names = node.name.split(",")
    collection, *rest = node.operands
    width = 2 if node.form in ("for_object", "for_groups") else 1
    condition = rest[width] if len(rest) > width else None
    yielded: list[list[Result]] = []
    for key, value in elements(scope.evaluate(collection, depth + 1)):
        inner = scope.bound({names[0]: key, names[1]: value} if len(names) > 1 else {names[0]: value})
        if condition is None or _holds(plain(inner.evaluate(condition, depth + 1))):
            yielded.append([inner.evaluate(part, depth + 1) for part in rest[:width]])
        if len(yielded) > MAX_ELEMENTS:
            raise NotKnownError("the list is too long")
    if node.form == "for_list":
        return Known([one[0] for one in yielded], node)
    if node.form == "for_text":
        text = "".join(text_of(plain(one[0])) for one in yielded)
        if len(text) > MAX_TEXT:
            raise NotKnownError("the text is too long")
        return Known(text, node)
    entries: dict[str, Result] = {}
    for key, value in yielded:
        name = text_of(plain(key))
        if node.form == "for_groups":
            entries.setdefault(name, Known([], node)).value.append(value)  # type: ignore[union-attr]
        elif name in entries:
            return Unknown(f"two elements have the key `{name[:40]}`", node, failed=True)
        else:
            entries[name] = value
    return Known(entries, node)


def _holds(value: Any) -> bool:
    if isinstance(value, bool) or value in ("true", "false"):
        return value in (True, "true")
    raise NotKnownError("this is no boolean")


def splat(node: Expression, scope: "Scope", depth: int) -> Result:
    """``list[*].attribute``: of each element; of what is no list, of that alone; of null, nothing."""
    base, *steps = node.operands
    found = instances_of_reference(base, steps, scope, depth)
    if found is not None:
        return Known(found, node)
    result = scope.evaluate(base, depth + 1)
    if isinstance(result, Unknown):
        return result
    items: list[Result] = result.value if isinstance(result.value, list) else [] if result.value is None else [result]
    return Known([step_into(item, list(map(_step, steps)), node, scope, depth) for item in items], node)


def _step(node: Node) -> "str | Node":
    """An attribute's name where the step is one."""
    return node.text if isinstance(node, Scalar) and not node.plain else node

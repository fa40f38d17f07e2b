"""References in expressions: to variables and locals, outputs of modules, attributes of resources."""

from typing import TYPE_CHECKING

from afscan.model.node import Mapping, Node, Sequence
from afscan.platforms.terraform.results import Result, Unknown, plain
from afscan.syntax.hcl.nodes import Expression, shorten

if TYPE_CHECKING:
    from afscan.platforms.terraform.evaluate import Scope

Step = str | Node
"""One step of a reference: an attribute's name, or the node between brackets."""


def reference(node: Node) -> "tuple[str, list[Step]] | None":
    """The root name and the steps of a reference such as ``aws_db_instance.main[0].id``; None where a node is none."""
    steps: list[Step] = []
    while isinstance(node, Expression) and node.form in ("attribute", "index"):
        steps.append(node.name if node.form == "attribute" else node.operands[1])
        node = node.operands[0]
    if isinstance(node, Expression) and node.form == "template" and len(node.operands) == 1 and not steps:
        return reference(node.operands[0])
    if isinstance(node, Expression) and node.form == "variable":
        return node.name, steps[::-1]
    return None


def resolve(node: Expression, scope: "Scope", depth: int) -> Result:
    """What a chain of attributes and indices stands for."""
    found = reference(node)
    if found is None:
        return _of_another_expression(node, scope, depth)
    root, steps = found
    first = steps[0] if steps and isinstance(steps[0], str) else ""
    if root in ("var", "local") and first:
        return _follow(scope.named(root, first, node, depth + 2), steps[1:], node, scope, depth)
    if root == "module" and first in scope.children and len(steps) > 1 and isinstance(steps[1], str):
        child = scope.children[first]
        output = child.module.outputs.get(steps[1])
        value = output.get("value") if output is not None else None
        if value is not None:
            key = ("output", f"{child.address}{steps[1]}")
            if key in scope.running:
                return Unknown(f"`{shorten(node.text)}` refers to itself", node)
            scope.running.add(key)
            try:
                return _follow(child.evaluate(value, depth + 2), steps[2:], node, scope, depth)
            finally:
                scope.running.discard(key)
    if (root, first) in scope.module.resources and len(steps) > 1:
        return _attribute_of(scope.module.resources[root, first], steps[1:], node, scope, depth)
    if root in ("each", "count"):
        return Unknown(f"`{shorten(node.text)}` differs from instance to instance", node)
    return Unknown(node.reason, node)


def _attribute_of(resource: Mapping, steps: list[Step], node: Expression, scope: "Scope", depth: int) -> Result:
    """An attribute of a resource is what the configuration says, where it says it; the rest is known when applied."""
    while steps and not isinstance(steps[0], str):
        steps = steps[1:]
    written = resource.get(steps[0]) if steps and isinstance(steps[0], str) else None
    marker = ("resource", f"{id(resource)}")
    if written is None or isinstance(written, Sequence) or resource.get("for_each") is not None or marker in scope.running:
        return Unknown(node.reason, node)
    scope.running.add(marker)
    try:
        return _follow(scope.evaluate(written, depth + 2), steps[1:], node, scope, depth)
    finally:
        scope.running.discard(marker)


def _of_another_expression(node: Expression, scope: "Scope", depth: int) -> Result:
    """``concat(...)[0]``, ``{...}["key"]``: steps below something that is no reference."""
    steps: list[Step] = []
    base: Node = node
    while isinstance(base, Expression) and base.form in ("attribute", "index"):
        steps.append(base.name if base.form == "attribute" else base.operands[1])
        base = base.operands[0]
    if base is node:
        return Unknown(node.reason, node)
    return _follow(scope.evaluate(base, depth + 1), steps[::-1], node, scope, depth)


def _follow(result: Result, steps: list[Step], node: Expression, scope: "Scope", depth: int) -> Result:
    """Attributes and indices below a result."""
    for step in steps:
        if isinstance(result, Unknown):
            return result
        key = step if isinstance(step, str) else plain(scope.evaluate(step, depth + 1))
        value = result.value
        named = isinstance(value, dict) and isinstance(key, str) and key in value
        if not named and not (isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value)):
            return Unknown(f"`{shorten(node.text)}` leads to nothing", node, failed=True)
        result = value[key]
    return result

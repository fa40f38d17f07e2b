"""References in expressions: to variables and locals, outputs of modules, attributes of resources."""

from posixpath import relpath
from typing import TYPE_CHECKING

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.platforms.terraform.results import Known, NotKnownError, Result, Unknown, plain
from afscan.syntax.hcl.nodes import Block, Expression, shorten

if TYPE_CHECKING:
    from afscan.platforms.terraform.evaluate import Key, Scope

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


def referring(scope: "Scope", kind: str, argument: str, target: Mapping) -> list[Mapping]:
    """The resources of a type in this module whose argument refers to a resource: an ECS service's task, a bucket's policy."""
    module = scope.module
    index = module.referring.get((kind, argument))
    if index is None:
        index = module.referring[kind, argument] = {}
        for (other, _), node in module.resources.items():
            written = node.get(argument) if other == kind else None
            found = reference(templated(written)) if written is not None else None
            named = module.resources.get((found[0], str(found[1][0]))) if found is not None and found[1] else None
            if named is not None:
                index.setdefault(id(named), []).append(node)
    return index.get(id(target), [])


def templated(node: Node) -> Node:
    """JSON writes expressions into strings: what such a string says; any other node is itself."""
    if isinstance(node, Scalar) and node.source.syntax == "json" and not node.plain and "${" in node.text:
        from afscan.syntax.hcl.templates import parse_template  # noqa: PLC0415 - only JSON configuration needs it

        return parse_template(node.embed(name="", holder="template", syntax="hcl"))
    return node


def resolve(node: Expression, scope: "Scope", depth: int) -> Result:
    """What a chain of attributes and indices stands for."""
    found = reference(node)
    if found is None:
        return _of_another_expression(node, scope, depth)
    root, steps = found
    first = steps[0] if steps and isinstance(steps[0], str) else ""
    if root in scope.bindings:
        return step_into(scope.bindings[root], steps, node, scope, depth)
    if root in ("var", "local") and first:
        result = step_into(scope.named(root, first, node, depth + 2), steps[1:], node, scope, depth)
        return _perhaps_optional(result, scope, first) if root == "var" else result
    if root == "path" and first:
        return _path(first, node, scope)
    if root == "module" and first in scope.children:
        return _module(scope.children[first], steps[1:], node, scope, depth)
    if (root, first) in scope.module.resources and len(steps) > 1:
        return _attribute_of(scope.module.resources[root, first], steps[1:], node, scope, depth)
    if root == "data" and len(steps) > 2 and steps[0] == "aws_iam_policy_document" and steps[2] == "json":
        from afscan.platforms.terraform.policies import document_json  # noqa: PLC0415 - few modules write policies

        declared = scope.module.data.get(("aws_iam_policy_document", str(steps[1])))
        return document_json(declared, scope, node) if declared is not None else Unknown(node.reason, node)
    if root in ("each", "count"):
        return Unknown(f"`{shorten(node.text)}` differs from instance to instance", node)
    return Unknown(node.reason, node)


def _perhaps_optional(result: Result, scope: "Scope", name: str) -> Result:
    """An attribute that the variable's type declares as ``optional`` is null or a default where it is not given: no error."""
    if isinstance(result, Unknown) and result.failed:
        declared = scope.module.variables.get(name)
        written = declared.get("type") if declared is not None else None
        if isinstance(written, Expression) and "optional(" in written.text:
            return Unknown(f"`var.{name}` has optional attributes, whose defaults are not read", result.node)
    return result


def _path(name: str, node: Expression, scope: "Scope") -> Result:
    """``path.module`` and ``path.root``, relative to the folder of the root module, where Terraform is run."""
    root = scope
    while root.caller is not None:
        root = root.caller
    if name == "root":
        return Known(".", node)
    if name == "module":
        return Known(relpath("/" + scope.module.directory, "/" + root.module.directory), node)
    return Unknown(node.reason, node)


def _module(children: "dict[Key, Scope]", steps: list[Step], node: Expression, scope: "Scope", depth: int) -> Result:
    """An output of a module, or the outputs of all its instances."""
    if None in children:
        return _outputs(children[None], steps, node, scope, depth)
    if not steps:
        whole = {key: _outputs(child, [], node, scope, depth) for key, child in children.items()}
        if all(isinstance(key, int) for key in whole):
            return Known(list(whole.values()), node)
        return Known(dict(whole), node)
    key = steps[0] if isinstance(steps[0], str) else plain(scope.evaluate(steps[0], depth + 1))
    child = children.get(key)
    if child is None:
        return Unknown(f"`{shorten(node.text)}` leads to nothing", node, failed=True)
    return _outputs(child, steps[1:], node, scope, depth)


def _outputs(child: "Scope", steps: list[Step], node: Expression, scope: "Scope", depth: int) -> Result:
    """One output of a module and what lies below it; without a name all of them."""
    if not steps:
        return Known({name: _outputs(child, [name], node, scope, depth) for name in child.module.outputs}, node)
    output = child.module.outputs.get(steps[0]) if isinstance(steps[0], str) else None
    value = output.get("value") if output is not None else None
    if value is None:
        return Unknown(node.reason, node)
    key = ("output", f"{child.address}{steps[0]}")
    if key in scope.running or key in child.running:
        return Unknown(f"`{shorten(node.text)}` refers to itself", node)
    child.running.add(key)
    try:
        return step_into(child.evaluate(value, depth + 2), steps[1:], node, scope, depth)
    finally:
        child.running.discard(key)


def _attribute_of(resource: Mapping, steps: list[Step], node: Expression, scope: "Scope", depth: int) -> Result:
    """An attribute of a resource is what the configuration says, where it says it; the rest is known when applied."""
    from afscan.platforms.terraform.instances import differs, instances  # noqa: PLC0415 - it builds on this module

    keyed = isinstance(steps[0], Node)
    inner = scope.base or scope
    marker = ("resource", f"{id(resource)}")
    if marker in scope.running or len(steps) <= keyed or not isinstance(steps[keyed], str):
        return Unknown(node.reason, node)
    if (resource.get("for_each") is not None or resource.get("count") is not None) and differs(resource):
        if not isinstance(steps[0], Node):
            return Unknown(node.reason, node)
        key = plain(scope.evaluate(steps[0], depth + 1))
        found = dict(instances(resource, inner)).get(key)
        if found is None:
            return Unknown(node.reason, node)
        inner = found
    return _written(resource, steps[keyed:], node, (inner, scope), depth)


def _written(resource: Mapping, steps: list[Step], node: Expression, scopes: "tuple[Scope, Scope]", depth: int) -> Result:
    """An attribute as a resource's body writes it, evaluated in the first scope; the steps are the second's."""
    inner, scope = scopes
    written = resource.get(steps[0]) if isinstance(steps[0], str) else None
    if written is None or _holds_blocks(written):
        return Unknown(node.reason, node)
    marker = ("resource", f"{id(resource)}")
    scope.running.add(marker)
    try:
        return step_into(inner.evaluate(written, depth + 2), steps[1:], node, scope, depth)
    finally:
        scope.running.discard(marker)


def _holds_blocks(node: Node) -> bool:
    return isinstance(node, Sequence) and any(isinstance(item, Block) for item in node.items)


def instances_of_reference(base: Node, steps: list[Node], scope: "Scope", depth: int) -> list[Result] | None:
    """What a splat over a resource yields: of each instance what the configuration says. None where the base is something else."""
    from afscan.platforms.terraform.instances import instances  # noqa: PLC0415 - it builds on this module

    found = reference(base)
    if found is None or len(found[1]) != 1 or not isinstance(found[1][0], str) or not isinstance(base, Expression):
        return None
    resource = scope.module.resources.get((found[0], found[1][0]))
    if resource is None:
        return None
    inner = scope.base or scope
    if resource.get("for_each") is not None or not steps or ("resource", f"{id(resource)}") in scope.running:
        raise NotKnownError(base.reason)
    path: list[Step] = [step.text if isinstance(step, Scalar) and not step.plain else step for step in steps]
    every = instances(resource, inner)
    if resource.get("count") is not None and any(key is None for key, _ in every):
        raise NotKnownError(f"how many instances `{shorten(base.text)}` has is not known")
    return [_written(resource, path, base, (one, scope), depth) for _, one in every]


def _of_another_expression(node: Expression, scope: "Scope", depth: int) -> Result:
    """``concat(...)[0]``, ``{...}["key"]``: steps below something that is no reference."""
    steps: list[Step] = []
    base: Node = node
    while isinstance(base, Expression) and base.form in ("attribute", "index"):
        steps.append(base.name if base.form == "attribute" else base.operands[1])
        base = base.operands[0]
    if base is node:
        return Unknown(node.reason, node)
    return step_into(scope.evaluate(base, depth + 1), steps[::-1], node, scope, depth)


def step_into(result: Result, steps: list[Step], node: Expression, scope: "Scope", depth: int) -> Result:
    """Attributes and indices below a result."""
    for step in steps:
        if isinstance(result, Unknown):
            return result
        key = step if isinstance(step, str) else plain(scope.evaluate(step, depth + 1))
        value = result.value
        if isinstance(value, list) and isinstance(key, str) and key.isascii() and key.isdecimal() and len(key) < 6:
            key = int(key)  # the old `list.0`
        named = isinstance(value, dict) and isinstance(key, str) and key in value
        if not named and not (isinstance(value, list) and type(key) is int and 0 <= key < len(value)):
            return Unknown(f"`{shorten(node.text)}` leads to nothing", node, failed=True)
        result = value[key]
    return result

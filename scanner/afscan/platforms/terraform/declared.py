"""Whether what a module refers to is declared in one of its files.

Source: developer.hashicorp.com/terraform/language/expressions/references. Names that hold in a part of a module only (``each``,
``self``, the variables of ``for`` expressions and ``dynamic`` blocks), addresses that may be gone on purpose (``moved``, ``removed``),
providers and types are no such references.
"""

import re
from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Scalar
from afscan.model.terraform import TerraformReference
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.terraform.declarations import Module, labelled
from afscan.platforms.terraform.references import reference, templated
from afscan.platforms.terraform.resolved import at
from afscan.syntax.hcl.nodes import Block, Expression

_READ = ("resource", "data", "module", "output", "locals", "provider", "variable", "check", "ephemeral")
_SKIPPED = frozenset(("provider", "providers", "ignore_changes", "iterator"))
_RESOURCE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*_[a-z0-9_-]+\Z")
_MAX_NODES = 500_000

Names = frozenset[str]


def read_references(module: Module, unread: Value[bool] | None, out: Interpretation) -> None:
    """Emit what a module refers to, each thing once.

    :param unread: an unknown value where parts of the module could not be read, which may hold the declaration.
    """
    found: dict[str, TerraformReference] = {}
    for node, kind, target in _references(module):
        before = found.get(target)
        if before is not None:
            before.others.append(node.place)
            continue
        declared = _declares(module, kind, target)
        value = Value.of(declared, node, at(node)) if declared or unread is None else unread
        found[target] = TerraformReference(
            name=target,
            node=node,
            platform="terraform",
            kind=kind,
            target=target,
            module=module.directory,
            declared=value,
            excerpt=bool(module.key[0]),
        )
    out.subjects += found.values()


def _declares(module: Module, kind: str, target: str) -> bool:
    *_, type_, name = target.split(".")
    tables = {
        "variable": name in module.variables,
        "local value": name in module.locals,
        "module": name in module.calls,
        "resource": (type_, name) in module.resources,
        "data source": (type_, name) in module.data or (type_, name) in _checked(module),
    }
    return tables[kind]


def _checked(module: Module) -> set[tuple[str, str]]:
    """Data sources inside ``check`` blocks."""
    return {
        (labels[0], labels[1])
        for file in module.files
        for _, check in labelled(file.node.get("check"), 1, Interpretation())
        for labels, _ in labelled(check.get("data"), 2, Interpretation())
    }


def _references(module: Module) -> Iterator[tuple[Node, str, str]]:
    """Node, kind and address of each reference, file by file."""
    left = _MAX_NODES
    for file in module.files:
        waiting: list[tuple[Node, Names]] = []
        if file.role == "configuration":
            waiting = [(node, frozenset()) for name in reversed(_READ) if (node := file.node.get(name)) is not None]
        while waiting and left > 0:
            left -= 1
            node, bound = waiting.pop()
            node = templated(node)
            known = reference(node)
            if known is None:
                waiting += reversed(list(_below(node, bound)))
                continue
            root, steps = known
            waiting += [(step, bound) for step in steps if isinstance(step, Node)]
            named = _named(root, [step for step in steps if isinstance(step, str)]) if root not in bound else None
            if named is not None:
                yield node, *named


def _named(root: str, steps: list[str]) -> tuple[str, str] | None:
    """Kind and address of what a reference names; None where it is none that a file must declare."""
    kinds = {"var": "variable", "local": "local value", "module": "module"}
    if root in kinds and steps:
        return kinds[root], f"{root}.{steps[0]}"
    if root == "data" and len(steps) > 1:
        return "data source", f"data.{steps[0]}.{steps[1]}"
    if _RESOURCE.match(root) and steps:
        return "resource", f"{root}.{steps[0]}"
    return None


def _below(node: Node, bound: Names) -> Iterator[tuple[Node, Names]]:
    if isinstance(node, Expression) and node.form.startswith("for_"):
        yield node.operands[0], bound
        inner = bound | frozenset(node.name.split(","))
        yield from ((operand, inner) for operand in node.operands[1:])
    elif isinstance(node, Block) and node.kind.text == "dynamic":
        chosen = node.get("iterator")
        label = getattr(chosen, "text", "") or (node.labels[0].text if node.labels else "")
        yield from ((value, bound | {label} if name == "content" else bound) for name, value in _entries(node))
    elif isinstance(node, Mapping):
        dynamic = node.get("dynamic") if node.source.syntax == "json" else None
        names = frozenset(dynamic.entries) if isinstance(dynamic, Mapping) else frozenset()
        yield from ((value, bound | names) for _, value in _entries(node))
    elif not isinstance(node, Scalar):
        yield from ((child, bound) for child in node.children())


def _entries(node: Mapping) -> Iterator[tuple[str, Node]]:
    """The arguments and blocks in which references stand."""
    variable = isinstance(node, Block) and node.kind.text == "variable"
    for name, value in node.entries.items():
        if name not in _SKIPPED and not (variable and name == "type"):
            yield name, value

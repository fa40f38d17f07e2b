"""Plans: what ``terraform show -json`` says of a saved plan or a state, every value resolved.

Source: developer.hashicorp.com/terraform/internals/json-format. What is known only after apply (``after_unknown``) is unknown here;
what is marked as sensitive is neither judged nor shown. Where the configuration that a plan was made from is in the stack too, the
configuration speaks, at its own places, and takes from the plan what it does not know itself: values of variables, of attributes
and blocks. Only what the configuration does not declare here (resources of modules from a registry) is judged in the plan.
"""

import re
from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.place import Place
from afscan.model.record import field, record
from afscan.model.subjects import TerraformFile
from afscan.platforms.secrets import credential_kind
from afscan.platforms.terraform.declarations import Module
from afscan.platforms.terraform.evaluate import Budget, Scope

KEY = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|[0-9]+)\]')
"""The key of an instance in an address."""

MAX_RESOURCES = 20_000
"""How many resources of one plan are read."""

_VALUES = ("planned_values", "values")


@record(slots=True, kw_only=True)
class Planned:
    """A resource of a plan: ``address`` with its key, the ``module`` part of it with a dot behind, and its final values."""

    address: str
    module: str
    kind: str
    label: str
    values: Mapping


@record(slots=True, kw_only=True)
class Plan:
    """A plan: its resources by address, the variables it was made with, the places of what must not be shown."""

    file: TerraformFile
    resources: dict[str, Planned] = field(default_factory=dict)
    variables: dict[str, Node] = field(default_factory=dict)
    secrets: list[Place] = field(default_factory=list)

    def covers(self, address: str) -> bool:
        """Whether the plan has resources in a module of an address, in any of its instances."""
        return any(KEY.sub("", one.module).startswith(KEY.sub("", address) + ".") for one in self.resources.values())

    def of(self, address: str) -> Mapping | None:
        """The values of a resource; of one with several instances that are written alike, the first's."""
        found = self.resources.get(address) or self.resources.get(f"{address}[0]")
        return found.values if found is not None else None


def is_plan(root: Node) -> bool:
    """Whether a JSON text is what ``terraform show -json`` prints."""
    if not isinstance(root, Mapping) or not isinstance(root.get("format_version"), Scalar):
        return False
    return any(isinstance(root.get(name), Mapping) for name in _VALUES) or isinstance(root.get("resource_changes"), Sequence)


def read_plan(file: TerraformFile) -> Plan:
    """The plan in a file."""
    plan, root = Plan(file=file), file.node
    changes = {address: node for node, address in _with_address(root.get("resource_changes"))}
    whole = next((root.get(name, "root_module") for name in _VALUES if root.get(name, "root_module") is not None), None)
    if whole is not None:
        for module, node, address in _modules(whole):
            _take(plan, module, node, node.get("values"), changes.get(address))
    else:
        for node in changes.values():
            if node.get("change", "after") is not None:
                _take(plan, _text(node.get("module_address")), node, node.get("change", "after"), node)
    given, declared = root.get("variables"), root.get("configuration", "root_module", "variables")
    for name, one in given.entries.items() if isinstance(given, Mapping) else ():
        value, hidden = one.get("value"), _text(declared.get(name, "sensitive") if declared is not None else None) == "true"
        if value is not None and (hidden or credential_kind(name) is not None):
            plan.secrets += [node.place for node in value.walk() if isinstance(node, Scalar)]
        elif value is not None:
            plan.variables[name] = value
    return plan


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _with_address(node: Node | None) -> Iterator[tuple[Mapping, str]]:
    for item in (node.items if isinstance(node, Sequence) else ())[:MAX_RESOURCES]:
        address = _text(item.get("address"))
        if isinstance(item, Mapping) and address:
            yield item, address


def _modules(root: Node) -> Iterator[tuple[str, Mapping, str]]:
    """The resources of all modules, with the address of their module."""
    waiting, left = [root], MAX_RESOURCES
    while waiting:
        module = waiting.pop(0)
        for node, address in _with_address(module.get("resources")):
            left -= 1
            if left >= 0:
                yield _text(module.get("address")), node, address
        children = module.get("child_modules")
        waiting += children.items if isinstance(children, Sequence) else []


def _take(plan: Plan, module: str, node: Mapping, values: Node | None, change: Mapping | None) -> None:
    address = _text(node.get("address"))
    kind, label, index = _text(node.get("type")), _text(node.get("name")), node.get("index")
    mode, deleted = _text(node.get("mode")), change is not None and _deletes(change)
    if mode == "data" or deleted or not kind or not label:
        return
    unknown = change.get("change", "after_unknown") if change is not None else None
    hidden = node.get("sensitive_values") or (change.get("change", "after_sensitive") if change is not None else None)
    merged = _merged(values, unknown, hidden, plan)
    if not isinstance(merged, Mapping):
        return
    merged.title = node.get("address")
    key = "" if index is None else f'["{_text(index)}"]' if isinstance(index, Scalar) and not index.plain else f"[{_text(index)}]"
    plan.resources[address] = Planned(
        address=address, module=f"{module}." if module else "", kind=kind, label=label + key, values=merged
    )


def _deletes(change: Mapping) -> bool:
    actions = change.get("change", "actions")
    return isinstance(actions, Sequence) and [_text(item) for item in actions.items] == ["delete"]


def _merged(value: Node | None, unknown: Node | None, hidden: Node | None, plan: Plan) -> Node | None:
    """A value with what is not known yet, and what is sensitive, as unknown."""
    if _text(hidden) == "true":
        if value is not None:
            plan.secrets += [node.place for node in value.walk() if isinstance(node, Scalar) and not node.plain]
            return Opaque(value.source, value.span, "", "the plan marks it as sensitive")
        return None
    if _text(unknown) == "true" and unknown is not None:
        return Opaque(unknown.source, unknown.span, "", "it is known only after apply")
    if isinstance(value, Mapping) or (value is None and isinstance(unknown, Mapping)):
        return _merged_mapping(value, unknown, hidden, plan)
    if isinstance(value, Sequence):
        sequence = Sequence(value.source, value.span)
        for number, item in enumerate(value.items):
            below = [one.get(number) if isinstance(one, Sequence) else None for one in (unknown, hidden)]
            merged = _merged(item, below[0], below[1], plan)
            if merged is not None:
                sequence.add(merged)
        return sequence
    return value


def _merged_mapping(value: Mapping | None, unknown: Node | None, hidden: Node | None, plan: Plan) -> Mapping:
    whole = value if value is not None else unknown
    assert isinstance(whole, Mapping)
    mapping = Mapping(whole.source, whole.span)
    mapping.key = whole.key
    keys = dict.fromkeys((*(value.entries if value is not None else ()), *(_entries(unknown))))
    for name in keys:
        below = value.entries.get(name) if value is not None else None
        merged = _merged(below, _entries(unknown).get(name), _entries(hidden).get(name), plan)
        owner = value if below is not None else unknown
        if merged is not None and isinstance(owner, Mapping) and not _empty(below, merged):
            mapping.add(owner.keys[name], merged)
    return mapping


def _empty(value: Node | None, merged: Node) -> bool:
    """``after_unknown`` has an object or list also for what is known in full, or not there at all."""
    return value is None and not isinstance(merged, Opaque) and not any(isinstance(node, Opaque) for node in merged.walk())


def _entries(node: Node | None) -> dict[str, Node]:
    return node.entries if isinstance(node, Mapping) else {}


# ---------------------------------------------------------------- a plan and its configuration


def belongs(plan: Plan, module: Module) -> bool:
    """Whether a plan may have been made from a root module: everything in it is declared there."""
    names = {tuple(KEY.sub("", one.address).split(".", 1)) for one in plan.resources.values() if not one.module}
    calls = {KEY.sub("", one.module).split(".")[1] for one in plan.resources.values() if one.module}
    return bool(names or calls) and names <= module.resources.keys() and calls <= module.calls.keys()


def scopes_of(plan: Plan, covered: set[str], budget: Budget) -> list[Scope]:
    """The plan's own modules, with the resources that no configuration in the stack declares."""
    scopes: dict[str, Scope] = {}
    for one in plan.resources.values():
        if KEY.sub("", one.address) in covered:
            continue
        scope = scopes.get(one.module)
        if scope is None:
            module = Module((plan.file.node.source.path, one.module), files=[plan.file])
            scope = scopes[one.module] = Scope(module, budget, address=one.module, planned=True)
        scope.module.resources[one.kind, one.label] = one.values
    return list(scopes.values())

"""Evaluate expressions in a module that is in use: variables, locals, references, operators.

Source: developer.hashicorp.com/terraform/language/expressions. Everything that Terraform itself learns only while it applies
(data sources, computed attributes) is unknown with a reason that names it.
"""

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.record import field, record
from afscan.model.source import Source
from afscan.platforms.terraform.declarations import Module
from afscan.platforms.terraform.functions import call
from afscan.platforms.terraform.iteration import iterate, splat
from afscan.platforms.terraform.references import resolve
from afscan.platforms.terraform.results import MAX_TEXT, Known, NotKnownError, Result, Unknown, plain, text_of
from afscan.syntax.hcl.nodes import Expression, shorten

if TYPE_CHECKING:
    from afscan.platforms.terraform.plans import Plan

MAX_DEPTH = 80
"""How deep evaluation goes: nesting of values and references that lead to references."""

MAX_STEPS = 2_000_000
"""How many nodes are evaluated for one stack; what comes after is unknown."""


Key = str | int | None
"""An instance of a resource or module: its key, its index, or None where there is only one."""


@record(slots=True)
class Budget:
    """What all modules of a stack share: what is left of :data:`MAX_STEPS`, and the files that ``file`` may read.

    ``lookup`` gives the text of a file by its path (and the document that holds it) for a call: a source, or the reason why there is none.
    ``plans`` are the plans of root modules, by the modules' keys.
    """

    steps: int = MAX_STEPS
    lookup: "Callable[[str, str, Node], Source | str] | None" = None
    plans: "dict[tuple[str, str], Plan]" = field(default_factory=dict)

    def plan_of(self, scope: "Scope") -> "Plan | None":
        """The plan that was made from the root module above a scope."""
        while scope.caller is not None:
            scope = scope.caller
        return self.plans.get(scope.module.key)


@record(slots=True)
class Scope:
    """A module in use: the root of a configuration, or one call of a module.

    ``address`` is ``module.db.`` or empty; ``inputs`` are the arguments of the call, evaluated in ``caller``. ``children`` are the
    modules called from here, by name and instance. ``bindings`` are names that hold in a part of the module only (``each``,
    ``count``, the variables of a ``for`` expression or ``dynamic`` block): such a part is a scope of its own over its ``base``.
    ``planned`` marks the values of a plan: final, and no templates.
    """

    module: Module
    budget: Budget
    address: str = ""
    caller: "Scope | None" = None
    inputs: dict[str, Node] = field(default_factory=dict)
    children: "dict[str, dict[Key, Scope]]" = field(default_factory=dict)
    memo: dict[tuple[str, str], Result] = field(default_factory=dict)
    running: set[tuple[str, str]] = field(default_factory=set)
    bindings: dict[str, Result] = field(default_factory=dict)
    base: "Scope | None" = None
    planned: bool = False

    def bound(self, names: dict[str, Result]) -> "Scope":
        """This scope with further names."""
        return Scope(
            self.module,
            self.budget,
            address=self.address,
            caller=self.caller,
            inputs=self.inputs,
            children=self.children,
            memo=self.memo,
            running=self.running,
            bindings={**self.bindings, **names},
            base=self.base or self,
            planned=self.planned,
        )

    def evaluate(self, node: Node, depth: int = 0) -> Result:
        """What a node evaluates to here."""
        self.budget.steps -= 1
        if depth > MAX_DEPTH or self.budget.steps < 0:
            return Unknown("there is too much to evaluate", node)
        if isinstance(node, Expression):
            return _expression(node, self, depth)
        if isinstance(node, Scalar):
            return self._scalar(node, depth)
        if isinstance(node, Mapping):
            return Known({key: self.evaluate(value, depth + 1) for key, value in node.entries.items()}, node)
        if isinstance(node, Sequence):
            return Known([self.evaluate(item, depth + 1) for item in node.items], node)
        return Unknown(node.reason if isinstance(node, Opaque) else "this is not evaluated", node)

    def _scalar(self, node: Scalar, depth: int) -> Result:
        if node.source.syntax == "json" and not self.planned and not node.plain and ("${" in node.text or "%{" in node.text):
            from afscan.syntax.hcl.templates import parse_template  # noqa: PLC0415 - only JSON configuration needs it

            inner = parse_template(node.embed(name="", holder="template", syntax="hcl"))
            if isinstance(inner, Scalar):
                return Known(inner.text, node)
            return self.evaluate(inner, depth + 1)
        return Known(node.value, node)

    def named(self, kind: str, name: str, node: Node, depth: int) -> Result:
        """``var.name`` or ``local.name``, evaluated once."""
        if self.base is not None:
            return self.base.named(kind, name, node, depth)
        key = (kind, name)
        if key in self.memo:
            return self.memo[key]
        if key in self.running:
            return Unknown(f"`{kind}.{name}` refers to itself", node)
        self.running.add(key)
        try:
            result = self._local(name, node, depth) if kind == "local" else self._variable(name, node, depth)
        finally:
            self.running.discard(key)
        self.memo[key] = result
        return result

    def _local(self, name: str, node: Node, depth: int) -> Result:
        written = self.module.locals.get(name)
        if written is None:
            return Unknown(f"`local.{name}` is not declared here", node)
        return self.evaluate(written, depth + 1)

    def _variable(self, name: str, node: Node, depth: int) -> Result:
        declared = self.module.variables.get(name)
        if declared is None:
            return Unknown(f"`var.{name}` is not declared here", node)
        given: Result | None = None
        if self.caller is not None and name in self.inputs:
            given = self.caller.evaluate(self.inputs[name], depth + 1)  # the caller binds `each` of this call's instance
        elif self.caller is None and name in self.module.assigned:
            given = self.evaluate(self.module.assigned[name], depth + 1)
        default = declared.get("default")
        if given is not None and not (isinstance(given, Known) and given.value is None and _not_nullable(declared)):
            return given
        if default is None:
            return Unknown(f"`var.{name}` has no default", node)
        return self.evaluate(default, depth + 1)


def _not_nullable(declared: Mapping) -> bool:
    nullable = declared.get("nullable")
    return isinstance(nullable, Scalar) and nullable.value is False


def _expression(node: Expression, scope: Scope, depth: int) -> Result:
    form = node.form
    try:
        if form in ("attribute", "index", "variable"):
            return resolve(node, scope, depth)
        if form == "template":
            return _template(node, scope, depth)
        if form in ("call", "spread"):
            return call(node.name, _arguments(node, scope, depth), node, scope)
        if form in ("for_list", "for_object", "for_groups", "for_text"):
            return iterate(node, scope, depth)
        if form == "splat":
            return splat(node, scope, depth)
        if form == "conditional":
            return _conditional(node, scope, depth)
        if form == "binary":
            return _binary(node, scope, depth)
        if form == "unary":
            value = plain(scope.evaluate(node.operands[0], depth + 1))
            return Known(not boolean(value) if node.name == "!" else -value, node)
        if form == "object":
            return _object(node, scope, depth)
    except NotKnownError as error:
        return Unknown(str(error), node)
    except (TypeError, ValueError, ArithmeticError):
        return Unknown(f"`{shorten(node.text)}` cannot be evaluated", node)
    return Unknown(node.reason, node)


def _arguments(node: Expression, scope: Scope, depth: int) -> list[Result]:
    results = [scope.evaluate(operand, depth + 1) for operand in node.operands]
    if node.form == "spread":
        last = results.pop()
        if isinstance(last, Unknown):
            raise NotKnownError(last.reason)
        if not isinstance(last.value, list):
            raise TypeError
        results += last.value
    return results


def boolean(value: Any) -> bool:
    """A condition, which may be written as a string.

    :raises NotKnownError: if it is neither.
    """
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise NotKnownError("this is no boolean")


def _template(node: Expression, scope: Scope, depth: int) -> Result:
    if len(node.operands) == 1:
        return scope.evaluate(node.operands[0], depth + 1)
    text = ""
    for operand in node.operands:
        text += text_of(plain(scope.evaluate(operand, depth + 1)))
        if len(text) > MAX_TEXT:
            raise NotKnownError("the text is too long")
    return Known(text, node)


def _conditional(node: Expression, scope: Scope, depth: int) -> Result:
    condition = scope.evaluate(node.operands[0], depth + 1)
    if isinstance(condition, Known):
        return scope.evaluate(node.operands[1 if boolean(condition.value) else 2], depth + 1)
    first, second = (scope.evaluate(operand, depth + 1) for operand in node.operands[1:])
    same = plain(first) == plain(second) if isinstance(first, Known) and isinstance(second, Known) else False
    return first if same else Unknown(condition.reason, node)


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": math.fmod,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def _binary(node: Expression, scope: Scope, depth: int) -> Result:
    results = [scope.evaluate(operand, depth + 1) for operand in node.operands]
    if node.name in ("&&", "||"):
        decisive = node.name == "||"
        if any(isinstance(result, Known) and boolean(result.value) is decisive for result in results):
            return Known(decisive, node)
        values = [boolean(plain(result)) for result in results]
        return Known(any(values) if decisive else all(values), node)
    left, right = plain(results[0]), plain(results[1])
    if node.name in ("==", "!="):
        same = left == right and isinstance(left, bool) == isinstance(right, bool)
        return Known(same if node.name == "==" else not same, node)
    left, right = _number(left), _number(right)
    value = _ARITHMETIC[node.name](left, right)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, int) and abs(value) > 10**30:
        raise NotKnownError("the number is too large")
    return Known(value, node)


def _number(value: Any) -> int | float:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, str):
        return float(value)
    if isinstance(value, int | float):
        return value
    raise TypeError


def _object(node: Expression, scope: Scope, depth: int) -> Result:
    entries: dict[str, Result] = {}
    for key, value in zip(node.operands[::2], node.operands[1::2], strict=True):
        entries[text_of(plain(scope.evaluate(key, depth + 1)))] = scope.evaluate(value, depth + 1)
    return Known(entries, node)

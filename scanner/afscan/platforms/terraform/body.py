"""Typed access to the body of a resource or a block in it, with variables and locals resolved.

As :class:`~afscan.platforms.reading.Reader`: absent or null is unset at the nearest block, what cannot be evaluated is unknown, a
wrong type is unknown and a notice. Terraform converts between strings, numbers and booleans, and so does this.
"""

from collections.abc import Callable
from typing import TypeVar

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.terraform.dynamic import dynamics, expand_dynamic
from afscan.platforms.terraform.evaluate import Scope
from afscan.platforms.terraform.resolved import at, to_node, within
from afscan.platforms.terraform.results import Known, NotKnownError, Result, Unknown, text_of, wrap

T = TypeVar("T")


class Body:
    """One block's body in a module that is in use."""

    __slots__ = ("node", "out", "planned", "scope")

    def __init__(self, node: Mapping, scope: Scope, out: Interpretation, planned: Mapping | None = None) -> None:
        """:param planned: the same block in a plan, which is asked for what is not known here."""
        self.node = node
        self.scope = scope
        self.out = out
        self.planned = planned

    def result(self, name: str) -> Result | None:
        """What an attribute evaluates to; None where it is absent or null."""
        node = self.node.entries.get(name)
        if node is None:
            return None
        result = self.scope.evaluate(node)
        if isinstance(result, Unknown) and self.planned is not None:
            result = _in_plan(self.planned.entries.get(name), node) or result
        return None if isinstance(result, Known) and result.value is None else result

    def written(self, name: str) -> bool:
        """Whether an attribute or block is there (an attribute that is null is not)."""
        return self.result(name) is not None or self.dynamic(name) is not None

    def dynamic(self, name: str) -> Node | None:
        """The ``dynamic`` block that may yield blocks of a type; None also where it is known to yield none."""
        for block in dynamics(self.node, name):
            expanded = expand_dynamic(name, block, self.scope)
            if isinstance(expanded, Unknown) or expanded:
                return block
        return None

    def blocks(self, name: str) -> "list[Body]":
        """The blocks of a type, in either syntax, ``dynamic`` ones, or the objects of an attribute that stands in for them."""
        node = self.node.entries.get(name)
        found: list[Node] = []
        if node is not None:
            if not isinstance(node, Mapping | Sequence):
                node = to_node(self.scope.evaluate(node), node)
            items = node.items if isinstance(node, Sequence) else [node]
            found = [item if isinstance(item, Mapping) else to_node(self.scope.evaluate(item), item) for item in items]
        below = self.planned.get(name) if self.planned is not None else None
        if isinstance(below, Sequence) and self._unread(name) is not None:
            return [Body(item, self.scope, self.out) for item in below.items if isinstance(item, Mapping)]
        alike = isinstance(below, Sequence) and len(below.items) == len(found)
        bodies = []
        for number, item in enumerate(found):
            if isinstance(item, Mapping):
                twin = below.get(number) if alike and below is not None else below
                bodies.append(Body(item, self.scope, self.out, twin if isinstance(twin, Mapping) else None))
        for block in dynamics(self.node, name):
            expanded = expand_dynamic(name, block, self.scope)
            if not isinstance(expanded, Unknown):
                bodies += [Body(content, scope, self.out) for content, scope in expanded]
        return bodies

    def unread(self, name: str) -> Value[str] | None:
        """An unknown value where some blocks of a type cannot be told: ``dynamic``, or an expression that is not known."""
        if self.planned is not None and isinstance(self.planned.get(name), Sequence):
            return None
        return self._unread(name)

    def _unread(self, name: str) -> Value[str] | None:
        for block in dynamics(self.node, name):
            expanded = expand_dynamic(name, block, self.scope)
            if isinstance(expanded, Unknown):
                return Value.unknown(block, f'`dynamic "{name}"` is not expanded: {expanded.reason}')
        node = self.node.entries.get(name)
        result = None if node is None or isinstance(node, Mapping | Sequence) else self.scope.evaluate(node)
        if node is not None and isinstance(result, Unknown):
            return Value.unknown(node, result.reason, at(node))
        return None

    def block(self, *path: str) -> "Body | Value[str]":
        """The first block on a path; unset at the nearest one that exists, or unknown where it may come from elsewhere."""
        body = self
        for step in path:
            below = body.blocks(step)
            if not below:
                return body.unread(step) or Value.unset(body.node)
            body = below[0]
        return body

    def _read(self, path: tuple[str, ...], convert: Callable[[object], T | None], what: str) -> Value[T]:
        owner = self.block(*path[:-1])
        if isinstance(owner, Value):
            return Value(owner.state, None, owner.node, owner.reason, owner.at)
        node, result = owner.node.entries.get(path[-1]), owner.result(path[-1])
        if node is None or result is None:
            return Value.unset(owner.node)
        if isinstance(result, Unknown):
            return Value.unknown(node, result.reason, at(node))
        found = convert(result.value)
        if found is not None:
            return Value("set", found, node, "", at(node))
        name = ".".join(path)
        self.out.notice(NoticeKind.WRONG_TYPE, node.head, f"`{name}` should be {what}; it is not judged.")
        return Value.unknown(node, f"`{name}` is not {what}", at(node))

    def text(self, *path: str) -> Value[str]:
        """A string."""
        return self._read(path, _text, "a string")

    def boolean(self, *path: str) -> Value[bool]:
        """A boolean, also written as a string."""
        return self._read(path, _boolean, "true or false")

    def integer(self, *path: str) -> Value[int]:
        """A whole number, also written as a string."""
        return self._read(path, _integer, "a whole number")

    def strings(self, name: str) -> list[Value[str]]:
        """The strings of a list, each at its own place where it is written here; a list nobody knows is one unknown value."""
        node, result = self.node.entries.get(name), self.result(name)
        if node is None or result is None:
            return []
        if isinstance(result, Unknown):
            return [Value.unknown(node, result.reason, at(node))]
        found: list[Value[str]] = []
        items = result.value if isinstance(result.value, list) else [result]
        listed = list(node.children()) if isinstance(node, Sequence) else []
        for number, item in enumerate(items):
            written = listed[number] if len(listed) == len(items) else node
            home = item.node if isinstance(item, Known) and within(item.node, node) else written
            text = _text(item.value) if isinstance(item, Known) else None
            if text is not None:
                found.append(Value("set", text, home, "", at(home)))
            else:
                reason = item.reason if isinstance(item, Unknown) else f"an item of `{name}` is no string"
                found.append(Value.unknown(home, reason, at(home)))
        return found


def _in_plan(node: Node | None, written: Node) -> Known | None:
    """A value of a plan as a result that stems from where the configuration writes it; None where the plan does not know it."""
    if node is None or any(isinstance(one, Opaque) for one in node.walk()):
        return None
    return wrap(_bare(node), written)


def _bare(node: Node) -> object:
    if isinstance(node, Mapping):
        return {key: _bare(value) for key, value in node.entries.items()}
    if isinstance(node, Sequence):
        return [_bare(item) for item in node.items]
    return node.value if isinstance(node, Scalar) else None


def _text(value: object) -> str | None:
    try:
        return text_of(value)
    except NotKnownError:
        return None


def _boolean(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value) if isinstance(value, str) else None


def _integer(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value) if isinstance(value, str) else value
        return int(number) if isinstance(number, int | float) and abs(number) < 1e15 and number == int(number) else None
    except (ValueError, OverflowError):
        return None

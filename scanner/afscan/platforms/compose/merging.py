"""A service that extends another one of the same file.

Source: the Compose Specification, "extends" and "Merge and override": mappings merge key by key, lists are appended, ``command``,
``entrypoint`` and ``healthcheck.test`` are replaced. The merged nodes are the original ones, so places stay exact.
"""

from posixpath import basename

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.value import Value
from afscan.platforms.compose.reading import Context, Layer, present

MAX_CHAIN = 20
"""How many services may extend one after the other."""

_MAX_DEPTH = 10
_REPLACED = frozenset(("command", "entrypoint", "test"))
_EITHER_FORM = frozenset(("environment", "labels", "args", "annotations"))
_APART = frozenset(("extends", "container_name"))


class Extensions:
    """Resolves ``extends`` for the services of one file. Each service is resolved once."""

    def __init__(self, services: dict[str, Mapping], context: Context) -> None:
        self.services = services
        self.context = context
        self._done: dict[str, tuple[Mapping, Value[str] | None]] = {}

    def resolve(self, name: str) -> "tuple[Mapping, Value[str] | None]":
        """The service with what it extends merged in, and why that may be incomplete (None where it is not)."""
        chain: list[str] = []
        gap: Value[str] | None = None
        current: str | None = name
        while current is not None and current not in self._done:
            chain.append(current)
            current, gap = self._base(current, chain)
        if current is not None:
            merged, gap = self._done[current]
        else:
            last = chain.pop()
            merged = self.services[last]
            self._done[last] = (merged, gap)
        for step in reversed(chain):
            merged = _merge(merged, self.services[step], 0)
            self._done[step] = (merged, gap)
        return merged, gap

    def _base(self, name: str, chain: list[str]) -> "tuple[str | None, Value[str] | None]":
        """The service of this file that a service extends; None without one, with the reason where the base is not read."""
        node = present(self.services[name].get("extends"))
        if node is None:
            return None, None
        service, file = (node.get("service"), node.get("file")) if isinstance(node, Mapping) else (node, None)
        if not isinstance(service, Scalar):
            self.context.wrong_type(node, "a service's name or a mapping with `service`")
            return None, Value.unknown(node, "its `extends` is not understood")
        here = basename(self.context.source.name)
        if isinstance(file, Scalar) and basename(file.text) != here:
            reason = f"`{file.text}`, which service `{name}` extends, is not merged in: what this file does not set is unknown."
            self.context.notice(NoticeKind.PARTIAL, node.head, reason)
            return None, Value.unknown(node, f"`{file.text}`, which the service extends, may set it")
        base = service.text
        if base in self.services and base not in chain and len(chain) <= MAX_CHAIN:
            return base, None
        why = "is not in this file" if base not in self.services else "extends this one in turn, or over too many steps"
        self.context.notice(NoticeKind.UNRESOLVED, node.head, f"Service `{base}`, which `{name}` extends, {why}.")
        return None, Value.unknown(node, f"`{base}`, which the service extends, {why}")


def _merge(base: Mapping, over: Mapping, depth: int) -> Mapping:
    """A mapping with the entries of both; it stands where ``over`` stands."""
    merged = Mapping(over.source, over.span)
    merged.key, merged.parent = over.key, over.parent
    merged.entries = {key: node for key, node in base.entries.items() if depth or key not in _APART}
    merged.keys = base.keys | over.keys
    for key, node in over.entries.items():
        below = merged.entries.get(key)
        merged.entries[key] = node if below is None else _merge_nodes(key, below, node, depth + 1)
    return merged


def _merge_nodes(key: str, base: Node, over: Node, depth: int) -> Node:
    if over.tag in ("!reset", "!override") or key in _REPLACED or depth > _MAX_DEPTH:
        return over
    if present(over) is None:
        return base
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return _merge(base, over, depth)
    both = isinstance(base, Sequence) and isinstance(over, Sequence)
    if both or (key in _EITHER_FORM and isinstance(base, Mapping | Sequence) and isinstance(over, Mapping | Sequence)):
        merged = Sequence(over.source, over.span)
        merged.key, merged.parent = over.key, over.parent
        for node in (base, over):
            merged.items += node.items if isinstance(node, Sequence) else [Layer(node)]
        return merged
    return over

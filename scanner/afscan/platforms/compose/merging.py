"""Merging one definition over another: override files, ``extends``, several paths of one ``include``.

Source: the Compose Specification, "Merge and override", and compose-go's ``override`` package where that leaves a question open.
Mappings merge key by key and lists are appended, with these exceptions: ``command``, ``entrypoint``, ``healthcheck.test`` and each
of ``ulimits`` are replaced, what must be unique in a list replaces the entry of the same key, some fields come in several forms
that are brought together, ``!reset`` takes away and ``!override`` replaces. Null changes nothing, except where a command is
replaced by it and in ``environment`` and its like, where it passes the variable on.

The merged nodes are the original ones, so places stay exact; only the containers around them are new.
"""

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.platforms.compose.reading import Context, Layer, present
from afscan.platforms.compose.uniqueness import Path, unique

_MAX_DEPTH = 10

_REPLACED = frozenset((("command",), ("entrypoint",), ("healthcheck", "test")))
_PAIRS = frozenset(
    (
        *((name,) for name in ("environment", "labels", "annotations", "sysctls", "extra_hosts")),
        *(("build", name) for name in ("args", "additional_contexts", "labels", "extra_hosts")),
        ("deploy", "labels"),
    )
)
"""Fields that are a mapping or a list of ``NAME=value``."""

_LISTS = frozenset((name,) for name in ("dns", "dns_opt", "dns_search", "env_file", "label_file", "tmpfs"))
"""Fields that are a list or a single value."""

_NAMES = frozenset((name,) for name in ("depends_on", "networks", "models"))
"""Fields that are a mapping or a list of its keys."""

_APART = frozenset(("extends", "container_name"))
"""What a service does not take over from the one that it extends."""


class Merger:
    """Merges the definitions of one project."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def extended(self, base: Mapping, service: Mapping) -> Mapping:
        """A service with what it extends below it; it stands where the service stands."""
        kept = {key: node for key, node in base.entries.items() if key not in _APART}
        return self._mappings(kept, base, service, (), at=service)

    def overridden(self, base: Mapping, over: Mapping) -> Mapping:
        """A service with what a later file says of it; it stands where the base stands."""
        if over.tag == "!override":
            return over
        return self._mappings(dict(base.entries), base, over, (), at=base)

    def section(self, base: dict[str, Node], over: dict[str, Node]) -> dict[str, Node]:
        """The entries of a top-level section (``volumes``, ``configs``) of a file and of a later one."""
        merged = dict(base)
        for name, node in over.items():
            merged[name] = self._nodes(base[name], node, ("", name)) if name in base else node
        return merged

    def _mappings(self, entries: dict[str, Node], base: Mapping, over: Mapping, path: Path, *, at: Mapping) -> Mapping:
        """``entries``, which are the base's, with those of ``over``."""
        merged = Mapping(at.source, at.span)
        merged.key, merged.parent = at.key, at.parent
        merged.entries = entries
        merged.keys = base.keys | over.keys
        for key, node in over.entries.items():
            below = entries.get(key)
            entries[key] = node if below is None else self._nodes(below, node, (*path, key))
        return merged

    def _nodes(self, base: Node, over: Node, path: Path) -> Node:
        """What two nodes at a path of a service make together."""
        if over.tag in ("!reset", "!override") or base.tag == "!reset" or path in _REPLACED or len(path) > _MAX_DEPTH:
            return over
        if present(over) is None:
            return over if path[:-1] in _PAIRS else base
        if present(base) is None or path[:-1] == ("ulimits",):
            return over
        base, over = _formed(base, path), _formed(over, path)
        if isinstance(base, Mapping) and isinstance(over, Mapping):
            if path == ("logging",) and self._differ(base.get("driver"), over.get("driver")):
                return over
            return self._mappings(dict(base.entries), base, over, path, at=over)
        both = isinstance(base, Mapping | Sequence) and isinstance(over, Mapping | Sequence)
        if both and (path in _PAIRS or (isinstance(base, Sequence) and isinstance(over, Sequence))):
            return _sequence(over, unique([*_items(base), *_items(over)], path, self.context))
        if isinstance(base, Mapping | Sequence):
            self.context.wrong_type(over, "of the same type as in the definition that it is merged over")
        return over

    def _differ(self, base: Node | None, over: Node | None) -> bool:
        """Whether two drivers are written, and not the same: the options of one are then not for the other."""
        if not isinstance(base, Scalar) or not isinstance(over, Scalar):
            return False
        return self.context.expanded(base).partial != self.context.expanded(over).partial


def _formed(node: Node, path: Path) -> Node:
    """A field that comes in several forms, in the one in which it merges."""
    if path == ("build",) and isinstance(node, Scalar):
        return _mapping(node, {"context": (Scalar(node.source, node.span, "context"), node)})
    if path in _LISTS and isinstance(node, Scalar):
        return _sequence(node, [node])
    if path in _NAMES and isinstance(node, Sequence):
        names = [item for item in node.items if isinstance(item, Scalar)]
        return _mapping(node, {item.text: (item, Scalar(item.source, item.span, "")) for item in names})
    return node


def _items(node: Node) -> list[Node]:
    return node.items if isinstance(node, Sequence) else [Layer(node)]


def _sequence(at: Node, items: list[Node]) -> Sequence:
    merged = Sequence(at.source, at.span)
    merged.key, merged.parent = at.key, at.parent
    merged.items = items
    return merged


def _mapping(at: Node, entries: "dict[str, tuple[Scalar, Node]]") -> Mapping:
    made = Mapping(at.source, at.span)
    made.key, made.parent = at.key, at.parent
    for name, (key, node) in entries.items():
        made.keys[name], made.entries[name] = key, node
    return made

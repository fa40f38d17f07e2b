"""Label selectors as they are written: ``matchLabels`` and ``matchExpressions``."""

from afscan.model.node import Mapping, Opaque, Scalar
from afscan.model.selectors import OPERATORS, LabelSelector, Requirement
from afscan.platforms.reading import Reader


def read_selector(reader: Reader, key: str) -> LabelSelector | None:
    """A LabelSelector; None where there is none. What cannot be read of it is a requirement that nobody can answer."""
    node = reader.node.get(key)
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return None
    if not isinstance(node, Mapping):
        reason = node.reason if isinstance(node, Opaque) else f"`{key}` is not a mapping"
        return LabelSelector(node, [Requirement(node, "", "Exists", (), reason)])
    found = _equalities(Reader(node, reader.out), "matchLabels")
    for expression in reader.readers(key, "matchExpressions"):
        found.append(_expression(expression))
    listed = node.get("matchExpressions")
    for item in (listed, *(listed.children() if listed is not None else ())):
        if isinstance(item, Opaque):
            found.append(Requirement(item, "", "Exists", (), item.reason))
    return LabelSelector(node, found)


def read_plain_selector(reader: Reader, key: str) -> LabelSelector | None:
    """A mapping of labels, as Services and ReplicationControllers have it; None where there is none."""
    node = reader.node.get(key)
    return LabelSelector(node, _equalities(reader, key)) if isinstance(node, Mapping) else None


def _equalities(reader: Reader, key: str) -> list[Requirement]:
    found = []
    for label, value in reader.string_map(key).items():
        found.append(Requirement(value.node, label, "In", (value.or_else(""),), value.reason))
    written = reader.node.get(key)
    if isinstance(written, Opaque):
        found.append(Requirement(written, "", "Exists", (), written.reason))
    return found


def _expression(expression: Reader) -> Requirement:
    label, operator = expression.text("key"), expression.text("operator")
    values = expression.strings("values")
    unread = next((one.reason for one in (label, operator, *values) if one.is_unknown), "")
    name = operator.or_else("")
    if not unread and (not label.or_else("") or name not in OPERATORS):
        unread = "it is no expression that Kubernetes knows"
    elif not unread and (name in ("In", "NotIn")) is not bool(values):
        unread = f"`{name}` is written with{'out' if not values else ''} values, which Kubernetes refuses"
    return Requirement(expression.node, label.or_else(""), name, tuple(one.or_else("") for one in values), unread)

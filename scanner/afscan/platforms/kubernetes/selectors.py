"""Label selectors as they are written: ``matchLabels`` with ``matchExpressions``, or a plain mapping of labels."""

from afscan.model.node import Mapping, Node, Opaque, Scalar
from afscan.model.selectors import OPERATORS, Requirement, Selector
from afscan.platforms.reading import Reader


def read_selector(reader: Reader, key: str) -> Selector | None:
    """A LabelSelector; None where there is none. What cannot be read of it is a requirement that nobody can answer."""
    node = reader.node.get(key)
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return None
    reader.mapping(key)
    if not isinstance(node, Mapping):
        reason = node.reason if isinstance(node, Opaque) else f"`{key}` is not a mapping"
        return Selector([_unread(node, reason)], node)
    found = _equalities(Reader(node, reader.out), "matchLabels")
    found += [_expression(one) for one in reader.readers(key, "matchExpressions")]
    listed = node.get("matchExpressions")
    for item in (listed, *(listed.children() if listed is not None else ())):
        if item is None:
            continue
        if isinstance(item, Opaque):
            found.append(_unread(item, item.reason))
        elif item is not listed and not isinstance(item, Mapping):
            found.append(_unread(item, "it is no expression that Kubernetes knows"))
    return Selector(found, node)


def read_plain_selector(reader: Reader, key: str) -> Selector | None:
    """A mapping of labels, as Services and ReplicationControllers have it; None where there is none."""
    node = reader.node.get(key)
    return Selector(_equalities(reader, key), node) if isinstance(node, Mapping) else None


def _unread(node: Node, reason: str) -> Requirement:
    return Requirement("", "Exists", (), node, reason)


def _equalities(reader: Reader, key: str) -> list[Requirement]:
    found = [
        Requirement(label, "In", (value.or_else(""),), value.node, value.reason)
        for label, value in reader.string_map(key).items()
    ]
    written = reader.node.get(key)
    if isinstance(written, Opaque):
        found.append(_unread(written, written.reason))
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
    return Requirement(label.or_else(""), name, tuple(one.or_else("") for one in values), expression.node, unread)

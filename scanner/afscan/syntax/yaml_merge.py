"""YAML's merge key: ``<<: *defaults`` adds the entries of other mappings to the one in which it stands.

Source: yaml.org/type/merge.html. Explicit keys win wherever they stand; in a list of mappings the earlier one wins. Values are
shared, not copied: their places are where they are written. A second ``<<`` in one mapping is a duplicate key that many programs
refuse; where it is accepted (PyYAML) the later one wins.
"""

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind


def merge(node: Mapping, merges: list[tuple[Scalar, Node]], budget: int, notices: list[Notice]) -> int:
    """Add to a mapping what its merge keys name.

    :param merges: each ``<<`` with its value, in order.
    :param budget: how many entries may be looked at; it stops where there are more.
    :returns: how many entries were looked at; more than ``budget`` where it stopped.
    """
    seen = 0
    for key, value in reversed(merges):
        for other in value.items if isinstance(value, Sequence) else (value,):
            if not isinstance(other, Mapping):
                notices.append(
                    Notice(NoticeKind.WRONG_TYPE, key.head, "`<<` should name mappings; something else is not merged.")
                )
                continue
            seen += len(other.entries) + 1
            if seen > budget:
                return seen
            for name, child in other.entries.items():
                if name not in node.entries:
                    node.entries[name] = child
                    node.keys[name] = other.keys[name]
    return seen

"""Label selectors, evaluated.

Source: Kubernetes API reference, LabelSelector: all requirements must hold; ``NotIn`` and ``DoesNotExist`` hold where there is no
label of the key.
"""

from afscan.model.record import field, record


@record(slots=True)
class Requirement:
    """One of ``matchExpressions``. ``operator`` is ``In``, ``NotIn``, ``Exists`` or ``DoesNotExist``."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: dict[str, str]) -> bool:
        """Whether it holds for these labels."""
        there = self.key in labels
        if self.operator in ("Exists", "DoesNotExist"):
            return there is (self.operator == "Exists")
        inside = there and labels[self.key] in self.values
        return inside if self.operator == "In" else not inside


@record(slots=True)
class Selector:
    """A label selector: ``labels`` are ``matchLabels``; ``unread``: it has a part whose meaning is not known."""

    labels: dict[str, str] = field(default_factory=dict)
    expressions: list[Requirement] = field(default_factory=list)
    unread: bool = False

    @property
    def selects_all(self) -> bool:
        """Whether it is empty, which selects everything."""
        return not self.labels and not self.expressions and not self.unread

    def matches(self, labels: dict[str, str], *, more: bool = False) -> bool | None:
        """Whether it selects something with these labels; None where that depends on what is not known.

        :param more: there may be further labels, which are not known; those given are certain.
        """
        open_ = self.unread
        for key, value in self.labels.items():
            if key not in labels and more:
                open_ = True
            elif labels.get(key) != value:
                return False
        for one in self.expressions:
            if more and one.key not in labels:
                open_ = True
            elif not one.holds(labels):
                return False
        return None if open_ else True

    def simple(self) -> tuple[dict[str, str], bool]:
        """As a mapping in the form of :func:`~afscan.model.subjects.labels_match`, and whether that says all.

        Where it does not, the selector selects at most what the mapping does.
        """
        found, whole = dict(self.labels), not self.unread
        for one in self.expressions:
            if one.operator == "Exists":
                found.setdefault(one.key, "*")
            elif one.operator == "In" and len(one.values) == 1 and found.get(one.key, "*") in ("*", one.values[0]):
                found[one.key] = one.values[0]
            else:
                whole = False
        return found, whole

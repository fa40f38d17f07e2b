"""Label selectors with expressions, evaluated over labels of which some may not be known.

Source: Kubernetes documentation, "Labels and Selectors" and API reference, LabelSelector: all requirements must hold; an empty
selector matches everything; ``NotIn`` and ``DoesNotExist`` hold where the label is absent.
"""

from afscan.model.node import Node
from afscan.model.record import field, record

OPERATORS = frozenset(("In", "NotIn", "Exists", "DoesNotExist"))


@record(slots=True)
class Requirement:
    """One requirement on a label: its operator and values; ``unread`` is why it is not known, empty where it is.

    An entry of ``matchLabels`` is ``In`` with one value.
    """

    key: str
    operator: str
    values: tuple[str, ...] = ()
    node: Node | None = None
    unread: str = ""

    def holds(self, labels: dict[str, str], *, more: bool = False) -> bool | None:
        """Whether labels meet it; None where that is not known. ``more``: there are labels beside the known ones."""
        if self.unread:
            return None
        known = self.key in labels
        if not known and more:
            return None
        if self.operator == "Exists":
            return known
        if self.operator == "DoesNotExist":
            return not known
        among = known and labels[self.key] in self.values
        return among if self.operator == "In" else not among


@record(slots=True)
class Selector:
    """A selector that is written; one that is not written selects nothing, and is None wherever it could stand."""

    requirements: list[Requirement] = field(default_factory=list)
    node: Node | None = None

    @property
    def selects_all(self) -> bool:
        """Whether it is empty, which selects everything."""
        return not self.requirements

    def matches(self, labels: dict[str, str], *, more: bool = False) -> bool | None:
        """Whether it selects what carries these labels: one requirement that fails decides, whatever else is not known."""
        held = [one.holds(labels, more=more) for one in self.requirements]
        if False in held:
            return False
        return None if None in held else True

    def failing(self, labels: dict[str, str]) -> Requirement | None:
        """The first requirement that labels certainly do not meet."""
        return next((one for one in self.requirements if one.holds(labels) is False), None)

    def simple(self) -> tuple[dict[str, str], bool]:
        """As a mapping in the form of :func:`~afscan.model.subjects.labels_match`, and whether that says all.

        Where it does not, the selector selects at most what the mapping does.
        """
        found: dict[str, str] = {}
        whole = True
        for one in self.requirements:
            if one.unread:
                whole = False
            elif one.operator == "Exists":
                found.setdefault(one.key, "*")
            elif one.operator == "In" and len(one.values) == 1 and found.get(one.key, "*") in ("*", one.values[0]):
                found[one.key] = one.values[0]
            else:
                whole = False
        return found, whole

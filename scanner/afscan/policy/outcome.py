"""What a rule says of one subject, and how strongly."""

from collections.abc import Sequence
from enum import IntEnum, StrEnum

from afscan.model.place import Place
from afscan.model.record import record


class Severity(IntEnum):
    """How bad a fail is. Ordered: thresholds compare."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """The lower-case word that people read and type."""
        return self.name.lower()


class Verdict(StrEnum):
    """Of a rule on a subject."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"
    NOT_JUDGED = "not-judged"  # needs the whole stack, and only a part was given


@record(slots=True, frozen=True)
class Related:
    """Another place that belongs to a finding, with a sentence that says how."""

    place: Place
    message: str


@record(slots=True, frozen=True)
class Problem:
    """What a rule yields when it does not pass. A rule that yields nothing passes.

    ``message`` is one or two full sentences: what is wrong here, with the value (never a secret's). ``severity`` overrides the
    rule's own where one rule knows two grades. ``remedy`` overrides the line that the rule's ``## Fix`` gives for the platform.
    """

    verdict: Verdict
    place: Place | None
    message: str
    related: Sequence[Related] = ()
    severity: Severity | None = None
    remedy: str | None = None


def fail(
    place: Place,
    message: str,
    *,
    related: Sequence[Related] = (),
    severity: Severity | None = None,
    remedy: str | None = None,
) -> Problem:
    """The subject violates the rule, at ``place``."""
    return Problem(Verdict.FAIL, place, message, tuple(related), severity, remedy)


def unknown(place: Place, message: str, *, related: Sequence[Related] = ()) -> Problem:
    """Whether the subject violates the rule cannot be told; ``message`` says what is missing to tell it."""
    return Problem(Verdict.UNKNOWN, place, message, tuple(related))


NOT_APPLICABLE = Problem(Verdict.NOT_APPLICABLE, None, "")
"""The rule has nothing to say about this subject: it counts neither as a pass nor as a fail."""

NOT_JUDGED = Problem(Verdict.NOT_JUDGED, None, "")
"""The rule needs files that were not given (``stack.complete`` is False)."""

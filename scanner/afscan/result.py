"""What a scan found out: the record that reports are made from. Nothing is dropped from it."""

from afscan.model.notice import Notice
from afscan.model.place import Place, Span
from afscan.model.record import field, record
from afscan.model.source import Source
from afscan.policy.controls import Control
from afscan.policy.outcome import Related, Severity, Verdict
from afscan.policy.rule import Rule


@record(slots=True)
class Finding:
    """A fail, or an unknown, at a place. ``suppressed`` is the reason somebody gave; None while the finding is active."""

    rule: Rule
    verdict: Verdict
    severity: Severity
    place: Place
    subject: str
    platform: str
    message: str
    remedy: str
    related: tuple[Related, ...] = ()
    suppressed: str | None = None

    @property
    def active(self) -> bool:
        """Whether it is a fail that nobody suppressed."""
        return self.verdict is Verdict.FAIL and self.suppressed is None


@record(slots=True)
class Tally:
    """How many subjects got which verdict."""

    passed: int = 0
    failed: int = 0
    unknown: int = 0
    not_applicable: int = 0
    not_judged: int = 0

    def count(self, verdict: Verdict) -> None:
        """Add one."""
        name = _FIELDS[verdict]
        setattr(self, name, getattr(self, name) + 1)


_FIELDS = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.UNKNOWN: "unknown",
    Verdict.NOT_APPLICABLE: "not_applicable",
    Verdict.NOT_JUDGED: "not_judged",
}


@record(slots=True)
class Evidence:
    """A verdict that is no finding: a pass with the place of what passed, or why a subject was not judged."""

    rule: Rule
    verdict: Verdict
    place: Place
    subject: str
    platform: str


@record(slots=True)
class InternalError:
    """A rule or reader raised: a mistake in afscan or in a rule pack, never a pass. ``error`` is the traceback's text."""

    rule: str
    place: Place | None
    subject: str
    error: str


@record(slots=True)
class Result:
    """A whole scan.

    ``by_rule`` counts each rule's verdicts, ``by_control`` counts distinct subjects: one that fails any rule of the control has
    failed, else one that any rule could not tell is unknown, else one that passed any has passed. ``secrets`` are the spans, by
    file, that no report may show. ``complete`` is False where only some files of a stack were given. ``evidence`` is None unless it
    was asked for.
    """

    profile: str = "default"
    complete: bool = True
    findings: list[Finding] = field(default_factory=list)
    evidence: list[Evidence] | None = None
    by_rule: dict[str, Tally] = field(default_factory=dict)
    by_control: dict[str, Tally] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    unrecognised: list[str] = field(default_factory=list)
    errors: list[InternalError] = field(default_factory=list)
    texts: dict[str, Source] = field(default_factory=dict)
    secrets: dict[str, list[Span]] = field(default_factory=dict)
    files: int = 0
    sources: int = 0
    subjects: int = 0
    seconds: float = 0.0

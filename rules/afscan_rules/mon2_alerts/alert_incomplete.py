"""MON203: alerts that say too little."""

from collections.abc import Iterator

from afscan.model.monitoring import AlertRoute, AlertRouting, MetricRule
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule

_GRADES = frozenset(("severity", "priority", "level", "urgency", "criticality", "sev"))
_TEXTS = frozenset(("summary", "description", "message", "title"))
_KEY = "alert-incomplete"


@rule("MON203", severity=Severity.LOW, tags=("CWE-778",))
def alert_incomplete(alert: MetricRule, stack: Stack) -> Iterator[Problem]:
    """Alert is incomplete.

    An alert without `for` fires at a single bad sample, one without a severity cannot be routed, one without a summary tells the
    person who is woken nothing. `for` is asked of expressions that look at the present moment only: a range such as `[10m]`
    smooths as well, and absence over time has its own.

    ## Fix
    - Any: add `for`, a `severity` label and a `summary` annotation to the alert.
    """
    if not alert.alert.is_set or alert.metrics is None:
        yield NOT_APPLICABLE
        return
    lacks = []
    if alert.duration.is_unset and alert.metrics and not alert.windowed and not alert.metrics <= alert.guards:
        lacks.append("`for`")
    if not alert.labels.keys() & (_GRADES | _routed_by(stack)):
        lacks.append("a severity label")
    if not alert.annotations.keys() & _TEXTS:
        lacks.append("a summary or description")
    if lacks:
        yield fail(alert.place, f"The alert `{alert.alert.value}` has no {_listed(lacks)}.")


def _listed(lacks: list[str]) -> str:
    words = [word.removeprefix("a ") for word in lacks]
    return ", no ".join(words[:-1]) + " and no " + words[-1] if len(words) > 1 else words[0]


def _routed_by(stack: Stack) -> frozenset[str]:
    """The labels that routes of this stack ask for: an alert that carries one of them is graded in its own way."""
    known = stack.joined.get(_KEY)
    if not isinstance(known, frozenset):
        found: set[str] = set()
        waiting: list[AlertRoute] = [one.root for one in stack.of(AlertRouting) if one.root is not None]
        while waiting:
            route = waiting.pop()
            found |= {matcher.split("=")[0].strip(' {"!~') for matcher in route.matchers}
            waiting += route.routes
        known = stack.joined[_KEY] = frozenset(found - {"alertname", ""})
    return known

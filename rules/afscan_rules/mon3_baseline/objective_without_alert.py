"""MON303: figures that are stated and not watched."""

from collections.abc import Iterator

from afscan.join.metrics import rules_elsewhere
from afscan.join.objectives import latency_alerts
from afscan.model.objectives import Objective
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("MON303", severity=Severity.LOW, absence=True, tags=("CWE-778",))
def objective_without_alert(objective: Objective, stack: Stack) -> Iterator[Problem]:
    """Objective has no alert.

    A script that calls two seconds too slow, or an objective of 99.9 %, says what is expected. Looked at by hand only, it is broken
    for days before somebody notices: an alert watches it all the time. Judged are response times that scripts measure and compare, in
    stacks that have alerts, and the objectives of Sloth and Pyrra. This speaks of the stack alone.

    ## Fix
    - Kubernetes: leave `pageAlert` or `ticketAlert` of the objective on.
    - Any: alert on the same figure, for example
      `histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m]))) > 2`.
    """
    if not objective.figure.is_set:
        yield NOT_APPLICABLE
    elif objective.alerting.is_unknown:
        why = objective.alerting.reason
        yield unknown(objective.figure.place, f"Whether an alert watches {objective.name} is not known: {why}.")
    elif objective.alerting.is_set:
        if not objective.alerting.value:
            yield fail(
                objective.alerting.place,
                f"{objective.name} is to hold `{objective.figure.value}`, and its alerts are turned off: nobody is told when it does not.",
            )
    else:
        yield from _watched(objective, stack)


def _watched(objective: Objective, stack: Stack) -> Iterator[Problem]:
    alerts = latency_alerts(stack)
    if alerts is None:
        yield NOT_APPLICABLE  # a stack without alerts has rules of its own
        return
    if alerts:
        return
    elsewhere = rules_elsewhere(stack)
    place = objective.figure.place
    if elsewhere:
        yield unknown(place, f"Whether an alert watches the {objective.measure} is not known: {elsewhere}.")
        return
    yield fail(
        place,
        f"`{objective.figure.value}` states what {objective.measure} is expected, and no alert of this stack reads a {objective.measure}: "
        "only whoever runs the script sees it.",
    )

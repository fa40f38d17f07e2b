"""MON205: alerts on metrics that nothing yields, and those that fall silent with their exporter."""

from collections.abc import Iterator

from afscan.join.metrics import guards_of, source_of
from afscan.model.monitoring import MetricRule
from afscan.model.node import Scalar
from afscan.model.place import Place
from afscan.model.stack import Stack
from afscan.platforms.metrics import family_of
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule


@rule("MON205", severity=Severity.MEDIUM, absence=True, tags=("CWE-778",))
def alert_on_missing_metric(subject: MetricRule, stack: Stack) -> Iterator[Problem]:
    """Alert on a metric that may not exist.

    An expression over a series that does not exist yields nothing, and an alert that yields nothing is green. This happens for ever
    where no scrape job reaches the exporter, and at the worst moment where an alert such as `pg_up == 0` relies on the exporter that
    went down together with the database: `absent(pg_up)`, or an alert on `up == 0`, has to stand beside it.

    ## Fix
    - Any: scrape the exporter whose metric the alert reads; write `pg_up == 0 or absent(pg_up)`, or add an alert on `up == 0`.
    """
    if subject.alert.is_unset or subject.metrics is None:
        yield NOT_APPLICABLE
        return
    for metric in sorted(subject.metrics - subject.guards):
        source = source_of(stack, metric)
        if source.state == "missing":
            yield fail(_place(subject, metric), f"{_title(subject)} can never fire: {source.why}, so `{metric}` does not exist.")
            return
    guards = guards_of(stack)
    for one in subject.comparisons:
        metric = next(iter(one.metrics), "")
        family = family_of(metric)
        if not (one.plain and one.operator == "==" and one.number == 0 and family is not None and family.up == metric):
            continue
        if not guards & {metric, "up"}:
            yield fail(
                _place(subject, metric),
                f"{_title(subject)} stays silent when `{family.exporter}` itself is down, because `{metric}` is then absent: "
                f"no rule of this stack has `absent({metric})` or watches `up`.",
            )
            return


def _title(subject: MetricRule) -> str:
    return f"The alert `{subject.alert.value}`"


def _place(subject: MetricRule, metric: str) -> Place:
    """The metric within the expression."""
    node = subject.expression.node
    start = node.text.find(metric) if isinstance(node, Scalar) else -1
    return node.part(start, start + len(metric)) if isinstance(node, Scalar) and start >= 0 else subject.expression.place

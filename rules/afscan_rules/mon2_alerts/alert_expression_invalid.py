"""MON204: expressions that Prometheus refuses, or that can never yield anything."""

from collections.abc import Iterator

from afscan.join.monitoring import histogram_use, is_recorded, speaks_metricsql
from afscan.model.monitoring import MetricRule
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("MON204", severity=Severity.HIGH, tags=("CWE-1288",))
def alert_expression_invalid(subject: MetricRule, stack: Stack) -> Iterator[Problem]:
    """Alert expression is invalid.

    Prometheus refuses a rule file with one expression that does not parse, and with it every other rule of the file. An expression
    that selects the label `quantile` of a metric whose buckets are read elsewhere is accepted and never true: a histogram has
    buckets, only a summary has quantiles, and one metric is not both.

    ## Fix
    - Any: for a histogram use `histogram_quantile(0.95, sum by (le) (rate(name_bucket[5m])))`; run `promtool check rules`.
    """
    expression = subject.expression
    if expression.is_unset:
        yield NOT_APPLICABLE
    elif subject.unparsed.startswith("it is"):
        yield NOT_APPLICABLE  # a rule in another language
    elif subject.unparsed or (subject.parse_error and speaks_metricsql(stack)):
        why = subject.unparsed or "VictoriaMetrics may take it"
        yield unknown(expression.place, f"Whether the expression of {subject.name} is valid is not known: {why}.")
    elif subject.parse_error:
        yield fail(expression.place, f"The expression of {subject.name} does not parse: {subject.parse_error}.")
    else:
        yield from _quantiles(subject, stack)


def _quantiles(subject: MetricRule, stack: Stack) -> Iterator[Problem]:
    for metric in sorted(subject.quantiles):
        use = histogram_use(stack, metric)
        if use is not None and not is_recorded(stack, metric):
            yield fail(
                subject.expression.place,
                f"The expression of {subject.name} is never true: `{metric}` is read as a histogram elsewhere, and a histogram "
                "has no label `quantile`.",
                related=[Related(use.node.head, f"This reads `{metric}_bucket`.")],
            )
            return

"""MON104: databases without a panel, and panels on metrics that nothing yields."""

from collections.abc import Iterator

from afscan.join.metrics import panels_on, source_of
from afscan.model.monitoring import Dashboard, Panel
from afscan.model.node import Scalar
from afscan.model.place import Place
from afscan.model.stack import Stack
from afscan.model.subjects import Server
from afscan.platforms.images import is_datastore
from afscan.platforms.metrics import families_of
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule


@rule("MON104", severity=Severity.LOW, absence=True, tags=("CWE-778",))
def no_dashboard(subject: Server | Dashboard, stack: Stack) -> Iterator[Problem]:
    """Service is on no dashboard.

    Whoever is woken at night looks at the dashboards first. A database that no panel shows is not looked at, and a panel on a metric
    that no scrape job yields is empty, which reads as "nothing happens". Judged where the stack has dashboards.

    ## Fix
    - Any: add panels for the database's own metrics; scrape the exporter that yields the metric, or remove the panel.
    """
    if isinstance(subject, Dashboard):
        if not subject.panels:
            yield NOT_APPLICABLE
        for panel in subject.panels:
            yield from _panel(panel, stack)
        return
    dashboards = stack.of(Dashboard)
    if subject.container is None or not dashboards or not is_datastore(subject.product) or not families_of(subject.product):
        yield NOT_APPLICABLE
    elif not panels_on(stack, subject.product):
        yield fail(
            subject.container.place,
            f"No panel of this stack's dashboards shows {subject.name}.",
            related=[Related(one.place, f"This is the {one.name}.") for one in dashboards[:3]],
        )


def _panel(panel: Panel, stack: Stack) -> Iterator[Problem]:
    for metric in sorted(panel.metrics):
        source = source_of(stack, metric)
        if source.state == "missing":
            yield fail(
                _place(panel, metric), f"The panel `{panel.title}` stays empty: {source.why}, so `{metric}` does not exist."
            )
            return


def _place(panel: Panel, metric: str) -> Place:
    """The metric within the query that reads it."""
    for one in panel.expressions:
        node = one.node
        start = node.text.find(metric) if isinstance(node, Scalar) else -1
        if isinstance(node, Scalar) and start >= 0:
            return node.part(start, start + len(metric))
    return panel.node.head

"""DB503: databases whose metrics no alert reads."""

from collections.abc import Iterator

from afscan.join.metrics import alerts_on, has_monitoring, rules_elsewhere, watch_of
from afscan.model.stack import Stack
from afscan.model.subjects import Server
from afscan.platforms.images import is_datastore
from afscan.platforms.metrics import families_of
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("DB503", severity=Severity.MEDIUM, absence=True, tags=("CWE-778",))
def datastore_without_alert(server: Server, stack: Stack) -> Iterator[Problem]:
    """Database has no alert.

    Metrics that no alert reads are looked at after the outage. Judged where the stack has monitoring at all; an alert counts where it
    reads a metric of the database's product or of its exporter, directly or through recording rules, or asks for a job, pod or
    service that is named after it.

    ## Fix
    - Any: add an alerting rule on the database's own metrics, such as `pg_up == 0 or absent(pg_up)`, `redis_up == 0`, the share of
      `max_connections` in use, or Qdrant's `rest_responses_avg_duration_seconds`.
    """
    if (
        server.container is None
        or not is_datastore(server.product)
        or not families_of(server.product)
        or not has_monitoring(stack)
    ):
        yield NOT_APPLICABLE
        return
    if alerts_on(stack, server.product):
        return
    elsewhere = rules_elsewhere(stack)
    if elsewhere:
        yield unknown(server.container.place, f"Whether any alert reads the metrics of {server.name} is not known: {elsewhere}.")
        return
    job = watch_of(stack, server).job
    yield fail(
        server.container.place,
        f"No alert of this stack reads the metrics of {server.name}.",
        related=[Related(job.place, f"The job `{job.job}` scrapes them.")] if job is not None else [],
    )

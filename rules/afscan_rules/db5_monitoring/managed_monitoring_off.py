"""DB506: managed databases that nobody can look into."""

from collections.abc import Iterator

from afscan.join.managed import listed, off_or_unsure
from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("DB506", severity=Severity.MEDIUM, tags=("CWE-778",))
def managed_monitoring_off(resource: ManagedResource, stack: Stack) -> Iterator[Problem]:
    """Managed database is not monitored.

    The basic metrics say that a database is slow, not why: which query waits, which process of the host takes the memory, who
    failed to log in. Performance Insights, enhanced monitoring and exported logs say so, and all are off by default. Of an instance
    in a cluster what the cluster says counts too.

    ## Fix
    - Terraform: set `performance_insights_enabled`, a `monitoring_interval` and `enabled_cloudwatch_logs_exports`.
    - Any: turn on query metrics, host metrics and log export of managed databases.
    """
    if not resource.monitoring:
        yield NOT_APPLICABLE
        return
    off, unsure = off_or_unsure(resource.monitoring)
    if off:
        related = [Related(facet.on.place, f"`{facet.setting}` is off here.") for facet in off[1:] if facet.on.is_set]
        yield fail(off[0].on.place, f"{listed(resource, off)}.", related=related)
    elif unsure is not None:
        yield unknown(unsure.on.place, f"Whether {resource.name} has `{unsure.setting}` on is not known: {unsure.on.reason}.")

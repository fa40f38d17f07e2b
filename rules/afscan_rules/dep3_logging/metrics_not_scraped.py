"""DEP302: workloads with metrics that no scrape job collects."""

from collections.abc import Iterator

from afscan.join.namespaces import is_excerpt
from afscan.join.pooling import world_of
from afscan.join.watching import metrics_of, scraped_by, unknown_scraping
from afscan.model.monitoring import PrometheusConfig, ScrapeJob
from afscan.model.stack import Stack
from afscan.model.subjects import Workload, overlay_of
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown


@rule("DEP302", severity=Severity.MEDIUM, absence=True, tags=("CWE-778",))
def metrics_not_scraped(workload: Workload, stack: Stack) -> Iterator[Problem]:
    """Metrics are not scraped.

    A workload that offers metrics, by a port called `metrics`, by its annotation or because it is an exporter, was made to be
    watched. If no scrape job or monitor reaches it, its metrics do not exist for anybody: dashboards stay empty, and alerts on
    them never fire. Judged where the stack has scrape jobs at all, and where it is known whom they reach.

    ## Fix
    - Kubernetes: add the Service and its metrics port to a scrape job, or a ServiceMonitor or PodMonitor that selects it.
    - Compose: add the service's name and its metrics port to a scrape job of Prometheus.
    - Any: add a scrape job that reaches it.
    """
    said = metrics_of(workload)
    if said is None or overlay_of(workload) or not _has_jobs(stack, workload):
        yield NOT_APPLICABLE
        return
    if scraped_by(stack, workload):
        return
    if is_excerpt(workload):
        yield NOT_JUDGED
        return
    clause, place = said
    doubt = unknown_scraping(stack)
    if doubt is not None:
        why, at = doubt
        related = [Related(at, "This may reach it.")]
        yield unknown(workload.place, f"Whether the metrics of {workload.name} are scraped is not known: {why}.", related=related)
        return
    message = f"No scrape job of this stack reaches {workload.name}, which has metrics: {clause}."
    yield fail(workload.place, message, related=[Related(place, "This says that it has metrics.")])


def _has_jobs(stack: Stack, workload: Workload) -> bool:
    """Whether anything scrapes where a workload runs: a Prometheus of a cluster does not watch a Compose project."""
    world = world_of(workload.containers[0]) if workload.containers else ""
    key = f"DEP302/{world}"
    if key not in stack.joined:
        from afscan.join.monitoring import config_of, runners_of  # noqa: PLC0415 - only where there are jobs

        configs: list[PrometheusConfig | None] = [config_of(stack, job) for job in stack.of(ScrapeJob)]
        stack.joined[key] = any(
            world == "cluster" if config is None else any(world_of(one) == world for one in runners_of(stack, config))
            for config in configs
        )
    found: bool = stack.joined[key]
    return found

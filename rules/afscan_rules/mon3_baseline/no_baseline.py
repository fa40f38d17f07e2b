"""MON301: services of which nobody knows what is normal."""

from collections.abc import Iterator

from afscan.join.metrics import application_of, baselines_for, rules_elsewhere
from afscan.model.monitoring import ScrapeJob
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("MON301", severity=Severity.MEDIUM, absence=True, tags=("CWE-778",))
def no_baseline(job: ScrapeJob, stack: Stack) -> Iterator[Problem]:
    """Service has no performance baseline.

    Whether a response time of 800 ms is a fault can be said only against what is normal. A recording rule keeps that figure, and an
    alert on a percentile holds the service to it; an average hides the slowest requests. Judged is each scrape job that reaches an
    application of this stack: a recording rule or percentile alert counts where its selectors take the job's series.

    ## Fix
    - Any: record the percentiles and the error share, for example `histogram_quantile(0.95, sum by (job, le)
      (rate(http_request_duration_seconds_bucket[5m])))`, and alert on what is recorded.
    """
    application = application_of(stack, job)
    if application is None:
        yield NOT_APPLICABLE
        return
    if baselines_for(stack, job):
        return
    elsewhere = rules_elsewhere(stack)
    if elsewhere:
        yield unknown(job.place, f"Whether {job.name} has a performance baseline is not known: {elsewhere}.")
        return
    yield fail(
        job.place,
        f"No recording rule and no percentile alert of this stack covers {job.name}: nobody knows what is normal for "
        f"{application.name}.",
        related=[Related(application.place, f"This is {application.name}.")],
    )

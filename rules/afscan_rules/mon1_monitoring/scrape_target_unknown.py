"""MON102: static targets that nobody answers."""

from collections.abc import Iterator

from afscan.join.scraping import target_of
from afscan.model.monitoring import ScrapeJob
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("MON102", severity=Severity.MEDIUM, absence=True, tags=("CWE-778",))
def scrape_target_unknown(job: ScrapeJob, stack: Stack) -> Iterator[Problem]:
    """Scrape target does not exist.

    A target that nothing answers is down for ever: its metrics do not exist, dashboards stay empty, and alerts on them never fire.
    Judged are names that can only be a Service or workload of this stack; addresses, full host names and what service discovery
    finds are not.

    ## Fix
    - Kubernetes: deploy the exporter with its Service, or put the Service's name and port into `targets`.
    - Compose: add the exporter as a service, or put the name of an existing one into `targets`.
    - Any: remove the target, or deploy what it names.
    """
    judged = False
    for target in job.targets:
        partner = target_of(stack, job, target)
        judged = judged or partner.state != "outside"
        if partner.state == "unknown":
            yield unknown(
                target.address.place, f"Whether anything answers the target `{target.address.value}` is not known: {partner.why}."
            )
        elif partner.state == "missing":
            service = partner.service
            yield fail(
                target.address.place,
                f"Nothing answers the target `{target.address.value}` of the job `{job.job}`: {partner.why}.",
                related=[Related(service.place, f"This is {service.name}.")] if service is not None else (),
            )
    if not judged:
        yield NOT_APPLICABLE

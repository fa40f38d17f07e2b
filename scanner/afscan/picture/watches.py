"""Which scrape jobs reach which workloads, and which targets nobody answers."""

from collections.abc import Iterator

from afscan.join.monitoring import config_of
from afscan.join.scraping import monitored, target_of
from afscan.model.monitoring import ScrapeJob
from afscan.model.place import Place
from afscan.model.record import record
from afscan.model.stack import Stack
from afscan.model.subjects import Workload


@record(slots=True)
class Watched:
    """A scrape job: the workloads that it reaches, and what is not known of it, with places."""

    job: ScrapeJob
    workloads: list[Workload]
    open: list[tuple[str, Place]]


def watches(stack: Stack) -> Iterator[Watched]:
    """The scrape jobs of a stack, in the order of places."""
    for job in sorted(stack.of(ScrapeJob), key=lambda one: (one.place, one.job)):
        if job.discovery and job.selector is None:
            yield Watched(job, [], [(f"what it discovers ({', '.join(job.discovery)}) is not known here", job.place)])
            continue
        found = monitored(stack, job)
        yield Watched(job, found if found is not None else _static(stack, job), list(_open(stack, job)))


def _static(stack: Stack, job: ScrapeJob) -> list[Workload]:
    partners = (target_of(stack, job, one) for one in job.targets)
    return [workload for partner in partners for workload in partner.workloads]


def _open(stack: Stack, job: ScrapeJob) -> Iterator[tuple[str, Place]]:
    if config_of(stack, job) is None:
        return
    for target in job.targets:
        partner = target_of(stack, job, target)
        if partner.state in ("missing", "unknown"):
            yield f"`{target.address.value}`: {partner.why}", target.address.place

"""MON404: workloads whose logs the stack's pipelines pass by."""

from collections.abc import Iterator

from afscan.join.logging import container_tails, uncovered_containers, unknown_coverage
from afscan.model.monitoring import LogCollection, LogPipeline
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_SHOWN = 5


@rule("MON404", severity=Severity.MEDIUM, absence=True, tags=("CWE-778",))
def pipeline_covers_part(pipeline: LogPipeline, stack: Stack) -> Iterator[Problem]:
    """Log pipeline covers only a part.

    A pipeline that tails the files of some workloads by name misses all others: the database, the pooler and every workload
    that is added later. All pipelines of the stack count together; the finding stands at the first path that they tail. Each
    workload that is missed is named by DEP301 too.

    ## Fix
    - Any: tail `/var/log/containers/*.log`, and leave out by `exclude_path` what must not be collected.
    """
    tails, collections = container_tails(stack), stack.of(LogCollection)
    if not tails or tails[0][0] is not pipeline or not collections:
        yield NOT_APPLICABLE
        return
    missed = [workload for workload in collections[0].workloads if uncovered_containers(stack, workload)]
    if not missed:
        return
    paths = tails[0][1].paths
    doubt = unknown_coverage(stack)
    names = ", ".join(workload.name for workload in missed[:_SHOWN])
    if doubt is not None:
        yield unknown(doubt.place, f"Whether the logs of {names} are collected is not known: {doubt.reason}.")
        return
    more = f" and {len(missed) - _SHOWN} more" if len(missed) > _SHOWN else ""
    related = [Related(workload.place, "The logs of this workload are not collected.") for workload in missed[:_SHOWN]]
    place = next((path.place for path in paths if path.is_set), pipeline.place)
    yield fail(place, f"The stack's log pipelines tail no file of {names}{more}.", related=related)

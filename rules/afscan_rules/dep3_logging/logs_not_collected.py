"""DEP301: a workload whose logs no pipeline of its stack reads."""

from collections.abc import Iterator

from afscan.join.logging import collects, container_tails, uncovered_containers, unknown_coverage
from afscan.model.monitoring import LogCollection
from afscan.model.stack import Stack
from afscan.model.subjects import Workload
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("DEP301", severity=Severity.MEDIUM, absence=True, tags=("CWE-778",))
def logs_not_collected(workload: Workload, stack: Stack) -> Iterator[Problem]:
    """Logs are not collected.

    What a workload writes to its output is gone with its pod unless a log pipeline reads it from the node. It is judged where
    the stack has a pipeline that tails the files of containers: then a workload that none of its paths fits was forgotten.
    A stack without any pipeline is MON401's, the pipeline as a whole MON404's.

    ## Fix
    - Kubernetes: let the pipeline tail `/var/log/containers/*.log`, or a path that fits this workload's pods.
    - Any: let the log pipeline read this workload's output.
    """
    tails = container_tails(stack)
    collected = next((one for one in stack.of(LogCollection)), None)
    if not tails or collected is None or not any(workload is one for one in collected.workloads) or collects(stack, workload):
        yield NOT_APPLICABLE
        return
    missing = uncovered_containers(stack, workload)
    if not missing:
        return
    what = workload.name if len(missing) == len(workload.containers) else ", ".join(container.name for container in missing)
    doubt = unknown_coverage(stack)
    if doubt is not None:
        yield unknown(workload.place, f"Whether the logs of {what} are collected is not known: {doubt.reason}.")
        return
    path = next((path for _, one in tails for path in one.paths if path.is_set), None)
    related = [Related(path.place, "The paths that are tailed begin here.")] if path is not None else []
    yield fail(workload.place, f"No log pipeline of this stack reads the logs of {what}.", related=related)

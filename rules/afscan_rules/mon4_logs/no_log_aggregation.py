"""MON401: whether anything collects the logs of a stack's workloads."""

from collections.abc import Iterator

from afscan.join.namespaces import makes_pods
from afscan.model.monitoring import LogCollection
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("MON401", severity=Severity.MEDIUM, absence=True, tags=("CWE-778",))
def no_log_aggregation(collection: LogCollection, stack: Stack) -> Iterator[Problem]:
    """Logs are not aggregated.

    A pod's output lies on its node until the pod is deleted or the file rotates; whoever looks into an incident then finds
    nothing. A configuration of Fluentd that no workload mounts collects nothing either. It is judged once per stack, and only
    where the stack is more than an application: where it configures a log pipeline, brings its own monitoring, or has a network
    policy for a whole namespace. Others may rely on what their cluster collects.

    ## Fix
    - Kubernetes: run Fluentd or Fluent Bit as a DaemonSet that mounts its configuration and the host's `/var/log`.
    - Any: collect the logs of all workloads in one place, for instance with a DaemonSet of Fluentd or Fluent Bit.
    """
    if collection.collectors:
        return
    if not collection.owed:
        yield NOT_APPLICABLE
        return
    maker = makes_pods(stack)
    if maker is not None:
        yield unknown(
            collection.place,
            f"Whether anything collects the logs of this stack is not known: {maker.name} may deploy what does.",
            related=[Related(maker.place, "What it deploys is not read here.")],
        )
        return
    if collection.idle:
        pipeline = collection.idle[0]
        related = [
            Related(workload.place, f"The logs of {workload.name} stay on its node.") for workload in collection.workloads[:3]
        ]
        yield fail(
            collection.place,
            f"Nothing in this stack runs the {pipeline.name}: no workload mounts it, and no logs are collected.",
            related=related,
        )
        return
    count = len(collection.workloads)
    many = f"{count} workloads" if count > 1 else "a workload"
    yield fail(collection.place, f"This stack has {many} and {collection.owed}, but nothing in it collects their logs.")

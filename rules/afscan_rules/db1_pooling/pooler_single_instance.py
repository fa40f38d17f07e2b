"""DB105: whether the pooler survives the loss of one of its pods."""

from collections.abc import Iterator

from afscan.join.delivery import REPLICATED, budget_of, fewest_pods, files_unread
from afscan.model.stack import Stack
from afscan.model.subjects import PgBouncer
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown


@rule("DB105", severity=Severity.LOW, absence=True)
def pooler_single_instance(pooler: PgBouncer, stack: Stack) -> Iterator[Problem]:
    """Pooler is a single point of failure.

    When everybody reaches the database through the pooler, nobody reaches it while the pooler is away. It takes two replicas and
    a PodDisruptionBudget, so that neither a crash nor a drained node cuts the applications off. A pooler that runs in its
    application's own pod goes with it and is not meant.

    ## Fix
    - Kubernetes: run two replicas or more, and add a PodDisruptionBudget with `minAvailable: 1`.
    - Terraform: run two replicas or more, and add a `kubernetes_pod_disruption_budget_v1`.
    - Any: run two poolers behind one name.
    """
    container = pooler.container
    workload = container.workload if container is not None else None
    if container is None or workload is None or workload.kind not in REPLICATED or _beside_others(pooler):
        yield NOT_APPLICABLE
        return
    pods = fewest_pods(stack, workload)
    budget, certain = budget_of(stack, workload)
    if pods.is_set and pods.or_else(1) < 2:
        number = "a single replica" if pods.or_else(1) == 1 else "no replica"
        yield fail(pods.place, f"The pooler of {workload.name} has {number}: without it nobody reaches the database.")
    elif budget is not None and certain and pods.is_set:
        return
    elif budget is not None and not certain:
        related = [Related(budget.place, "Its selector is not evaluated in full.")]
        yield unknown(
            workload.place, f"Whether {budget.name} covers the pooler of {workload.name} is not known.", related=related
        )
    elif pods.is_unknown:
        yield unknown(pods.place, f"How many replicas the pooler of {workload.name} has is not known: {pods.reason}.")
    elif files_unread(stack):
        yield NOT_JUDGED
    else:
        message = f"No PodDisruptionBudget covers the pooler of {workload.name}: all its replicas may be evicted at once."
        yield fail(workload.place, message)


def _beside_others(pooler: PgBouncer) -> bool:
    """Whether the pooler runs beside another server or application in its pod; exporters of its metrics do not count."""
    assert pooler.container is not None
    if pooler.container.role != "main":
        return True
    others = [one for one in pooler.container.workload.containers if one.role == "main" and one is not pooler.container]
    return any(one.image is None or "exporter" not in one.image.repository for one in others)

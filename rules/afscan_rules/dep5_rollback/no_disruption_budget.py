"""DEP503: whether a drained node may take all replicas of a workload with it."""

from collections.abc import Iterator

from afscan.join.delivery import REPLICATED, budget_of, fewest_pods, files_unread
from afscan.join.services import services_of
from afscan.model.stack import Stack
from afscan.model.subjects import Workload
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown


@rule("DEP503", severity=Severity.LOW, absence=True)
def no_disruption_budget(workload: Workload, stack: Stack) -> Iterator[Problem]:
    """Replicated workload has no disruption budget.

    When nodes are drained (an upgrade of the cluster, a node pool that shrinks), their pods are evicted. Without a
    PodDisruptionBudget all replicas of a workload may go at once, and replicas were in vain. It is owed by workloads with two
    replicas or more that a Service sends requests to; a single replica cannot be protected this way.

    ## Fix
    - Kubernetes: add a PodDisruptionBudget with `maxUnavailable: 1` that selects the workload's pods.
    - Terraform: add a `kubernetes_pod_disruption_budget_v1` that selects the workload's pods.
    - Any: limit how many replicas may be evicted at once.
    """
    if workload.kind not in REPLICATED or not services_of(stack, workload):
        yield NOT_APPLICABLE
        return
    pods = fewest_pods(stack, workload)
    budget, certain = budget_of(stack, workload)
    if pods.is_set and pods.or_else(1) < 2:
        yield NOT_APPLICABLE
    elif budget is not None and certain:
        return
    elif budget is not None:
        related = [Related(budget.place, "Its selector is not evaluated in full.")]
        yield unknown(workload.place, f"Whether {budget.name} covers {workload.name} is not known.", related=related)
    elif files_unread(stack):
        yield NOT_JUDGED
    elif pods.is_unknown:
        yield unknown(pods.place, f"How many replicas {workload.name} has is not known, and no disruption budget covers it.")
    else:
        yield fail(workload.place, f"No PodDisruptionBudget covers the {pods.value} replicas of {workload.name}.")

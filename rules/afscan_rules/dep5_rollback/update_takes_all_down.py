"""DEP502: whether a workload answers while it is updated."""

from collections.abc import Iterator

from afscan.join.delivery import autoscaler_of, bounds_of, fewest_pods, percentage, writes_alone
from afscan.join.services import services_of
from afscan.model.delivery import Rollout
from afscan.model.stack import Stack
from afscan.model.subjects import Service
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown


@rule("DEP502", severity=Severity.MEDIUM)
def update_takes_all_down(rollout: Rollout, stack: Stack) -> Iterator[Problem]:
    """Update takes all replicas down.

    Behind a Service somebody waits for an answer. With the strategy `Recreate`, or when a rolling update may take away as many
    pods as there are, nobody answers until the new ones are ready. The default takes away a quarter of the pods, rounded down,
    and adds a quarter, rounded up: a single replica is then replaced only once the new one is ready, and is no violation. Pods
    that write to a volume of their own often have to stop first: their `Recreate` is reported as low.

    ## Fix
    - Kubernetes, Terraform: use `RollingUpdate` with `maxUnavailable: 0` and `maxSurge: 1`.
    - Any: replace replicas one after the other.
    """
    if rollout.strategy is None:
        yield NOT_APPLICABLE
        return
    services = services_of(stack, rollout.workload)
    if not services:
        yield NOT_APPLICABLE if stack.complete else NOT_JUDGED
        return
    strategy, name = rollout.strategy, rollout.name
    if strategy.is_unknown:
        yield unknown(strategy.place, f"How {name} is updated is not known: {strategy.reason}.")
    elif strategy.value == "Recreate":
        alone = writes_alone(rollout.workload)
        message = f"All pods of {name} are stopped before new ones start: nobody answers in between."
        yield fail(strategy.place, message, related=_behind(services[0]), severity=Severity.LOW if alone else None)
    elif strategy.value in (None, "RollingUpdate", "Rolling"):
        yield from _rolling(rollout, services[0], stack)


def _rolling(rollout: Rollout, service: Service, stack: Stack) -> Iterator[Problem]:
    unavailable, surge, name = rollout.max_unavailable, rollout.max_surge, rollout.name
    if unavailable is None or surge is None:
        return
    share = percentage(unavailable)
    if share is not None and share >= 100:
        message = f"An update may take away all pods of {name} at once: `maxUnavailable` is {unavailable.value}."
        yield fail(unavailable.place, message, related=_behind(service))
        return
    if rollout.workload.fleet or (surge.is_unset and (unavailable.is_unset or share is not None)):
        return  # one pod per node; or less than all of them, however many there are
    pods = fewest_pods(stack, rollout.workload)
    doubtful = next((value for value in (unavailable, surge, pods) if value.is_unknown), None)
    if doubtful is not None:
        yield unknown(doubtful.place, f"How many pods of {name} an update may take away at once is not known: {doubtful.reason}.")
        return
    count = pods.or_else(1)
    down = bounds_of(rollout, count)
    if down is None or count <= 0 or down < count:
        return
    if not stack.complete and rollout.workload.replicas.is_unset and autoscaler_of(stack, rollout.workload) is None:
        yield NOT_JUDGED  # an autoscaler may say how many there are
        return
    written = unavailable if unavailable.is_set and unavailable.value != 0 else surge
    many = f"all {count} pods" if count > 1 else "the only pod"
    message = f"An update of {name} may take away {many} before a new one is ready."
    yield fail(written.place, message, related=_behind(service))


def _behind(service: Service) -> list[Related]:
    return [Related(service.place, "This is the Service that sends requests to them.")]

"""MON302: whether an autoscaler has anything to compute a share of."""

from collections.abc import Iterator

from afscan.join.delivery import scaled_by
from afscan.join.namespaces import patch_of
from afscan.model.delivery import Autoscaler, UtilizationMetric
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Workload
from afscan.model.value import Value
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown


@rule("MON302", severity=Severity.MEDIUM)
def autoscaler_without_baseline(scaler: Autoscaler, stack: Stack) -> Iterator[Problem]:
    """Autoscaler has no baseline.

    A utilization is a share of what the containers request. If one container of the pod requests no CPU (or memory), the
    autoscaler cannot compute it for the whole pod and does nothing on that metric, under any load. A limit without a request
    counts as the request, and so does what a LimitRange gives; metrics that are plain values need none.

    ## Fix
    - Kubernetes, Terraform: set `resources.requests` for the metric's resource on every container of the pod that is scaled.
    """
    workload = scaled_by(stack, scaler)
    if not scaler.metrics or workload is None:
        yield NOT_APPLICABLE if stack.complete or not scaler.metrics else NOT_JUDGED
        return
    for metric in scaler.metrics:
        yield from _metric(scaler, metric, workload, stack)


def _metric(scaler: Autoscaler, metric: UtilizationMetric, workload: Workload, stack: Stack) -> Iterator[Problem]:
    resource = metric.resource.or_else("")
    if metric.resource.is_unknown or metric.container.is_unknown:
        yield unknown(metric.node.head, f"What {scaler.name} measures is not known.")
        return
    if resource not in ("cpu", "memory"):
        return
    running = [one for one in workload.containers if one.role in ("main", "sidecar")]
    if metric.container.is_set:
        running = [one for one in running if one.name.endswith(f" {metric.container.value}")]
    requests = [(one, _request(one, resource)) for one in running]
    lacking = next(((one, value) for one, value in requests if value.is_unset), None)
    doubtful = next((value for _, value in requests if value.is_unknown), None)
    shown = "CPU" if resource == "cpu" else "memory"
    patch = patch_of(stack, workload) if lacking is not None else None
    if patch is not None:
        related = [Related(patch.place, "Patches are not applied here.")]
        yield unknown(
            metric.node.head, f"Whether {workload.name} requests {shown} is not known: a patch may set it.", related=related
        )
    elif lacking is not None:
        one, value = lacking
        message = (
            f"{scaler.name} scales by {shown} utilization, but {one.name} requests no {shown}: there is nothing to compare with."
        )
        yield fail(metric.node.head, message, related=[Related(value.place, f"This requests no {shown}.")])
    elif doubtful is not None:
        yield unknown(
            doubtful.place, f"Whether {scaler.name} can compute the {shown} utilization is not known: {doubtful.reason}."
        )


def _request(container: Container, resource: str) -> Value[float]:
    """What a container requests: what it says, else its limit; nothing counts as unset."""
    memory = resource == "memory"
    request = container.memory_request if memory else container.cpu_request
    limit = container.memory_limit if memory else container.cpu_limit
    found = limit if request.is_unset and not limit.is_unset else request
    return Value.unset(found.node) if found.is_set and not found.value else found

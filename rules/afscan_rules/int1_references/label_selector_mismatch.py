"""INT105: controllers whose selector does not find their own pods."""

from collections.abc import Iterator

from afscan.model.objects import WorkloadSelector
from afscan.model.stack import Stack
from afscan.policy import Problem, Related, Severity, fail, rule, unknown


@rule("INT105", severity=Severity.HIGH, tags=("CWE-1068",))
def label_selector_mismatch(own: WorkloadSelector, stack: Stack) -> Iterator[Problem]:
    """Selector does not match the workload's own pods.

    A Deployment, StatefulSet or DaemonSet finds its pods by the labels of its own template. Where the selector asks for others,
    the API server refuses the object (`selector does not match template labels`), and what ran before goes on running. It
    happens when a label is renamed in one of the two places.

    ## Fix
    - Kubernetes: write under `spec.template.metadata.labels` every label that `spec.selector` asks for.
    - Terraform: write in `template.metadata.labels` every label that `selector.match_labels` asks for.
    - Any: let the labels of the template carry all that the selector asks for.
    """
    workload, selector = own.workload, own.selector
    if not selector.requirements and not workload.unknown_labels:
        return  # an empty selector matches everything: refused for another reason, or defaulted by the API of old
    verdict = selector.matches(workload.labels, more=workload.unknown_labels)
    if verdict is None:
        reason = next((one.unread for one in selector.requirements if one.unread), "not all labels of its pods are known")
        yield unknown(own.place, f"Whether {workload.name} selects its own pods is not known: {reason}.")
    elif not verdict:
        broken = next(one for one in selector.requirements if one.holds(workload.labels, more=workload.unknown_labels) is False)
        has = workload.labels.get(broken.key)
        carried = f"carries `{broken.key}: {has}`" if has is not None else f"carries no label `{broken.key}`"
        wanted = f"`{broken.key}: {broken.values[0]}`" if broken.operator == "In" and len(broken.values) == 1 else ""
        asked = wanted or f"`{broken.key}` {broken.operator} {', '.join(broken.values)}".rstrip()
        message = f"{workload.name} selects pods with {asked}, but its own template {carried}: the API server refuses it."
        yield fail((broken.node or own.node).place, message, related=[Related(workload.place, "This is the workload.")])

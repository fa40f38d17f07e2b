"""SEC406: selectors that match nothing."""

from collections.abc import Iterator

from afscan.join.namespaces import (
    UNWRITTEN,
    anywhere,
    is_excerpt,
    may_have_name_label,
    namespace_without_name_label,
    whole,
    workloads_in,
)
from afscan.join.policies import pods_match, selected_by
from afscan.join.services import selected
from afscan.model.delivery import DisruptionBudget
from afscan.model.stack import Stack
from afscan.model.subjects import NetworkPolicy, Service, Workload
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown

_OF_THE_CLUSTER = frozenset(("kube-system", "kube-public", "kube-node-lease"))


@rule("SEC406", severity=Severity.MEDIUM, absence=True, tags=("CWE-1164",))
def network_policy_selects_nothing(subject: NetworkPolicy | Service | DisruptionBudget, stack: Stack) -> Iterator[Problem]:
    """Selector matches nothing.

    A network policy whose selector matches no pod protects nothing, and nobody says so; a Service without pods answers nobody, and
    a disruption budget without pods lets all of them be taken away. Most often a label was renamed in one place. Judged where all
    that runs in the namespace is known: not where charts or operators bring pods of their own. A policy that selects all pods of a
    namespace is a default for what is to come.

    ## Fix
    - Kubernetes, Terraform: use the labels of the pod template, and `kubernetes.io/metadata.name` for a namespace.
    """
    if isinstance(subject, NetworkPolicy):
        yield from _peers(subject, stack)
        if subject.selector.selects_all:
            return
        found, certain = selected_by(stack, subject)
        selector, what = subject.pods, "the policy protects nothing"
    else:
        selector = subject.selector or {}
        what = "it has no endpoints" if isinstance(subject, Service) else "it keeps no pod running"
        if not selector:
            yield NOT_APPLICABLE
            return
        found, certain = (
            selected(stack, subject.namespace, selector),
            isinstance(subject, Service) or not subject.unknown_selector,
        )
    place = subject.selector_node.head if subject.selector_node is not None else subject.place
    if found:
        if not certain:
            yield unknown(place, f"Whether {subject.name} selects a pod is not known: a part of its selector is not evaluated.")
        return
    elsewhere = anywhere(stack, selector)
    if isinstance(subject, NetworkPolicy):
        elsewhere = [one for one in elsewhere if pods_match(subject.selector, one) is not False]
    if any(UNWRITTEN in (subject.namespace, one.namespace) for one in elsewhere):
        return  # one of both names no namespace: it is applied to the other's
    outside = subject.namespace in _OF_THE_CLUSTER or is_excerpt(subject)
    if outside or not whole(stack) or not workloads_in(stack, subject.namespace):
        yield NOT_JUDGED  # the pods may be none of this stack's
        return
    labels = ", ".join(f"`{name}`" if value == "*" else f"`{name}: {value}`" for name, value in selector.items())
    shown = f" ({labels})" if labels and not (isinstance(subject, NetworkPolicy) and subject.unknown_selector) else ""
    message = f"No pod of the namespace {subject.namespace} matches the selector of {subject.name}{shown}: {what}."
    yield fail(place, message, related=_related(elsewhere))


def _related(elsewhere: list[Workload]) -> list[Related]:
    return [Related(one.place, f"{one.name} does, in the namespace {one.namespace}.") for one in elsewhere[:1]]


def _peers(policy: NetworkPolicy, stack: Stack) -> Iterator[Problem]:
    """Peers in a namespace that is asked for by the label `name`, which nobody sets of itself, and is declared here without it."""
    for one in (*(policy.ingress or ()), *(policy.egress or ())):
        for peer in one.peers or ():
            name = (peer.namespaces or {}).get("name", "*")
            declared = namespace_without_name_label(stack, name)
            if declared is None and name != "*" and not may_have_name_label(stack, name):
                message = (
                    f"Whether any namespace has the label `name: {name}`, for which {policy.name} asks, is not known: Kubernetes "
                    "itself sets `kubernetes.io/metadata.name`."
                )
                yield unknown(peer.node.head, message)
            if declared is not None and whole(stack) and not is_excerpt(policy):
                message = (
                    f"{policy.name} asks for a namespace with the label `name: {name}`, which none has that is declared here: "
                    "Kubernetes itself sets `kubernetes.io/metadata.name`."
                )
                yield fail(
                    peer.node.head, message, related=[Related(declared.place, "This namespace is declared without that label.")]
                )

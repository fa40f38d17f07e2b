"""Pods and the level of Pod Security that their namespace enforces.

Source: Kubernetes documentation, "Pod Security Admission": the label ``pod-security.kubernetes.io/enforce`` of a namespace decides,
and what it forbids is refused when the pod is made, not when the workload is. Exemptions are the cluster's configuration, which is
in no manifest. A manifest that names no namespace goes to the one that a GitOps application gives it, else to any: nothing is said of it.
"""

from collections.abc import Iterable

from afscan.join.gitops import namespace_given
from afscan.join.namespaces import UNWRITTEN, declared_namespace
from afscan.model.cluster import Namespace
from afscan.model.node import Node
from afscan.model.objects import PodAdmission, PodTemplate, PodViolation
from afscan.model.stack import Stack
from afscan.model.subjects import Subject, Workload


def join(stack: Stack) -> Iterable[Subject]:
    """What Pod Security makes of the pods whose namespace enforces a level."""
    for pod in stack.of(PodTemplate):
        namespace = namespace_of(stack, pod.workload)
        if namespace is not None and not namespace.enforce.is_unset:
            yield _admission(pod.node, pod.annotations, pod.workload)


def _admission(node: Node, annotations: Node | None, workload: Workload) -> PodAdmission:
    from afscan.platforms.kubernetes.podsecurity import violations_of  # noqa: PLC0415 - where a namespace enforces a level

    violations, doubts = violations_of(node, annotations)
    return PodAdmission(
        name=workload.name,
        node=workload.node,
        platform=workload.platform,
        workload=workload,
        violations=violations,
        doubts=doubts,
    )


def namespace_of(stack: Stack, workload: Workload) -> Namespace | None:
    """The Namespace in which a workload's pods run, where both are written, or an application says where it puts them."""
    name = namespace_given(stack, workload) if workload.namespace == UNWRITTEN else workload.namespace
    return declared_namespace(stack, name) if name else None


def refused(admission: PodAdmission, level: str) -> tuple[list[PodViolation], list[PodViolation]]:
    """What a level (``baseline``, ``restricted``) forbids of pods, and what cannot be told; nothing for ``privileged``."""
    levels = {"baseline": ("baseline",), "restricted": ("baseline", "restricted")}.get(level, ())
    certain = [one for one in admission.violations if one.level in levels]
    return certain, [one for one in admission.doubts if one.level in levels]

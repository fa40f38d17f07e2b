"""Workloads: everything that makes pods.

Source: Kubernetes API reference, "Workload Resources"; Argo Rollouts and OpenShift's DeploymentConfig hold the same pod template.
"""

import re

from afscan.model.cluster import ManifestPatch
from afscan.model.node import Mapping, Node, Opaque, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.objects import PodTemplate, Schedule, WorkloadSelector
from afscan.model.subjects import Workload
from afscan.model.value import Value
from afscan.platforms.kubernetes.containers import Pod, read_containers, resources_of
from afscan.platforms.kubernetes.delivery import read_rollout
from afscan.platforms.kubernetes.objects import PLATFORM, KubernetesObject, labels_of, section
from afscan.platforms.kubernetes.security import host_namespaces, misplaced
from afscan.platforms.kubernetes.volumes import volumes_of
from afscan.platforms.reading import Reader

WORKLOADS: dict[str, tuple[str, ...]] = {
    "Pod": ("",),
    "PodTemplate": ("",),
    "ReplicationController": ("",),
    "Deployment": ("apps", "extensions"),
    "ReplicaSet": ("apps", "extensions"),
    "DaemonSet": ("apps", "extensions"),
    "StatefulSet": ("apps",),
    "Job": ("batch",),
    "CronJob": ("batch",),
    "Rollout": ("argoproj.io",),
    "DeploymentConfig": ("apps.openshift.io", ""),
}
"""Kinds that make pods, and the API groups in which they do. A kind of the same name in another group is somebody else's."""

_TEMPLATES: dict[str, tuple[str, ...]] = {
    "Pod": (),
    "PodTemplate": ("template",),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
_WITH_SELECTOR = frozenset(WORKLOADS) - {"Pod", "PodTemplate", "Job", "CronJob"}
_PLAIN_SELECTOR = frozenset(("ReplicationController", "DeploymentConfig"))
_REPLICATED = _WITH_SELECTOR - {"DaemonSet"}
_ONCE = frozenset(("Job", "CronJob"))
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_PATCH_NAME = re.compile(r"(?:^|[/._-])patch(?:es)?(?:[/._-]|$)")


def read_workload(item: KubernetesObject) -> None:
    """Emit a workload, its containers and all that belongs to them."""
    out = item.out
    reader = _template(item)
    if item.kind == "Rollout" and isinstance(item.node.get("spec", "workloadRef"), Mapping):
        return  # its pod template is that of a Deployment, which is read by itself
    pod = section(reader, "spec")
    if not item.rendered and _is_patch(item, pod):
        reason = f"This {item.kind} is a part only (a patch): what it is applied to is judged without it."
        out.notice(NoticeKind.PARTIAL, item.node.head, reason)
        out.subjects.append(ManifestPatch(name=item.title, node=item.node, platform=PLATFORM, kind=item.kind, patched=item.name))
        return
    workload = _workload(item, reader, pod)
    out.subjects.append(workload)
    read_rollout(item, workload)
    _read_template(item, workload, reader, pod)
    pod.mapping("securityContext")
    out.subjects += misplaced(pod, workload.name, pod=True)
    windows = pod.node.get("os", "name") if pod.text("os", "name").or_else("").lower() == "windows" else None
    claims = item.reader.at("spec") if item.kind == "StatefulSet" else Reader(item.node, out)
    volumes = volumes_of(pod, claims)
    shared = Pod(workload, pod, volumes, resources_of(pod), host_namespaces(pod), windows)
    read_containers(shared, out)


def _read_template(item: KubernetesObject, workload: Workload, template: Reader, pod: Reader) -> None:
    """Emit the pods' template, how the controller finds them, and when a CronJob makes them."""
    spec = item.reader.at("spec")
    if isinstance(pod.node, Mapping):
        annotations = template.node.get("metadata", "annotations")
        name, platform = workload.name, workload.platform
        item.out.subjects.append(
            PodTemplate(name=name, node=pod.node, platform=platform, workload=workload, annotations=annotations)
        )
    if item.kind in _WITH_SELECTOR and spec.node.get("selector") is not None:
        from afscan.platforms.kubernetes.selectors import read_plain_selector, read_selector  # noqa: PLC0415  (start-up time)

        read = read_plain_selector if item.kind in _PLAIN_SELECTOR else read_selector
        selector = read(spec, "selector")
        if selector is not None and selector.node is not None:
            item.out.subjects.append(
                WorkloadSelector(
                    name=workload.name, node=selector.node, platform=workload.platform, workload=workload, selector=selector
                )
            )
    if item.kind == "CronJob":
        item.out.subjects.append(
            Schedule(
                name=workload.name,
                node=item.node,
                platform=workload.platform,
                workload=workload,
                schedule=spec.text("schedule"),
                suspended=spec.boolean("suspend"),
                concurrency=spec.text("concurrencyPolicy"),
                time_zone=spec.text("timeZone"),
                deadline=spec.integer("startingDeadlineSeconds"),
                successful_kept=spec.integer("successfulJobsHistoryLimit"),
                failed_kept=spec.integer("failedJobsHistoryLimit"),
            )
        )


def _template(item: KubernetesObject) -> Reader:
    """The pod template; each step that is of a wrong type is noted."""
    reader = item.reader
    for key in _TEMPLATES.get(item.kind, ("spec", "template")):
        reader = section(reader, key)
    return reader


def _workload(item: KubernetesObject, template: Reader, pod: Reader) -> Workload:
    spec = item.reader.at("spec")
    replicas = item.reader.integer("spec", "replicas") if item.kind in _REPLICATED else Value.unset(item.node)
    if item.kind != "Pod":
        template.mapping("metadata")
    labels = labels_of(template, "metadata", "labels")
    unread = _has_unknown_labels(template, labels)
    account = pod.text("serviceAccountName")
    if item.kind == "Job":
        # Added by the Job controller: https://kubernetes.io/docs/reference/labels-annotations-taints/
        labels = {"job-name": item.name, "batch.kubernetes.io/job-name": item.name, **labels}
    once = item.kind in _ONCE or (item.kind == "Pod" and pod.text("restartPolicy").or_else("Always") in ("Never", "OnFailure"))
    return Workload(
        name=item.title,
        node=item.node,
        platform=PLATFORM,
        kind=item.kind,
        namespace=item.namespace,
        replicas=replicas,
        labels=labels,
        runs_to_completion=once,
        fleet=item.kind == "DaemonSet",
        service_name=spec.text("serviceName").value if item.kind == "StatefulSet" else None,
        service_account=account if not account.is_unset else pod.text("serviceAccount"),
        automount_token=pod.boolean("automountServiceAccountToken"),
        unknown_labels=unread,
        annotations=template.string_map("metadata", "annotations"),
        host_names=[name.or_else("") for alias in pod.readers("hostAliases") for name in alias.strings("hostnames")],
        more_names=pod.node.get("dnsConfig") is not None or isinstance(pod.node.get("hostAliases"), Opaque),
        namespace_written=item.namespace_written,
    )


def _has_unknown_labels(template: Reader, known: dict[str, str]) -> bool:
    """Whether the pods carry labels whose name or value is not known."""
    nodes = template.node.get("metadata"), template.node.get("metadata", "labels")
    written = nodes[1].entries if isinstance(nodes[1], Mapping) else {}
    return any(isinstance(node, Opaque) for node in (template.node, *nodes)) or len(written) != len(known)


def _is_patch(item: KubernetesObject, pod: Reader) -> bool:
    """Whether this is only a part of a workload, to be merged into another file's (a strategic-merge patch).

    Nobody deploys a container without an image, or (apps/v1) a Deployment without a selector. A patch that changes an image has
    one, so a missing selector counts where the file says that it is a patch.
    """
    if any(isinstance(node, Mapping) and "$patch" in node.entries for node in _patchable(item, pod)):
        return True
    if item.kind in _WITH_SELECTOR and item.node.get("spec", "selector") is not None:
        return False
    if not _has_image(pod):
        return _mistyped(pod) is None
    named = _PATCH_NAME.search(item.node.source.path) is not None
    return named and item.kind in _WITH_SELECTOR


def _patchable(item: KubernetesObject, pod: Reader) -> list[Node]:
    """The nodes in which a merge directive would stand."""
    found: list[Node] = [item.node, pod.node]
    for key in (*_CONTAINERS, "volumes"):
        listed = pod.node.get(key)
        found += listed.items if isinstance(listed, Sequence) else []
    return found


def _has_image(pod: Reader) -> bool:
    for key in _CONTAINERS:
        listed = pod.node.get(key)
        if isinstance(listed, Sequence) and any(item.get("image") is not None for item in listed.items):
            return True
    return False


def _mistyped(pod: Reader) -> Node | None:
    """A list of containers that is none: then it is no patch but a mistake, which is noted where it is read."""
    for key in _CONTAINERS:
        listed = pod.node.get(key)
        if listed is not None and not isinstance(listed, Sequence):
            return listed
    return None

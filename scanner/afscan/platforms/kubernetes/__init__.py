"""Kubernetes: manifests, lists of them, and what is built around them (Kustomize, Helm).

Every mapping with ``apiVersion`` and ``kind`` is an object of Kubernetes and recognised as such; what says nothing to any rule
yields nothing.
"""

import re
from collections.abc import Callable, Iterator
from posixpath import basename

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.platforms.kubernetes.access import (
    read_foreign,
    read_namespace,
    read_role,
    read_role_binding,
    read_service_account,
)
from afscan.platforms.kubernetes.cluster import read_limit_range, read_storage_class
from afscan.platforms.kubernetes.configuration import read_config_map, read_external_secret, read_secret
from afscan.platforms.kubernetes.network import read_ingress, read_network_policy, read_service
from afscan.platforms.kubernetes.objects import KubernetesObject, read_object, scalar_text
from afscan.platforms.kubernetes.workloads import WORKLOADS, read_workload
from afscan.platforms.reading import Interpretation

_OPERATOR = ("monitoring.coreos.com",)
_DELIVERY = {
    "PodDisruptionBudget": ("policy", "read_disruption_budget"),
    "HorizontalPodAutoscaler": ("autoscaling", "read_autoscaler"),
    "ScaledObject": ("keda.sh", "read_scaled_object"),
    "ResourceQuota": ("", "read_quota"),
}
"""By kind: the API group, and what reads it in the module ``delivery``."""


def _monitoring(name: str) -> Callable[[KubernetesObject], None]:
    """A reader of the Prometheus operator's objects, imported where one turns up."""

    def read(item: KubernetesObject) -> None:
        from afscan.platforms.kubernetes import monitoring  # noqa: PLC0415  (start-up time)

        getattr(monitoring, name)(item)

    return read


def _delivery(name: str) -> Callable[[KubernetesObject], None]:
    """A reader of budgets, autoscalers and quotas, imported where one turns up."""

    def read(item: KubernetesObject) -> None:
        from afscan.platforms.kubernetes import delivery  # noqa: PLC0415  (start-up time)

        getattr(delivery, name)(item)

    return read


def _scheduled_backup(item: KubernetesObject) -> None:
    from afscan.platforms.kubernetes.backups import read_scheduled_backup  # noqa: PLC0415  (start-up time)

    read_scheduled_backup(item)


_HANDLERS: dict[str, tuple[tuple[str, ...], Callable[[KubernetesObject], None]]] = {
    **{kind: (groups, read_workload) for kind, groups in WORKLOADS.items()},
    "Service": (("",), read_service),
    "ConfigMap": (("",), read_config_map),
    "Secret": (("",), read_secret),
    "ExternalSecret": (("external-secrets.io",), read_external_secret),
    "LimitRange": (("",), read_limit_range),
    "Ingress": (("networking.k8s.io", "extensions"), read_ingress),
    "NetworkPolicy": (("networking.k8s.io", "extensions"), read_network_policy),
    "StorageClass": (("storage.k8s.io",), read_storage_class),
    "Namespace": (("",), read_namespace),
    "ServiceAccount": (("",), read_service_account),
    **dict.fromkeys(("Role", "ClusterRole"), (("rbac.authorization.k8s.io",), read_role)),
    **dict.fromkeys(("RoleBinding", "ClusterRoleBinding"), (("rbac.authorization.k8s.io",), read_role_binding)),
    **{kind: ((group,), _delivery(name)) for kind, (group, name) in _DELIVERY.items()},
    "ServiceMonitor": (_OPERATOR, _monitoring("read_monitor")),
    "PodMonitor": (_OPERATOR, _monitoring("read_monitor")),
    "Probe": (_OPERATOR, _monitoring("read_probe")),
    "PrometheusRule": (_OPERATOR, _monitoring("read_rule")),
    "AlertmanagerConfig": (_OPERATOR, _monitoring("read_alertmanager_config")),
    "Prometheus": (_OPERATOR, _monitoring("read_prometheus")),
    "Schedule": (("velero.io",), _scheduled_backup),
    "ScheduledBackup": (("postgresql.cnpg.io",), _scheduled_backup),
}
"""By kind: the API groups in which it is this kind, and what reads it."""

_KUSTOMIZE = "kustomize.config.k8s.io"
_KUSTOMIZATION = frozenset(("kustomization.yaml", "kustomization.yml", "kustomization"))
_KUSTOMIZE_KEYS = re.compile(
    r"(?:resources|bases|components|patches\w*|(?:configMap|secret)Generator|images|namespace|name(?:Prefix|Suffix)|labels|"
    r"common(?:Labels|Annotations)|generators|transformers|helmCharts|replicas|replacements)\Z"
)
_CHART = frozenset(("chart.yaml", "chart.yml"))
_VALUES = re.compile(r"values(?:[-._][\w.-]+)?\.ya?ml\Z", re.IGNORECASE)


def recognise(source: Source, root: Node) -> bool:
    """Whether a document is an object of Kubernetes, or part of a Kustomize overlay or a Helm chart."""
    return _is_object(root) or _around(source, root) is not None


def _is_object(root: Node) -> bool:
    if not isinstance(root, Mapping):
        return False
    kind, version = scalar_text(root.get("kind")), scalar_text(root.get("apiVersion"))
    return bool(kind and version) or (kind in _HANDLERS and any(key in root.entries for key in ("metadata", "spec", "data")))


def _around(source: Source, root: Node) -> str | None:
    """What is no object itself but makes or changes objects: a sentence about what is not evaluated. None for anything else."""
    name = basename(source.name).lower()
    if isinstance(root, Sequence):
        patch = bool(root.items) and all(scalar_text(item.get("op")) and scalar_text(item.get("path")) for item in root.items)
        return "A JSON patch: what it is applied to is judged without it." if patch else None
    if not isinstance(root, Mapping):
        return None
    keys = root.entries.keys()
    if (name in _KUSTOMIZATION and any(map(_KUSTOMIZE_KEYS.match, keys))) or _group(root) == _KUSTOMIZE:
        return "The files named here are judged as separate files; kustomize patches are not applied."
    if "kind" in keys:
        return None
    if name in _CHART and {"apiVersion", "name", "version"} <= keys:
        return "A Helm chart: its templates have to be rendered (`helm template`) before they can be judged."
    if _VALUES.match(name) and keys and not keys & {"apiVersion", "services"}:
        return "Values of a Helm chart: they are judged in the rendered templates (`helm template`), not by themselves."
    return None


def _group(node: Mapping) -> str:
    return scalar_text(node.get("apiVersion")).rpartition("/")[0]


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put the subjects of a document into ``out``."""
    around = _around(source, root)
    if around is not None:
        first = next(iter(root.children()), root)
        out.notice(NoticeKind.PARTIAL, first.key.place if first.key is not None else first.head, around)
        return
    objects = list(_objects(root, out))
    present = {(kind, _meta(node, "namespace"), _meta(node, "name")) for node, kind, _ in objects}
    for node, kind, version in objects:
        groups, read = _HANDLERS.get(kind, ((), None))
        group = version.rpartition("/")[0]
        own = kind in WORKLOADS and group in groups
        foreign = read_foreign(node, kind, group, _meta(node, "name")) if version and not own else None
        if foreign is not None:
            out.subjects.append(foreign)
        if read is None:
            continue
        if not version:
            out.notice(
                NoticeKind.PARTIAL, node.head, f"This {kind} has no `apiVersion`: Kubernetes refuses it, and it is not judged."
            )
        elif version.rpartition("/")[0] in groups and not (kind in WORKLOADS and _owned(node, present)):
            read(read_object(node, kind, version, out))


def _objects(root: Node, out: Interpretation) -> Iterator[tuple[Mapping, str, str]]:
    """The objects of a document with kind and apiVersion: itself, or the items of a List, each once."""
    waiting: list[tuple[Node, str, str]] = [(root, "", "")]
    seen: set[int] = set()
    while waiting:
        node, kind, version = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if not isinstance(node, Mapping):
            if isinstance(node, Scalar | Sequence):
                out.notice(NoticeKind.WRONG_TYPE, node.head, "Items of a List should be objects; this one is not judged.")
            continue
        kind, version = scalar_text(node.get("kind")) or kind, scalar_text(node.get("apiVersion")) or version
        items = node.get("items")
        if isinstance(items, Sequence) and _is_list(kind, items):
            # The items of `DeploymentList` may leave out their kind; those of `List` never do.
            waiting += [(item, kind.removesuffix("List"), version) for item in reversed(items.items)]
        else:
            yield node, kind, version


def _is_list(kind: str, items: Sequence) -> bool:
    """Whether an object is a list of objects, and not a custom resource with a field ``items``."""
    item_kind = kind.removesuffix("List")
    return item_kind != kind and (
        item_kind == "" or item_kind in _HANDLERS or any(i.get("metadata") is not None for i in items.items)
    )


def _meta(node: Mapping, key: str) -> str:
    return scalar_text(node.get("metadata", key))


def _owned(node: Mapping, present: set[tuple[str, str, str]]) -> bool:
    """Whether a controller in the same document made this object (`kubectl get all -o yaml`): its template speaks for it."""
    owners = node.get("metadata", "ownerReferences")
    for owner in owners.items if isinstance(owners, Sequence) else ():
        key = (scalar_text(owner.get("kind")), _meta(node, "namespace"), scalar_text(owner.get("name")))
        if scalar_text(owner.get("controller")) == "true" and key in present:
            return True
    return False

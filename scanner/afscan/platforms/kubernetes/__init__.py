"""Kubernetes: manifests, lists of them, and what is built around them (Kustomize, Helm).

Every mapping with ``apiVersion`` and ``kind`` is an object of Kubernetes and recognised as such; what says nothing to any rule
yields nothing.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from posixpath import basename, dirname

from afscan.model.charts import ChartFile
from afscan.model.kustomize import KustomizationFile
from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.objects import ManifestObject
from afscan.model.source import Source
from afscan.model.value import Value
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
from afscan.platforms.kubernetes.objects import DEFAULT_NAMESPACE, PLATFORM, KubernetesObject, read_object, scalar_text
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


_OBJECTS: dict[str, tuple[str, str, str]] = {
    "Gateway": ("gateway.networking.k8s.io", "gateway", "read_gateway"),
    "GatewayClass": ("gateway.networking.k8s.io", "gateway", "read_gateway_class"),
    "HTTPRoute": ("gateway.networking.k8s.io", "gateway", "read_route"),
    "GRPCRoute": ("gateway.networking.k8s.io", "gateway", "read_route"),
    "TLSRoute": ("gateway.networking.k8s.io", "gateway", "read_route"),
    "TCPRoute": ("gateway.networking.k8s.io", "gateway", "read_route"),
    "UDPRoute": ("gateway.networking.k8s.io", "gateway", "read_route"),
    "ReferenceGrant": ("gateway.networking.k8s.io", "gateway", "read_reference_grant"),
    "Issuer": ("cert-manager.io", "secretsources", "read_issuer"),
    "ClusterIssuer": ("cert-manager.io", "secretsources", "read_issuer"),
    "Certificate": ("cert-manager.io", "secretsources", "read_certificate"),
    "SecretStore": ("external-secrets.io", "secretsources", "read_secret_store"),
    "ClusterSecretStore": ("external-secrets.io", "secretsources", "read_secret_store"),
    "ClusterExternalSecret": ("external-secrets.io", "secretsources", "emit_external_secret"),
    "PushSecret": ("external-secrets.io", "secretsources", "read_push_secret"),
    "SealedSecret": ("bitnami.com", "secretsources", "read_sealed_secret"),
    "PersistentVolumeClaim": ("", "storage", "read_claim"),
    "PersistentVolume": ("", "storage", "read_volume"),
    "VerticalPodAutoscaler": ("autoscaling.k8s.io", "delivery", "read_vertical_autoscaler"),
}
"""By kind: the API group, and what reads it in which module of this package."""


def _lazily(module: str, name: str) -> Callable[[KubernetesObject], None]:
    """A reader of a module of this package, imported where an object of its kind turns up."""

    def read(item: KubernetesObject) -> None:
        from importlib import import_module  # noqa: PLC0415  (start-up time)

        getattr(import_module(f"afscan.platforms.kubernetes.{module}"), name)(item)

    return read


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


def _gitops(name: str) -> Callable[[KubernetesObject], None]:
    """A reader of Argo CD's and Flux' objects, imported where one turns up."""

    def read(item: KubernetesObject) -> None:
        from afscan.platforms.kubernetes import gitops  # noqa: PLC0415  (start-up time)

        getattr(gitops, name)(item)

    return read


_FLUX = {
    "source.toolkit.fluxcd.io": ("GitRepository", "OCIRepository", "HelmRepository", "Bucket"),
    "kustomize.toolkit.fluxcd.io": ("Kustomization",),
    "helm.toolkit.fluxcd.io": ("HelmRelease",),
}
_FLUX_READERS = {"Kustomization": "read_kustomization", "HelmRelease": "read_helm_release"}


def _scheduled_backup(item: KubernetesObject) -> None:
    from afscan.platforms.kubernetes.backups import read_scheduled_backup  # noqa: PLC0415  (start-up time)

    read_scheduled_backup(item)


def _objectives(name: str) -> Callable[[KubernetesObject], None]:
    """A reader of service level objectives, imported where one turns up."""

    def read(item: KubernetesObject) -> None:
        from afscan.platforms.kubernetes import objectives  # noqa: PLC0415  (start-up time)

        getattr(objectives, name)(item)

    return read


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
    **{kind: ((group,), _lazily(module, name)) for kind, (group, module, name) in _OBJECTS.items()},
    "ServiceMonitor": (_OPERATOR, _monitoring("read_monitor")),
    "PodMonitor": (_OPERATOR, _monitoring("read_monitor")),
    "Probe": (_OPERATOR, _monitoring("read_probe")),
    "PrometheusRule": (_OPERATOR, _monitoring("read_rule")),
    "AlertmanagerConfig": (_OPERATOR, _monitoring("read_alertmanager_config")),
    "Prometheus": (_OPERATOR, _monitoring("read_prometheus")),
    "Application": (("argoproj.io",), _gitops("read_application")),
    "ApplicationSet": (("argoproj.io",), _gitops("read_application_set")),
    "AppProject": (("argoproj.io",), _gitops("read_project")),
    **{kind: ((group,), _gitops(_FLUX_READERS.get(kind, "read_source"))) for group, kinds in _FLUX.items() for kind in kinds},
    "PrometheusServiceLevel": (("sloth.slok.dev",), _objectives("read_sloth")),
    "ServiceLevelObjective": (("pyrra.dev",), _objectives("read_pyrra")),
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
    return _is_object(root) or _is_kustomization(source, root) or _around(source, root) is not None


def _is_kustomization(source: Source, root: Node) -> bool:
    """Whether a file is a kustomization that Kustomize finds: by its name; the kind may be left out."""
    if not isinstance(root, Mapping) or source.outer is not None or basename(source.name).lower() not in _KUSTOMIZATION:
        return False
    return _group(root) == _KUSTOMIZE or ("kind" not in root.entries and any(map(_KUSTOMIZE_KEYS.match, root.entries)))


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
    if _is_kustomization(source, root):
        return None
    if (name in _KUSTOMIZATION and any(map(_KUSTOMIZE_KEYS.match, keys))) or _group(root) == _KUSTOMIZE:
        return "A kustomization in a text or under a name that Kustomize does not look for: it is not rendered."
    if "kind" in keys:
        return None
    if name in _CHART and {"apiVersion", "name", "version"} <= keys:
        reason = "A Helm chart: its templates have to be rendered before they can be judged"
        return f"{reason}: run afscan with `--render auto`, or `helm template` first."
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
        if isinstance(root, Mapping) and basename(source.name).lower() in _CHART and source.outer is None:
            name, directory = scalar_text(root.get("name")), dirname(source.path)
            out.subjects.append(ChartFile(name=f"chart {name}", node=root, platform="helm", chart=name, directory=directory))
        elif isinstance(root, Mapping) and _VALUES.match(basename(source.name).lower()):
            from afscan.platforms.kubernetes.charts import read_values  # noqa: PLC0415  (start-up time)

            read_values(root, out)
        return
    if _is_kustomization(source, root):
        directory, component = dirname(source.path), scalar_text(root.get("kind")) == "Component"
        file = KustomizationFile(name=source.path, node=root, platform="kubernetes", directory=directory, component=component)
        out.subjects.append(file)
        if isinstance(root, Mapping):
            from afscan.platforms.kubernetes.generators import read_generators  # noqa: PLC0415  (start-up time)

            read_generators(root, out)
        return
    read_objects([root], out)


def read_objects(roots: Iterable[Node], out: Interpretation, *, rendered: bool = False) -> None:
    """Put the subjects of the objects in documents into ``out``.

    :param rendered: whether they are what Kustomize made of several files.
    """
    objects = [one for root in roots for one in _objects(root, out)]
    present = {(kind, _meta(node, "namespace"), _meta(node, "name")) for node, kind, _ in objects}
    for node, kind, version in objects:
        groups, read = _HANDLERS.get(kind, ((), None))
        group = version.rpartition("/")[0]
        own = kind in WORKLOADS and group in groups
        foreign = read_foreign(node, kind, group, _meta(node, "name")) if version and not own else None
        if foreign is not None:
            out.subjects.append(foreign)
        if version and not _owned(node, present):
            out.subjects.append(_named(node, kind, version))
        if read is None:
            continue
        if not version:
            out.notice(
                NoticeKind.PARTIAL, node.head, f"This {kind} has no `apiVersion`: Kubernetes refuses it, and it is not judged."
            )
        elif version.rpartition("/")[0] in groups and not (kind in WORKLOADS and _owned(node, present)):
            item = read_object(node, kind, version, out)
            item.rendered = rendered
            read(item)


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


def _named(node: Mapping, kind: str, version: str) -> ManifestObject:
    """What an object is called, whatever its kind."""
    written = node.get("apiVersion")
    name = _meta(node, "name") or _meta(node, "generateName") or "without name"
    return ManifestObject(
        name=f"{kind} {name}",
        node=node,
        platform=PLATFORM,
        kind=kind,
        group=version.rpartition("/")[0],
        version=Value.of(version, written if written is not None else node),
        object_name=name,
        namespace=_meta(node, "namespace") or DEFAULT_NAMESPACE,
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

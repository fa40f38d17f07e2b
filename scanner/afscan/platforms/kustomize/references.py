"""Names by which objects refer to each other: they follow when an object is renamed.

Source: Kustomize's default name references (``builtinpluginconsts/namereference.go``) as a table: which fields of which kinds name an
object of which kind.
"""

from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Scalar
from afscan.platforms.kustomize.objects import Item
from afscan.platforms.kustomize.strategic import pod_path
from afscan.platforms.kustomize.tree import below, composed, place, replace, text_of

Path = tuple[str, ...]


def _paths(*texts: str) -> tuple[Path, ...]:
    return tuple(tuple(text.split("/")) for text in texts)


_POD: dict[str, tuple[Path, ...]] = {
    "ConfigMap": _paths(
        "volumes/configMap/name",
        "volumes/projected/sources/configMap/name",
        "containers/env/valueFrom/configMapKeyRef/name",
        "initContainers/env/valueFrom/configMapKeyRef/name",
        "containers/envFrom/configMapRef/name",
        "initContainers/envFrom/configMapRef/name",
    ),
    "Secret": _paths(
        "volumes/secret/secretName",
        "volumes/projected/sources/secret/name",
        "containers/env/valueFrom/secretKeyRef/name",
        "initContainers/env/valueFrom/secretKeyRef/name",
        "containers/envFrom/secretRef/name",
        "initContainers/envFrom/secretRef/name",
        "imagePullSecrets/name",
    ),
    "ServiceAccount": _paths("serviceAccountName"),
    "PersistentVolumeClaim": _paths("volumes/persistentVolumeClaim/claimName"),
    "PriorityClass": _paths("priorityClassName"),
}
_AUTH = (
    "ingress.kubernetes.io/auth-secret",
    "nginx.ingress.kubernetes.io/auth-secret",
    "nginx.ingress.kubernetes.io/auth-tls-secret",
)
_FIELDS: dict[str, tuple[tuple[str, Path], ...]] = {
    "Ingress": (
        *(
            ("Service", path)
            for path in _paths(
                "spec/rules/http/paths/backend/serviceName",
                "spec/rules/http/paths/backend/service/name",
                "spec/backend/serviceName",
                "spec/defaultBackend/service/name",
            )
        ),
        ("Secret", ("spec", "tls", "secretName")),
        *(("Secret", ("metadata", "annotations", name)) for name in _AUTH),
        ("IngressClass", ("spec", "ingressClassName")),
    ),
    "StatefulSet": (
        ("Service", ("spec", "serviceName")),
        ("StorageClass", ("spec", "volumeClaimTemplates", "spec", "storageClassName")),
    ),
    "ServiceAccount": (("Secret", ("imagePullSecrets", "name")),),
    "PersistentVolumeClaim": (("PersistentVolume", ("spec", "volumeName")), ("StorageClass", ("spec", "storageClassName"))),
    "PersistentVolume": (("StorageClass", ("spec", "storageClassName")),),
    "Role": (("ConfigMap", ("rules", "resourceNames")), ("Secret", ("rules", "resourceNames"))),
    "ClusterRole": (("ConfigMap", ("rules", "resourceNames")), ("Secret", ("rules", "resourceNames"))),
}
_TYPED = {
    "HorizontalPodAutoscaler": ("spec", "scaleTargetRef"),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
}
"""References that say themselves which kind they mean."""

_WITH_NAMESPACE: dict[str, tuple[str, Path]] = {
    "RoleBinding": ("ServiceAccount", ("subjects",)),
    "ClusterRoleBinding": ("ServiceAccount", ("subjects",)),
    "MutatingWebhookConfiguration": ("Service", ("webhooks", "clientConfig", "service")),
    "ValidatingWebhookConfiguration": ("Service", ("webhooks", "clientConfig", "service")),
    "APIService": ("Service", ("spec", "service")),
}
"""References with a namespace of their own, which follows, too."""


class References:
    """Finds, for what objects call others by, those others' present names."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self.named: dict[tuple[str, str], list[Item]] = {}
        for item in items:
            for name in dict.fromkeys(name for _, name in item.ids):
                self.named.setdefault((item.kind, name), []).append(item)

    def update(self) -> Iterator[tuple[Node, str]]:
        """Update all; yields the references that could mean several objects, with why."""
        moved = {kind for (kind, _), items in self.named.items() if any(len(item.ids) > 1 for item in items)}
        if not moved:
            return
        for item in self.items:
            yield from self._plain(item, moved)
            yield from self._whole(item, moved)

    def _plain(self, item: Item, moved: set[str]) -> Iterator[tuple[Node, str]]:
        pod = pod_path(item.kind, item.group)
        paths = [(kind, (*pod, *path)) for kind, found in _POD.items() for path in found] if pod is not None else []
        for kind, path in (*paths, *_FIELDS.get(item.kind, ())):
            if kind in moved:
                for node in below(item.node, path):
                    yield from self._rename(item, kind, node)
        typed = _TYPED.get(item.kind)
        typed_at = item.node.get(*typed) if typed is not None else None
        if typed_at is not None and text_of(typed_at.get("kind")) in moved:
            yield from self._rename(item, text_of(typed_at.get("kind")), typed_at.get("name"))

    def _rename(self, item: Item, kind: str, node: Node | None) -> Iterator[tuple[Node, str]]:
        if isinstance(node, Scalar):
            found, why = self._meant(item, kind, node.text, item.namespace)
            if why:
                yield node, why
            elif found is not None and found.name != node.text:
                replace(node, composed(node, found.name))

    def _whole(self, item: Item, moved: set[str]) -> Iterator[tuple[Node, str]]:
        kind, path = _WITH_NAMESPACE.get(item.kind, ("", ()))
        for node in below(item.node, path) if kind in moved else ():
            name = node.get("name")
            if not isinstance(node, Mapping) or not isinstance(name, Scalar):
                continue
            if kind == "ServiceAccount" and text_of(node.get("kind")) != kind:
                continue
            found, why = self._meant(item, kind, name.text, text_of(node.get("namespace")) or item.namespace)
            if why:
                yield name, why
            if found is None:
                continue
            if found.name != name.text:
                replace(name, composed(name, found.name))
            namespace = found.node.get("metadata", "namespace")
            if isinstance(namespace, Scalar) and text_of(node.get("namespace")) != namespace.text:
                key = node.keys.get("namespace") or Scalar(namespace.source, namespace.span, "namespace")
                place(node, key, composed(namespace, namespace.text))

    def _meant(self, item: Item, kind: str, name: str, namespace: str) -> tuple[Item | None, str]:
        """The object that a name means, or why it is not known which one."""
        found = self.named.get((kind, name), [])
        if len(found) > 1 and found[0].namespaced:
            spaces = {namespace, *(one for one, _ in item.ids)} if namespace == item.namespace else {namespace}
            near = [one for one in found if one.namespace == namespace] or [
                one for one in found if any(space in spaces for space, _ in one.ids)
            ]
            found = near or found
        if len(found) > 1:
            found = [one for one in found if one.affixes == item.affixes] or found
        if len(found) > 1:
            found = [one for one in found if one.name == name] or found
        if len(found) > 1:
            return None, f"`{name}` may mean several of the objects that are rendered here ({found[0].name}, {found[1].name})."
        return (found[0], "") if found else (None, "")

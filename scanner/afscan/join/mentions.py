"""Where a ConfigMap is used: mounted, read as variables, or named in what other objects say.

Controllers read ConfigMaps that nobody mounts: by a name in their arguments (ingress-nginx), by labels (Grafana's sidecar), by a
field of a custom resource. A word that is its name, anywhere in another object, counts as a use.
"""

import posixpath
import re
from collections import defaultdict

from afscan.join.references import users_of
from afscan.model.node import Scalar
from afscan.model.objects import ManifestObject, PodTemplate
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Mount

KEY = "mentions"

_WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_LONGEST = 20_000
_ORDINARY = re.compile(
    r"(?:app|name|component|tier|env|environment|team|owner|version|release|heritage|chart|part-of|project|service|role|stage)\Z"
    r"|app\.kubernetes\.io/|helm\.sh/|k8s-app\Z",
    re.IGNORECASE,
)
_OF_CLUSTER = frozenset(
    ("kube-system", "kube-public", "kube-node-lease", "argocd", "flux-system", "ingress-nginx", "istio-system")
)


def is_used(stack: Stack, item: ManifestObject) -> bool:
    """Whether something in the stack uses a ConfigMap, by reference or by naming it."""
    if users_of(stack, item.kind, item.namespace, item.object_name):
        return True
    return any(other != id(item.node) for other in _mentions(stack).get(item.object_name, ()))


def _mentions(stack: Stack) -> dict[str, set[int]]:
    """The words of all objects, each with the ``id`` of the objects' nodes that hold it; of a long text the first part."""
    index: dict[str, set[int]] | None = stack.joined.get(KEY)
    if index is None:
        index = stack.joined[KEY] = defaultdict(set)
        for item in stack.of(ManifestObject):
            for node in item.node.walk():
                if isinstance(node, Scalar):
                    for word in _WORD.findall(node.text[:_LONGEST]):
                        index[word].add(id(item.node))
        for source in stack.sources:
            if posixpath.basename(source.path).lower().startswith("kustomization."):  # a replacement may take its values
                for word in _WORD.findall(source.text[:_LONGEST]):
                    index[word].add(id(source))
    return index


def is_found_by_others(item: ManifestObject) -> bool:
    """Whether a controller may find an object by its labels, or by the namespace that is the controller's own."""
    labels = item.node.get("metadata", "labels")
    marks = [node.key.text for node in labels.children() if node.key is not None] if labels is not None else []
    annotated = item.node.get("metadata", "annotations")
    notes = [node.key.text for node in annotated.children() if node.key is not None] if annotated is not None else []
    special = any(_ORDINARY.match(mark) is None for mark in marks) or any("/" in note and "kubectl" not in note for note in notes)
    return special or item.namespace in _OF_CLUSTER


def mounted_in(stack: Stack, kind: str, namespace: str, name: str) -> list[tuple[Container, Mount]]:
    """The containers that mount a ConfigMap (``configmap``), Secret (``secret``) or claim (``volume``), with their mounts."""
    index: dict[tuple[str, str, str], list[tuple[Container, Mount]]] | None = stack.joined.get(f"{KEY}/mounts")
    if index is None:
        index = stack.joined[f"{KEY}/mounts"] = defaultdict(list)
        for container in stack.of(Container):
            for mount in container.mounts:
                if mount.source.is_set:
                    index[mount.kind, container.workload.namespace, mount.source.or_else("")].append((container, mount))
    return index.get((kind, namespace, name), [])


def collector_of(stack: Stack) -> Container | None:
    """A container that collects ConfigMaps from the API (kiwigrid's k8s-sidecar), if there is one."""
    return next((one for one in stack.of(Container) if one.image is not None and "k8s-sidecar" in one.image.written), None)


def has_pods(stack: Stack) -> bool:
    """Whether the stack declares any pods: a folder of ConfigMaps alone belongs to something elsewhere."""
    return bool(stack.of(PodTemplate))

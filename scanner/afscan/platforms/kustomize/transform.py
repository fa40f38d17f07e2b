"""What a kustomization changes in all its objects: namespace, name prefixes, labels, annotations, images, replicas.

Source: Kustomize's reference and its default field specifications (``builtinpluginconsts``).
"""

from collections.abc import Iterable

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.platforms.kustomize.objects import Item
from afscan.platforms.kustomize.strategic import pod_path
from afscan.platforms.kustomize.tree import Budget, below, composed, copy, ensure, place, replace, text_of

Path = tuple[str, ...]

_UNPREFIXED = frozenset(("CustomResourceDefinition", "APIService", "Namespace"))
_SELECTING = frozenset(("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"))
_REPLICATED = frozenset(("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"))
_TERMS = ("preferredDuringSchedulingIgnoredDuringExecution", "requiredDuringSchedulingIgnoredDuringExecution")


def set_namespace(items: Iterable[Item], namespace: Scalar, budget: Budget) -> None:
    """Put all objects that live in a namespace into this one."""
    for item in items:
        name = copy(namespace, budget)
        if item.kind == "Namespace":
            meta = ensure(item.node, ("metadata",), namespace)
            if meta is not None:
                place(meta, meta.keys.get("name") or _key(namespace, "name"), name)
        elif item.namespaced:
            meta = ensure(item.node, ("metadata",), namespace)
            if meta is not None:
                place(meta, namespace.key or _key(namespace, "namespace"), name)
        if item.kind in ("RoleBinding", "ClusterRoleBinding"):
            for one in below(item.node, ("subjects",)):
                if isinstance(one, Mapping) and (text_of(one.get("kind")), text_of(one.get("name"))) == (
                    "ServiceAccount",
                    "default",
                ):
                    place(one, _key(namespace, "namespace"), copy(namespace, budget))
        item.remember()


def _key(at: Node, text: str) -> Scalar:
    return Scalar(at.source, at.span, text)


def set_affix(items: Iterable[Item], affix: Scalar, *, prefix: bool) -> None:
    """Put something before or behind the names of all objects."""
    for item in items:
        name = item.node.get("metadata", "name")
        if isinstance(name, Scalar) and item.kind not in _UNPREFIXED:
            replace(name, composed(name, affix.text + name.text if prefix else name.text + affix.text))
            item.affixes += (("p" if prefix else "s") + affix.text,)
        item.remember()


def _template(item: Item) -> Path | None:
    """Where the metadata of the pods that an object makes stand; None where it makes none, or is a pod."""
    pod = pod_path(item.kind, item.group)
    return (*pod[:-1], "metadata") if pod is not None and item.kind not in ("Pod", "PodTemplate") else None


def set_labels(items: Iterable[Item], labels: Mapping, budget: Budget, *, selectors: bool, templates: bool) -> None:
    """Add labels to objects; with ``templates`` to the pods that they make, with ``selectors`` to what selects pods, too."""
    for item in items:
        for path, create in _label_paths(item, selectors=selectors, templates=templates or selectors):
            _put(item.node, path, labels, budget, create=create)


def _label_paths(item: Item, *, selectors: bool, templates: bool) -> Iterable[tuple[Path, bool]]:
    yield ("metadata", "labels"), True
    template = _template(item)
    if templates and template is not None:
        yield (*template, "labels"), True
        if item.kind == "CronJob":
            yield ("spec", "jobTemplate", "metadata", "labels"), True
        if item.kind == "StatefulSet":
            yield ("spec", "volumeClaimTemplates", "metadata", "labels"), True
    if not selectors:
        return
    if item.kind in ("Service", "ReplicationController"):
        yield ("spec", "selector"), True
    elif item.kind in _SELECTING:
        yield ("spec", "selector", "matchLabels"), True
    elif item.kind in ("Job", "PodDisruptionBudget"):
        yield ("spec", "selector", "matchLabels"), False
    elif item.kind == "CronJob":
        yield ("spec", "jobTemplate", "spec", "selector", "matchLabels"), False
    elif item.kind == "NetworkPolicy":
        for path in (("podSelector",), ("ingress", "from", "podSelector"), ("egress", "to", "podSelector")):
            yield ("spec", *path, "matchLabels"), False
    if item.kind in ("Deployment", "StatefulSet", "ReplicaSet") and template is not None:
        spec = (*template[:-1], "spec")
        if item.kind != "ReplicaSet":
            for kind in ("podAffinity", "podAntiAffinity"):
                yield (*spec, "affinity", kind, _TERMS[0], "podAffinityTerm", "labelSelector", "matchLabels"), False
                yield (*spec, "affinity", kind, _TERMS[1], "labelSelector", "matchLabels"), False
        yield (*spec, "topologySpreadConstraints", "labelSelector", "matchLabels"), False


def set_annotations(items: Iterable[Item], annotations: Mapping, budget: Budget) -> None:
    """Add annotations to objects and to the pods that they make."""
    for item in items:
        _put(item.node, ("metadata", "annotations"), annotations, budget, create=True)
        template = _template(item)
        if template is not None:
            _put(item.node, (*template, "annotations"), annotations, budget, create=True)
            if item.kind == "CronJob":
                _put(item.node, ("spec", "jobTemplate", "metadata", "annotations"), annotations, budget, create=True)


def _put(root: Mapping, path: Path, entries: Mapping, budget: Budget, *, create: bool) -> None:
    """Set entries in the mapping, or the mappings, at a path."""
    lists = [at for at, step in enumerate(path) if isinstance(root.get(*path[: at + 1]), Sequence)]
    if create and not lists:
        made = ensure(root, path, entries) if path[0] != "spec" or "spec" in root.entries else None
        found: list[Node] = [made] if made is not None else []
    elif create:
        found = [
            made
            for one in below(root, path[: lists[0] + 1])
            if isinstance(one, Mapping) and (made := ensure(one, path[lists[0] + 1 :], entries)) is not None
        ]
    else:
        found = list(below(root, path))
    for target in found:
        if isinstance(target, Mapping):
            for name, value in entries.entries.items():
                place(target, entries.keys[name], copy(value, budget))


def set_replicas(item: Item, count: Scalar, budget: Budget) -> bool:
    """Set how many pods an object makes; False where its kind has no such number."""
    spec = ensure(item.node, ("spec",), count) if item.kind in _REPLICATED else None
    if spec is not None:
        place(spec, spec.keys.get("replicas") or Scalar(count.source, count.span, "replicas"), copy(count, budget))
    return spec is not None


class ImageChange:
    """One entry of ``images``."""

    def __init__(self, node: Node) -> None:
        self.name = text_of(node.get("name"))
        self.new_name, self.tag, self.digest, self.suffix = (
            one if isinstance(one := node.get(field), Scalar) and text_of(one) else None
            for field in ("newName", "newTag", "digest", "tagSuffix")
        )

    def changed(self, image: Scalar) -> Scalar:
        """An image of this name with what the entry says; it stands where its version is decided."""
        rest = image.text[len(self.name) :]
        tag, _, digest = rest.partition("@")
        tag = tag.removeprefix(":")
        name = text_of(self.new_name) or self.name
        if self.tag is not None or self.digest is not None:
            tag, digest = text_of(self.tag), text_of(self.digest)
        elif self.suffix is not None:
            tag, digest = tag + self.suffix.text, ""
        decides = self.tag or self.digest or self.suffix or self.new_name
        if decides is None:
            return image
        return composed(decides, name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else ""))


class Images:
    """The images of all lists of containers in some objects, by their names without tag and digest."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.named: dict[str, list[Scalar]] = {}
        for item in items:
            for image in _images(item.node) if item.kind != "CustomResourceDefinition" else ():
                self.named.setdefault(_name_of(image.text), []).append(image)

    def change(self, change: ImageChange) -> bool:
        """Change those of one name; whether there are any."""
        found = self.named.pop(change.name, [])
        for image in found:
            made = change.changed(image)
            if made is not image:
                replace(image, made)
            self.named.setdefault(_name_of(made.text), []).append(made)
        return bool(found)


def _name_of(image: str) -> str:
    head, slash, last = image.partition("@")[0].rpartition("/")
    return head + slash + last.partition(":")[0]


def _images(root: Mapping) -> Iterable[Scalar]:
    """The images of all lists of containers in an object, whatever its kind."""
    for node in list(root.walk()):
        if isinstance(node, Mapping):
            for name in ("containers", "initContainers"):
                listed = node.entries.get(name)
                for one in listed.items if isinstance(listed, Sequence) else ():
                    image = one.get("image")
                    if isinstance(image, Scalar):
                        yield image

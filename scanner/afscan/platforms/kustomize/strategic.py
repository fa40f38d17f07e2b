"""Strategic merge patches, as Kustomize merges them.

Source: Kubernetes documentation, "Update API Objects in Place Using kubectl patch" (strategic merge); the merge keys are those of
the API's OpenAPI description (``x-kubernetes-patch-merge-key``, ``x-kubernetes-list-map-keys``). As Kustomize does it: what a patch
adds to a list stands before what is there; ``$retainKeys`` has no effect; lists of kinds that the description does not know are
replaced.
"""

from collections.abc import Callable

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.platforms.kubernetes.workloads import WORKLOADS
from afscan.platforms.kustomize.objects import Item
from afscan.platforms.kustomize.tree import Budget, TooMuch, copy, drop, fill, place, text_of

Path = tuple[str, ...]

_POD: dict[str, Path] = {
    **dict.fromkeys(("containers", "initContainers", "ephemeralContainers", "volumes", "imagePullSecrets"), ("name",)),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "resourceClaims": ("name",),
    "schedulingGates": ("name",),
}
_CONTAINER: dict[str, Path] = {
    "env": ("name",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
}
_OTHERS: dict[tuple[str, Path], Path] = {
    ("Service", ("spec", "ports")): ("port", "protocol"),
    ("ServiceAccount", ("secrets",)): ("name",),
    ("ServiceAccount", ("imagePullSecrets",)): ("name",),
    ("MutatingWebhookConfiguration", ("webhooks",)): ("name",),
    ("ValidatingWebhookConfiguration", ("webhooks",)): ("name",),
}
_SPECS: dict[str, Path] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
_FOREIGN = frozenset(("Rollout", "DeploymentConfig"))
_CONTAINERS = frozenset(("containers", "initContainers", "ephemeralContainers"))


def pod_path(kind: str, group: str) -> Path | None:
    """Where the pod's spec stands in objects of a kind that Kubernetes itself has; None where it has none."""
    if kind in _FOREIGN or group not in WORKLOADS.get(kind, ()):
        return None
    return _SPECS.get(kind, ("spec", "template", "spec"))


class StrategicMerge:
    """Merges one patch over an object, in place. ``odd`` is called with a node that has a directive which is not applied."""

    def __init__(self, item: Item, budget: Budget, odd: Callable[[Node, str], None]) -> None:
        self.kind = item.kind
        self.pod = pod_path(item.kind, item.group)
        self.budget = budget
        self.odd = odd

    def apply(self, target: Mapping, patch: Mapping) -> bool:
        """Merge a patch over an object; False where it deletes the object."""
        directive = text_of(patch.entries.get("$patch"))
        if directive == "delete":
            return False
        if directive == "replace":
            kept = {name: target.entries[name] for name in ("apiVersion", "kind", "metadata") if name in target.entries}
            for name in [name for name in target.entries if name not in kept]:
                drop(target, name)
        self._mappings(target, patch, ())
        return True

    def _mappings(self, target: Mapping, patch: Mapping, path: Path) -> None:
        for name, value in list(patch.entries.items()):
            if name == "$patch":
                continue
            if name.startswith("$"):
                self.odd(value, f"Kustomize does not apply the directive `{name}`; it is left out here.")
                continue
            key = patch.keys.get(name) or value.key
            assert key is not None
            before = target.entries.get(name)
            if isinstance(value, Scalar) and value.is_null:
                drop(target, name)
            elif isinstance(value, Mapping) and isinstance(before, Mapping):
                self._over(target, name, before, value, (*path, name))
            elif isinstance(value, Sequence) and isinstance(before, Sequence) and self._merges(value, (*path, name)):
                self._sequences(before, value, (*path, name))
            else:
                made = self._added(value, (*path, name))
                if made is not None:
                    place(target, key, made)

    def _over(self, parent: Mapping, name: str, before: Mapping, patch: Mapping, path: Path) -> None:
        directive = text_of(patch.entries.get("$patch"))
        if directive == "delete":
            drop(parent, name)
        elif directive == "replace":
            made = self._added(patch, path)
            if made is not None:
                place(parent, patch.key or parent.keys[name], made)
        else:
            self._mappings(before, patch, path)

    def _added(self, patch: Node, path: Path) -> Node | None:
        """What a patch adds where nothing is: without directives and nulls; None for a deletion."""
        if isinstance(patch, Mapping):
            if text_of(patch.entries.get("$patch")) == "delete":
                return None
            made = Mapping(patch.source, patch.span)
            self.budget.take()
            if len(path) > 100:
                raise TooMuch("values would nest too deep")
            self._mappings(made, patch, path)
            return made
        if isinstance(patch, Sequence):
            added = Sequence(patch.source, patch.span)
            for item in patch.items:
                if isinstance(item, Mapping) and "$patch" in item.entries and len(item.entries) == 1:
                    continue
                one = self._added(item, path)
                if one is not None:
                    added.add(one)
            return added
        return copy(patch, self.budget)

    def _merges(self, patch: Sequence, path: Path) -> bool:
        """Whether a list is merged, and not replaced."""
        for item in patch.items:
            if isinstance(item, Mapping) and text_of(item.entries.get("$patch")) == "replace" and len(item.entries) == 1:
                return False
        return path == ("metadata", "finalizers") or self._keys(path) is not None

    def _keys(self, path: Path) -> Path | None:
        """The merge keys of the list at a path; None for one that is replaced."""
        if path == ("metadata", "ownerReferences"):
            return ("uid",)
        if self.pod is None or path[: len(self.pod)] != self.pod:
            return _OTHERS.get((self.kind, path))
        inner = path[len(self.pod) :]
        if len(inner) == 1:
            return _POD.get(inner[0])
        if len(inner) == 2 and inner[0] in _CONTAINERS:
            return _CONTAINER.get(inner[1])
        return ("name",) if len(inner) == 3 and inner[1:] == ("resources", "claims") else None

    def _sequences(self, target: Sequence, patch: Sequence, path: Path) -> None:
        if path == ("metadata", "finalizers"):
            new = [copy(item, self.budget) for item in patch.items]
            known = {text_of(item) for item in new}
            fill(target, new + [item for item in target.items if text_of(item) not in known])
            return
        keys = self._keys(path) or ()
        index: dict[str, list[Mapping]] = {}
        for item in target.items:
            if isinstance(item, Mapping):
                index.setdefault(text_of(item.entries.get(keys[0])), []).append(item)
        first: list[Node] = []
        gone: set[int] = set()
        for one in patch.items:
            if not isinstance(one, Mapping):
                self.odd(one, "Items of this list should be mappings; this one is not merged.")
                continue
            known_as = text_of(one.entries.get(keys[0]))
            before = next((item for item in index.get(known_as, ()) if _fits(item, one, keys[1:])), None)
            directive = text_of(one.entries.get("$patch"))
            if before is None:
                made = self._added(one, path)
                first += [made] if made is not None else []
            elif directive == "delete":
                gone.add(id(before))
            else:
                if directive == "replace":
                    self.odd(one, "What Kustomize makes of `$patch: replace` in an item of a list is not evaluated.")
                self._mappings(before, one, path)
                first.append(before)
                gone.add(id(before))
        fill(target, first + [item for item in target.items if id(item) not in gone])


def _fits(item: Mapping, patch: Mapping, keys: Path) -> bool:
    """Whether two items of a list of several keys are the same one: what both say must be equal."""
    return all(
        text_of(item.entries.get(key)) == text_of(patch.entries.get(key))
        for key in keys
        if key in item.entries and key in patch.entries
    )

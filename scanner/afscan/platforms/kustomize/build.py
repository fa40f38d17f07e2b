"""A kustomization as the objects that it renders to.

The order of what is done is Kustomize's own (``api/internal/target``): resources, components, generators, then strategic merge
patches, patches, namespace, prefix, suffix, labels, annotations, JSON patches, replicas, images, replacements. References follow
renamed objects once everything is put together, and variables are resolved last.
"""

from afscan.model.kustomize import KustomizationFile
from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.platforms.kustomize.generators import generate
from afscan.platforms.kustomize.objects import Item
from afscan.platforms.kustomize.patches import apply_patches
from afscan.platforms.kustomize.references import References
from afscan.platforms.kustomize.replacements import apply_replacements
from afscan.platforms.kustomize.scope import Rendering, Scope, path_below
from afscan.platforms.kustomize.transform import (
    ImageChange,
    Images,
    set_affix,
    set_annotations,
    set_labels,
    set_namespace,
    set_replicas,
)
from afscan.platforms.kustomize.tree import TooMuch, copy, text_of
from afscan.platforms.kustomize.variables import resolve_variables

MAX_CHAIN = 30
"""How deep kustomizations may include each other."""

MAX_INCLUDED = 5_000
"""How many kustomizations one rendering may take in."""

RENDER = "Run afscan with `--render auto`, or on what `kubectl kustomize` prints."

_NAMES = """
apiVersion kind metadata resources bases components namespace namePrefix nameSuffix labels commonLabels commonAnnotations images
imageTags replicas configMapGenerator secretGenerator generatorOptions patches patchesStrategicMerge patchesJson6902 replacements vars
buildMetadata sortOptions openapi transformers generators validators helmCharts helmGlobals helmChartInflationGenerator crds
configurations inventory
"""
_FIELDS = frozenset(_NAMES.split())
_LEFT_OUT = {
    "generators": ("What these generators make is not rendered.", False),
    "helmCharts": ("These charts are not rendered (nor does Kustomize without `--enable-helm`).", False),
    "helmChartInflationGenerator": ("These charts are not rendered.", False),
    "transformers": ("What these transformers change is not known.", True),
    "openapi": ("Schemas of one's own are not read; patches of the kinds that they describe may merge otherwise.", True),
    "configurations": ("Configurations of the transformers are not read; the default ones are used.", True),
    "crds": ("Definitions of custom resources are not read for references.", False),
}
_REMOTE = ("github.com/", "bitbucket.org/", "gitlab.com/", "git@", "git::", "file://")


def render(file: KustomizationFile, rendering: Rendering) -> list[Item]:
    """The objects that a kustomization renders to, references updated."""
    items: list[Item] = []
    scopes: list[Scope] = []
    try:
        _Builder(rendering, scopes).accumulate(file, items, ())
        for node, why in References(items).update():
            rendering.out.notice(NoticeKind.UNRESOLVED, node.place, why)
        resolve_variables(scopes, items)
    except TooMuch as error:
        rendering.out.notice(NoticeKind.LIMIT, file.place, f"This is not rendered to its end: {error}.")
        rendering.doubts.append((file.node, None))
        rendering.whole = False
    return items


class _Builder:
    """Accumulates objects through kustomizations that include each other."""

    def __init__(self, rendering: Rendering, scopes: list[Scope]) -> None:
        self.rendering = rendering
        self.library = rendering.library
        self.scopes = scopes

    def accumulate(self, file: KustomizationFile, items: list[Item], chain: tuple[str, ...]) -> None:
        """Put what a kustomization renders to among the objects; a component changes those that are there."""
        scope = Scope(file, self.rendering)
        self.scopes.append(scope)
        self.rendering.files.add(file.node.source.path)
        chain = (*chain, file.directory)
        own = items if file.component else []
        self._resources(scope, own, chain)
        for entry in scope.items("components"):
            self._include(scope, entry, own, chain, component=True)
        for field in ("configMapGenerator", "secretGenerator"):
            generate(scope, field, own)
        self._note_left_out(scope)
        own[:] = _transformed(scope, _distinct(scope, own))
        if own is not items:
            items += own

    def _resources(self, scope: Scope, items: list[Item], chain: tuple[str, ...]) -> None:
        for field in ("resources", "bases"):
            for entry in scope.items(field):
                self._include(scope, entry, items, chain, component=False)

    def _include(self, scope: Scope, entry: Node, items: list[Item], chain: tuple[str, ...], *, component: bool) -> None:
        text = text_of(entry)
        if not text:
            scope.note(NoticeKind.WRONG_TYPE, entry, "This should be the path of a file or folder; it is not evaluated.")
            return
        if "://" in text or "?ref=" in text or text.startswith(_REMOTE):
            reason = f"`{text[:80]}` lies elsewhere and is not fetched; what it holds is not judged."
            scope.note(NoticeKind.UNRESOLVED, entry, reason)
            self.rendering.whole = False
            return
        path = path_below(scope, text, entry)
        if path is None:
            self.rendering.whole = False
            return
        file = self.library.kustomization(path)
        if file is None:
            self._file(scope, entry, path, items)
        elif file.component != component:
            what = "is a component: it belongs into `components`" if file.component else "is no component (`kind: Component`)"
            scope.note(NoticeKind.UNRESOLVED, entry, f"`{text[:80]}` {what}; Kustomize ends with an error.")
            self.rendering.whole = False
        elif path in chain:
            scope.note(NoticeKind.LIMIT, entry, f"`{text[:80]}` includes this kustomization in turn; it is not followed.")
        elif len(chain) >= MAX_CHAIN or len(self.scopes) >= MAX_INCLUDED:
            scope.note(
                NoticeKind.LIMIT, entry, "Kustomizations include each other too deep or too often; this one is not followed."
            )
            self.rendering.whole = False
        else:
            self.accumulate(file, items, chain)

    def _file(self, scope: Scope, entry: Node, path: str, items: list[Item]) -> None:
        documents = self.library.documents(path)
        if documents is None:
            self.rendering.whole = False
            if self.library.exists(path):
                reason = f"`{text_of(entry)[:80]}` cannot be read as manifests; what it holds is not judged."
            elif self.library.complete:
                reason = f"`{text_of(entry)[:80]}` is not among the files that are read; what it holds is not judged."
            else:
                reason = f"`{text_of(entry)[:80]}` is not among the files given; what it holds is not judged."
            scope.note(NoticeKind.UNRESOLVED, entry, reason)
            return
        self.rendering.files.add(path)
        for document in documents:
            for node in _objects(document):
                made = copy(node, scope.budget)
                assert isinstance(made, Mapping)
                items.append(Item(made))

    def _note_left_out(self, scope: Scope) -> None:
        for name, node in scope.root.entries.items():
            if name not in _FIELDS:
                scope.doubt(scope.root.keys[name], f"`{name[:60]}` is no field of a kustomization.", [], NoticeKind.PARTIAL)
            elif name in _LEFT_OUT and not (isinstance(node, Scalar) and node.is_null):
                reason, changes = _LEFT_OUT[name]
                at = scope.root.keys[name]
                if changes:
                    scope.doubt(at, f"{reason} {RENDER}", None, NoticeKind.PARTIAL)
                else:
                    scope.note(NoticeKind.PARTIAL, at, f"{reason} {RENDER}")
                    self.rendering.whole = False


def _objects(document: Node) -> list[Mapping]:
    """The objects of a document: itself, or the items of a List."""
    items = document.get("items")
    if isinstance(items, Sequence) and text_of(document.get("kind")).endswith("List"):
        return [item for item in items.items if isinstance(item, Mapping)]
    return [document] if isinstance(document, Mapping) and "kind" in document.entries else []


def _distinct(scope: Scope, items: list[Item]) -> list[Item]:
    """The objects without those that are there already, which are noted."""
    found: dict[tuple[str, str, str, str], Item] = {}
    for item in items:
        key = (item.kind, item.group, item.namespace if item.namespaced else "", item.name)
        if found.setdefault(key, item) is not item and item.name:
            reason = f"{item.kind} `{item.name}` is there twice; Kustomize ends with an error."
            scope.note(NoticeKind.UNRESOLVED, item.node.get("metadata", "name") or item.node, reason)
    return list(found.values()) if all(item.name for item in items) else items


def _transformed(scope: Scope, items: list[Item]) -> list[Item]:
    for field in ("patchesStrategicMerge", "patches"):
        items = apply_patches(scope, items, field)
    namespace = scope.scalar("namespace")
    if namespace is not None:
        set_namespace(items, namespace, scope.budget)
    for field in ("namePrefix", "nameSuffix"):
        affix = scope.scalar(field)
        if affix is not None:
            set_affix(items, affix, prefix=field == "namePrefix")
    _label(scope, items)
    items = apply_patches(scope, items, "patchesJson6902")
    _count(scope, items)
    changes = [(entry, ImageChange(entry)) for field in ("images", "imageTags") for entry in scope.mappings(field)]
    images = Images(items) if changes else None
    for entry, change in changes:
        if images is not None and not images.change(change) and scope.is_whole:
            reason = f"No container here has an image called `{change.name[:80]}`."
            scope.note(NoticeKind.UNRESOLVED, entry.get("name") or entry, reason)
    apply_replacements(scope, items)
    return items


def _label(scope: Scope, items: list[Item]) -> None:
    budget = scope.budget
    for entry in scope.mappings("labels"):
        pairs = entry.get("pairs")
        if entry.get("fields") is not None:
            scope.doubt(entry, f"Labels in `fields` of one's own are not evaluated. {RENDER}", kind=NoticeKind.PARTIAL)
        if isinstance(pairs, Mapping):
            selectors, templates = (text_of(entry.get(name)) == "true" for name in ("includeSelectors", "includeTemplates"))
            set_labels(items, pairs, budget, selectors=selectors, templates=templates)
    labels, annotations = (scope.root.entries.get(name) for name in ("commonLabels", "commonAnnotations"))
    if isinstance(labels, Mapping):
        set_labels(items, labels, budget, selectors=True, templates=True)
    if isinstance(annotations, Mapping):
        set_annotations(items, annotations, budget)


def _count(scope: Scope, items: list[Item]) -> None:
    named: dict[str, list[Item]] = {}
    for item in items if "replicas" in scope.root.entries else ():
        for name in dict.fromkeys(name for _, name in item.ids):
            named.setdefault(name, []).append(item)
    for entry in scope.mappings("replicas"):
        name, count = text_of(entry.get("name")), entry.get("count")
        if not isinstance(count, Scalar):
            scope.note(NoticeKind.WRONG_TYPE, entry, "`count` should be a number; it is not evaluated.")
            continue
        found = [item for item in named.get(name, ()) if set_replicas(item, count, scope.budget)]
        if not found and scope.is_whole:
            scope.note(
                NoticeKind.UNRESOLVED, entry.get("name") or entry, f"There is no `{name[:80]}` with a number of replicas here."
            )

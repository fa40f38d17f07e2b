"""The patches of a kustomization: which objects each is for, and what it makes of them."""

import re

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.platforms.kustomize.jsonpatch import MAX_OPERATIONS, Refused, operate
from afscan.platforms.kustomize.objects import Item, Selector, Unmatchable
from afscan.platforms.kustomize.scope import Scope, path_below
from afscan.platforms.kustomize.strategic import StrategicMerge
from afscan.platforms.kustomize.tree import text_of
from afscan.syntax import parse

_RENDER = "Run afscan with `--render auto`, or on what `kubectl kustomize` prints."


_WORD = re.compile(r"[\w-]+\Z")


class Index:
    """Objects by kind and each of their names: thousands of patches for thousands of objects stay linear.

    ``gone`` are those that a patch deletes, by ``id``.
    """

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self.gone: set[int] = set()
        self.named: dict[tuple[str, str], list[Item]] = {}
        for item in items:
            for name in dict.fromkeys(name for _, name in item.ids):
                self.named.setdefault((item.kind, name), []).append(item)

    def same_as(self, patch: Item) -> list[Item]:
        """The objects that a patch names by its own kind, group, version, name and namespace."""
        namespace, name = patch.ids[0]
        found = [
            one
            for one in self.named.get((patch.kind, name), [])
            if (one.group, one.version) == (patch.group, patch.version) and (not one.namespaced or (namespace, name) in one.ids)
        ]
        now = [one for one in found if one.ids[-1] == (namespace, name)]
        return now if len(found) > 1 and now else found


def apply_patches(scope: Scope, items: list[Item], field: str) -> list[Item]:
    """Apply the patches of one field; the objects that remain."""
    index = Index(items)
    for entry in scope.items(field):
        if field == "patchesStrategicMerge":
            _strategic(scope, entry, _inline_or_file(scope, entry), index, None)
        elif not isinstance(entry, Mapping):
            scope.note(NoticeKind.WRONG_TYPE, entry, f"Items of `{field}` should be mappings; this one is not evaluated.")
        else:
            _entry(scope, entry, index)
    return [item for item in items if id(item) not in index.gone]


def _inline_or_file(scope: Scope, entry: Node) -> list[Node] | None:
    """The documents of an entry of ``patchesStrategicMerge``: the path of a file, or the patch itself."""
    if isinstance(entry, Scalar) and "\n" in entry.text:
        return _inline(scope, entry)
    return _file(scope, entry)


def _file(scope: Scope, written: Node) -> list[Node] | None:
    path = path_below(scope, text_of(written), written)
    if path is None:
        return None
    scope.files.add(path)
    found = scope.library.documents(path)
    if found is None:
        there = "cannot be read as YAML or JSON" if scope.library.exists(path) else "is not among the files that are read"
        scope.note(NoticeKind.UNRESOLVED, written, f"The patch `{text_of(written)[:80]}` {there}; it is not applied.")
    return found


def _inline(scope: Scope, written: Scalar) -> list[Node] | None:
    source = written.embed(name="patch", holder="kustomization", syntax="yaml")
    parsed = parse(source)
    scope.rendering.out.notices += parsed.notices
    return parsed.roots or None


def _entry(scope: Scope, entry: Mapping, index: Index) -> None:
    """An entry of ``patches`` or ``patchesJson6902``."""
    inline, path = entry.get("patch"), entry.get("path")
    documents: list[Node] | None = None
    if isinstance(inline, Scalar) and text_of(inline):
        documents = _inline(scope, inline)
    elif isinstance(path, Scalar):
        documents = _file(scope, path)
    else:
        scope.note(NoticeKind.WRONG_TYPE, entry, "This patch has neither `path` nor `patch`; it is not evaluated.")
    target = entry.get("target")
    picked: list[Item] | None = None
    if target is not None:
        try:
            selector = Selector(target)
        except Unmatchable as error:
            scope.doubt(target, f"This target {error}; the patch is not applied. {_RENDER}")
            return
        picked = _picked(scope, selector, target, index)
        if not picked and scope.is_whole:
            scope.note(NoticeKind.UNRESOLVED, target, "No object of this kustomization is what this target selects.")
    if documents is None:
        scope.rendering.doubts.append((entry, picked))
        return
    if any(isinstance(one, Sequence) for one in documents):
        for one in documents:
            _json(scope, entry, one, picked)
    else:
        _strategic(scope, entry, documents, index, picked)


def _picked(scope: Scope, selector: Selector, target: Node, index: Index) -> list[Item]:
    """What a target selects; one that names a kind and a name is looked up."""
    kind, name = text_of(target.get("kind")), text_of(target.get("name"))
    if _WORD.match(kind) and _WORD.match(name):
        return [item for item in index.named.get((kind, name), ()) if selector.matches(item)]
    scope.budget.take(20 * len(index.items))  # thousands of expressions over thousands of objects have to end, too
    return [item for item in index.items if selector.matches(item)]


def _json(scope: Scope, entry: Mapping, patch: Node, picked: list[Item] | None) -> None:
    if picked is None:
        scope.doubt(entry, "A JSON patch needs a `target`; this one is not applied.")
        return
    for item in picked:
        for operation in patch.items if isinstance(patch, Sequence) else [patch]:
            scope.rendering.operations += 1
            if scope.rendering.operations > MAX_OPERATIONS:
                if scope.rendering.operations == MAX_OPERATIONS + 1:
                    reason = f"There are more than {MAX_OPERATIONS:,} operations of patches; the rest is not applied."
                    scope.doubt(entry, reason, kind=NoticeKind.LIMIT)
                return
            try:
                operate(item.node, operation, scope.budget)
            except Refused as error:
                place = operation.get("path") or operation
                reason = f"This operation {error} in {item.kind} `{item.name}`; Kustomize ends with an error."
                scope.doubt(place, reason, [item])
                break
        item.remember()


def _strategic(scope: Scope, entry: Node, documents: list[Node] | None, index: Index, picked: list[Item] | None) -> None:
    if documents is None:
        scope.rendering.doubts.append((entry, picked))
    for patch in documents or ():
        if not isinstance(patch, Mapping):
            scope.note(NoticeKind.WRONG_TYPE, patch, "A patch is a mapping or a list of operations; this one is not applied.")
            continue
        if "$patch" not in patch.entries and not patch.entries.keys() - {"apiVersion", "kind"}:
            continue
        found = picked
        if found is None:
            one = Item(patch)
            found = index.same_as(one)
            if len(found) != 1 and (found or scope.is_whole):
                what = "Several objects are" if found else "No object of this kustomization is"
                reason = f"{what} called {one.kind} `{one.name}`, which this patch is for; it is not applied."
                scope.note(NoticeKind.UNRESOLVED, _title(patch), reason)
            if len(found) > 1:
                scope.rendering.doubts.append((patch, found))
                continue
        for item in found:
            if not _merge(scope, entry, patch, item, selected=picked is not None):
                index.gone.add(id(item))


def _title(patch: Mapping) -> Node:
    return patch.get("metadata", "name") or patch


def _merge(scope: Scope, entry: Node, patch: Mapping, item: Item, *, selected: bool) -> bool:
    """One patch over one object; False where it deletes it. Of a patch with a target, kind and name only say that it is a patch."""
    merger = StrategicMerge(item, scope.budget, lambda node, why: scope.doubt(node, why, [item], NoticeKind.PARTIAL))
    options = entry.get("options")
    name, kind = item.node.get("metadata", "name"), item.node.entries.get("kind")
    version = item.node.entries.get("apiVersion")
    namespace = item.node.get("metadata", "namespace")
    if not merger.apply(item.node, patch):
        return False
    meta = item.node.entries.get("metadata")
    rename = text_of(options.get("allowNameChange")) == "true" if options is not None else False
    rekind = text_of(options.get("allowKindChange")) == "true" if options is not None else False
    kept: list[tuple[Node | None, str, Node | None]] = (
        [] if rekind and selected else [(item.node, "kind", kind), (item.node, "apiVersion", version)]
    )
    if not (rename and selected):
        kept += [(meta, "name", name), (meta, "namespace", namespace)]
    for parent, field, value in kept:
        if isinstance(parent, Mapping) and value is not None:
            parent.entries[field] = value
            parent.keys[field] = value.key if value.key is not None else parent.keys[field]
        elif isinstance(parent, Mapping) and field == "namespace":
            parent.entries.pop(field, None)
            parent.keys.pop(field, None)
    item.remember()
    return True

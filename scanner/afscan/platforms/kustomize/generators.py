"""ConfigMaps and Secrets that a kustomization makes from files, literals and lines of variables.

Source: Kustomize's reference, "configMapGenerator", "secretGenerator", "generatorOptions". The hash that Kustomize appends to their
names is left out here, from the names and from what refers to them alike: it only says which content they have.
"""

from posixpath import basename

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.platforms.kustomize.objects import Item
from afscan.platforms.kustomize.scope import Scope, path_below
from afscan.platforms.kustomize.tree import copy, ensure, place, text_of

_BEHAVIORS = ("", "create", "merge", "replace", "unspecified")


def generate(scope: Scope, field: str, items: list[Item]) -> None:
    """Add what the generators of one field make to the objects, or change those that are there."""
    kind = "ConfigMap" if field == "configMapGenerator" else "Secret"
    for entry in scope.mappings(field):
        name = entry.get("name")
        if not isinstance(name, Scalar) or not text_of(name):
            scope.note(NoticeKind.WRONG_TYPE, entry, f"This {kind} generator has no `name`; it is not evaluated.")
            continue
        made = Item(_object(scope, kind, entry, name), generated=True, behavior=text_of(entry.get("behavior")))
        _absorb(scope, made, entry, items)


def _object(scope: Scope, kind: str, entry: Node, name: Scalar) -> Mapping:
    budget = scope.budget
    root = Mapping(entry.source, entry.span)

    def key(text: str) -> Scalar:
        return Scalar(name.source, name.span, text)

    place(root, key("apiVersion"), Scalar(name.source, name.span, "v1"))
    place(root, key("kind"), Scalar(name.source, name.span, kind))
    meta = Mapping(name.source, name.span)
    place(root, key("metadata"), meta)
    place(meta, name.key or key("name"), copy(name, budget))
    namespace = entry.get("namespace")
    if isinstance(namespace, Scalar):
        place(meta, namespace.key or key("namespace"), copy(namespace, budget))
    data = Mapping(entry.source, entry.span)
    place(root, key("data" if kind == "ConfigMap" else "stringData"), data)
    for label, value in _entries(scope, entry):
        place(data, label, value)
    written = entry.get("type")
    if kind == "Secret":
        of_type = copy(written, budget) if isinstance(written, Scalar) else Scalar(name.source, name.span, "Opaque")
        place(root, (written.key if written is not None else None) or key("type"), of_type)
    for options in (scope.root.get("generatorOptions"), entry.get("options")):
        _apply_options(scope, root, options)
    return root


def _apply_options(scope: Scope, root: Mapping, options: Node | None) -> None:
    for field in ("labels", "annotations"):
        written = options.get(field) if options is not None else None
        target = ensure(root, ("metadata", field), written) if isinstance(written, Mapping) else None
        if isinstance(written, Mapping) and target is not None:
            for name, value in written.entries.items():
                place(target, written.keys[name], copy(value, scope.budget))
    immutable = options.get("immutable") if options is not None else None
    if isinstance(immutable, Scalar) and text_of(immutable) == "true" and immutable.key is not None:
        place(root, immutable.key, copy(immutable, scope.budget))


def _entries(scope: Scope, entry: Node) -> list[tuple[Scalar, Node]]:
    found: list[tuple[Scalar, Node]] = []
    for word in (*_words(entry.get("envs")), *_words(entry.get("env"))):
        source = _source(scope, word, word.text)
        found += _lines(source) if source is not None else []
    for word in _words(entry.get("files")):
        name, equals, path = word.text.partition("=")
        path = path if equals else name
        name = name if equals else basename(path)
        source = _source(scope, word, path)
        label = Scalar(word.source, word.span, name)
        if source is not None:
            lines = [(number, 1) for number in range(1, len(source.line_starts) + 1)]
            whole = Scalar(source, source.span(0, len(source.text)), source.text, plain=False, inner=lines)
            found.append((label, whole))
        else:
            found.append((label, Opaque(word.source, word.span, word.text, f"`{path}` is not read")))
    for word in _words(entry.get("literals")):
        found += _literal(scope, word)
    return found


def _words(node: Node | None) -> list[Scalar]:
    items = node.items if isinstance(node, Sequence) else [node]
    return [item for item in items if isinstance(item, Scalar) and text_of(item)]


def _source(scope: Scope, word: Scalar, written: str) -> Source | None:
    """The file that a generator takes in; None (with a notice) where it is not read."""
    path = path_below(scope, written, word)
    if path is None:
        return None
    source = scope.library.source(path)
    if source is None:
        what = "is not among the files that are read" if scope.library.complete else "is not among the files given"
        scope.note(NoticeKind.UNRESOLVED, word, f"`{written}` {what}; what it gives to `{_owner(word)}` is not known.")
    else:
        scope.files.add(path)
    return source


def _owner(word: Scalar) -> str:
    node: Node | None = word
    while node is not None and not isinstance(node, Mapping):
        node = node.parent
    return text_of(node.get("name")) if node is not None else ""


def _part(source: Source, start: int, end: int, text: str) -> Scalar:
    """A stretch of one line as a scalar."""
    span = source.span(start, end)
    return Scalar(source, span, text, plain=False, inner=[(span.line, span.column)])


def _literal(scope: Scope, word: Scalar) -> list[tuple[Scalar, Node]]:
    name, equals, value = word.text.partition("=")
    if not equals or not name:
        scope.note(NoticeKind.WRONG_TYPE, word, "A literal is `name=value`; this one is not evaluated.")
        return []
    start, end = len(name) + 1, len(word.text)
    if len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]:
        start, end = start + 1, end - 1
    inner = word.embed(name=name, holder="generator")
    if "\n" in word.text[start:end]:
        return [(_part(inner, 0, len(name), name), Scalar(word.source, word.span, word.text[start:end], plain=False))]
    return [(_part(inner, 0, len(name), name), _part(inner, start, end, word.text[start:end]))]


def _lines(source: Source) -> list[tuple[Scalar, Node]]:
    """The variables of a file of ``NAME=value`` lines; a name alone takes its value from the environment of who renders."""
    found: list[tuple[Scalar, Node]] = []
    for number, start in enumerate(source.line_starts, 1):
        line = source.line(number)
        text = line.lstrip()
        at = start + len(line) - len(text)
        name, equals, value = text.partition("=")
        if not text or text.startswith("#") or not name.strip():
            continue
        label = _part(source, at, at + len(name), name)
        if equals:
            found.append((label, _part(source, at + len(name) + 1, at + len(text), value)))
        else:
            span = source.span(at, at + len(text))
            found.append((label, Opaque(source, span, text, "its value comes from the environment of who renders it")))
    return found


def _absorb(scope: Scope, made: Item, entry: Node, items: list[Item]) -> None:
    """Put a generated object among the others, as its ``behavior`` says."""
    id_ = made.ids[0]
    found = [one for one in items if one.kind == made.kind and id_ in one.ids]
    if made.behavior not in _BEHAVIORS:
        scope.note(NoticeKind.WRONG_TYPE, entry.get("behavior") or entry, "`behavior` is create, merge or replace.")
    if made.behavior not in ("merge", "replace"):
        items.append(made)
        return
    if len(found) != 1:
        why = "no object" if not found else "several objects"
        if found or scope.is_whole:
            reason = f"There is {why} `{made.name}` to {made.behavior}; Kustomize ends with an error."
            scope.note(NoticeKind.UNRESOLVED, entry, reason)
        if not found:
            items.append(made)
        return
    target = found[0].node
    of_type = made.node.entries.get("type")
    if of_type is not None and "type" not in target.entries:
        place(target, made.node.keys["type"], of_type)
    for field in ("data", "stringData"):
        new = made.node.entries.get(field)
        if isinstance(new, Mapping):
            if made.behavior == "replace":
                for old in ("data", "stringData", "binaryData"):
                    target.entries.pop(old, None)
            merged = ensure(target, (field,), new)
            for name, value in list(new.entries.items()) if merged is not None else ():
                for other in ("data", "binaryData"):
                    before = target.entries.get(other)
                    if other != field and isinstance(before, Mapping):
                        before.entries.pop(name, None)
                if merged is not None:
                    place(merged, new.keys[name], value)
    for field in ("labels", "annotations"):
        written = made.node.get("metadata", field)
        into = ensure(target, ("metadata", field), written) if isinstance(written, Mapping) else None
        if isinstance(written, Mapping) and into is not None:
            for name, value in list(written.entries.items()):
                place(into, written.keys[name], value)
    found[0].generated = True

"""Replacements: a value of one object put into fields of others.

Source: Kustomize's reference, "replacements".
"""

from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.platforms.kustomize.objects import Item, Selector, Unmatchable
from afscan.platforms.kustomize.scope import Scope, path_below
from afscan.platforms.kustomize.tree import composed, copy, ensure, place, replace, text_of


class _Left(Exception):
    """A replacement cannot be made; the text says why, with a full stop."""


def apply_replacements(scope: Scope, items: list[Item]) -> None:
    """Make the replacements of a kustomization; what is not understood is noted, and what it may change doubted."""
    for entry in scope.mappings("replacements"):
        for one in _written(scope, entry):
            try:
                _replace(scope, one, items)
            except (_Left, Unmatchable) as error:
                why = str(error) if isinstance(error, _Left) else f"A selector of it {error}."
                scope.doubt(one, f"This replacement is not made. {why}")


def _written(scope: Scope, entry: Mapping) -> Iterator[Node]:
    """A replacement, or those of the file that it names."""
    written = entry.get("path")
    if written is None:
        yield entry
        return
    path = path_below(scope, text_of(written), written)
    documents = scope.library.documents(path) if path is not None else None
    if path is not None:
        scope.files.add(path)
    if documents is None:
        scope.doubt(written, f"The replacement `{text_of(written)[:80]}` is not among the files that are read.")
    for document in documents or ():
        yield from document.items if isinstance(document, Sequence) else [document]


def _replace(scope: Scope, entry: Node, items: list[Item]) -> None:
    source = entry.get("source")
    if source is None:
        raise _Left("It has no `source`.")
    scope.budget.take(4 * len(items))
    value = _source_value(source, items)
    targets = entry.get("targets")
    for target in targets.items if isinstance(targets, Sequence) else ():
        select = target.get("select")
        if select is None:
            raise _Left("A target has no `select`.")
        chosen = Selector(select)
        scope.budget.take(4 * len(items))
        rejected = target.get("reject")
        refused = [Selector(one) for one in rejected.items] if isinstance(rejected, Sequence) else []
        paths = target.get("fieldPaths")
        fields = [text_of(one) for one in paths.items] if isinstance(paths, Sequence) else ["metadata.name"]
        found = [item for item in items if chosen.matches(item) and not any(one.matches(item) for one in refused)]
        for item in found:
            for field in fields:
                _set(scope, item, field, value, target)
            item.remember()


def _source_value(source: Node, items: list[Item]) -> Node:
    chosen = Selector(source)
    found = [item for item in items if chosen.matches(item)]
    if len(found) != 1:
        raise _Left(f"{'Several objects are' if found else 'No object is'} its source.")
    steps = steps_of(text_of(source.get("fieldPath")) or "metadata.name")
    values = list(_nodes(found[0].node, steps))
    if len(values) != 1:
        raise _Left("Its source has no such field.")
    options = source.get("options")
    delimiter = text_of(options.get("delimiter")) if options is not None else ""
    if options is not None and text_of(options.get("encoding")):
        raise _Left("An `encoding` is not evaluated.")
    value = values[0]
    if delimiter and isinstance(value, Scalar):
        parts, index = value.text.split(delimiter), _index(options)
        if not 0 <= index < len(parts):
            raise _Left("Its source has no such part.")
        return composed(value, parts[index])
    return value


def _index(options: Node | None) -> int:
    text = text_of(options.get("index")) if options is not None else ""
    return int(text) if len(text) < 8 and text.lstrip("-").isdecimal() else 0


def steps_of(path: str) -> list[str]:
    """The steps of a field path: separated by dots, of which ``\\.`` and those in brackets are part of a step."""
    steps, now, inside, at = [], "", False, 0
    while at < len(path):
        char = path[at]
        if char == "\\" and path[at + 1 : at + 2] == ".":
            now, at = now + ".", at + 1
        elif char == "." and not inside:
            steps.append(now)
            now = ""
        else:
            inside = char == "[" or (inside and char != "]")
            now += char
        at += 1
    return [step for step in [*steps, now] if step]


def _nodes(root: Node, steps: list[str]) -> Iterator[Node]:
    """The nodes at a field path."""
    found = [root]
    for step in steps:
        below: list[Node] = []
        for node in found:
            if step == "*":
                below += list(node.children())
            elif isinstance(node, Sequence):
                below += _chosen(node, step)
            else:
                one = node.get(step)
                below += [one] if one is not None else []
        found = below
    yield from found


def _chosen(sequence: Sequence, step: str) -> list[Node]:
    if step.isdecimal() and len(step) < 8:
        return sequence.items[int(step) : int(step) + 1]
    key, equals, value = step.removeprefix("[").removesuffix("]").partition("=")
    if not step.startswith("[") or not equals:
        return []
    return [item for item in sequence.items if text_of(item if key == "" else item.get(key)) == value]


def _set(scope: Scope, item: Item, field: str, value: Node, target: Node) -> None:
    options = target.get("options")
    steps = steps_of(field)
    if not steps:
        raise _Left("A field path is empty.")
    found = list(_nodes(item.node, steps))
    if not found and options is not None and text_of(options.get("create")) == "true":
        _make(scope, item, steps, value, target)
        return
    if not found:
        scope.doubt(
            target, f"There is no `{field[:80]}` in {item.kind} `{item.name}` to be replaced.", [item], NoticeKind.UNRESOLVED
        )
        return
    delimiter = text_of(options.get("delimiter")) if options is not None else ""
    for node in found:
        if delimiter and isinstance(node, Scalar):
            replace(node, composed(value, _joined(node.text, delimiter, _index(options), text_of(value))))
        else:
            replace(node, copy(value, scope.budget, len(steps)))


def _make(scope: Scope, item: Item, steps: list[str], value: Node, target: Node) -> None:
    """Set a field that is not there, and the mappings above it."""
    at = target.get("fieldPaths") or target
    for depth in range(len(steps) - 1, -1, -1):
        parents = list(_nodes(item.node, steps[:depth]))
        if not parents:
            continue
        missing = steps[depth:]
        if not any(step == "*" or step.startswith("[") or step.isdecimal() for step in missing):
            for parent in parents:
                owner = ensure(parent, tuple(missing[:-1]), at) if isinstance(parent, Mapping) else None
                if owner is not None:
                    place(owner, Scalar(at.source, at.span, missing[-1]), copy(value, scope.budget, len(steps)))
            return
        break
    raise _Left(f"The field `{'.'.join(steps)[:80]}` is not made in {item.kind} `{item.name}`.")


def _joined(text: str, delimiter: str, index: int, value: str) -> str:
    """A text with one of its parts replaced; an index beyond its ends puts the value there."""
    parts = text.split(delimiter)
    if index < 0:
        parts.insert(0, value)
    elif index >= len(parts):
        parts.append(value)
    else:
        parts[index] = value
    return delimiter.join(parts)

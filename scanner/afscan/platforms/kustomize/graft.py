"""What ``kubectl kustomize`` prints, with the places of the files: afscan's own rendering says where each value stands.

Where both say the same, the node is afscan's own. What only the program knows (a transformer's value) stands at the nearest value
above that both have, and at the kustomization where there is none.
"""

import re

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.platforms.kustomize.objects import Item
from afscan.platforms.kustomize.tree import Budget, Composed, copy, place, text_of

_HASH = re.compile(r"-[2456789bcdfghkmt]{10}\Z")


def graft(printed: list[Node], items: list[Item], at: Node, budget: Budget) -> list[Mapping]:
    """The objects that a program printed, as nodes of the files.

    :param printed: the documents of its output.
    :param items: afscan's own rendering.
    :param at: what stands for what is in none of the files.
    """
    own = {(item.kind, item.namespace, item.name): item for item in items}
    generated = {item.name for item in items if item.generated}
    made: list[Mapping] = []
    for document in printed:
        if isinstance(document, Mapping):
            one = Item(document)
            ours = own.get((one.kind, one.namespace, one.name)) or own.get((one.kind, one.namespace, _HASH.sub("", one.name)))
            root = _grafted(document, ours.node if ours is not None else None, at, generated, budget)
            assert isinstance(root, Mapping)
            made.append(root)
    return made


def _grafted(theirs: Node, ours: Node | None, at: Node, generated: set[str], budget: Budget) -> Node:
    budget.take()
    near = ours if ours is not None else at
    if isinstance(theirs, Mapping):
        made = Mapping(near.source, near.span)
        for name, value in theirs.entries.items():
            below = ours.entries.get(name) if isinstance(ours, Mapping) else None
            key = ours.keys.get(name) if isinstance(ours, Mapping) else None
            place(made, key or Scalar(near.source, near.span, name), _grafted(value, below, near, generated, budget))
        return made
    if isinstance(theirs, Sequence):
        listed = Sequence(near.source, near.span)
        for index, item in enumerate(theirs.items):
            listed.add(_grafted(item, _same_item(item, index, ours), near, generated, budget))
        return listed
    text = text_of(theirs)
    short = _HASH.sub("", text)
    text = short if short != text and short in generated else text
    if isinstance(ours, Scalar) and isinstance(theirs, Scalar) and (ours.text == text or ours.value == theirs.value):
        return copy(ours, budget)
    plain = theirs.plain if isinstance(theirs, Scalar) else False
    return Composed(near.source, near.span, text, plain=plain)


def _same_item(theirs: Node, index: int, ours: Node | None) -> Node | None:
    """The item of one's own list that is the same: by its name where it has one, else by its number."""
    if not isinstance(ours, Sequence):
        return None
    name = text_of(theirs.get("name"))
    if name:
        return next((one for one in ours.items if text_of(one.get("name")) == name), None)
    return ours.items[index] if index < len(ours.items) else None

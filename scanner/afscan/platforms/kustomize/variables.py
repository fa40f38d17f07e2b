"""Variables of a kustomization (``vars``, deprecated): ``$(NAME)`` in commands, arguments and variables of containers.

Source: Kustomize's reference, "vars".
"""

import re

from afscan.model.node import Node, Scalar
from afscan.model.notice import NoticeKind
from afscan.platforms.kustomize.objects import Item
from afscan.platforms.kustomize.replacements import steps_of
from afscan.platforms.kustomize.scope import Scope
from afscan.platforms.kustomize.strategic import pod_path
from afscan.platforms.kustomize.tree import below, composed, replace, text_of

_NAME = re.compile(r"\$\(([\w.-]{1,200})\)")
_FIELDS = (("command",), ("args",), ("env", "value"), ("volumeMounts", "mountPath"))
_LISTS = ("containers", "initContainers")


def resolve_variables(scopes: list[Scope], items: list[Item]) -> None:
    """Replace the variables that the kustomizations define; one without a value stays, and is noted."""
    known: dict[str, str] = {}
    for scope in scopes:
        for entry in scope.mappings("vars"):
            value = _value(entry, items)
            name = text_of(entry.get("name"))
            if value is None:
                if scope.is_whole:
                    reason = f"What the variable `{name[:60]}` stands for is not found here; it is left as written."
                    scope.doubt(entry, reason, kind=NoticeKind.UNRESOLVED)
            else:
                known[name] = value
    for item in items if known else ():
        pod = pod_path(item.kind, item.group)
        for path in [(*pod, held, *field) for held in _LISTS for field in _FIELDS] if pod is not None else ():
            for node in list(below(item.node, path)):
                if isinstance(node, Scalar) and "$(" in node.text:
                    text = _NAME.sub(lambda found: known.get(found[1], found[0]), node.text)
                    if text != node.text:
                        replace(node, composed(node, text))


def _value(entry: Node, items: list[Item]) -> str | None:
    kind, name = text_of(entry.get("objref", "kind")), text_of(entry.get("objref", "name"))
    found = [item for item in items if item.kind == kind and any(one == name for _, one in item.ids)]
    node: Node | None = found[0].node if len(found) == 1 else None
    for step in steps_of(text_of(entry.get("fieldref", "fieldPath")) or "metadata.name"):
        node = node.get(int(step) if step.isdecimal() and len(step) < 6 and node.get(step) is None else step) if node else None
    return node.text if isinstance(node, Scalar) else None

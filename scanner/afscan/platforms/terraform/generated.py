"""Objects of Kubernetes that Terraform makes and of which only kind and name are read: Secrets, ConfigMaps, claims, charts.

Source: Kubernetes provider, "kubernetes_secret_v1" and its like; Helm provider, "helm_release" (``namespace`` is ``default``).
"""

from afscan.model.node import Mapping, Node, Scalar
from afscan.model.objects import GeneratedObject
from afscan.platforms.terraform.evaluate import Scope
from afscan.platforms.terraform.resolved import to_node
from afscan.platforms.terraform.workloads import GENERATED
from afscan.syntax.hcl.nodes import Block


def read_generated(kind: str, body: Mapping, scope: Scope) -> GeneratedObject:
    """The object that a resource makes; ``*`` where its name or namespace is not known."""
    chart = kind == "helm_release"
    owner: Node | None = body if chart else body.get("metadata", 0)
    if not chart and not isinstance(owner, Block):
        owner = body.get("metadata") if isinstance(body.get("metadata"), Mapping) else owner
    name = "*" if chart else _text(owner, "name", scope, "*")
    made = GENERATED[kind]
    return GeneratedObject(
        name="a Helm release" if chart else f"{made} {name}",
        node=body,
        platform="terraform",
        kind=made,
        object_name=name,
        namespace=_text(owner, "namespace", scope, "default"),
    )


def _text(owner: Node | None, key: str, scope: Scope, default: str) -> str:
    written = owner.get(key) if owner is not None else None
    if written is None:
        return default
    node = to_node(scope.evaluate(written), written)
    return node.text if isinstance(node, Scalar) else "*"

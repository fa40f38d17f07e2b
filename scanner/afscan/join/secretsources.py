"""Where the secret in a variable comes from: ExternalSecret, SealedSecret, a Secret that is written out, Terraform's -> Secret -> env.

Source: Kubernetes documentation, "Secrets" (``secretKeyRef``); External Secrets Operator, "ExternalSecret" (``spec.data``, templates).
"""

from afscan.join.makers import ANY, Maker, makers_of, named
from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.objects import ExternalSecret, SecretManifest
from afscan.model.record import record
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Subject, Variable
from afscan.model.value import Value


@record(slots=True, eq=False)
class SecretSource:
    """The entry of a Secret that a variable takes. ``by`` is what makes the Secret, None where nothing of this stack does; ``remote``
    the store's entry, where an ExternalSecret names it. ``text`` is what the entry says, with ``{{ .name }}`` where an operator fills
    something in; unset or unknown where no file says it."""

    secret: str
    key: str
    by: Subject | None
    remote: str
    text: Value[str]

    def told(self) -> str:
        """A clause: "made by ExternalSecret api-secrets from" and the entry."""
        if self.by is None:
            return "which nothing in this stack makes"
        return f"made by {self.by.name}" + (f" from `{self.remote}`" if self.remote else "")


def source_of(stack: Stack, container: Container, variable: Variable) -> SecretSource | None:
    """What makes the secret that a variable refers to; None where it refers to none by name and key."""
    node = variable.value.node
    if not isinstance(node, Mapping) or node.key is None or node.key.text != "secretKeyRef":
        return None
    name, key = _text(node.get("name")), _text(node.get("key"))
    if not name or not key:
        return None
    makers = [one for one in named(makers_of(stack), "Secret", name) if _meets(one, container.workload.namespace)]
    maker = next((one for one in makers if one.keys is not None and key in one.keys), next(iter(makers), None))
    by = maker.subject if maker is not None else None
    remote = _remote(by.node, key) if isinstance(by, ExternalSecret) else ""
    return SecretSource(name, key, by, remote, _entry(by, key, node))


def _meets(maker: Maker, namespace: str) -> bool:
    """Whether a Secret lies where a container runs; one without a namespace goes to whichever is current."""
    return maker.namespace in (namespace, ANY, "", "default") or namespace in ("", "default")


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _remote(external: Node, key: str) -> str:
    """The entry of the store that an ExternalSecret puts at a key; "" where its template or ``dataFrom`` decides."""
    data = external.get("spec", "data")
    for one in data.items if isinstance(data, Sequence) else ():
        if _text(one.get("secretKey")) == key:
            parts = [_text(one.get("remoteRef", part)) for part in ("key", "property")]
            return ", ".join(part for part in parts if part)
    return ""


def _entry(by: Subject | None, key: str, near: Node) -> Value[str]:
    if isinstance(by, SecretManifest):
        return by.entries.get(key, Value.unset(near))
    node = by.node.get("spec", "target", "template", "data", key) if isinstance(by, ExternalSecret) else None
    return Value.of(node.text, node) if isinstance(node, Scalar) else Value.unset(near)

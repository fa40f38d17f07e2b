"""What makes the objects that others name: each is itself, and some make others.

Sources: cert-manager.io/docs/usage/ingress and /gateway (annotations), Kubernetes API reference (a StatefulSet's claims are called
after template, set and number), the documentation of reflector, kubernetes-replicator and kubed (objects copied to namespaces).
"""

from collections import defaultdict
from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.objects import (
    Certificate,
    ExternalSecret,
    GeneratedObject,
    ManifestObject,
    Reference,
    ReferenceGrant,
    SealedSecret,
    SecretManifest,
)
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import Subject

KEY = "makers"
ANY = "*"

_COPIES = ("reflector.v1.k8s.emberstack.com/", "replicator.v1.mittwald.de/", "kubed.appscode.com/sync")
_ISSUERS = ("cert-manager.io/issuer", "cert-manager.io/cluster-issuer", "kubernetes.io/tls-acme")


@record(slots=True, frozen=True)
class Maker:
    """What makes an object. ``keys`` are its entries, of a Service its ports; None: not known."""

    subject: Subject
    namespace: str
    keys: frozenset[str] | None = None


@record(slots=True)
class Makers:
    """Indexes: makers by kind and name; kinds that the stack makes, by kind and namespace; references by kind and name;
    ``grants`` as (namespace, group, kind, namespace of who refers, kind, name or "" of what)."""

    named: dict[tuple[str, str], list[Maker]] = field(default_factory=lambda: defaultdict(list))
    made: set[tuple[str, str]] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    claims: dict[str, list[Maker]] = field(default_factory=lambda: defaultdict(list))
    grants: set[tuple[str, str, str, str, str, str]] = field(default_factory=set)
    users: dict[tuple[str, str], list[Reference]] = field(default_factory=lambda: defaultdict(list))

    def put(self, kind: str, name: str, maker: Maker) -> None:
        """Keep a maker."""
        self.named[kind, name].append(maker)
        self.made.add((kind, maker.namespace))
        self.kinds.add(kind)


def makers_of(stack: Stack) -> Makers:
    """The index of a stack, made when it is first asked for."""
    if KEY in stack.joined:
        known = stack.joined[KEY]
        assert isinstance(known, Makers)
        return known
    index = stack.joined[KEY] = Makers()
    for item in stack.of(ManifestObject):
        _put_object(index, item)
    for secret in stack.of(SecretManifest):
        index.put("Secret", secret.secret, Maker(secret, _reach(secret), frozenset(secret.entries)))
    for external in stack.of(ExternalSecret):
        keys = None if external.keys is None or external.merges else frozenset(external.keys)
        index.put("Secret", external.secret.or_else(ANY), Maker(external, external.namespace, keys))
    for sealed in stack.of(SealedSecret):
        index.put("Secret", sealed.secret, Maker(sealed, sealed.namespace, frozenset(sealed.keys)))
    for certificate in stack.of(Certificate):
        index.named["Secret", certificate.secret.or_else(ANY)].append(Maker(certificate, certificate.namespace))
    for grant in stack.of(ReferenceGrant):
        index.grants.update((grant.namespace, *source, *target) for source in grant.sources for target in grant.targets)
    for made in stack.of(GeneratedObject):
        index.put(made.kind, made.object_name, Maker(made, made.namespace, None if made.keys is None else frozenset(made.keys)))
    return index


def _put_object(index: Makers, item: ManifestObject) -> None:
    """An object as itself, and what else comes of it."""
    if item.kind == "ConfigMap":
        entries = [item.node.get(key) for key in ("data", "binaryData")]
        keys = frozenset(name for one in entries if isinstance(one, Mapping) for name in one.entries)
        whole = all(one is None or isinstance(one, Mapping) for one in entries)
        index.put(item.kind, item.object_name, Maker(item, _reach(item), keys if whole else None))
    elif item.kind != "Secret":
        ports = _ports(item.node) if item.kind == "Service" and not item.group else None
        index.put(item.kind, item.object_name, Maker(item, item.namespace, ports))
    if item.kind in ("Ingress", "Gateway"):
        for name in _signed(item.node):
            index.named["Secret", name].append(Maker(item, item.namespace))
    elif item.kind == "StatefulSet":
        for template in _items(item.node.get("spec", "volumeClaimTemplates")):
            index.claims[f"{_text(template.get('metadata', 'name'))}-{item.object_name}"].append(Maker(item, item.namespace))
    elif item.kind in ("Issuer", "ClusterIssuer"):
        account = _text(item.node.get("spec", "acme", "privateKeySecretRef", "name"))
        index.named["Secret", account].append(Maker(item, item.namespace if item.kind == "Issuer" else ANY))


def _text(node: Node | None) -> str:
    """The text of a scalar, else empty. (The rules import this module: the Kubernetes platform's own would cost every run.)"""
    return node.text if isinstance(node, Scalar) and not node.is_null else ""


def _ports(service: Node) -> frozenset[str] | None:
    """The ports of a Service by number and name; None where they are not all known, or lie with the name that it stands for."""
    ports = service.get("spec", "ports")
    if _text(service.get("spec", "type")) == "ExternalName" or not isinstance(ports, Sequence):
        return None
    numbers = [port.get("port") for port in ports.items]
    if not all(isinstance(number, Scalar) for number in numbers):
        return None
    names = [_text(port.get("name")) for port in ports.items]
    return frozenset((*map(_text, numbers), *names))


def _reach(subject: ManifestObject | SecretManifest) -> str:
    """The namespace of an object; any where a controller copies it to others."""
    annotations = subject.node.get("metadata", "annotations")
    keys = annotations.entries if isinstance(annotations, Mapping) else {}
    return ANY if any(key.startswith(_COPIES) for key in keys) else subject.namespace


def _signed(node: Node) -> Iterator[str]:
    """The Secrets that cert-manager fills for an Ingress or Gateway with its annotation."""
    annotations = node.get("metadata", "annotations")
    if not isinstance(annotations, Mapping) or not any(name in annotations.entries for name in _ISSUERS):
        return
    for entry in _items(node.get("spec", "tls")):
        yield _text(entry.get("secretName"))
    for listener in _items(node.get("spec", "listeners")):
        for one in _items(listener.get("tls", "certificateRefs")):
            yield _text(one.get("name"))


def _items(node: Node | None) -> list[Node]:
    return node.items if isinstance(node, Sequence) else []


def named(index: Makers, kind: str, name: str) -> Iterator[Maker]:
    """What makes an object of a name, in any namespace."""
    yield from index.named.get((kind, name), ())
    head, dash, number = name.rpartition("-")
    if kind == "PersistentVolumeClaim" and dash and number.isdecimal():
        yield from index.claims.get(head, ())

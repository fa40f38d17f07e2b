"""Where Secrets and certificates come from: cert-manager, External Secrets, Sealed Secrets.

Sources: cert-manager.io/docs/reference/api-docs (a Certificate fills ``spec.secretName``; ``issuerRef.kind`` is ``Issuer`` by
default); external-secrets.io/latest/api/spec (the Secret is called ``spec.target.name``, else as the ExternalSecret;
``creationPolicy: Merge`` fills one that exists); Sealed Secrets' README (the Secret has the name of ``spec.template.metadata``,
else of the SealedSecret, in its namespace).
"""

from afscan.model.node import Mapping, Sequence
from afscan.model.objects import (
    Certificate,
    CertificateIssuer,
    ExternalSecret,
    PushSecret,
    SealedSecret,
    SecretManifest,
    SecretStore,
)
from afscan.model.value import Value
from afscan.platforms.kubernetes.cloudkeys import read_login
from afscan.platforms.kubernetes.objects import PLATFORM, KubernetesObject, scalar_text, section
from afscan.platforms.reading import Interpretation, Reader

_METHODS = ("acme", "ca", "selfSigned", "vault", "venafi")
_MAX_NODES = 2000


def read_issuer(item: KubernetesObject) -> None:
    """Emit an Issuer or ClusterIssuer."""
    spec = section(item.reader, "spec")
    written = spec.node.entries if isinstance(spec.node, Mapping) else {}
    item.out.subjects.append(
        CertificateIssuer(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            kind=item.kind,
            issuer=item.name,
            namespace="" if item.kind == "ClusterIssuer" else item.namespace,
            method=next((method for method in _METHODS if method in written), ""),
            server=spec.text("acme", "server"),
        )
    )


def read_certificate(item: KubernetesObject) -> None:
    """Emit a Certificate."""
    spec = section(item.reader, "spec")
    reference = section(spec, "issuerRef")
    item.out.subjects.append(
        Certificate(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            namespace=item.namespace,
            secret=spec.text("secretName"),
            issuer=reference.text("name"),
            issuer_kind=reference.text("kind"),
            issuer_group=reference.text("group"),
            names=spec.strings("dnsNames"),
            is_ca=spec.boolean("isCA"),
        )
    )


def read_secret_store(item: KubernetesObject) -> None:
    """Emit a SecretStore or ClusterSecretStore, with the Secrets that it logs in with."""
    spec = section(item.reader, "spec")
    provider = spec.mapping("provider")
    entry = next(iter(provider.entries.items()), None) if provider is not None else None
    item.out.subjects.append(
        SecretStore(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            kind=item.kind,
            store=item.name,
            namespace="" if item.kind == "ClusterSecretStore" else item.namespace,
            provider=Value.of(entry[0], entry[1]) if entry is not None else Value.unset(spec.node),
            static=[reader.text("name") for _, reader in secret_selectors(entry[1])] if entry is not None else [],
        )
    )
    read_login(item)


def secret_selectors(node: object) -> list[tuple[str, Reader]]:
    """The mappings below a node that select a Secret by name and key (``accessKeyIDSecretRef``, or anything below ``secretRef``),
    with the names of their keys."""
    found: list[tuple[str, Reader]] = []
    if not isinstance(node, Mapping):
        return found
    for number, one in enumerate(node.walk()):
        if number > _MAX_NODES:
            break
        name = one.key.text if one.key is not None else ""
        above = one.parent.key.text if one.parent is not None and one.parent.key is not None else ""
        selects = any(key.lower().endswith("secretref") for key in (name, above))
        if isinstance(one, Mapping) and selects and scalar_text(one.get("name")):
            found.append((name, Reader(one, Interpretation())))
    return found


def emit_external_secret(item: KubernetesObject) -> None:
    """Emit an ExternalSecret, or the one that a ClusterExternalSecret makes in many namespaces."""
    spec = section(item.reader, "spec")
    everywhere = item.kind == "ClusterExternalSecret"
    named = spec.text("externalSecretName") if everywhere else Value.unset(item.node)
    if everywhere:
        spec = section(spec, "externalSecretSpec")
    target = spec.text("target", "name")
    own = Value.of(named.or_else(item.name), item.node)
    item.out.subjects.append(
        ExternalSecret(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            kind=item.kind,
            secret=own if target.is_unset else target,
            namespace="*" if everywhere else item.namespace,
            keys=_keys(spec),
            merges=spec.text("target", "creationPolicy").or_else("") == "Merge",
        )
    )


def _keys(spec: Reader) -> list[str] | None:
    """The entries of the Secret that an ExternalSecret makes; None where more of them are known to its store alone.

    A template's entries replace those of ``data`` unless it is merged with them (``mergePolicy: Merge``).
    """
    template = spec.at("target", "template")
    replaced = template.string_map("data")
    if template.node.get("templateFrom") is not None:
        return None
    merged = template.text("mergePolicy").or_else("") == "Merge"
    if replaced and not merged:
        return list(replaced)
    if _is_filled(spec, "dataFrom"):
        return None
    keys = [one.text("secretKey") for one in spec.readers("data")]
    return None if any(not key.is_set for key in keys) else [*(key.or_else("") for key in keys), *replaced]


def _is_filled(reader: Reader, key: str) -> bool:
    node = reader.node.get(key)
    return node is not None and not (isinstance(node, Sequence) and not node.items)


def read_push_secret(item: KubernetesObject) -> None:
    """Emit a PushSecret."""
    secret = section(item.reader, "spec").text("selector", "secret", "name")
    item.out.subjects.append(
        PushSecret(name=item.title, node=item.node, platform=PLATFORM, namespace=item.namespace, secret=secret)
    )


def read_sealed_secret(item: KubernetesObject) -> None:
    """Emit a SealedSecret."""
    spec = section(item.reader, "spec")
    keys = [*spec.string_map("encryptedData"), *spec.string_map("template", "data")]
    item.out.subjects.append(
        SealedSecret(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            secret=spec.text("template", "metadata", "name").or_else("") or item.name,
            namespace=item.namespace,
            keys=keys,
        )
    )


def emit_secret(item: KubernetesObject, entries: dict[str, Value[str]]) -> None:
    """Emit a Secret as a whole; its entries, decoded, are filled in by the module ``configuration``."""
    quiet = Reader(item.node, Interpretation())
    item.out.subjects.append(
        SecretManifest(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            secret=item.name,
            namespace=item.namespace,
            secret_type=quiet.text("type"),
            entries=entries,
            encrypted=isinstance(item.node.get("sops"), Mapping),
            encoded=bool(quiet.string_map("data")),
        )
    )

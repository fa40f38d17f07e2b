"""ConfigMaps and Secrets: their entries as settings, and those that are files as texts to read.

Source: Kubernetes API reference, ConfigMap and Secret: ``data`` of a Secret is base64, ``stringData`` wins over it.
"""

import base64
import binascii

from afscan.files.recognise import syntax_of
from afscan.model.node import Mapping, Node, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.subjects import ConfigEntry, SecretEntry
from afscan.model.value import Value
from afscan.platforms.kubernetes.objects import PLATFORM, KubernetesObject
from afscan.platforms.tlsversions import of_entry

MAX_ENCODED = 1_400_000
"""Characters of base64 that are decoded: a Secret is limited to 1 MiB by Kubernetes."""

_RECOGNISED = {
    "redisconf": "redis",
    "ini": "pgbouncer",
    "userlist": "pgbouncer-userlist",
    "postgresconf": "postgres",
    "pghba": "postgres-hba",
    "dockerfile": "dockerfile",
    "sql": "sql",
    "fluentd": "fluentd",
    "fluentbit": "fluentbit",
    "properties": "neo4j",
    "goini": "grafana",
}


def read_config_map(item: KubernetesObject) -> None:
    """Emit the entries of a ConfigMap; files among them are embedded, one-line entries are settings."""
    from afscan.platforms.variables import describe_setting, origin_of  # noqa: PLC0415  (start-up time)
    from afscan.platforms.variables.lines import describe_lines, holds_settings  # noqa: PLC0415
    from afscan.platforms.variables.settings import Owner  # noqa: PLC0415

    for key, value in item.reader.string_map("data").items():
        text, node = value.or_else(""), value.node
        syntax = syntax_of(key, text) if value.is_set else None
        is_file = syntax is not None and ("\n" in text.strip() or "." in key)
        entry = ConfigEntry(
            name=f"{item.title}, entry {key}",
            node=node,
            platform=PLATFORM,
            key=key,
            text=value,
            config_map=item.name,
            namespace=item.namespace,
            recognised_as=_RECOGNISED.get(syntax or "") if is_file else None,
        )
        item.out.subjects += [entry, *of_entry(entry)]
        if is_file and isinstance(node, Scalar):
            _embed(item, node.embed(name=key, holder="configmap", syntax=syntax))
        elif value.is_set and "\n" not in text.strip():
            origin = origin_of(text, expands=False)
            describe_setting(key, value, origin, owner=item.title, platform=PLATFORM, holder="configmap", out=item.out)
        elif value.is_set and isinstance(node, Scalar) and holds_settings(key):
            lines = Owner(owner=item.title, platform=PLATFORM, holder="configmap", out=item.out)
            describe_lines(node.embed(name=key, holder="configmap"), lines)
    for key, value in item.reader.string_map("binaryData").items():
        if syntax_of(key, "") is not None:
            _unread(item, value.node, f"`{key}` is a binary entry; the file in it is not read.")


def _embed(item: KubernetesObject, source: Source) -> None:
    source.owner = f"{item.namespace}/{item.name}"
    item.out.embedded.append(source)


def _unread(item: KubernetesObject, node: Node, reason: str) -> None:
    item.out.notice(NoticeKind.PARTIAL, node.key.place if node.key is not None else node.head, reason)


def read_secret(item: KubernetesObject) -> None:
    """Emit the entries of a Secret, decoded; files among them are embedded."""
    from afscan.platforms.kubernetes.secretsources import emit_secret  # noqa: PLC0415  (start-up time)

    kind = item.reader.text("type").or_else("")
    encrypted = isinstance(item.node.get("sops"), Mapping)
    plain = item.reader.string_map("stringData")
    coded = {key: value for key, value in item.reader.string_map("data").items() if key not in plain}
    entries: dict[str, Value[str]] = {}
    emit_secret(item, entries)
    for key, value in (*plain.items(), *coded.items()):
        encoded = key in coded
        text = _decoded(item, key, value) if encoded and not encrypted else value
        if encrypted or text.or_else("").startswith("ENC["):
            text = Value.unknown(value.node, "it is encrypted")
        entries[key] = text
        item.out.subjects.append(
            SecretEntry(
                name=f"{item.title}, entry {key}",
                node=value.node,
                platform=PLATFORM,
                key=key,
                text=text,
                secret=item.name,
                namespace=item.namespace,
                encoded=encoded,
                secret_type=kind,
            )
        )
        _embed_secret(item, key, text, encoded=encoded)


def _embed_secret(item: KubernetesObject, key: str, value: Value[str], *, encoded: bool) -> None:
    text, node = value.or_else(""), value.node
    syntax = syntax_of(key, text) if value.is_set else None
    if syntax is None or not isinstance(node, Scalar) or not ("\n" in text.strip() or "." in key):
        return
    if encoded:
        source = Source(node.source.path, text, name=key, holder="secret", outer=node.source, syntax=syntax, fixed=node.span)
        _embed(item, source)
    else:
        _embed(item, node.embed(name=key, holder="secret", syntax=syntax))


def _decoded(item: KubernetesObject, key: str, value: Value[str]) -> Value[str]:
    """The text of a base64 entry; unknown where it is none, or no text. What afscan would have read is noted."""
    if not value.is_set:
        return value
    coded = value.or_else("")
    if coded.startswith("ENC["):
        return value
    read = syntax_of(key, "") is not None
    if len(coded) > MAX_ENCODED:
        if read:
            item.out.notice(
                NoticeKind.TOO_LARGE, value.node.head, f"`{key}` is too long to be decoded; the file in it is not read."
            )
        return Value.unknown(value.node, "it is too long to be decoded")
    try:
        content = base64.b64decode("".join(coded.split()), validate=True)
    except (binascii.Error, ValueError):
        item.out.notice(
            NoticeKind.WRONG_TYPE, value.node.head, f"`{key}` is not base64, as `data` of a Secret must be; it is not read."
        )
        return Value.unknown(value.node, "it is not base64")
    try:
        return Value.of(content.decode("utf-8"), value.node)
    except UnicodeDecodeError:
        if read:
            _unread(item, value.node, f"`{key}` is a binary entry; the file in it is not read.")
        return Value.unknown(value.node, "it is not text")


def read_external_secret(item: KubernetesObject) -> None:
    """Embed the files that an ExternalSecret's template makes: they become entries of the Secret that it fills.

    ``{{ .name }}`` in them is replaced by the operator with what the store holds.
    Source: External Secrets Operator, "Advanced templating v2".
    """
    from afscan.platforms.kubernetes.secretsources import emit_external_secret  # noqa: PLC0415  (start-up time)

    emit_external_secret(item)
    target = item.reader.text("spec", "target", "name").or_else("") or item.name
    for key, value in item.reader.string_map("spec", "target", "template", "data").items():
        text, node = value.or_else(""), value.node
        syntax = syntax_of(key, text) if value.is_set else None
        if syntax is not None and isinstance(node, Scalar) and ("\n" in text.strip() or "." in key):
            source = node.embed(name=key, holder="secret-template", syntax=syntax)
            source.owner = f"{item.namespace}/{target}"
            item.out.embedded.append(source)

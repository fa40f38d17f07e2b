"""Qdrant's YAML configuration. Settings are named by their dotted path; unknown keys are silently ignored by the server.

Source: qdrant.tech, "Configuration" and "Security"; qdrant/src/settings.rs, config/config.yaml (read up to 1.16). ``${VAR}`` is
not expanded; environment variables such as ``QDRANT__SERVICE__API_KEY`` override the files.
"""

from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Opaque, Scalar
from afscan.model.source import Source
from afscan.model.subjects import Credential, IgnoredSetting, Origin, Setting
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.settings import file_subject, holder_of, origin_in, written

API_KEYS = ("service.api_key", "service.alt_api_key", "service.read_only_api_key")
"""The keys that a client may show; the last one reads only. Any of them makes the server ask."""

_MAX_SETTINGS = 10_000

# fmt: off
_ROOT = frozenset((
    "log_level", "logger", "storage", "service", "cluster", "telemetry_disabled", "per_collection_metrics_enabled", "tls",
    "debugger", "inference", "gpu", "feature_flags", "audit", "debug",
))
_SERVICE = frozenset((
    "host", "http_port", "grpc_port", "metrics_port", "max_request_size_mb", "max_workers", "enable_cors", "enable_tls",
    "verify_https_client_certificate", "api_key", "alt_api_key", "read_only_api_key", "jwt_rbac", "hide_jwt_dashboard",
    "static_content_dir", "enable_static_content", "slow_query_secs", "hardware_reporting", "metrics_prefix",
))
_STORAGE_SIGNS = frozenset((
    "storage_path", "snapshots_path", "snapshots_config", "on_disk_payload", "optimizers", "hnsw_index", "wal",
))
_SERVICE_SIGNS = frozenset((
    "grpc_port", "max_request_size_mb", "read_only_api_key", "alt_api_key", "jwt_rbac", "verify_https_client_certificate",
    "enable_static_content", "static_content_dir",
))
_FOREIGN = frozenset((
    "apiVersion", "kind", "services", "version", "scrape_configs", "groups", "receivers", "exporters", "pipelines", "jobs",
    "steps", "image", "replicaCount",
))
# fmt: on

_HONOURED = {"": _ROOT, "service": _SERVICE, "tls": frozenset(("cert", "key", "ca_cert", "cert_ttl"))}
"""The keys that Qdrant reads, by the mapping they stand in, where the list is complete."""

_KEY, _TLS = "the API key", "TLS"
_MISPLACED: dict[str, tuple[str, str | None]] = {
    "api_key": ("service.api_key", _KEY),
    "apiKey": ("service.api_key", _KEY),
    "alt_api_key": ("service.alt_api_key", _KEY),
    "read_only_api_key": ("service.read_only_api_key", _KEY),
    "jwt_rbac": ("service.jwt_rbac", "role-based access control"),
    "enable_tls": ("service.enable_tls", _TLS),
    "tls_config": ("tls.cert", _TLS),
    "ssl": ("service.enable_tls", _TLS),
    "hnsw_config": ("storage.hnsw_index", None),
    "hnsw_index": ("storage.hnsw_index", None),
    "optimizers": ("storage.optimizers", None),
    "optimizers_config": ("storage.optimizers", None),
    "optimizer": ("storage.optimizers", None),
    "wal_config": ("storage.wal", None),
    "wal": ("storage.wal", None),
    "performance": ("storage.performance", None),
    "quantization_config": ("storage.collection.quantization", None),
    "quantization": ("storage.collection.quantization", None),
    "on_disk_payload": ("storage.on_disk_payload", None),
    "storage_path": ("storage.storage_path", None),
    "snapshots_path": ("storage.snapshots_path", None),
    "http_port": ("service.http_port", None),
    "grpc_port": ("service.grpc_port", None),
    "host": ("service.host", None),
    "service.api-key": ("service.api_key", _KEY),
    "service.apiKey": ("service.api_key", _KEY),
    "service.tls": ("service.enable_tls", _TLS),
    "service.tls_config": ("tls.cert", _TLS),
    "service.cert": ("tls.cert", _TLS),
    "service.cert_file": ("tls.cert", _TLS),
    "service.key_file": ("tls.key", _TLS),
    "tls.enabled": ("service.enable_tls", _TLS),
    "tls.enable": ("service.enable_tls", _TLS),
    "tls.cert_file": ("tls.cert", _TLS),
    "tls.key_file": ("tls.key", _TLS),
    "tls.ca_file": ("tls.ca_cert", _TLS),
    "storage.hnsw_config": ("storage.hnsw_index", None),
    "storage.optimizers_config": ("storage.optimizers", None),
    "storage.optimizer": ("storage.optimizers", None),
    "storage.wal_config": ("storage.wal", None),
    "cluster.enable_tls": ("cluster.p2p.enable_tls", _TLS),
    "cluster.tls": ("cluster.p2p.enable_tls", _TLS),
}
"""Keys that people write, the key that is read instead, and the protection that they believe in."""


def recognise(source: Source, root: Node) -> bool:
    """Whether a mapping is Qdrant's: by keys that only Qdrant has, or by some of its keys where the name says Qdrant."""
    if not isinstance(root, Mapping) or not root.entries or _FOREIGN & root.entries.keys():
        return False
    expected = sum(1 for key in root.entries if key in _ROOT or key in _MISPLACED)
    if expected * 2 <= len(root.entries):
        return False
    storage, service = root.get("storage"), root.get("service")
    if isinstance(storage, Mapping) and len(_STORAGE_SIGNS & storage.entries.keys()) + bool(_sections(root) > 1) >= 2:
        return True
    if isinstance(service, Mapping) and "http_port" in service.entries and _SERVICE_SIGNS & service.entries.keys():
        return True
    named = "qdrant" in f"{source.name} {source.owner} {source.path if source.outer is None else ''}".lower()
    return named and _sections(root) > 0


def _sections(root: Mapping) -> int:
    return sum(1 for name in ("service", "storage", "cluster", "tls") if isinstance(root.entries.get(name), Mapping))


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """The file's settings, the secrets in it, and what Qdrant will not read."""
    settings = list(_settings(root))
    out.subjects.append(file_subject(source, root, "qdrant", settings))
    found = {one.name: one for one in settings}
    for one in settings:
        if (
            one.name.rpartition(".")[2] in ("api_key", "alt_api_key", "read_only_api_key", "secret_key")
            and not one.value.is_unset
        ):
            credential = _credential(one, source)
            # A key that Qdrant ignores is nobody's key: a placeholder there does no harm of its own, a secret is still one.
            if credential.origin is not Origin.PLACEHOLDER or credential.kind == "secret" or one.name in API_KEYS:
                out.subjects.append(credential)
    out.subjects += _ignored(root, found)


def _settings(root: Node) -> Iterator[Setting]:
    """Every scalar by its dotted path, in order; nothing below lists."""
    waiting: list[tuple[str, Node]] = [("", root)]
    count = 0
    while waiting and count < _MAX_SETTINGS:
        name, node = waiting.pop()
        if isinstance(node, Mapping):
            waiting += [(f"{name}.{key}" if name else key, below) for key, below in reversed(node.entries.items())]
            continue
        key = node.key.place if node.key is not None else node.place
        count += 1
        if isinstance(node, Scalar):
            # Null is as good as empty: both leave the setting off.
            yield Setting(name=name, value=written("" if node.is_null else node.text, node), key_place=key)
        elif isinstance(node, Opaque):
            yield Setting(name=name, value=Value.unknown(node, node.reason), key_place=key)


def _ignored(root: Node, settings: dict[str, Setting]) -> Iterator[IgnoredSetting]:
    """The keys that nobody reads: all unknown ones where the list is complete, elsewhere those that belong to another place."""
    for path in ("", "service", "tls", "storage", "cluster"):
        section = root.get(path) if path else root
        if not isinstance(section, Mapping):
            continue
        known = _HONOURED.get(path)
        for key, node in section.entries.items():
            full = f"{path}.{key}" if path else key
            unknown = known is not None and key not in known and not key.startswith(("x-", "_"))
            if unknown or (known is None and full in _MISPLACED):
                yield _one(path, key, section, node, settings)


def _one(path: str, key: str, section: Mapping, node: Node, settings: dict[str, Setting]) -> IgnoredSetting:
    full = f"{path}.{key}" if path else key
    instead, protection = _MISPLACED.get(full, ("", None))
    if instead:
        why = f"Qdrant reads `{instead}`, not " + (f"`{full}`" if path else "a key at the document's root")
    else:
        why = f"Qdrant knows no key `{key}` " + (f"below `{path}`" if path else "at the document's root") + " and ignores it"
    off = isinstance(node, Scalar) and (node.is_null or node.text.lower() in ("", "false", "no", "off", "0"))
    return IgnoredSetting(
        name=f"{full} in {section.source.name}",
        node=section.keys.get(key, node),
        platform="qdrant",
        product="qdrant",
        setting=full,
        why=why,
        instead=instead,
        protection=None if off or _protected(protection, settings) else protection,
    )


def _protected(protection: str | None, settings: dict[str, Setting]) -> bool:
    """Whether the file gives the protection by the right key as well."""
    if protection == _KEY:
        return any(name in settings and settings[name].value.value != "" for name in API_KEYS)
    if protection == _TLS:
        return "service.enable_tls" in settings and settings["service.enable_tls"].value.or_else("").lower() == "true"
    return False


def _credential(one: Setting, source: Source) -> Credential:
    kind = "secret" if one.name.endswith("secret_key") else "api-key"
    return Credential(
        name=f"{one.name} in {source.name}",
        node=one.value.node,
        platform="qdrant",
        key=one.name.rpartition(".")[2],
        kind=kind,
        value=one.value,
        origin=origin_in(one.value),
        reader="qdrant",
        holder=holder_of(source),
    )

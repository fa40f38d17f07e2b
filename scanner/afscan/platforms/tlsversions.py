"""TLS versions and cipher suites in the words of each product: which of them are weak.

TLS 1.0 and 1.1 are deprecated (RFC 8996), SSL 3 is (RFC 7568), and so are RC4 (RFC 7465), single and triple DES (SP 800-131A),
NULL and anonymous suites (BCP 195, RFC 9325). Sources of names: pgbouncer.org/config.html (``client_tls_protocols``,
``client_tls_ciphers``); postgresql.org, "Connection Settings"; redis.io, "TLS"; AWS, "Security policies for your Application Load
Balancer" and "Supported protocols and ciphers between viewers and CloudFront"; OpenSSL, "ciphers".
"""

import re
from collections.abc import Callable, Iterator

from afscan.model.node import Node, Scalar
from afscan.model.patterns import pattern
from afscan.model.subjects import ConfigEntry, Ingress, Server
from afscan.model.tls import TlsSetting
from afscan.model.value import Value

Judge = Callable[[str], str]
"""What is weak about a setting's text, in a clause; empty where nothing is, or nothing is known of it."""

_VERSION = pattern(r"(ssl|tls)v?[ _.-]?([123])?(?:[._-]?([0-3]))?(?![0-9])", re.IGNORECASE)
_BARE = pattern(r"1[._]([0-3])\Z")
_POLICY = pattern(r"(?:ELBSecurityPolicy|Policy-Min)-(?:TLS13-|TLS-|FS-)?1-([0-3])(?:-|\Z)")
_OLD_POLICIES = ("ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-2015-05", "ELBSecurityPolicy-FS-2018-06")
_WEAK_PARTS = frozenset(("RC4", "DES", "3DES", "NULL", "ANULL", "ENULL", "EXP", "EXPORT", "LOW", "MD5", "ADH", "AECDH", "RC2"))
_MAX_TEXT = 4_000


def versions(text: str) -> str:
    """A list of versions, or the oldest one: ``TLSv1 TLSv1.2``, ``tlsv1.0,tlsv1.2``, ``TLS10``, ``TLS_1_0``, ``1.0``."""
    found = [_older(match) for match in _VERSION.finditer(text[:_MAX_TEXT])]
    bare = _BARE.match(text.strip())
    if bare is not None:
        found.append(f"TLS 1.{bare[1]}" if bare[1] in "01" else "")
    weak = sorted(one for one in found if one)
    return f"it accepts {weak[0]}" if weak else ""


def _older(match: "re.Match[str]") -> str:
    """The name of a deprecated version; empty for the others."""
    if match[1].lower() == "ssl":
        return f"SSL {match[2]}" if match[2] else ""
    if match[2] not in (None, "1"):
        return ""
    return {"0": "TLS 1.0", "1": "TLS 1.1", None: "TLS 1.0"}.get(match[3], "") if match[2] else ""


def pgbouncer_versions(text: str) -> str:
    """PgBouncer's list, with its shortcuts."""
    words = {word.strip().lower() for word in text[:_MAX_TEXT].split(",")}
    if words & {"all", "legacy"}:
        return "it accepts TLS 1.0"
    return versions(text)


def policy(text: str) -> str:
    """The name of an AWS security policy."""
    if text.strip() in _OLD_POLICIES:
        return "it accepts TLS 1.0"
    match = _POLICY.match(text.strip())
    return f"it accepts TLS 1.{match[1]}" if match is not None and match[1] in "01" else ""


def ciphers(text: str) -> str:
    """A cipher list of OpenSSL: what is not excluded (``!RC4``) or only moved (``+3DES``)."""
    for word in re.split(r"[:,\s]+", text[:_MAX_TEXT]):
        if word[:1] not in ("!", "-", "+", "@", "") and _WEAK_PARTS & set(re.split(r"[-_+]", word.upper())):
            return f"it accepts the cipher suite `{word[:60]}`"
    return ""


def pgbouncer_ciphers(text: str) -> str:
    """PgBouncer's cipher list, with its shortcuts."""
    return f"`{text.strip()}` includes weak cipher suites" if text.strip().lower() in ("all", "insecure") else ciphers(text)


SERVERS: dict[str, tuple[tuple[str, Judge], ...]] = {
    "redis": (("tls-protocols", versions), ("tls-ciphers", ciphers)),
    "redis-sentinel": (("tls-protocols", versions), ("tls-ciphers", ciphers)),
    "pgbouncer": (
        ("pgbouncer.client_tls_protocols", pgbouncer_versions),
        ("pgbouncer.server_tls_protocols", pgbouncer_versions),
        ("pgbouncer.client_tls_ciphers", pgbouncer_ciphers),
        ("pgbouncer.server_tls_ciphers", pgbouncer_ciphers),
    ),
    "postgres": (("ssl_min_protocol_version", versions), ("ssl_ciphers", ciphers)),
    "neo4j": tuple(
        (f"dbms.ssl.policy.{scope}.{name}", judge)
        for scope in ("bolt", "https", "cluster", "backup")
        for name, judge in (("tls_versions", versions), ("ciphers", ciphers))
    ),
    "grafana": (("server.min_tls_version", versions),),
    "kafka": (
        ("KAFKA_SSL_ENABLED_PROTOCOLS", versions),
        ("KAFKA_CFG_SSL_ENABLED_PROTOCOLS", versions),
        ("KAFKA_SSL_CIPHER_SUITES", ciphers),
    ),
    "elasticsearch": (
        ("xpack.security.http.ssl.supported_protocols", versions),
        ("xpack.security.transport.ssl.supported_protocols", versions),
    ),
}
"""By product: the settings that choose, and who judges them. A setting that is not written is the product's business."""

_ANNOTATIONS: dict[str, Judge] = {
    "alb.ingress.kubernetes.io/ssl-policy": policy,
    "nginx.ingress.kubernetes.io/ssl-ciphers": ciphers,
}
_ENTRIES: dict[str, Judge] = {"ssl-protocols": versions, "ssl-ciphers": ciphers}
"""Entries of ingress-nginx's own ConfigMap."""


def of_server(server: Server) -> Iterator[TlsSetting]:
    """What a server's effective settings choose."""
    for name, judge in SERVERS.get(server.product, ()):
        found = server.settings.get(name)
        if found is not None and found.value.value != "":
            yield made(server.name, name, found.value, judge, server.platform)


def of_ingress(ingress: Ingress) -> Iterator[TlsSetting]:
    """What an Ingress asks of its controller."""
    for name, judge in _ANNOTATIONS.items():
        if name in ingress.annotations:
            yield made(ingress.name, name, ingress.annotations[name], judge, ingress.platform)


def of_entry(entry: ConfigEntry) -> Iterator[TlsSetting]:
    """What an entry of a ConfigMap chooses, where it is one of ingress-nginx's settings."""
    judge = _ENTRIES.get(entry.key)
    if judge is not None:
        yield made(f"{entry.config_map}", entry.key, entry.text, judge, entry.platform)


def of_tree(root: Node, owner: str, platform: str) -> Iterator[TlsSetting]:
    """The ``min_version`` of every ``tls_config`` in a file of Prometheus or Alertmanager."""
    for node in root.walk():
        if not isinstance(node, Scalar) or node.key is None or node.key.text != "min_version":
            continue
        above = node.parent.key if node.parent is not None else None
        if above is not None and above.text in ("tls_config", "tls_server_config"):
            yield made(owner, "tls_config.min_version", Value.of(node.text, node), versions, platform)


def made(owner: str, name: str, value: Value[str], judge: Judge, platform: str) -> TlsSetting:
    """The subject for one setting."""
    return TlsSetting(
        name=f"{name} of {owner}",
        node=value.node,
        platform=platform,
        setting=name,
        value=value,
        weakness=judge(value.or_else("")) if value.is_set else "",
    )

"""Fluentd's outputs that send over the network: where to, whether encrypted, whether with credentials.

Kinds that are not listed are not judged. Those that speak to a cloud's own service (``s3``, ``cloudwatch_logs``, ``kinesis_...``) use
TLS and the identity that the environment gives; only their delivery is judged.
"""

import re

from afscan.model.node import Mapping, Scalar
from afscan.model.record import field, record
from afscan.model.value import Value
from afscan.platforms.logsettings import first_of, listed, switch, text_of
from afscan.platforms.settings import written
from afscan.platforms.urls import Url, parse_url
from afscan.syntax.fluentd import sections

_SEARCH = frozenset(
    ("elasticsearch", "elasticsearch_dynamic", "elasticsearch_data_stream", "opensearch", "opensearch_data_stream")
)
_CLOUDS = frozenset(
    (
        "s3",
        "cloudwatch_logs",
        "kinesis_streams",
        "kinesis_firehose",
        "kinesis_streams_aggregated",
        "google_cloud",
        "gcs",
        "azureblob",
    )
)
_KAFKA = frozenset(("kafka", "kafka2", "kafka_buffered", "rdkafka", "rdkafka2"))
_HEADERS = re.compile(r"authorization|api[-_]?key|token", re.IGNORECASE)


@record(slots=True, kw_only=True)
class Target:
    """What an output says of its connection; the fields as in :class:`~afscan.model.monitoring.LogOutput`.

    ``buffers``: the kind keeps what it sends in files by itself.
    """

    hosts: list[Value[str]] = field(default_factory=list)
    secure: Value[bool]
    secure_default: bool | None = False
    authenticated: Value[bool] | None
    verified: Value[bool]
    buffers: bool = False


def read_target(kind: str, section: Mapping) -> Target | None:
    """The connection of an output; None where its kind is none that is known to use the network."""
    if kind in _SEARCH:
        return _search(section)
    if kind in ("forward", "secure_forward"):
        return _forward(section, kind)
    if kind == "http":
        return _web(section, ("endpoint", "endpoint_url"), verify="tls_verify_mode")
    if kind == "loki":
        return _web(section, ("url", "endpoint_url"), default=True, verify="insecure_tls")
    if kind == "splunk_hec":
        return _splunk(section)
    if kind in _KAFKA:
        return _kafka(section)
    if kind == "remote_syslog":
        return _syslog(section)
    if kind in _CLOUDS:
        unset: Value[bool] = Value.unset(section)
        return Target(secure=unset, secure_default=True, authenticated=None, verified=unset, buffers=True)
    return None


def url_target(value: Value[str]) -> "tuple[Value[str], Value[bool], bool]":
    """Host, transport and whether there is userinfo, of a URL that stands in a setting."""
    if not value.is_set:
        return value, value.map(bool), False
    url = parse_url(value.or_else(""))
    if url is None or not url.scheme:
        return value, Value.unset(value.node), False
    scheme = url.scheme.lower()
    secure: Value[bool] = Value.of(scheme in ("https", "tls", "wss"), value.node, value.at)
    host = _host(url, value)
    return host, secure, url.password is not None


def _host(url: Url, value: Value[str]) -> Value[str]:
    if url.host_span is None or "host" in url.unresolved or not isinstance(value.node, Scalar):
        return Value.unknown(value.node, "the host is set elsewhere", value.at)
    start = value.node.text.find(url.text)
    at = value.node.part(start + url.host_span[0], start + url.host_span[1]) if start >= 0 else value.at
    return Value.of(url.host or "", value.node, at)


def given(section: Mapping, *names: str) -> Value[bool]:
    """Whether any of some settings is written and not empty: where, or unset at the section."""
    for name in names:
        value = text_of(section, name)
        if value.is_unknown or (value.is_set and value.or_else("").strip().strip("\"'")):
            return Value.of(True, value.node, value.at)
    return Value.unset(section)


def _either(*values: Value[bool]) -> Value[bool]:
    return next((value for value in values if not value.is_unset), values[0])


def _header(section: Mapping, name: str) -> Value[bool]:
    """Whether headers carry credentials."""
    value = text_of(section, name)
    if value.is_unknown or _HEADERS.search(value.or_else("")):
        return Value.of(True, value.node, value.at)
    return Value.unset(section)


def _search(section: Mapping) -> Target:
    """Elasticsearch and OpenSearch: ``scheme`` is http by default, ``hosts`` may carry URLs and wins over ``host``."""
    scheme = text_of(section, "scheme")
    secure = _encrypted(scheme, ("https",), ("http",))
    known = given(section, "user", "client_cert", "cloud_auth", "api_key")
    authenticated = _either(known, _header(section, "custom_headers"))
    hosts = [_named(host) for host in listed(text_of(section, "hosts"))]
    if sections(section, "endpoint"):  # opensearch: <endpoint> is Amazon's service, signed by an identity of the environment
        endpoint = sections(section, "endpoint")[0]
        host, safe, _ = url_target(text_of(endpoint, "url"))
        return Target(hosts=[host], secure=safe, authenticated=None, verified=Value.unset(section))
    if given(section, "cloud_id").is_set:
        cloud = given(section, "cloud_id")
        return Target(secure=cloud, authenticated=authenticated, verified=Value.unset(section))
    names: list[Value[str]] = []
    for host, safe, user in hosts:
        names.append(host)
        secure = safe if safe.is_unknown or (not safe.is_unset and (secure.is_unset or secure.value)) else secure
        if user and authenticated.is_unset:
            authenticated = Value.of(True, host.node, host.at)
        if host.is_unknown and authenticated.is_unset:
            authenticated = Value.unknown(host.node, host.reason, host.at)
    if not names and not text_of(section, "host").is_unset:
        names = [text_of(section, "host")]
    return Target(
        hosts=names, secure=secure, authenticated=authenticated, verified=switch(text_of(section, "ssl_verify"), bare=True)
    )


def _named(value: Value[str]) -> "tuple[Value[str], Value[bool], bool]":
    """An item of ``hosts``: a URL, or ``host:port`` (which says nothing of the transport)."""
    if value.is_set and "://" not in value.or_else(""):
        text = value.or_else("")
        host = text.rpartition(":")[0] if text.rpartition(":")[2].isdecimal() and ":" in text else text
        return written(host, value.node, value.at), Value.unset(value.node), False
    return url_target(value)


def _encrypted(value: Value[str], yes: tuple[str, ...], no: tuple[str, ...]) -> Value[bool]:
    """A word that chooses the transport."""
    if not value.is_set:
        return value.map(bool)
    word = value.or_else("").strip().lower()
    if word in yes or word in no:
        return Value.of(word in yes, value.node, value.at)
    return Value.unknown(value.node, f"`{word[:40]}` is none of {', '.join((*yes, *no))}", value.at)


def _forward(section: Mapping, kind: str) -> Target:
    """Fluentd's own protocol: in the clear unless ``transport tls``; a shared key or a client certificate says who is there."""
    servers = sections(section, "server")
    hosts = [text_of(server, "host") for server in servers if not text_of(server, "host").is_unset]
    security = [*sections(section, "security"), *([section] if kind == "secure_forward" else [])]
    keys = [given(one, "shared_key") for one in security] + [given(one, "shared_key", "username") for one in servers]
    authenticated = _either(given(section, "tls_client_cert_path"), *keys)
    transport = text_of(section, "transport")
    insecure = switch(text_of(section, "tls_insecure_mode"), bare=True)
    return Target(
        hosts=hosts,
        secure=_encrypted(transport, ("tls",), ("tcp",)),
        secure_default=kind == "secure_forward",
        authenticated=authenticated,
        verified=insecure.map(lambda off: not off),
    )


def _web(section: Mapping, names: tuple[str, ...], *, default: bool | None = None, verify: str) -> Target:
    """An output that is given a URL."""
    value = first_of(section, *names)
    host, secure, user = url_target(value)
    auth = sections(section, "auth")
    authenticated = _either(
        given(section, "username", "bearer_token_file", "cert", "tls_client_cert_path", "token"),
        *[given(one, "username", "method") for one in auth],
        _header(section, "headers"),
        _header(section, "custom_headers"),
    )
    if user and authenticated.is_unset:
        authenticated = Value.of(True, value.node, value.at)
    checked = text_of(section, verify)
    if verify == "tls_verify_mode":
        verified = checked.map(lambda mode: mode.strip().lower() != "none")
    else:
        verified = switch(checked, bare=True).map(lambda off: not off)
    return Target(
        hosts=[host] if not host.is_unset else [],
        secure=secure,
        secure_default=default,
        authenticated=authenticated,
        verified=verified,
    )


def _splunk(section: Mapping) -> Target:
    """Splunk's HTTP Event Collector: https by default."""
    protocol = first_of(section, "protocol", "use_ssl")
    host = first_of(section, "hec_host", "host")
    insecure = switch(text_of(section, "insecure_ssl"), bare=True)
    return Target(
        hosts=[host] if not host.is_unset else [],
        secure=_encrypted(protocol, ("https", "true"), ("http", "false")),
        secure_default=True,
        authenticated=given(section, "hec_token", "token"),
        verified=insecure.map(lambda off: not off),
    )


def _kafka(section: Mapping) -> Target:
    """Kafka: TLS with a certificate authority, credentials by SASL or a certificate. Source: fluent-plugin-kafka, README."""
    authority = given(section, "ssl_ca_cert", "ssl_ca_certs_from_system")
    names = [_named(broker)[0] for broker in listed(text_of(section, "brokers"))]
    return Target(
        hosts=names,
        secure=authority,
        authenticated=given(section, "username", "principal", "ssl_client_cert", "sasl_aws_msk_iam_access_key_id"),
        verified=switch(text_of(section, "ssl_verify_hostname"), bare=True),
    )


def _syslog(section: Mapping) -> Target:
    """Syslog knows no credentials. Source: fluent-plugin-remote_syslog, README."""
    host = text_of(section, "host")
    return Target(
        hosts=[host] if not host.is_unset else [],
        secure=switch(text_of(section, "tls"), bare=True),
        authenticated=None,
        verified=Value.unset(section),
    )

"""What Neo4j makes of its settings. Source: neo4j.com/docs, Operations Manual, "Configuration settings"."""

import re

from afscan.model.neo4j import Neo4j
from afscan.model.node import Node
from afscan.model.patterns import pattern
from afscan.model.subjects import Authentication, ConfigFile, Container
from afscan.model.value import Value
from afscan.platforms.neo4j import PLATFORM
from afscan.platforms.settings import Layered, typed

_MEMORY = pattern(r"(\d{1,12}(?:\.\d{1,6})?)\s*([kmgt]?)(?:i?b)?\Z", re.IGNORECASE)
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_CLUSTER = ("dbms.cluster.endpoints", "dbms.cluster.discovery.resolver_type", "dbms.cluster.discovery.type")


def memory(text: str) -> float | None:
    """Bytes of ``512m``, ``4G``, ``2.00GiB``: powers of 1024."""
    found = _MEMORY.match(text.strip())
    return float(found[1]) * _UNITS[found[2].lower()] if found else None


def boolean(text: str) -> bool | None:
    """Neo4j's booleans."""
    return {"true": True, "false": False}.get(text.strip().lower())


def server(
    settings: Layered, *, name: str, node: Node, container: Container | None, files: list[ConfigFile]
) -> tuple[Neo4j, Authentication]:
    """The typed server, and whether it asks for a password."""
    switch = {key: typed(settings.text(key), boolean, "true or false") for key in _SWITCHES}
    member = next((settings.by_name[key] for key in _CLUSTER if key in settings.by_name), None)
    found = Neo4j(
        name=name,
        node=node,
        platform=PLATFORM,
        product=PLATFORM,
        settings=settings.by_name,
        container=container,
        files=files,
        unread=settings.unread,
        bolt=switch["server.bolt.enabled"],
        bolt_tls=settings.text("server.bolt.tls_level").map(lambda text: text.strip().upper()),
        bolt_policy=switch["dbms.ssl.policy.bolt.enabled"],
        bolt_listen=_listen(settings, "server.bolt.listen_address"),
        http=switch["server.http.enabled"],
        http_listen=_listen(settings, "server.http.listen_address"),
        https=switch["server.https.enabled"],
        https_policy=switch["dbms.ssl.policy.https.enabled"],
        https_listen=_listen(settings, "server.https.listen_address"),
        asks=switch["dbms.security.auth_enabled"],
        cluster=Value.of(True, member.value.node, member.value.at) if member is not None else Value.unset(settings.owner),
        cluster_policy=switch["dbms.ssl.policy.cluster.enabled"],
        heap=typed(settings.text("server.memory.heap.max_size"), memory, "a size"),
        page_cache=typed(settings.text("server.memory.pagecache.size"), memory, "a size"),
        bolt_threads=settings.number("server.bolt.thread_pool_max_size"),
        concurrent_transactions=settings.number("db.transaction.concurrent.maximum"),
        query_log=settings.text("db.logs.query.enabled").map(lambda text: text.strip().upper()),
        prometheus=switch["server.metrics.prometheus.enabled"],
        unrestricted=settings.text("dbms.security.procedures.unrestricted"),
    )
    return found, _authentication(settings, found)


_SWITCHES = (
    "server.bolt.enabled",
    "dbms.ssl.policy.bolt.enabled",
    "server.http.enabled",
    "server.https.enabled",
    "dbms.ssl.policy.https.enabled",
    "dbms.security.auth_enabled",
    "dbms.ssl.policy.cluster.enabled",
    "server.metrics.prometheus.enabled",
)


def _listen(settings: Layered, name: str) -> Value[str]:
    """Where a connector listens. ``:7687`` means the default address with another port."""
    own, default = settings.text(name), settings.text("server.default_listen_address")
    if own.is_unset or (own.is_set and own.or_else("").startswith(":")):
        return default
    return own


def host_of(listen: str) -> str:
    """The host of a listen address: ``127.0.0.1:7687``, ``[::1]:7687``, ``0.0.0.0``."""
    if listen.startswith("["):
        return listen[1:].partition("]")[0]
    host, colon, port = listen.rpartition(":")
    return host if colon and port.isdecimal() and ":" not in host else listen


def _authentication(settings: Layered, found: Neo4j) -> Authentication:
    asks = found.asks
    if asks.is_set and asks.value is False:
        required, how = Value.of(False, asks.node, asks.at), "`dbms.security.auth_enabled` is false"
    elif asks.is_set:
        required, how = Value.of(True, asks.node, asks.at), "`dbms.security.auth_enabled` is true"
    elif asks.is_unknown:
        required, how = Value.unknown(asks.node, asks.reason, asks.at), asks.reason
    else:
        required, how = Value.of(True, settings.owner), "Neo4j asks for a password by default"
    return Authentication(
        name=found.name,
        node=required.node,
        platform=PLATFORM,
        product=PLATFORM,
        required=required,
        how=how,
        container=found.container,
    )

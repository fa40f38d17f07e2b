"""Products behind URLs, by scheme, and the user names that each ships as all-powerful."""

import re

from afscan.platforms.secrets.names import split_words
from afscan.platforms.urls.parse import Url

_PRODUCTS = {
    "postgres": "postgres postgresql pgsql pg postgis cockroachdb cockroach timescaledb redshift pgbouncer",
    "mysql": "mysql mysqlx mysql2 mariadb aurora",
    "mongodb": "mongodb",
    "redis": "redis rediss valkey valkeys redis-sentinel",
    "neo4j": "neo4j bolt",
    "amqp": "amqp amqps rabbitmq pyamqp",
    "mssql": "mssql sqlserver",
    "oracle": "oracle",
    "clickhouse": "clickhouse clickhouses clickhousedb ch",
    "elasticsearch": "elasticsearch es opensearch",
    "cassandra": "cassandra scylla scylladb",
    "couchbase": "couchbase couchbases",
    "kafka": "kafka plaintext sasl_plaintext sasl_ssl",
    "nats": "nats",
    "memcached": "memcached memcache",
    "ldap": "ldap ldaps",
    "smtp": "smtp smtps",
    "mqtt": "mqtt mqtts",
    "ftp": "ftp ftps",
    "trino": "trino presto",
    "qdrant": "qdrant",
    "http": "http https h2c",
    "ws": "ws wss",
    "grpc": "grpc grpcs",
    "tcp": "tcp tls ssl",
    "stomp": "stomp",
    "git": "git",
    "telnet": "telnet",
    "unix": "unix",
}
BY_SCHEME = {scheme: product for product, schemes in _PRODUCTS.items() for scheme in schemes.split()}
"""The product of each scheme that is a network protocol of its own."""

SUPERUSERS: dict[str, frozenset[str]] = {
    "postgres": frozenset(("postgres",)),
    "mysql": frozenset(("root",)),
    "redis": frozenset(("default",)),
    "neo4j": frozenset(("neo4j",)),
    "mssql": frozenset(("sa",)),
    "mongodb": frozenset(("root", "admin")),
    "amqp": frozenset(("guest",)),
    "elasticsearch": frozenset(("elastic",)),
    "clickhouse": frozenset(("default",)),
    "cassandra": frozenset(("cassandra",)),
    "oracle": frozenset(("sys", "system")),
}
"""Per product the user names that it ships as all-powerful, from each product's documentation; the keys are the databases."""

_WEB_PRODUCTS = (
    "qdrant",
    "elasticsearch",
    "opensearch",
    "weaviate",
    "milvus",
    "chroma",
    "clickhouse",
    "influxdb",
    "couchdb",
    "neo4j",
    "vault",
    "prometheus",
    "loki",
    "consul",
    "etcd",
)
_WEB_PORTS = {6333: "qdrant", 6334: "qdrant", 9200: "elasticsearch", 8123: "clickhouse", 7474: "neo4j", 8086: "influxdb"}


def base_of(url: Url) -> tuple[str, frozenset[str]]:
    """A scheme without ``jdbc:`` and driver, and what followed its ``+``: ``redis+sentinel`` is ("redis", {"sentinel"})."""
    scheme = url.scheme.removeprefix("jdbc:").partition(":")[0]
    base, *rest = scheme.split("+")
    return base, frozenset(rest)


def product_of_url(url: Url, name: str = "") -> str | None:
    """The product behind a URL: ``postgres``, ``redis``, ``http``...; over HTTP a datastore where name, host or port tell."""
    base, extras = base_of(url)
    product = BY_SCHEME.get(base)
    if base in ("sentinel", "cluster") or "redis" in extras:
        return "redis"
    if product in ("http", "grpc", "tcp"):
        words = {*split_words(name), *re.split(r"[^a-z0-9]+", url.host.lower().partition(".")[0])}
        for candidate in _WEB_PRODUCTS:
            if candidate in words:
                return candidate
        return _WEB_PORTS.get(url.port or 0, product)
    return product

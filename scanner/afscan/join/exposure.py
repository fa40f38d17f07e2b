"""What must not be reached from outside the platform: containers, and ports that tell what is behind them."""

from afscan.model.stack import Stack
from afscan.model.subjects import Container, PublishedPort, Service, Workload
from afscan.platforms.images import facts_of_product, product_of
from afscan.platforms.urls import is_any_address, is_loopback

KEY = "exposure"

_FOR_DEVICES = frozenset(("mosquitto",))
"""Brokers whose clients are devices out in the world: to be reached is their purpose."""

DATASTORE_PORTS = {
    1433: "SQL Server",
    1521: "Oracle",
    2379: "etcd",
    2380: "etcd",
    3306: "MySQL",
    5432: "PostgreSQL",
    5984: "CouchDB",
    6333: "Qdrant",
    6334: "Qdrant",
    6379: "Redis",
    6380: "Redis",
    6432: "PgBouncer",
    7473: "Neo4j",
    7474: "Neo4j",
    7687: "Neo4j",
    8086: "InfluxDB",
    9042: "Cassandra",
    9200: "Elasticsearch",
    9300: "Elasticsearch",
    11211: "memcached",
    16379: "Redis",
    26257: "CockroachDB",
    26379: "Redis",
    27017: "MongoDB",
    27018: "MongoDB",
    27019: "MongoDB",
    33060: "MySQL",
}
"""Ports of datastores by their products' documentation: nothing else of note listens there."""

ADMINISTRATION_PORTS = {
    22: "SSH",
    23: "Telnet",
    135: "Windows RPC",
    139: "NetBIOS",
    445: "SMB",
    2375: "Docker",
    2376: "Docker",
    3389: "RDP",
    5601: "Kibana",
    5900: "VNC",
    5985: "WinRM",
    5986: "WinRM",
    6443: "Kubernetes API",
    9090: "Prometheus",
    9092: "Kafka",
    9093: "Alertmanager",
    9100: "node exporter",
    10250: "kubelet",
    10255: "kubelet",
    15672: "RabbitMQ management",
}
"""Ports by which machines and platforms are administered, watched or fed."""


def internal_service(container: Container) -> str | None:
    """What internal service a container is, in words for a message (``datastore postgres``); None where it is none that is known.

    Datastores, queues, caches, metrics and administration interfaces are, by what is known of their products. A client that runs
    from a datastore's image (a backup job) is none.
    """
    product = product_of(container)
    facts = facts_of_product(product) if product is not None else None
    if facts is None or product in _FOR_DEVICES:
        return None
    if facts.datastore:
        return f"datastore {product}"
    return f"internal service {product}" if facts.internal else None


def internal_workload(service: Service, stack: Stack) -> tuple[Workload, str] | None:
    """The first workload behind a Service that is internal, and what it is; looked up once for all Services of one selector."""
    known: dict[int, tuple[Workload, str] | None] = stack.joined.setdefault(KEY, {})
    key = id(service.selects)
    if key not in known:
        known[key] = next(
            ((w, what) for w in service.selects for c in w.containers if c.role != "init" and (what := internal_service(c))), None
        )
    return known[key]


def is_private_address(address: str) -> bool:
    """Whether an address is none of the internet's: private, shared (100.64/10), link-local, loopback. False for names."""
    from ipaddress import ip_address  # noqa: PLC0415 - 2 ms, and few files bind to addresses

    try:
        found = ip_address(address.strip().strip("[]").partition("%")[0])
    except ValueError:
        return False
    return not found.is_global and not found.is_unspecified


def published_where(port: PublishedPort) -> str | None:
    """Where a published port is open, for a message; None where only the machine itself or a private network reaches it.

    Ask first whether ``host_ip`` is known.
    """
    text = port.host_ip.or_else("")
    if not text or is_any_address(text):
        return "all interfaces of the host"
    return None if is_loopback(text) or is_private_address(text) else f"the host's address {text}"

"""Managed services by their host names, and by the expressions of Terraform that take their addresses.

Sources: Amazon RDS and ElastiCache user guides (how the names of endpoints are made); for other clouds see the table.
"""

import re

from afscan.model.node import Opaque, Scalar
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource
from afscan.model.value import Value

KEY = "managedhosts"

_ATTRIBUTE = re.compile(
    r"\b((?:aws|google|azurerm)_[a-z0-9_]{1,80})\.([\w-]{1,200})(?:\[[^\][]{0,80}\])?\."
    r"(?:address|endpoint|reader_endpoint|private_ip_address|public_ip_address|ip_address|dns_name|host|hostname|fqdn|"
    r"configuration_endpoint_address|primary_endpoint_address|configuration_endpoint|cache_nodes)\b"
)
_RDS = (".rds.amazonaws.com", ".rds.amazonaws.com.cn")
_CACHE = (".cache.amazonaws.com", ".cache.amazonaws.com.cn")
_SERVICES = {
    ".rds.amazonaws.com": "Amazon RDS",
    ".cache.amazonaws.com": "Amazon ElastiCache",
    ".es.amazonaws.com": "Amazon OpenSearch",
    ".docdb.amazonaws.com": "Amazon DocumentDB",
    ".mq.amazonaws.com": "Amazon MQ",
    ".memorydb.amazonaws.com": "Amazon MemoryDB",
    ".neptune.amazonaws.com": "Amazon Neptune",
    ".redshift.amazonaws.com": "Amazon Redshift",
    ".postgres.database.azure.com": "Azure Database for PostgreSQL",
    ".mysql.database.azure.com": "Azure Database for MySQL",
    ".redis.cache.windows.net": "Azure Cache for Redis",
    ".documents.azure.com": "Azure Cosmos DB",
    ".databases.neo4j.io": "Neo4j AuraDB",
    ".cloud.qdrant.io": "Qdrant Cloud",
}
"""Ends of the host names under which clouds offer datastores, from their own documentation."""


@record(slots=True)
class _Index:
    """``resources``: by family ("" for full names) and name; ``addresses``: by type and name, None where two modules have one."""

    resources: dict[tuple[str, str], ManagedResource] = field(default_factory=dict)
    addresses: dict[str, ManagedResource | None] = field(default_factory=dict)


def resource_called(stack: Stack, name: str) -> ManagedResource | None:
    """The resource of the stack that a host name (in lower case) means."""
    resources = _index(stack).resources
    labels = name.split(".")
    found = None
    if name.endswith(_RDS) and not labels[1].startswith("cluster-custom-"):
        found = resources.get(("proxy" if is_proxy_host(name) else "database", labels[0]))
    elif name.endswith(_CACHE):
        found = next((one for label in labels[:2] if (one := resources.get(("cache", label)))), None)
    return found or resources.get(("", name))


def cloud_of(name: str) -> str | None:
    """The cloud's service to which a host name belongs; None for any other name."""
    return next((what for end, what in _SERVICES.items() if name.endswith((end, f"{end}.cn"))), None)


def is_proxy_host(name: str) -> bool:
    """Whether a host is an RDS Proxy by its name: ``<proxy>.proxy-<id>.<region>.rds.amazonaws.com``."""
    return name.endswith(_RDS) and name.split(".")[1].startswith("proxy-")


def referenced(stack: Stack, host: Value[str]) -> ManagedResource | None:
    """The resource whose address an expression of Terraform takes: ``aws_db_instance.main.address``."""
    node = host.node
    for text in (host.reason, node.text if isinstance(node, Opaque | Scalar) else ""):
        match = _ATTRIBUTE.search(text[:10_000])
        if match is not None:
            return _index(stack).addresses.get(f"{match[1]}.{match[2]}")
    return None


def _index(stack: Stack) -> _Index:
    if KEY not in stack.joined:
        index = stack.joined[KEY] = _Index()
        for resource in stack.of(ManagedResource):
            if resource.kind == "aws_rds_cluster_instance":
                continue  # a part of its cluster, whose name it does not share
            for endpoint in resource.endpoints:
                index.resources.setdefault((_family(resource), endpoint.lower()), resource)
                index.resources.setdefault(("", endpoint.lower()), resource)
            address = ".".join(resource.name.split(".")[-2:])
            # Two modules may each have one of this name: then a reference does not tell which.
            index.addresses[address] = None if address in index.addresses else resource
    found = stack.joined[KEY]
    assert isinstance(found, _Index)
    return found


def _family(resource: ManagedResource) -> str:
    if resource.kind == "aws_db_proxy":
        return "proxy"
    return "cache" if resource.kind.startswith("aws_elasticache") else "database"

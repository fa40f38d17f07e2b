"""SEC408: security groups open to the internet."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import SecurityGroupRule
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_PUBLIC = frozenset((80, 443))
"""Ports that a public web service opens to everybody on purpose."""

_KNOWN = {
    22: "SSH",
    1433: "SQL Server",
    2379: "etcd",
    3306: "MySQL",
    3389: "RDP",
    5432: "PostgreSQL",
    5601: "Kibana",
    6333: "Qdrant",
    6379: "Redis",
    6432: "PgBouncer",
    7474: "Neo4j",
    7687: "Neo4j",
    9090: "Prometheus",
    9092: "Kafka",
    9200: "Elasticsearch",
    11211: "memcached",
    27017: "MongoDB",
}


@rule("SEC408", severity=Severity.HIGH, tags=("CWE-284",))
def security_group_open(ingress: SecurityGroupRule, stack: Stack) -> Iterator[Problem]:
    """Security group is open to the internet.

    A rule that admits 0.0.0.0/0 or ::/0 to anything but the ports of a public web service is found by scanners within
    minutes. Databases and administration ports belong behind a private network or a bastion.

    ## Fix
    - Any: admit the security group or the network of those who need it, not `0.0.0.0/0`.
    """
    world = next((c for c in ingress.cidrs if c.is_set and _is_world(c.or_else(""))), None)
    if world is None:
        doubtful = next((c for c in ingress.cidrs if c.is_unknown), None)
        if doubtful is not None:
            yield unknown(doubtful.place, f"Whom {ingress.name} admits is not known: {doubtful.reason}.")
        elif not ingress.cidrs:
            yield NOT_APPLICABLE  # admits security groups or prefix lists only
        return
    doubtful_port = next((v for v in (ingress.protocol, ingress.from_port, ingress.to_port) if v.is_unknown), None)
    if doubtful_port is not None:
        yield unknown(doubtful_port.place, f"Which ports {ingress.name} opens to the internet is not known: {doubtful_port.reason}.")
        return
    if ingress.protocol.or_else("") in ("icmp", "icmpv6", "1", "58"):
        yield NOT_APPLICABLE  # types and codes, no ports
        return
    ports = _ports(ingress)
    if ports is None:
        yield fail(world.place, f"{ingress.name} opens every port to the internet.")
    elif ports[0] == ports[1] and ports[0] in _PUBLIC:
        return
    else:
        names = sorted({name for port, name in _KNOWN.items() if ports[0] <= port <= ports[1]})
        text = f"port {ports[0]}" if ports[0] == ports[1] else f"ports {ports[0]} to {ports[1]}"
        known = f" ({', '.join(names)})" if names else ""
        yield fail(world.place, f"{ingress.name} opens {text}{known} to the internet.")


def _is_world(cidr: str) -> bool:
    return cidr.strip().endswith("/0")


def _ports(ingress: SecurityGroupRule) -> tuple[int, int] | None:
    """First and last port; None for all of them."""
    if ingress.protocol.or_else("-1") in ("-1", "all"):
        return None
    first, last = ingress.from_port.or_else(0), ingress.to_port.or_else(ingress.from_port.or_else(65535))
    return None if first <= 0 and last in (0, -1, 65535) else (first, last)

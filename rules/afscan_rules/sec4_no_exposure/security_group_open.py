"""SEC408: security groups open to the internet."""

from collections.abc import Iterator

from afscan.join.exposure import ADMINISTRATION_PORTS, DATASTORE_PORTS
from afscan.model.stack import Stack
from afscan.model.subjects import SecurityGroupRule
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_PUBLIC = {
    "tcp": frozenset((25, 53, 80, 443, 465, 587, 853, 993, 995, 3478, 5349, 8443, 8883)),
    "udp": frozenset((53, 443, 500, 1194, 3478, 4500, 5349, 51820)),
}
"""Ports that a service opens to everybody on purpose: web, mail, DNS, VPN, TURN, MQTT over TLS (IANA's registry)."""

_NAMED = {**ADMINISTRATION_PORTS, **DATASTORE_PORTS}
_NAMES_SHOWN = 4


@rule("SEC408", severity=Severity.HIGH, tags=("CWE-284",))
def security_group_open(ingress: SecurityGroupRule, stack: Stack) -> Iterator[Problem]:
    """Security group is open to the internet.

    A rule that admits 0.0.0.0/0 or ::/0 to anything but the ports of a public service is found by scanners within minutes.
    Databases and administration ports belong behind a private network or a bastion. A single port that is neither known as
    public nor as internal counts as medium.

    ## Fix
    - Terraform: admit the security group (`security_groups`, `referenced_security_group_id`) or the network of those who
      need it, not `0.0.0.0/0`.
    - Any: admit the network of those who need it, not `0.0.0.0/0`.
    """
    if not ingress.cidrs or ingress.protocol.or_else("") in ("icmp", "icmpv6", "1", "58"):
        yield NOT_APPLICABLE  # admits security groups or prefix lists only, or no ports at all
        return
    doubtful_port = next((v for v in (ingress.protocol, ingress.from_port, ingress.to_port) if v.is_unknown), None)
    ports = _ports(ingress)
    if doubtful_port is None and ports is not None and _public(ingress, ports):
        return
    world = next((c for c in ingress.cidrs if c.is_set and _is_world(c.or_else(""))), None)
    doubtful = next((c for c in ingress.cidrs if c.is_unknown), None)
    if world is None:
        if doubtful is not None:
            yield unknown(doubtful.place, f"Whom {ingress.name} admits is not known: {doubtful.reason}.")
    elif doubtful_port is not None:
        text = f"Which ports {ingress.name} opens to the internet is not known: {doubtful_port.reason}."
        yield unknown(doubtful_port.place, text)
    elif ports is None:
        yield fail(world.place, f"{ingress.name} opens every port to the internet.")
    else:
        names = sorted({name for port, name in _NAMED.items() if ports[0] <= port <= ports[1]})
        text = f"port {ports[0]}" if ports[0] == ports[1] else f"ports {ports[0]} to {ports[1]}"
        known = f" ({', '.join(names[:_NAMES_SHOWN])}{', ...' if len(names) > _NAMES_SHOWN else ''})" if names else ""
        severity = Severity.HIGH if names or ports[0] != ports[1] else Severity.MEDIUM
        yield fail(world.place, f"{ingress.name} opens {text}{known} to the internet.", severity=severity)


def _is_world(cidr: str) -> bool:
    """Whether a network is the internet, or one of its halves."""
    return cidr.strip().endswith(("/0", "/1"))


def _public(ingress: SecurityGroupRule, ports: tuple[int, int]) -> bool:
    return ports[0] == ports[1] and ports[0] in _PUBLIC.get(ingress.protocol.or_else(""), frozenset())


def _ports(ingress: SecurityGroupRule) -> tuple[int, int] | None:
    """First and last port; None for all of them."""
    if ingress.protocol.or_else("-1") in ("-1", "all"):
        return None
    first, last = ingress.from_port.or_else(0), ingress.to_port.or_else(ingress.from_port.or_else(65535))
    return None if first <= 0 and last in (0, -1, 65535) else (first, last)

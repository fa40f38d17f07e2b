"""Ingress rules of security groups and firewalls.

Sources: AWS provider, "aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_ingress_rule"; Google provider,
"google_compute_firewall".
"""

from afscan.model.node import Node
from afscan.model.subjects import SecurityGroupRule
from afscan.model.value import Value
from afscan.platforms.terraform.body import Body

_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}


def read_firewall(kind: str, name: str, body: Body) -> None:
    """Emit the ingress rules that a resource declares; other resource types have none."""
    if kind in ("aws_security_group", "aws_default_security_group"):
        for number, block in enumerate(body.blocks("ingress")):
            _rule(f"{name}, ingress {number + 1}", block, "protocol", ("cidr_blocks", "ipv6_cidr_blocks"))
        unread = body.unread("ingress")
        if unread is not None:
            _emit(f"{name}, ingress", body, unread, (unread, unread), [unread], node=unread.node)
    elif kind == "aws_security_group_rule":
        if body.text("type").or_else("") == "ingress":
            _rule(name, body, "protocol", ("cidr_blocks", "ipv6_cidr_blocks"))
    elif kind == "aws_vpc_security_group_ingress_rule":
        _rule(name, body, "ip_protocol", ("cidr_ipv4", "cidr_ipv6"))
    elif kind == "google_compute_firewall":
        _google(name, body)


def _rule(name: str, body: Body, protocol: str, sources: tuple[str, str]) -> None:
    cidrs = [cidr for source in sources for cidr in body.strings(source)]
    _emit(name, body, body.text(protocol), (body.integer("from_port"), body.integer("to_port")), cidrs)


def _emit(
    name: str,
    body: Body,
    protocol: Value[str],
    ports: "tuple[Value[int] | Value[str], Value[int] | Value[str]]",
    cidrs: list[Value[str]],
    *,
    node: Node | None = None,
) -> None:
    """Emit a rule at ``node``, by default at the block. Where every protocol is let in, ports mean nothing."""
    protocol = protocol.map(lambda text: _PROTOCOLS.get(text.lower(), text.lower()))
    if protocol.value == "-1":
        ports = (Value.unset(body.node), Value.unset(body.node))
    body.out.subjects.append(
        SecurityGroupRule(
            name=name,
            node=body.node if node is None else node,
            platform="terraform",
            protocol=protocol,
            from_port=ports[0].map(int),
            to_port=ports[1].map(int),
            cidrs=cidrs,
        )
    )


def _google(name: str, body: Body) -> None:
    """One rule per ``allow`` block and port range. Without ``direction`` a firewall is for ingress."""
    if body.text("direction").or_else("INGRESS") != "INGRESS" or body.boolean("disabled").value is True:
        return
    cidrs = body.strings("source_ranges")
    for number, allow in enumerate(body.blocks("allow")):
        title, protocol = f"{name}, allow {number + 1}", allow.text("protocol")
        ranges = allow.strings("ports")
        if not ranges:
            unset: Value[int] = Value.unset(allow.node)
            _emit(title, allow, protocol, (unset, unset), cidrs)
        for ports in ranges:
            first, _, last = ports.or_else("").partition("-")
            if ports.is_set and not all(part.isdecimal() and len(part) < 6 for part in (first, last or first)):
                ports = Value.unknown(ports.node, "this is no port range", ports.at)
            low = ports.map(lambda _, first=first: int(first))  # type: ignore[misc]
            high = ports.map(lambda _, last=last or first: int(last))  # type: ignore[misc]
            _emit(f"{title}, {ports.or_else('?')}", allow, protocol, (low, high), cidrs)

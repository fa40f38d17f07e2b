"""Ingress rules of security groups and firewalls.

Sources: AWS provider, "aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_ingress_rule"; Google provider,
"google_compute_firewall".
"""

import re

from afscan.model.node import Node, Opaque
from afscan.model.subjects import SecurityGroupRule
from afscan.model.value import Value
from afscan.platforms.terraform.body import Body
from afscan.platforms.terraform.references import reference
from afscan.platforms.terraform.resolved import at
from afscan.platforms.terraform.results import Known, Result

_OWN_RANGE = re.compile(r"[\w.\[\]*\"-]*\b(?:aws_vpc|aws_subnet|module)\.[\w.\[\]*\"-]*cidr_blocks?(?:\[[0-9*]+\])?\Z")
"""A reference to the range of a VPC or subnet, at most a /16 (Amazon VPC user guide, "VPC CIDR blocks")."""

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
    cidrs = [cidr for source in sources for cidr in _networks(body, source)]
    _emit(name, body, body.text(protocol), (body.integer("from_port"), body.integer("to_port")), cidrs)


def _networks(body: Body, name: str) -> list[Value[str]]:
    """The networks that an argument names: ``each.value`` stands for all of ``for_each``; a VPC's own range is no outsider."""
    found: list[Value[str]] = []
    for cidr in body.strings(name):
        instances = _instances(body, cidr.node) if cidr.is_unknown else None
        if instances is not None:
            found += instances
        elif not (cidr.is_unknown and isinstance(cidr.node, Opaque) and _OWN_RANGE.match(cidr.node.text)):
            found.append(cidr)
    return found


def _instances(body: Body, node: Node) -> list[Value[str]] | None:
    """What ``each.key``, ``each.value`` or a field of it is in each instance; None where that is not known of all."""
    found = reference(node)
    if found is None or found[0] != "each" or found[1][:1] not in (["key"], ["value"]):
        return None
    each = body.result("for_each")
    if not isinstance(each, Known) or not isinstance(each.value, dict | list):
        return None
    results: list[Result] = list(each.value.values() if isinstance(each.value, dict) else each.value)
    if found[1] == ["key"] and isinstance(each.value, dict):
        results = [Known(key, node) for key in each.value]
    for step in found[1][1:]:
        below = [one.value.get(step) for one in results if isinstance(one, Known) and isinstance(one.value, dict)]
        results = [one for one in below if one is not None]
    texts = [one.value for one in results if isinstance(one, Known) and isinstance(one.value, str)]
    return [Value("set", text, node, "", at(node)) for text in texts] if len(texts) == len(each.value) else None


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

"""The registry's security group module: rules by name, and rules with networks of their own.

Source: registry.terraform.io/modules/terraform-aws-modules/security-group/aws, inputs ``ingress_rules`` with ``ingress_cidr_blocks`` and
``ingress_with_cidr_blocks``, and the names in its ``rules.tf``, of which those are here that rules ask for.
"""

from afscan.model.node import Scalar
from afscan.model.subjects import SecurityGroupRule
from afscan.model.value import Value
from afscan.platforms.terraform.body import Body

_PORTS = {
    "all-tcp": (0, 65535),
    "cassandra-clients-tcp": (9042, 9042),
    "elasticsearch-java-tcp": (9300, 9300),
    "elasticsearch-rest-tcp": (9200, 9200),
    "etcd-client-tcp": (2379, 2379),
    "http-80-tcp": (80, 80),
    "http-8080-tcp": (8080, 8080),
    "https-443-tcp": (443, 443),
    "https-8443-tcp": (8443, 8443),
    "kafka-broker-tcp": (9092, 9092),
    "kubernetes-api-tcp": (6443, 6443),
    "memcached-tcp": (11211, 11211),
    "mongodb-27017-tcp": (27017, 27017),
    "mssql-tcp": (1433, 1433),
    "mysql-tcp": (3306, 3306),
    "nfs-tcp": (2049, 2049),
    "oracle-db-tcp": (1521, 1521),
    "postgresql-tcp": (5432, 5432),
    "prometheus-http-tcp": (9090, 9090),
    "rabbitmq-5672-tcp": (5672, 5672),
    "rdp-tcp": (3389, 3389),
    "redis-tcp": (6379, 6379),
    "redshift-tcp": (5439, 5439),
    "ssh-tcp": (22, 22),
}
"""Ports, from and to, by the name of a rule."""

_Ports = tuple[Value[str], Value[int], Value[int]]


def read_group_module(name: str, body: Body) -> None:
    """Emit the ingress rules that a call of the module asks for."""
    everywhere = body.strings("ingress_cidr_blocks") + body.strings("ingress_ipv6_cidr_blocks")
    for rule in body.strings("ingress_rules"):
        _emit(f"{name}, {rule.or_else('?')}", body, _named(rule), everywhere)
    for argument, key in (("ingress_with_cidr_blocks", "cidr_blocks"), ("ingress_with_ipv6_cidr_blocks", "ipv6_cidr_blocks")):
        for number, block in enumerate(body.blocks(argument)):
            written, named = block.text(key), block.text("rule")
            ports = (block.text("protocol"), block.integer("from_port"), block.integer("to_port"))
            if ports[1].is_unset and not named.is_unset:
                ports = _named(named)
            _emit(f"{name}, {argument} {number + 1}", block, ports, everywhere if written.is_unset else _split(written))


def _split(written: Value[str]) -> list[Value[str]]:
    """A list in one string, separated by commas."""
    if not written.is_set:
        return [written]
    return [Value.of(part.strip(), written.node, written.at) for part in written.or_else("").split(",")]


def _named(rule: Value[str]) -> _Ports:
    """Protocol and ports of a rule by its name; unknown where the name is not in the table."""
    name = rule.or_else("")
    if name == "all-all":
        return Value.of("-1", rule.node, rule.at), Value.unset(rule.node), Value.unset(rule.node)
    known = _PORTS.get(name)
    if known is None:
        reason = rule.reason or f"what the rule `{name[:40]}` opens is not known"
        unknown: Value[int] = Value.unknown(rule.node, reason, rule.at)
        return Value.unknown(rule.node, reason, rule.at), unknown, unknown
    return Value.of("tcp", rule.node, rule.at), Value.of(known[0], rule.node, rule.at), Value.of(known[1], rule.node, rule.at)


def _emit(name: str, body: Body, ports: _Ports, cidrs: list[Value[str]]) -> None:
    protocol = ports[0].map(lambda text: {"6": "tcp", "17": "udp", "all": "-1"}.get(text.lower(), text.lower()))
    node = ports[1].node if isinstance(ports[1].node, Scalar) else body.node
    body.out.subjects.append(
        SecurityGroupRule(
            name=name, node=node, platform="terraform", protocol=protocol, from_port=ports[1], to_port=ports[2], cidrs=cidrs
        )
    )

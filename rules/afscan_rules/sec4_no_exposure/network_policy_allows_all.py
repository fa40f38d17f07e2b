"""SEC405: network policies with a rule that lets everybody through."""

from collections.abc import Iterator

from afscan.join.exposure import DATASTORE_PORTS
from afscan.join.policies import named_ports
from afscan.model.place import Place
from afscan.model.stack import Stack
from afscan.model.subjects import NetworkPolicy, PolicyPeer, PolicyRule
from afscan.policy import Problem, Severity, fail, rule, unknown


@rule("SEC405", severity=Severity.MEDIUM, tags=("CWE-284",))
def network_policy_allows_all(policy: NetworkPolicy, stack: Stack) -> Iterator[Problem]:
    """Network policy allows everything.

    Policies add up: one rule without peers, or with a peer that is everybody, undoes all the others for its ports. An absent or
    empty `from` or `to` is not nobody but everywhere. For DNS, or for HTTPS to public services, everywhere is what is meant; for
    all ports, or for a datastore's, it is not.

    ## Fix
    - Kubernetes, Terraform: name the peers with `podSelector` and `namespaceSelector` (or an `ipBlock` with `except`), and the ports.
    """
    rules = [(one, "from") for one in policy.ingress or ()] + [(one, "to") for one in policy.egress or ()]
    if not rules:
        return  # it allows nothing
    for one, way in rules:
        everybody = _everybody(one, way)
        if everybody is None:
            yield from _unread(policy, one, way)
            continue
        place, who = everybody
        ports = _ports(one, policy, stack)
        if ports is None:
            reason = next((port.reason for port in one.ports or () if port.is_unknown), "they cannot be read")
            yield unknown(place, f"{policy.name} allows traffic {way} {who}; on which ports is not known: {reason}.")
        elif ports:
            yield fail(place, f"{policy.name} allows traffic {way} {who} on {ports}.")


def _everybody(one: PolicyRule, way: str) -> tuple[Place, str] | None:
    """What makes a rule mean everybody, and who that is; None where it does not."""
    if one.peers is None:
        return one.node.head, f"everywhere (the rule has no `{way}`, or an empty one)"
    for peer in one.peers:
        if peer.cidr is not None and peer.cidr.or_else("").strip() in ("0.0.0.0/0", "::/0") and not peer.excepted:
            return peer.cidr.place, f"every address (`{peer.cidr.value}` without `except`)"
        if way == "from" and _every_pod(peer):
            return peer.node.head, "every pod of every namespace"
    return None


def _every_pod(peer: PolicyPeer) -> bool:
    return peer.cidr is None and not peer.unknown and peer.namespaces == {} and not peer.pods


def _unread(policy: NetworkPolicy, one: PolicyRule, way: str) -> Iterator[Problem]:
    """Where an address is not known, the rule may mean everybody: said where it would matter."""
    peer = next((p for p in one.peers or () if p.cidr is not None and p.cidr.is_unknown and not p.excepted), None)
    if peer is not None and peer.cidr is not None and one.ports is None:
        yield unknown(peer.cidr.place, f"Which addresses {policy.name} allows traffic {way} is not known: {peer.cidr.reason}.")


def _ports(one: PolicyRule, policy: NetworkPolicy, stack: Stack) -> str | None:
    """The ports that must not be open to everybody, for a message; empty where there are none, None where it is not known."""
    if one.ports is None:
        return "every port"
    unknown_port = False
    for port, protocol in zip(one.ports, [*one.protocols, *["tcp"] * len(one.ports)]):
        if port.is_unknown:
            unknown_port = True
        elif port.is_unset:
            if protocol == "tcp":
                return "every TCP port"
        elif protocol == "tcp" and (found := _datastore(port.value, policy, stack)) is not None:
            return f"port {port.value} ({DATASTORE_PORTS[found]})"
    return None if unknown_port else ""


def _datastore(port: int | str | None, policy: NetworkPolicy, stack: Stack) -> int | None:
    """The first datastore's port that a number, range or name means."""
    if isinstance(port, int):
        return port if port in DATASTORE_PORTS else None
    first, dash, last = str(port).partition("-")
    if dash and first.isdecimal() and last.isdecimal():
        return next((number for number in DATASTORE_PORTS if int(first) <= number <= int(last)), None)
    return next((number for number in named_ports(stack, policy, str(port)) if number in DATASTORE_PORTS), None)

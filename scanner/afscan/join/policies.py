"""NetworkPolicies: which of them hold for a workload, and whom their rules let through.

Policies add up: a pod that any policy selects for a direction is cut off in it, except for what the rules of all of them
allow. Whatever is not evaluated (expressions, labels of namespaces other than their name) counts as letting through: the
answers here are "certainly not" or "perhaps". Source: Kubernetes documentation, "Network Policies".
"""

from collections import defaultdict
from collections.abc import Iterator

from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import NetworkPolicy, PolicyPeer, PolicyRule, Workload, labels_match
from afscan.model.value import Value

KEY = "policies"
_NAMESPACE = "kubernetes.io/metadata.name"


@record(slots=True)
class Policies:
    """The policies of a stack by namespace: by one label of their selectors, and those that ask for no label with its value.

    ``anywhere`` are those of all namespaces that cut off ingress, by that label, or None.
    """

    labelled: dict[tuple[str, str, str], list[NetworkPolicy]] = field(default_factory=lambda: defaultdict(list))
    others: dict[str, list[NetworkPolicy]] = field(default_factory=lambda: defaultdict(list))
    anywhere: dict[tuple[str, str] | None, list[NetworkPolicy]] = field(default_factory=lambda: defaultdict(list))


@record(slots=True)
class Isolation:
    """One direction of a workload that is cut off by ``policies``; ``perhaps`` may hold for it as well, and allow more."""

    policies: list[NetworkPolicy]
    perhaps: list[NetworkPolicy]
    ingress: bool

    def rules(self) -> Iterator[tuple[NetworkPolicy, PolicyRule]]:
        """Every rule that lets something through."""
        for policy in (*self.policies, *self.perhaps):
            for one in (policy.ingress if self.ingress else policy.egress) or ():
                yield policy, one

    @property
    def closest(self) -> NetworkPolicy:
        """The policy to point at: one that selects the workload by its labels before one for the whole namespace."""
        return max(self.policies, key=lambda policy: (bool(policy.pods), bool(policy.ingress if self.ingress else policy.egress)))


def isolation(stack: Stack, workload: Workload, *, ingress: bool) -> Isolation | None:
    """How a workload is cut off in one direction; None where nothing does for certain."""
    certain: list[NetworkPolicy] = []
    perhaps: list[NetworkPolicy] = []
    for policy in _candidates(_index(stack), workload):
        rules = policy.ingress if ingress else policy.egress
        if rules is not None and labels_match(policy.pods, workload.labels):
            (perhaps if policy.unknown_selector else certain).append(policy)
    return Isolation(certain, perhaps, ingress) if certain else None


def perhaps_isolating(stack: Stack, workload: Workload, unwritten: str) -> NetworkPolicy | None:
    """A policy that may cut off ingress to a workload: by expressions that are not evaluated, or where one of both names no namespace
    (and so reads as ``unwritten``). None where none does; ask :func:`isolation` first."""
    index = _index(stack)
    own = (workload.namespace, unwritten)
    for label in (*workload.labels.items(), None):
        for policy in index.anywhere.get(label, ()):
            placed = workload.namespace == unwritten or policy.namespace in own
            if placed and labels_match(policy.pods, workload.labels):
                return policy
    return None


def named_ports(stack: Stack, policy: NetworkPolicy, name: str) -> list[int]:
    """The numbers of a port's name in the workloads that a policy selects."""
    key = f"{KEY}/ports"
    if key not in stack.joined:
        ports: dict[tuple[str, str], list[tuple[Workload, int]]] = defaultdict(list)
        for workload in stack.of(Workload):
            for container in workload.containers:
                for port in container.ports:
                    if port.name is not None and port.port.value is not None:
                        ports[workload.namespace, port.name].append((workload, port.port.value))
        stack.joined[key] = ports
    known: dict[tuple[str, str], list[tuple[Workload, int]]] = stack.joined[key]
    return [n for workload, n in known.get((policy.namespace, name), ()) if labels_match(policy.pods, workload.labels)]


def _index(stack: Stack) -> Policies:
    if KEY not in stack.joined:
        index = Policies()
        for policy in stack.of(NetworkPolicy):
            label = next((pair for pair in policy.pods.items() if pair[1] != "*"), None)
            if policy.ingress is not None:
                index.anywhere[label].append(policy)
            if label is None:
                index.others[policy.namespace].append(policy)
            else:
                index.labelled[policy.namespace, *label].append(policy)
        stack.joined[KEY] = index
    found = stack.joined[KEY]
    assert isinstance(found, Policies)
    return found


def _candidates(index: Policies, workload: Workload) -> Iterator[NetworkPolicy]:
    yield from index.others.get(workload.namespace, ())
    for label in workload.labels.items():
        yield from index.labelled.get((workload.namespace, *label), ())


def may_admit(policy: NetworkPolicy, one: PolicyRule, workload: Workload) -> bool:
    """Whether a rule's peers may mean a workload's pods."""
    return one.peers is None or any(means(policy, peer, workload) for peer in one.peers)


def means(policy: NetworkPolicy, peer: PolicyPeer, workload: Workload) -> bool:
    """Whether a peer may mean a workload's pods; addresses (``ipBlock``) may be theirs."""
    if peer.unknown or peer.cidr is not None:
        return True
    if peer.namespaces is None:
        if workload.namespace != policy.namespace:
            return False
    elif peer.namespaces.get(_NAMESPACE, "*") not in ("*", workload.namespace):
        return False
    return peer.pods is None or labels_match(peer.pods, workload.labels)


def may_leave(one: PolicyRule) -> bool:
    """Whether a rule's peers may mean something outside the cluster: a selector of pods or namespaces never does."""
    return one.peers is None or any(peer.unknown or peer.cidr is not None for peer in one.peers)


def may_use_port(one: PolicyRule, number: int, server: Workload | None) -> bool:
    """Whether a rule may allow a TCP port. A name is looked up among the ports of ``server`` (None: outside the cluster)."""
    if one.ports is None:
        return True
    protocols = one.protocols or ["tcp"] * len(one.ports)
    return any(
        protocol not in ("udp", "sctp") and _is_port(port, number, server)
        for port, protocol in zip(one.ports, [*protocols, *["tcp"] * len(one.ports)])
    )


def _is_port(port: "Value[int | str]", number: int, server: Workload | None) -> bool:
    if not port.is_set or port.value is None:
        return True
    if isinstance(port.value, int):
        return port.value == number
    first, dash, last = port.value.partition("-")
    if dash and first.isdecimal() and last.isdecimal():
        return int(first) <= number <= int(last)
    declared = (
        [p for container in server.containers for p in container.ports if p.name == port.value] if server is not None else []
    )
    return any(p.port.is_unknown or p.port.value == number for p in declared)

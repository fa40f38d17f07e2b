"""NetworkPolicies: which of them hold for a workload, and whom and what their rules let through.

Policies add up: a pod that any policy selects for a direction is cut off in it, except for what the rules of all of them allow.
Answers are True, False or None, where they depend on what is not known: labels of a namespace that is not declared here, the address
of a pod, a namespace that a manifest does not name. Source: Kubernetes documentation, "Network Policies".
"""

from collections import defaultdict
from collections.abc import Iterator

from afscan.join.namespaces import declared_namespace
from afscan.join.services import selected
from afscan.model.record import field, record
from afscan.model.selectors import Selector
from afscan.model.stack import Stack
from afscan.model.subjects import NetworkPolicy, PolicyPeer, PolicyRule, Workload, labels_match
from afscan.model.value import Value

KEY = "policies"
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""The label that the API server gives to each namespace: its name."""

_ANY = "*"
_GENERATED = frozenset(
    (
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "pod-template-hash",
        "pod-template-generation",
        "controller-revision-hash",
        "controller-uid",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-completion-index",
        "rollouts-pod-template-hash",
    )
)
"""Labels that controllers add to single pods. Source: Kubernetes reference, "Well-Known Labels, Annotations and Taints"."""


@record(slots=True)
class Policies:
    """The policies of a stack by namespace ("" where none is written, ``*`` for all that write one): by one label of which their
    selectors ask for certain values, and all others."""

    labelled: dict[tuple[str, str, str], list[NetworkPolicy]] = field(default_factory=lambda: defaultdict(list))
    others: dict[str, list[NetworkPolicy]] = field(default_factory=lambda: defaultdict(list))


@record(slots=True)
class Isolation:
    """One direction of a workload: ``policies`` cut it off; ``perhaps`` may hold for it as well, and allow more."""

    policies: list[NetworkPolicy]
    perhaps: list[NetworkPolicy]
    ingress: bool

    def rules_of(self, policy: NetworkPolicy) -> list[PolicyRule]:
        """The rules of a policy for this direction."""
        return (policy.ingress if self.ingress else policy.egress) or []


def closest(policies: list[NetworkPolicy], *, ingress: bool) -> NetworkPolicy:
    """The policy to point at: one that selects the workload by its labels before one for the whole namespace.

    :param policies: one or more that cut off one workload.
    """
    return max(policies, key=lambda one: (not one.selector.selects_all, bool(one.ingress if ingress else one.egress)))


def isolation(stack: Stack, workload: Workload, *, ingress: bool) -> Isolation:
    """What cuts off a workload in one direction. Looked up once for each."""
    known: dict[tuple[int, bool], Isolation] = stack.joined.setdefault(f"{KEY}/isolation", {})
    key = id(workload), ingress
    if key not in known:
        found = known[key] = Isolation([], [], ingress)
        for policy in _candidates(_index(stack), workload):
            holds = selects(policy, workload) if (policy.ingress if ingress else policy.egress) is not None else False
            if holds is not False:
                (found.policies if holds and not policy.unknown_types else found.perhaps).append(policy)
    return known[key]


def selects(policy: NetworkPolicy, workload: Workload) -> bool | None:
    """Whether a policy is for a workload's pods."""
    return both(same_namespace(policy, workload), pods_match(policy.selector, workload))


def selected_by(stack: Stack, policy: NetworkPolicy) -> tuple[list[Workload], bool]:
    """The workloads that a policy selects in the namespace that it names, and whether that is certain of at least one of them."""
    pairs = _asked(policy.selector)
    lists = [selected(stack, policy.namespace, dict([pair]) if pair else {}) for pair in (pairs if pairs is not None else [None])]
    answers = [(one, pods_match(policy.selector, one)) for found in lists for one in found]
    return [one for one, answer in answers if answer is not False], any(answer for _, answer in answers)


def same_namespace(one: NetworkPolicy | Workload, other: NetworkPolicy | Workload) -> bool | None:
    """Whether two objects are in one namespace: those that write none are applied together, to any."""
    if one.namespace_written is not other.namespace_written:
        return None
    return not one.namespace_written or one.namespace == other.namespace


def pods_match(selector: Selector, workload: Workload) -> bool | None:
    """Whether a selector matches a workload's pods; None also where it takes some of them by a label that their controller adds."""
    generated = _GENERATED - workload.labels.keys()
    rest = Selector([one for one in selector.requirements if one.key not in generated])
    found = rest.matches(workload.labels, more=workload.unknown_labels)
    return found if len(rest.requirements) == len(selector.requirements) or found is False else None


def namespace_matches(stack: Stack, selector: Selector, workload: Workload) -> bool | None:
    """Whether a selector matches the namespace of a workload. Of one that the stack does not declare only the name is known."""
    if not workload.namespace_written:
        return selector.matches({}, more=True)
    declared = declared_namespace(stack, workload.namespace)
    labels = {**(declared.labels if declared is not None else {}), NAMESPACE_LABEL: workload.namespace}
    return selector.matches(labels, more=declared is None or declared.unknown_labels)


def means(stack: Stack, policy: NetworkPolicy, peer: PolicyPeer, workload: Workload) -> bool | None:
    """Whether a peer of a policy means a workload's pods. Their addresses are not known, so an ``ipBlock`` may.

    Pods in their node's network are seen as pods by some network plugins and as the node by others.
    """
    if peer.unread or peer.cidr is not None:
        return None
    pods, spaces = peer.pod_selector, peer.namespace_selector
    placed = same_namespace(policy, workload) if spaces is None else namespace_matches(stack, spaces, workload)
    found = both(placed, pods_match(pods, workload) if pods is not None else True)
    return found if found is False or in_host_network(workload) is False else None


def means_outside(peer: PolicyPeer, address: str | None) -> bool | None:
    """Whether a peer means something outside the cluster: a selector of pods or namespaces never does.

    :param address: an IP address, None where it is not known.
    """
    if peer.unread:
        return None
    if peer.cidr is None:
        return False
    inside = _contains(peer.cidr, address)
    excepted = [_contains(one, address) for one in peer.excepted]
    if inside is False or True in excepted:
        return False
    return None if None in excepted else inside


def _contains(block: Value[str], address: str | None) -> bool | None:
    from ipaddress import ip_address, ip_network  # noqa: PLC0415 - 2 ms, and few policies name addresses

    try:
        network = ip_network(block.or_else("").strip(), strict=False)
        if address is None:
            return True if network.prefixlen == 0 and network.version == 4 else None
        return ip_address(address) in network
    except ValueError:
        return None


def in_host_network(workload: Workload) -> bool | None:
    """Whether a workload's pods are in their node's network, where policies do not hold for certain."""
    states = [one.shared for container in workload.containers for one in container.host_namespaces if one.kind == "network"]
    if any(one.value is True for one in states):
        return True
    return None if any(one.is_unknown for one in states) else False


def allows_port(one: PolicyRule, number: int, protocol: str, server: Workload | None) -> bool | None:
    """Whether a rule is for a port. A name is looked up among the ports of ``server`` (None: outside the cluster)."""
    if one.ports is None:
        return True
    protocols = [*one.protocols, *["tcp"] * len(one.ports)]
    found = [
        _is_port(port, number, protocol, server) if own == protocol or port.is_unknown else False
        for port, own in zip(one.ports, protocols, strict=False)
    ]
    return True if True in found else None if None in found else False


def _is_port(port: "Value[int | str]", number: int, protocol: str, server: Workload | None) -> bool | None:
    if port.is_unset:
        return True
    if port.value is None:
        return None
    if isinstance(port.value, int):
        return port.value == number
    first, dash, last = port.value.partition("-")
    if dash and first.isdecimal() and last.isdecimal():
        return int(first) <= number <= int(last)
    if server is None:
        return None
    declared = [
        p.port
        for container in server.containers
        if container.role in ("main", "sidecar")
        for p in container.ports
        if p.name == port.value and p.protocol == protocol
    ]
    return True if any(p.value == number for p in declared) else None if any(p.is_unknown for p in declared) else False


def both(one: bool | None, other: bool | None) -> bool | None:
    """The conjunction of two answers."""
    return False if one is False or other is False else None if one is None or other is None else True


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
            pairs = _asked(policy.selector)
            for place in (policy.namespace, _ANY) if policy.namespace_written else ("",):
                if pairs is None:
                    index.others[place].append(policy)
                for pair in pairs or ():
                    index.labelled[place, *pair].append(policy)
        stack.joined[KEY] = index
    found = stack.joined[KEY]
    assert isinstance(found, Policies)
    return found


def _asked(selector: Selector) -> list[tuple[str, str]] | None:
    """Labels of which a pod must carry one; None where the selector asks for none with its value."""
    certain = [one for one in selector.requirements if one.operator == "In" and one.key not in _GENERATED and not one.unread]
    one = min(certain, key=lambda one: len(one.values), default=None)
    return [(one.key, value) for value in dict.fromkeys(one.values)] if one is not None else None


def _candidates(index: Policies, workload: Workload) -> Iterator[NetworkPolicy]:
    for place in (workload.namespace, "") if workload.namespace_written else ("", _ANY):
        if workload.unknown_labels:  # its labels do not tell which policies ask for them
            found = [
                *index.others.get(place, ()),
                *(one for key, many in index.labelled.items() if key[0] == place for one in many),
            ]
            yield from {id(one): one for one in found}.values()
            continue
        yield from index.others.get(place, ())
        for label in workload.labels.items():
            yield from index.labelled.get((place, *label), ())

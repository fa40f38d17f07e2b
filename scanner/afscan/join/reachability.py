"""Whether one workload may open a connection to another on a port, and what decides that.

In a cluster NetworkPolicies do: the client's for egress and the server's for ingress must both let it through. Between Compose
services their networks do. Sources: Kubernetes documentation, "Network Policies"; Compose file reference, "networks",
"network_mode"; Docker documentation, "Bridge network driver" and "Port publishing".
"""

from collections.abc import Callable, Iterable

from afscan.join.namespaces import foreign_policy
from afscan.join.policies import Isolation, allows_port, both, closest, in_host_network, isolation, means, means_outside
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import NetworkPolicy, PolicyRule, PublishedPort, Workload

KEY = "reachability"

YES, NO, UNKNOWN = "yes", "no", "unknown"


@record(slots=True)
class Reach:
    """Whether a connection may be opened.

    ``verdict``: ``yes``, ``no``, ``unknown``; ``why`` is a clause. ``policies`` are those that decide: for ``no`` they cut off
    ``workload`` in the direction ``egress`` or ``ingress`` and none lets the connection through, for ``yes`` they let it through (none
    where nothing restricts it), for ``unknown`` it depends on them. ``rules`` are the rules of theirs that let it through, or may.
    """

    verdict: str
    why: str = ""
    direction: str = ""
    workload: Workload | None = None
    policies: list[NetworkPolicy] = field(default_factory=list)
    rules: list[PolicyRule] = field(default_factory=list)

    @property
    def closest(self) -> NetworkPolicy | None:
        """The policy to point at, where any decides."""
        return closest(self.policies, ingress=self.direction == "ingress") if self.policies else None


def may_reach(
    stack: Stack, client: Workload, server: Workload | None, port: int, protocol: str = "tcp", *, address: str | None = None
) -> Reach:
    """Whether a client may open a connection.

    :param server: None for something outside the cluster, or the project.
    :param port: the port at which the server itself listens, not a Service's.
    :param protocol: ``tcp``, ``udp`` or ``sctp``.
    :param address: the IP address of something outside, where it is known.
    """
    composed = client.platform == "compose"
    if server is not None and composed is not (server.platform == "compose"):
        return Reach(UNKNOWN, f"{client.name} and {server.name} run in different places")
    if composed:
        return _composed(stack, client, server, port, protocol)
    if server is client and client.replicas.or_else(1) == 1 and not client.replicas.is_unknown and not client.fleet:
        return Reach(YES, "no policy holds for a pod's connections to itself")

    def out(policy: NetworkPolicy, one: PolicyRule) -> bool | None:
        peers = (
            means(stack, policy, peer, server) if server is not None else means_outside(peer, address) for peer in one.peers or ()
        )
        return both(allows_port(one, port, protocol, server), one.peers is None or _any(peers))

    def into(policy: NetworkPolicy, one: PolicyRule) -> bool | None:
        peers = (means(stack, policy, peer, client) for peer in one.peers or ())
        return both(allows_port(one, port, protocol, server), one.peers is None or _any(peers))

    leaving = _through(stack, client, out, ingress=False)
    if leaving.verdict == NO or server is None:
        return leaving
    arriving = _through(stack, server, into, ingress=True)
    if arriving.verdict == NO:
        return arriving
    if UNKNOWN in (leaving.verdict, arriving.verdict):
        return leaving if leaving.verdict == UNKNOWN else arriving
    return Reach(YES, "", "", None, [*leaving.policies, *arriving.policies], [*leaving.rules, *arriving.rules])


def _any(answers: Iterable[bool | None]) -> bool | None:
    found = set(answers)
    return True if True in found else None if None in found else False


def _through(
    stack: Stack, workload: Workload, lets: Callable[[NetworkPolicy, PolicyRule], bool | None], *, ingress: bool
) -> Reach:
    """What the policies of one end say of one direction."""
    direction = "ingress" if ingress else "egress"
    cut = isolation(stack, workload, ingress=ingress)
    certain = [(policy, one, lets(policy, one)) for policy in cut.policies for one in cut.rules_of(policy)]
    doubtful = [(policy, one, lets(policy, one)) for policy in cut.perhaps for one in cut.rules_of(policy)]
    answers = [one for one in (*certain, *doubtful) if one[2] is not False]
    verdict = _verdict(cut, certain, doubtful)
    if verdict != UNKNOWN:
        answers = [one for one in answers if one[2]]
    why = ""
    among = list({id(policy): policy for policy, _, _ in answers}.values())
    if verdict == NO:
        among, why = list(cut.policies), f"no rule for {direction} of {workload.name} lets it through"
    elif verdict == UNKNOWN:
        doubt = among or cut.perhaps
        told = f"whether {doubt[0].name} lets it through" if among else f"whether {doubt[0].name} cuts off {workload.name}"
        among, why = doubt, f"{told} is not known"
    return _settled(stack, Reach(verdict, why, direction, workload, among, [one for _, one, _ in answers]), workload)


_Answer = tuple[NetworkPolicy, PolicyRule, bool | None]


def _verdict(cut: Isolation, certain: list[_Answer], doubtful: list[_Answer]) -> str:
    if any(answer for _, _, answer in certain):
        return YES
    if cut.policies:
        return NO if all(answer is False for _, _, answer in (*certain, *doubtful)) else UNKNOWN
    # Whichever of the doubtful ones hold: each lets it through by itself, and where none holds nothing is cut off.
    letting = {id(policy) for policy, _, answer in doubtful if answer}
    return YES if all(id(policy) in letting for policy in cut.perhaps) else UNKNOWN


def _settled(stack: Stack, found: Reach, workload: Workload) -> Reach:
    """An answer, unless policies do not decide by themselves: policies of the network's own kind add to them, and for pods in their
    node's network they hold with some network plugins only."""
    if foreign_policy(stack) is not None:
        why = "the network has policies of its own kind"
    elif found.verdict == NO and in_host_network(workload) is not False:
        why = f"{workload.name} is in its node's network"
    else:
        return found
    return Reach(UNKNOWN, why, found.direction, workload, found.policies, found.rules)


@record(slots=True)
class _Net:
    """Where a Compose service's sockets are. ``kind``: ``networks``, ``host``, ``none``, ``unknown``; ``owner`` is the service whose
    network it uses, itself mostly."""

    kind: str
    owner: Workload


def _composed(stack: Stack, client: Workload, server: Workload | None, port: int, protocol: str) -> Reach:
    own = _net(stack, client)
    if own.kind == "unknown":
        return Reach(UNKNOWN, f"the network of {client.name} is not known")
    if server is None:
        return _leaving(client, own)
    other = _net(stack, server)
    if own.owner is other.owner:
        return Reach(YES, "they share one network interface")
    if "none" in (own.kind, other.kind):
        return Reach(NO, f"{(client if own.kind == 'none' else server).name} has no network")
    if own.kind == other.kind == "host":
        return Reach(YES, "both are in the host's network")
    if other.kind == "unknown":
        return Reach(UNKNOWN, f"the network of {server.name} is not known")
    if "host" not in (own.kind, other.kind):
        shared = _shared(own.owner, other.owner)
        if shared.verdict == YES:
            return shared
        if _published(stack, other.owner, port, protocol) and any(one.internal is False for one in own.owner.attachments):
            return Reach(YES, f"{server.name} publishes the port on the host")
        return shared
    if own.kind == "host" and _published(stack, other.owner, port, protocol):
        return Reach(YES, f"{server.name} publishes the port on the host")
    return Reach(UNKNOWN, f"{(client if own.kind == 'host' else server).name} is in the host's network")


def _leaving(client: Workload, own: _Net) -> Reach:
    """Whether a service reaches what is outside all networks of the project."""
    if own.kind == "host" or any(one.internal is False for one in own.owner.attachments):
        return Reach(YES)
    if own.kind == "none":
        return Reach(NO, f"{client.name} has no network")
    if any(one.internal is None for one in own.owner.attachments):
        return Reach(UNKNOWN, f"whether the networks of {client.name} lead outside is not known")
    return Reach(NO, f"{client.name} is in internal networks only")


def _shared(one: Workload, other: Workload) -> Reach:
    names = {a.name.value: a.key for a in one.attachments if a.name.is_set}
    for attachment in other.attachments:
        if attachment.name.value in names and attachment.name.is_set:
            return Reach(YES, f"they share the network `{names[attachment.name.value]}`")
        if one.project == other.project and one.overlay == other.overlay and attachment.key in one.networks:
            return Reach(YES, f"they share the network `{attachment.key}`")
    unknown = next((a for a in (*one.attachments, *other.attachments) if a.name.is_unknown), None)
    if unknown is not None:
        return Reach(UNKNOWN, f"the name of the network `{unknown.key}` is not known")
    return Reach(NO, f"{one.name} and {other.name} share no network")


def _net(stack: Stack, workload: Workload) -> _Net:
    """Follows ``network_mode: service:...``."""
    seen: set[int] = set()
    while id(workload) not in seen:
        seen.add(id(workload))
        mode = workload.network_mode
        if mode is None or mode.is_unset or mode.value in ("bridge", "default"):
            return _Net("networks", workload)
        text = mode.or_else("")
        if text in ("host", "none"):
            return _Net(text, workload)
        named = _services(stack).get((workload.project, text.removeprefix("service:"))) if text.startswith("service:") else None
        if named is None:
            break
        workload = named
    return _Net("unknown", workload)


def _services(stack: Stack) -> dict[tuple[str, str], Workload]:
    if KEY not in stack.joined:
        stack.joined[KEY] = {
            (one.project, one.name.removeprefix("service ")): one
            for one in stack.of(Workload)
            if one.platform == "compose" and not one.overlay
        }
    found: dict[tuple[str, str], Workload] = stack.joined[KEY]
    return found


def _published(stack: Stack, workload: Workload, port: int, protocol: str) -> bool:
    """Whether a service publishes a port on more than the host's loopback interface."""
    from afscan.platforms.urls import is_loopback  # noqa: PLC0415  (start-up time)

    key = f"{KEY}/published"
    if key not in stack.joined:
        index: dict[int, list[PublishedPort]] = {}
        for one in stack.of(PublishedPort):
            index.setdefault(id(one.container.workload), []).append(one)
        stack.joined[key] = index
    for one in stack.joined[key].get(id(workload), ()):
        open_ = one.host_ip.is_unset or (one.host_ip.is_set and not is_loopback(one.host_ip.or_else("")))
        if open_ and one.container_port.value == port and one.protocol == protocol:
            return True
    return False

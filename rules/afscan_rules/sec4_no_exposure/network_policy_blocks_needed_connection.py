"""SEC407: connections that the platform's own policies or networks forbid."""

from collections.abc import Iterator

from afscan.join.endpoints import ABSENT, EXTERNAL, MANAGED, WORKLOAD, Endpoint, clients_of, endpoint_of, meaning
from afscan.join.exposure import DATASTORE_PORTS
from afscan.join.listening import listening
from afscan.join.monitoring import config_of, runners_of
from afscan.join.namespaces import is_excerpt, unread_manifests
from afscan.join.policies import allows_port, closest, isolation
from afscan.join.reachability import NO, UNKNOWN, Reach, may_reach
from afscan.model.monitoring import ScrapeJob
from afscan.model.place import Place
from afscan.model.stack import Stack
from afscan.model.subjects import Connection, Workload
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown


@rule("SEC407", severity=Severity.MEDIUM, absence=True, tags=("CWE-1164",))
def network_policy_blocks_needed_connection(subject: Connection | ScrapeJob, stack: Stack) -> Iterator[Problem]:
    """Network policy blocks a needed connection.

    A policy that forgets a port, or names a label that the server's pods do not have, cuts an application off from what its own
    settings say it needs. It is found in production, under pressure, and the usual remedy is to delete the policy. Policies are
    judged together, at both ends: the client's for egress and the server's for ingress. In Compose, two services meet only in a
    network that both are in.

    ## Fix
    - Kubernetes, Terraform: add a rule with the server's pod labels and the port of its pods (not its Service's), at both ends.
    - Compose: put both services into one network.
    - Any: let the connection through, or remove the setting that asks for it.
    """
    if is_excerpt(subject):
        yield NOT_JUDGED
    elif isinstance(subject, ScrapeJob):
        yield from _scraped(subject, stack)
    elif subject.listener or subject.platform == "pgbouncer":
        yield NOT_APPLICABLE  # what a pooler connects to is DB103's
    else:
        yield from _connection(subject, stack)


def _connection(connection: Connection, stack: Stack) -> Iterator[Problem]:
    endpoint = endpoint_of(stack, connection)
    clients = {id(one.workload): one.workload for one in clients_of(stack, connection)}
    judged = False
    for client in clients.values():
        found = _way(stack, client, endpoint) if not _by_proxy(connection, endpoint) else None
        if found is None:
            continue
        judged = True
        yield from _told(connection.url.place, connection.name, endpoint, found, stack)
    if not judged:
        yield NOT_APPLICABLE


def _by_proxy(connection: Connection, endpoint: Endpoint) -> bool:
    """Whether HTTP to outside goes through a proxy that the container's environment names."""
    names = connection.container.environment if connection.container is not None else {}
    return endpoint.kind in (EXTERNAL, MANAGED) and any(name.lower() in ("http_proxy", "https_proxy") for name in names)


def _scraped(job: ScrapeJob, stack: Stack) -> Iterator[Problem]:
    """The static targets of a job, from where its Prometheus runs."""
    config = config_of(stack, job)
    clients = [one.workload for one in runners_of(stack, config)] if config is not None else []
    judged = False
    for target in job.targets if clients else ():
        endpoint = meaning(stack, target.host, clients[0])
        if endpoint.kind != WORKLOAD or not target.port.is_set:
            continue
        asked = Endpoint(endpoint.kind, endpoint.host, "", endpoint.service, endpoint.workloads, port=target.port.value)
        found = _way(stack, clients[0], asked)
        if found is not None:
            judged = True
            yield from _told(target.address.place, f"the job `{job.job}`", asked, found, stack)
    if not judged:
        yield NOT_APPLICABLE


_Way = tuple[Workload, Workload | None, int, Reach]


def _way(stack: Stack, client: Workload, endpoint: Endpoint) -> _Way | None:
    """The best way from a client to what an endpoint leads to, with its port; None where there is none to judge."""
    if endpoint.port is None or endpoint.assumed:
        return None
    if endpoint.kind == ABSENT:
        return _to_absent(stack, client, endpoint.port)
    if endpoint.kind in (EXTERNAL, MANAGED) and endpoint.service is None:
        return client, None, endpoint.port, may_reach(stack, client, None, endpoint.port, address=endpoint.address)
    ways = [
        (client, server, port, may_reach(stack, client, server, port))
        for server in (endpoint.workloads if endpoint.kind == WORKLOAD else ())
        if (port := endpoint.port_in(server)) is not None and _may_listen(stack, server, port)
    ]
    return next((way for way in ways if way[3].verdict != NO), ways[0] if ways else None)


def _may_listen(stack: Stack, server: Workload, port: int) -> bool:
    """Whether something may answer on a port: where nothing does, that is what is wrong, and not the policy."""
    known = [listening(stack, one) for one in server.containers if one.role in ("main", "sidecar")]
    return any(one is None or one.unknown or port in one.ports for one in known)


def _to_absent(stack: Stack, client: Workload, port: int) -> _Way | None:
    """To a datastore that is not in the stack: blocked where no rule opens its port to anybody at all."""
    if client.platform == "compose" or port not in DATASTORE_PORTS:
        return None
    cut = isolation(stack, client, ingress=False)
    rules = [one for policy in (*cut.policies, *cut.perhaps) for one in cut.rules_of(policy)]
    if not cut.policies or any(allows_port(one, port, "tcp", None) is not False for one in rules):
        return None
    reach = may_reach(stack, client, None, port)
    return client, None, port, reach


def _told(place: Place, name: str, endpoint: Endpoint, way: _Way, stack: Stack) -> Iterator[Problem]:
    client, server, port, reach = way
    if reach.verdict not in (NO, UNKNOWN):
        return
    what = server.name if server is not None else f"`{endpoint.host}`" if endpoint.host else "a managed server"
    policy = closest(reach.policies, ingress=reach.direction == "ingress") if reach.policies else None
    related = (
        [Related(policy.place, f"This policy {'cuts off' if reach.verdict == NO else 'may hold for'} {_of(reach)}.")]
        if policy
        else []
    )
    if server is not None:
        related.append(Related(server.place, f"This is {server.name}."))
    if reach.verdict == UNKNOWN or (policy is not None and unread_manifests(stack)):
        if policy is not None:
            why = reach.why if reach.verdict == UNKNOWN else "some manifests could not be read"
            yield unknown(place, f"Whether {client.name} may reach {what} on port {port} is not known: {why}.", related=related)
        return
    if policy is None:
        yield fail(place, f"{name} needs {what} on port {port}, but {reach.why}.", related=related)
        return
    message = (
        f"{name} needs {what} on port {port}, which no network policy lets through: "
        f"{policy.name} cuts off {_of(reach)}, and no other policy of this stack allows it."
    )
    yield fail(place, message, related=related)


def _of(reach: Reach) -> str:
    return f"the {reach.direction} of {reach.workload.name}" if reach.workload is not None else f"the {reach.direction}"

"""SEC403: datastores on a host that listen on all of its interfaces."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import PgBouncer, Qdrant, RedisServer
from afscan.platforms.urls import is_any_address, is_loopback
from afscan.policy import NOT_APPLICABLE, Problem, Severity, Verdict, fail, rule, unknown


@rule("SEC403", severity=Severity.MEDIUM, tags=("CWE-1327",))
def datastore_listens_everywhere(server: RedisServer | PgBouncer | Qdrant, stack: Stack) -> Iterator[Problem]:
    """Datastore listens on all interfaces.

    In a container or pod, listening on every interface is normal: the network around it decides who gets in. On a host, or in
    the host's network, it opens the datastore to every network that the machine is in. Redis guards itself with
    `protected-mode` as long as it has no password; turning that off removes the last line.

    ## Fix
    - Redis: set `bind 127.0.0.1 -::1` or the private address, and leave `protected-mode yes`.
    - PgBouncer: set `listen_addr` to the private address.
    - Any: bind the private address, or run it in a container network of its own.
    """
    container = server.container
    if isinstance(server, RedisServer) and (yield from _unprotected(server)):
        return
    if container is not None and not any(n.kind == "network" and n.shared.value for n in container.host_namespaces):
        yield NOT_APPLICABLE
        return
    for problem in _listening(server):
        if container is None and problem.verdict is Verdict.FAIL and problem.place is not None:
            yield unknown(problem.place, f"{server.name} listens on all interfaces; whether it runs in a container is not known.")
        else:
            yield problem


def _unprotected(redis: RedisServer) -> Iterator[Problem]:
    """Redis with protected mode off and no password; returns True where that is the finding."""
    off = redis.protected_mode.is_set and redis.protected_mode.value is False
    open_ = redis.password.is_unset and not redis.default_user_off.value
    local = redis.bind and all(b.is_set and is_loopback(b.or_else("").lstrip("-")) for b in redis.bind)
    if off and open_ and not local:
        yield fail(redis.protected_mode.place, f"{redis.name} has `protected-mode no` and no password: whoever reaches it is in.")
        return True
    return False


def _listening(server: RedisServer | PgBouncer | Qdrant) -> Iterator[Problem]:
    addresses = server.bind if isinstance(server, RedisServer) else [server.listen_address if isinstance(server, PgBouncer) else server.host]
    for address in addresses:
        if address.is_unknown:
            yield unknown(address.place, f"On which addresses {server.name} listens is not known: {address.reason}.")
            return
        everywhere = [a for a in address.or_else("").replace(",", " ").split() if is_any_address(a.lstrip("-"))]
        if everywhere:
            yield fail(address.place, f"{server.name} listens on all interfaces of the host (`{everywhere[0]}`).")
            return
    if server.container is not None and (not addresses or (addresses[0].is_unset and not isinstance(server, PgBouncer))):
        yield fail(server.place, f"{server.name} runs in the host's network and listens on all interfaces, its default.")

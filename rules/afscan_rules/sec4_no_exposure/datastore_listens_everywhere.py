"""SEC403: datastores on a host that listen on all of its interfaces."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Container, PgBouncer, Postgres, Qdrant, RedisServer
from afscan.model.value import Value
from afscan.platforms.urls import is_any_address, is_loopback
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

Listener = RedisServer | PgBouncer | Qdrant | Postgres


@rule("SEC403", severity=Severity.MEDIUM, tags=("CWE-1327",))
def datastore_listens_everywhere(server: RedisServer | PgBouncer | Qdrant | Postgres, stack: Stack) -> Iterator[Problem]:
    """Datastore listens on all interfaces.

    In a container or pod, listening on every interface is normal: the network around it decides who gets in. On a host, or in
    the host's network, it opens the datastore to every network that the machine is in. Redis guards itself with
    `protected-mode` as long as it has no password; turning that off removes the last line.

    ## Fix
    - Redis: set `bind 127.0.0.1 -::1` or the private address, and leave `protected-mode yes`.
    - PgBouncer: set `listen_addr` to the private address.
    - Postgres: set `listen_addresses` to the private address.
    - Qdrant: set `service.host` to the private address.
    - Any: bind the private address, or run it in a container network of its own.
    """
    container = server.container
    shared = _host_network(container) if container is not None else None
    if container is not None and (shared is None or shared.value is False):
        yield NOT_APPLICABLE
        return
    if isinstance(server, Postgres) and server.partial:
        yield NOT_APPLICABLE  # a piece of a configuration: the address is set elsewhere
        return
    if isinstance(server, RedisServer) and shared is None and _unprotected(server):
        yield fail(
            server.protected_mode.place, f"{server.name} has `protected-mode no` and no password: whoever reaches it is in."
        )
        return
    address = _everywhere(server)
    if address is None:
        return
    if address.is_unknown:
        yield unknown(address.place, f"On which addresses {server.name} listens is not known: {address.reason}.")
    elif shared is None and address.is_unset:
        yield NOT_APPLICABLE  # a file that says nothing about where it is used
    elif shared is None:
        text = f"{server.name} listens on all interfaces (`{address.value}`); whether it runs in a container is not known."
        yield unknown(address.place, text)
    elif shared.is_unknown:
        text = f"{server.name} listens on all interfaces; whether they are the host's is not known: {shared.reason}."
        yield unknown(shared.place, text)
    else:
        which = f"`{address.value}`" if address.is_set else "its default"
        yield fail(address.place, f"{server.name} runs in the host's network and listens on all of its interfaces ({which}).")


def _host_network(container: Container) -> Value[bool] | None:
    """Whether a container is in its host's network; None where it is not."""
    return next((n.shared for n in container.host_namespaces if n.kind == "network" and not n.shared.is_unset), None)


def _unprotected(redis: RedisServer) -> bool:
    """Whether Redis has protected mode off and surely no password."""
    local = redis.bind and all(b.is_set and is_loopback(b.or_else("").lstrip("-")) for b in redis.bind)
    open_ = redis.password.is_unset and redis.default_user_off.value is not True and not redis.default_user_off.is_unknown
    return redis.protected_mode.value is False and open_ and not local


def _everywhere(server: Listener) -> Value[str] | None:
    """The address that means all interfaces: as written, unset where it is the default, unknown where that cannot be told.

    None where the server listens on some addresses only, or on none: PgBouncer without `listen_addr`. The official PostgreSQL
    image sets `listen_addresses` to `*`.
    """
    if isinstance(server, RedisServer):
        addresses = server.bind
        if not addresses:
            return Value.unset(server.node)
    elif isinstance(server, PgBouncer):
        addresses = [server.listen_address]
    else:
        addresses = [server.host if isinstance(server, Qdrant) else server.setting("listen_addresses")]
    for address in addresses:
        if address.is_unset and not isinstance(server, PgBouncer):
            return address
        for one in address.or_else("").strip("'\"").replace(",", " ").split():
            if is_any_address(one.lstrip("-").removesuffix("*") or "*"):
                return Value.of(one, address.node, address.at)
    return next((address for address in addresses if address.is_unknown), None)

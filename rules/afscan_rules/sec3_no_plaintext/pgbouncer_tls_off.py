"""SEC303: PgBouncer without TLS towards clients or servers."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import PgBouncer
from afscan.model.value import Value
from afscan.platforms.urls import is_loopback
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_ENFORCED = frozenset(("require", "verify-ca", "verify-full"))
_CLIENTS = "set `client_tls_sslmode = require` with `client_tls_cert_file` and `client_tls_key_file`."
_SERVERS = "set `server_tls_sslmode = verify-full` and `server_tls_ca_file`."


@rule("SEC303", severity=Severity.HIGH, tags=("CWE-319",))
def pgbouncer_tls_off(pooler: PgBouncer, stack: Stack) -> Iterator[Problem]:
    """PgBouncer does not enforce TLS.

    PgBouncer has two sides. Towards clients `client_tls_sslmode` is `disable` unless it is set; towards servers
    `server_tls_sslmode` is `disable` before version 1.20 and `prefer` since, and neither enforces anything. A side that uses
    loopback addresses or Unix sockets only (without `listen_addr` PgBouncer takes no TCP connection at all) needs none.

    ## Fix
    - Any: set `client_tls_sslmode = require` with key and certificate, and `server_tls_sslmode = verify-full` with
      `server_tls_ca_file`.
    """
    clients, servers = not _local_clients(pooler), not _local_servers(pooler)
    if clients:
        yield from _side(pooler, "client_tls_sslmode", pooler.client_tls, ("clients", "disable", _CLIENTS))
    if servers:
        default = "`disable` before version 1.20 and `prefer` since"
        yield from _side(pooler, "server_tls_sslmode", pooler.server_tls, ("the PostgreSQL server", default, _SERVERS))
    if not clients and not servers:
        yield NOT_APPLICABLE


def _local_clients(pooler: PgBouncer) -> bool:
    """Whether clients come from this machine (or pod) only."""
    address = pooler.listen_address
    return address.is_unset or (address.is_set and _all_local(address.or_else("")))


def _local_servers(pooler: PgBouncer) -> bool:
    """Whether every server is on this machine; without a host PgBouncer uses a Unix socket, without a database none at all."""
    hosts = [database.host for database in pooler.databases]
    return not pooler.unread and all(host.is_unset or (host.is_set and _all_local(host.or_else(""))) for host in hosts)


def _all_local(addresses: str) -> bool:
    """Whether a list of addresses names this machine only (loopback, or nothing: Unix sockets)."""
    return all(is_loopback(one.strip()) for one in addresses.split(",") if one.strip())


def _side(pooler: PgBouncer, key: str, mode: Value[str], words: tuple[str, str, str]) -> Iterator[Problem]:
    peer, default, remedy = words
    if mode.is_unknown:
        yield unknown(mode.place, f"Whether {pooler.name} enforces TLS with {peer} is not known: {mode.reason}.")
    elif mode.is_unset:
        message = f"{pooler.name} does not enforce TLS with {peer}: `{key}` is not set, which means {default}."
        yield fail(mode.place, message, remedy=remedy)
    elif mode.or_else("").strip().lower() not in _ENFORCED:
        yield fail(mode.place, f"{pooler.name} does not enforce TLS with {peer}: `{key}` is `{mode.value}`.", remedy=remedy)

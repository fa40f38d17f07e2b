"""SEC303: PgBouncer without TLS towards clients or servers."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import PgBouncer
from afscan.model.value import Value
from afscan.platforms.urls import is_loopback
from afscan.policy import Problem, Severity, fail, rule, unknown

_ENFORCED = frozenset(("require", "verify-ca", "verify-full"))


@rule("SEC303", severity=Severity.HIGH, tags=("CWE-319",))
def pgbouncer_tls_off(pooler: PgBouncer, stack: Stack) -> Iterator[Problem]:
    """PgBouncer does not enforce TLS.

    PgBouncer has two sides. Towards clients `client_tls_sslmode` is `disable` unless it is set; towards servers
    `server_tls_sslmode` is `disable` before version 1.20 and `prefer` since, and neither enforces anything.

    ## Fix
    - Any: set `client_tls_sslmode = require` with key and certificate, and `server_tls_sslmode = verify-full` with `server_tls_ca_file`.
    """
    address = pooler.listen_address
    if not (address.is_set and _all_local(address.or_else(""))):
        yield from _side(pooler, "client_tls_sslmode", pooler.client_tls, "clients", "disable")
    hosts = [database.host for database in pooler.databases]
    if not hosts or not all(host.is_unset or (host.is_set and _all_local(host.or_else(""))) for host in hosts):
        yield from _side(pooler, "server_tls_sslmode", pooler.server_tls, "the PostgreSQL server", "disable or prefer, by version")


def _all_local(addresses: str) -> bool:
    """Whether a list of addresses names this machine only (loopback, or nothing: Unix sockets)."""
    return all(is_loopback(one.strip()) for one in addresses.split(",") if one.strip())


def _side(pooler: PgBouncer, key: str, mode: Value[str], peer: str, default: str) -> Iterator[Problem]:
    if mode.is_unknown:
        yield unknown(mode.place, f"Whether {pooler.name} enforces TLS with {peer} is not known: {mode.reason}.")
    elif mode.is_unset:
        yield fail(mode.place, f"{pooler.name} does not enforce TLS with {peer}: `{key}` is not set, which means {default}.")
    elif mode.or_else("").strip().lower() not in _ENFORCED:
        yield fail(mode.place, f"{pooler.name} does not enforce TLS with {peer}: `{key}` is `{mode.value}`.")

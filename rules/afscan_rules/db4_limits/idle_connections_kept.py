"""DB404: connections that nobody uses and nobody closes."""

from collections.abc import Iterator

from afscan.join.databases import catalogue_of
from afscan.model.stack import Stack
from afscan.model.subjects import PgBouncer, Postgres, RedisServer
from afscan.model.value import Value
from afscan.platforms.settings import is_zero
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_TRANSACTION = "idle_in_transaction_session_timeout"


@rule("DB404", severity=Severity.LOW, tags=("CWE-400",))
def idle_connections_kept(server: Postgres | PgBouncer | RedisServer, stack: Stack) -> Iterator[Problem]:
    """Idle connections are kept.

    A client that hangs in an open transaction holds its locks and its connection for good, and keeps vacuum from cleaning up:
    PostgreSQL ends it only where `idle_in_transaction_session_timeout` says so, which is off by default. PgBouncer closes idle
    server connections after ten minutes unless `server_idle_timeout = 0` forbids it; Redis with `timeout 0` keeps idle clients.

    ## Fix
    - Postgres: set `idle_in_transaction_session_timeout = 60000`.
    - PgBouncer: leave `server_idle_timeout` at 600, or lower it.
    - Redis: set `timeout 300`.
    - Any: end what is idle after minutes: `idle_in_transaction_session_timeout`, `server_idle_timeout`, `timeout`.
    """
    if isinstance(server, Postgres):
        yield from _postgres(server, stack)
        return
    name = "server_idle_timeout" if isinstance(server, PgBouncer) else "timeout"
    value: Value[str] = server.setting(f"pgbouncer.{name}" if isinstance(server, PgBouncer) else name)
    if value.is_set and is_zero(value.or_else("")):
        yield fail(value.place, f"{server.name} never closes idle connections: `{name}` is 0.")
    elif value.is_unknown and value.node is not server.node:
        yield unknown(value.place, f"When {server.name} closes idle connections is not known: {value.reason}.")


def _postgres(server: Postgres, stack: Stack) -> Iterator[Problem]:
    value = server.setting(_TRANSACTION)
    catalogue = catalogue_of(stack, server.container)
    narrower = catalogue is not None and any(one.setting.name == _TRANSACTION for one in catalogue.session_settings)
    if narrower or (server.partial and not value.is_set):
        yield NOT_APPLICABLE
    elif value.is_unknown:
        yield unknown(value.place, f"When {server.name} ends idle transactions is not known: {value.reason}.")
    elif value.is_unset:
        yield fail(value.place, f"{server.name} never ends idle transactions: `{_TRANSACTION}` is not set, and 0 by default.")
    elif is_zero(value.or_else("")):
        yield fail(value.place, f"{server.name} never ends idle transactions: `{_TRANSACTION}` is 0.")

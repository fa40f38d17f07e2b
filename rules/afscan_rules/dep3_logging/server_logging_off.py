"""DEP305: database servers that do not say who connects."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import PgBouncer, Postgres
from afscan.platforms.settings import is_zero, on_off
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_POOLER = ("log_connections", "log_disconnections", "log_pooler_errors")


@rule("DEP305", severity=Severity.LOW, tags=("CWE-778",))
def server_logging_off(server: Postgres | PgBouncer, stack: Stack) -> Iterator[Problem]:
    """Server does not log connections.

    Who was connected when something went wrong is the first question after an incident, and a flood of connections shows itself
    in the log before it does in the limits. PostgreSQL logs no connection by default; PgBouncer logs them unless told not to.

    ## Fix
    - Postgres: set `log_connections = on` and `log_disconnections = on`.
    - PgBouncer: leave `log_connections`, `log_disconnections` and `log_pooler_errors` at 1.
    - Any: log connections and errors.
    """
    if isinstance(server, PgBouncer):
        for name in _POOLER:
            value = server.setting(f"pgbouncer.{name}")
            if value.is_set and is_zero(value.or_else("")):
                yield fail(value.place, f"{server.name} does not log this: `{name}` is 0.")
        return
    value = server.setting("log_connections")
    if server.partial and not value.is_set:
        yield NOT_APPLICABLE
    elif value.is_unknown:
        yield unknown(value.place, f"Whether {server.name} logs connections is not known: {value.reason}.")
    elif value.is_unset:
        yield fail(value.place, f"{server.name} does not log who connects: `log_connections` is not set, and off by default.")
    elif on_off(value.or_else("")) is False or not value.or_else("").strip("' "):
        yield fail(value.place, f"{server.name} does not log who connects: `log_connections` is `{value.value}`.")

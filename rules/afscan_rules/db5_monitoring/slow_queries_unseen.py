"""DB504: slow statements that nobody will ever see."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Postgres, RedisServer
from afscan.platforms.postgresimages import postgres_image
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_LIBRARIES = ("pg_stat_statements", "auto_explain", "pg_stat_monitor")
_DURATIONS = ("log_min_duration_statement", "log_min_duration_sample")


@rule("DB504", severity=Severity.LOW, tags=("CWE-778",))
def slow_queries_unseen(server: Postgres | RedisServer, stack: Stack) -> Iterator[Problem]:
    """Slow queries are not recorded.

    A statement that takes seconds is found by its record: in the log (`log_min_duration_statement`), in `pg_stat_statements`, in
    Redis' slow log. PostgreSQL keeps none of these by default, Redis keeps the slowest commands unless somebody turns it off.

    ## Fix
    - Postgres: set `log_min_duration_statement = 500`, or add `pg_stat_statements` to `shared_preload_libraries`.
    - Redis: set `slowlog-log-slower-than 10000` and leave `slowlog-max-len` above 0.
    - Any: let the server record its slow statements.
    """
    if isinstance(server, RedisServer):
        yield from _redis(server)
        return
    values = [server.setting(name) for name in _DURATIONS]
    if any(value.is_set and not value.or_else("").strip("'").startswith("-") for value in values):
        return
    preload = server.setting("shared_preload_libraries")
    image = server.container.image if server.container is not None else None
    facts = postgres_image(image.repository) if image is not None else None
    loaded = preload.or_else("") if preload.is_set else ",".join(facts.preload) if facts is not None else ""
    if any(name in loaded for name in _LIBRARIES):
        return
    vague = next((value for value in (*values, preload) if value.is_unknown), None)
    if server.partial and not any(value.is_set for value in values):
        yield NOT_APPLICABLE
    elif vague is not None:
        yield unknown(vague.place, f"Whether {server.name} records slow statements is not known: {vague.reason}.")
    else:
        how = "`log_min_duration_statement` is off, and `pg_stat_statements` is not loaded"
        yield fail(values[0].place, f"{server.name} records no slow statement: {how}.")


def _redis(server: RedisServer) -> Iterator[Problem]:
    slower, length = server.setting("slowlog-log-slower-than"), server.setting("slowlog-max-len")
    if slower.is_set and slower.or_else("").startswith("-"):
        yield fail(slower.place, f"{server.name} records no slow command: `slowlog-log-slower-than` is {slower.value}.")
    elif length.is_set and length.or_else("").strip() == "0":
        yield fail(length.place, f"{server.name} records no slow command: `slowlog-max-len` is 0.")

"""INT202: configuration that the server refuses."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import PgBouncer, Postgres, RedisServer, Server
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule

_CHECKED = (Postgres, PgBouncer, RedisServer)


@rule("INT202", severity=Severity.HIGH, tags=("CWE-1059",))
def server_would_not_start(server: Server, stack: Stack) -> Iterator[Problem]:
    """Server would not start as configured.

    Redis, PgBouncer and PostgreSQL read their configuration strictly: an unknown name, a comment behind a value, a `${VAR}` where
    a number belongs, a unit that they do not know, TLS without a certificate end the start. What looks like a setting is an outage.

    ## Fix
    - Redis: give comments lines of their own, and write values as redis.conf knows them; nothing is expanded.
    - PgBouncer: give comments lines of their own, booleans as 0 or 1, and times in seconds; nothing is expanded.
    - Postgres: write parameters by their exact names, and units as `kB`, `MB`, `ms`, `min`.
    - Any: write what the server reads.
    """
    if not server.refused and (not isinstance(server, _CHECKED) or server.unread):
        yield NOT_APPLICABLE
        return
    for one in server.refused:
        yield fail(
            one.place, f"{server.name} does not start: it refuses `{one.setting.removeprefix('pgbouncer.')[:60]}`: {one.why}."
        )

"""DB305: Redis commands that one line of an injection can use against the server."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import RedisServer
from afscan.policy import Problem, Severity, fail, rule, unknown

DANGEROUS = ("CONFIG", "DEBUG", "FLUSHALL", "KEYS", "MODULE")
"""Rewriting the configuration, crashing the server, deleting everything, blocking it, loading native code."""


@rule("DB305", severity=Severity.MEDIUM, tags=("CWE-749",))
def dangerous_command_enabled(redis: RedisServer, stack: Stack) -> Iterator[Problem]:
    """Dangerous Redis command is enabled.

    CONFIG rewrites where Redis stores its files and has been the way into many servers; FLUSHALL deletes everything, KEYS and
    DEBUG stop the server for all others, MODULE loads native code. Applications need none of them.

    ## Fix
    - Any: deny them to the application's user by ACL (`-@admin -@dangerous`), or write `rename-command CONFIG ""` and so on.
    """
    disabled = redis.disabled_commands
    if disabled.is_unknown:
        yield unknown(disabled.place, f"Which commands {redis.name} allows is not known: {disabled.reason}.")
        return
    enabled = [name for name in DANGEROUS if name not in (disabled.or_else([]))]
    if enabled:
        at = disabled.place if disabled.is_set else redis.place
        yield fail(at, f"{redis.name} lets every client use {', '.join(enabled)}.")

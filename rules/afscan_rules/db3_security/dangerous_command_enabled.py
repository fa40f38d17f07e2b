"""DB305: Redis commands that one line of an injection can use against the server."""

import re
from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import RedisServer
from afscan.policy import Problem, Severity, fail, rule, unknown

DANGEROUS = ("CONFIG", "DEBUG", "FLUSHALL", "KEYS", "MODULE")
"""Rewriting the configuration, crashing the server, deleting everything, blocking it, loading native code."""

_SWITCHES = {"DEBUG": "enable-debug-command", "MODULE": "enable-module-command"}
"""Commands that are off since Redis 7 unless a setting says `yes`."""


@rule("DB305", severity=Severity.MEDIUM, tags=("CWE-749",))
def dangerous_command_enabled(redis: RedisServer, stack: Stack) -> Iterator[Problem]:
    """Dangerous Redis command is enabled.

    CONFIG rewrites where Redis stores its files and has been the way into many servers; FLUSHALL deletes everything, KEYS and
    DEBUG stop the server for all others, MODULE loads native code. Applications need none of them. Since Redis 7, DEBUG and
    MODULE are off unless `enable-debug-command` or `enable-module-command` turns them on.

    ## Fix
    - Redis: deny them to the application's user by ACL (`-@admin -@dangerous`), or write `rename-command CONFIG ""` and so on.
    - Any: deny them to the application's user by ACL (`-@admin -@dangerous`), or write `rename-command CONFIG ""` and so on.
    """
    disabled = redis.disabled_commands
    if disabled.is_unknown:
        yield unknown(disabled.place, f"Which commands {redis.name} allows is not known: {disabled.reason}.")
        return
    off = {*disabled.or_else([]), *(_off_by_default(redis))}
    enabled = [name for name in DANGEROUS if name not in off]
    if enabled:
        yield fail(disabled.place, f"{redis.name} lets every client use {', '.join(enabled)}.")


def _off_by_default(redis: RedisServer) -> list[str]:
    """`local` opens a command to the loopback interface only."""
    image = redis.container.image if redis.container is not None else None
    version = re.match(r"v?(\d{1,2})(?:\Z|[.-])", image.tag or "") if image is not None else None
    if version is not None and int(version[1]) < 7 and image is not None and "valkey" not in image.repository:
        return []
    return [command for command, setting in _SWITCHES.items() if redis.setting(setting).or_else("no").lower() != "yes"]

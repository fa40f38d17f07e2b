"""DB104: pool modes that pool nothing, or break what relies on a session."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import PgBouncer
from afscan.model.value import Value
from afscan.policy import Problem, Severity, fail, rule, unknown


@rule("DB104", severity=Severity.MEDIUM, tags=("CWE-770",))
def pool_mode_unsuitable(pooler: PgBouncer, stack: Stack) -> Iterator[Problem]:
    """Pool mode is unsuitable.

    In session mode, the default, a client keeps its server connection for as long as it is connected: a web application with
    its own pool then holds them all, and nothing is shared. Statement mode forbids transactions. In transaction mode
    `server_reset_query` is not run, so that what one client sets in its session, the next one finds.

    ## Fix
    - Any: set `pool_mode = transaction`, and use `SET LOCAL` within transactions instead of session settings.
    """
    default = pooler.pool_mode
    own: list[Value[str]] = [d.pool_mode for d in pooler.databases if not d.pool_mode.is_unset]
    if len(own) < len(pooler.databases) or not pooler.databases:
        own.append(default)
    for mode in own:
        text = mode.or_else("session").strip().lower()
        if mode.is_unknown:
            yield unknown(mode.place, f"The pool mode of {pooler.name} is not known: {mode.reason}.")
        elif text == "statement":
            yield fail(mode.place, f"{pooler.name} uses statement mode, in which no transaction of several statements works.")
        elif text == "session":
            how = "is not set, and session is the default" if mode.is_unset else "is session"
            yield fail(mode.place, f"{pooler.name} keeps a server connection for every connected client: `pool_mode` {how}.")
    yield from _reset(pooler)


def _reset(pooler: PgBouncer) -> Iterator[Problem]:
    """A `server_reset_query` that transaction mode does not run."""
    query = pooler.setting("pgbouncer.server_reset_query")
    always = pooler.setting("pgbouncer.server_reset_query_always").or_else("0").strip().lower()
    if query.is_set and query.or_else("").strip() and pooler.pool_mode.or_else("").strip().lower() == "transaction":
        if always in ("0", "no", "false", "off"):
            yield fail(
                query.place,
                "In transaction mode `server_reset_query` is not run: settings of one client's session reach the next client.",
                remedy="Remove it and use `SET LOCAL`, or set `server_reset_query_always = 1`.",
            )

"""DB104: pool modes that pool nothing, or break what relies on a session."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import PgBouncer
from afscan.model.value import Value
from afscan.policy import Problem, Severity, fail, rule, unknown

_MODES = ("session", "transaction", "statement")


@rule("DB104", severity=Severity.MEDIUM, tags=("CWE-770",))
def pool_mode_unsuitable(pooler: PgBouncer, stack: Stack) -> Iterator[Problem]:
    """Pool mode is unsuitable.

    In session mode, the default, a client keeps its server connection for as long as it is connected: a web application with
    its own pool then holds them all, and nothing is shared. Statement mode forbids transactions. In transaction mode
    `server_reset_query` is not run, so that what one client sets in its session, the next one finds. A line of its own in session
    mode, beside one in transaction mode for the same server, is fine: migrations and LISTEN need it.

    ## Fix
    - PgBouncer: set `pool_mode = transaction`, and use `SET LOCAL` within transactions instead of session settings.
    - Any: set `pool_mode = transaction` (`POOL_MODE` or `PGBOUNCER_POOL_MODE` for images that take it from the environment).
    """
    for mode in _modes(pooler):
        text = _word(mode)
        if mode.is_unknown:
            yield unknown(mode.place, f"The pool mode of {pooler.name} is not known: {mode.reason}.")
        elif text == "statement":
            yield fail(mode.place, f"{pooler.name} uses statement mode, in which no transaction of several statements works.")
        elif text == "session":
            how = "is not set, and session is the default" if mode.is_unset else "is session"
            yield fail(mode.place, f"{pooler.name} keeps a server connection for every connected client: `pool_mode` {how}.")
        elif text not in _MODES:
            yield unknown(mode.place, f"The pool mode of {pooler.name} is not known: PgBouncer has no mode `{mode.value}`.")
    yield from _reset(pooler)


def _word(mode: Value[str]) -> str:
    return mode.or_else("session").strip().lower()


def _modes(pooler: PgBouncer) -> list[Value[str]]:
    """The modes in force: the default where a database has none of its own, less the sessions beside a line that shares."""
    default = pooler.pool_mode
    effective = [(line.host.or_else(""), line.pool_mode if not line.pool_mode.is_unset else default) for line in pooler.databases]
    sharing = {host for host, mode in effective if mode.is_set and _word(mode) == "transaction"}
    found = [mode for host, mode in effective if not (mode.is_set and _word(mode) == "session" and host in sharing)]
    kept = {id(mode): mode for mode in (found if pooler.databases else [default])}
    return list(kept.values())


def _reset(pooler: PgBouncer) -> Iterator[Problem]:
    """A `server_reset_query` that transaction mode does not run."""
    query = pooler.setting("pgbouncer.server_reset_query")
    always = pooler.setting("pgbouncer.server_reset_query_always").or_else("0").strip().lower()
    modes = [line.pool_mode if not line.pool_mode.is_unset else pooler.pool_mode for line in pooler.databases] or [
        pooler.pool_mode
    ]
    ignored = all(mode.is_set and _word(mode) == "transaction" for mode in modes) and always in ("0", "no", "false", "off")
    if query.is_set and query.or_else("").strip() and ignored:
        yield fail(
            query.place,
            "In transaction mode `server_reset_query` is not run: settings of one client's session reach the next client.",
            remedy="Remove it and use `SET LOCAL`, or set `server_reset_query_always = 1`.",
        )

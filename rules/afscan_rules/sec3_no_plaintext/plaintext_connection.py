"""SEC301: connections to other hosts without TLS."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Connection
from afscan.platforms.urls import is_loopback
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC301", severity=Severity.HIGH, tags=("CWE-319",))
def plaintext_connection(connection: Connection, stack: Stack) -> Iterator[Problem]:
    """Connection is in plaintext.

    Whoever shares the network reads passwords and data of a connection without TLS, and can change them; a cluster's network
    is shared by everything in it. What counts is what the client enforces: a PostgreSQL client with `sslmode=prefer` gives up
    encryption as soon as somebody in between says so.

    ## Fix
    - PgBouncer: set `server_tls_sslmode = verify-full` and `server_tls_ca_file`.
    - Any: use the scheme with TLS (`https`, `rediss`, `bolt+s`, `amqps`), for PostgreSQL `sslmode=verify-full`.
    """
    secure = connection.secure
    if connection.listener or secure.value:
        if connection.listener:
            yield NOT_APPLICABLE
        return
    host = connection.host
    if host.is_set and is_loopback(host.or_else("")):
        yield NOT_APPLICABLE  # it does not leave the machine
        return
    what = connection.product or connection.scheme
    target = f"`{host.value}`" if host.is_set and host.value else "a host that is not known here"
    if secure.is_unknown or secure.is_unset:
        why = secure.reason or "nothing here says whether TLS is used"
        yield unknown(connection.url.place, f"Whether the {what} connection to {target} is encrypted is not known: {why}.")
    elif host.is_unknown:
        yield unknown(connection.url.place, f"The {what} connection is not encrypted, and its host is not known: {host.reason}.")
    else:
        yield fail(connection.url.place, f"The {what} connection to {target} is not encrypted{_because(connection)}.")


def _because(connection: Connection) -> str:
    """Why it is not, as the end of the sentence."""
    if connection.scheme:
        return f" (scheme `{connection.scheme}`)" if connection.product != "postgres" else ", or the client does not insist on it"
    return ""

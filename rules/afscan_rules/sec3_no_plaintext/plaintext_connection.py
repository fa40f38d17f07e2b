"""SEC301: connections to other hosts without TLS."""

from collections.abc import Iterator

from afscan.model.place import Place
from afscan.model.stack import Stack
from afscan.model.subjects import Connection
from afscan.platforms.urls import is_loopback
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_THIS_MACHINE = frozenset(
    ("host.docker.internal", "gateway.docker.internal", "host.containers.internal", "host.minikube.internal")
)
"""Names by which containers reach the machine they run on (documentation of Docker, Podman and minikube)."""


@rule("SEC301", severity=Severity.HIGH, tags=("CWE-319",))
def plaintext_connection(connection: Connection, stack: Stack) -> Iterator[Problem]:
    """Connection is in plaintext.

    Whoever shares the network reads passwords and data of a connection without TLS, and can change them; a cluster's network
    is shared by everything in it. What counts is what the client enforces: a PostgreSQL client with `sslmode=prefer`, or
    without `sslmode`, gives up encryption as soon as somebody in between says so. Connections to the machine itself and
    Unix sockets are none; PgBouncer's own connections are judged by its settings (SEC303).

    ## Fix
    - Any: use the scheme with TLS (`https`, `rediss`, `bolt+s`, `amqps`); for PostgreSQL add `sslmode=verify-full`.
    """
    secure, host = connection.secure, connection.host
    if connection.listener or connection.platform == "pgbouncer" or _stays_here(host.or_else("")):
        yield NOT_APPLICABLE
        return
    if secure.value:
        return
    named = connection.product or connection.scheme
    what = f"{named} connection" if named else "connection"
    target = f"`{host.value}`" if host.is_set and host.value else "a host that is not known here"
    if not secure.is_set:
        why = secure.reason or "nothing here says whether TLS is used"
        yield unknown(connection.url.place, f"Whether the {what} to {target} is encrypted is not known: {why}.")
    elif host.is_unknown:
        yield unknown(connection.url.place, f"The {what} is not encrypted, and its host is not known: {host.reason}.")
    else:
        at = _culprit(connection)
        yield fail(at, f"The {what} to {target} is not encrypted{_because(connection, at)}.")


def _stays_here(host: str) -> bool:
    return bool(host) and (is_loopback(host) or host.lower() in _THIS_MACHINE)


def _culprit(connection: Connection) -> Place:
    """The parameter or switch that turns encryption off; the whole URL where its scheme does, or where a parameter is missing."""
    url, decisive = connection.url.place, connection.secure.place
    same_start = url.path == decisive.path and url.span[:2] == decisive.span[:2]
    return url if same_start else decisive


def _because(connection: Connection, at: Place) -> str:
    """Why it is not, as the end of the sentence."""
    url = connection.url.or_else("")
    if at != connection.url.place:
        return " or not enforced: this setting says so"
    if connection.product in ("postgres", "mysql", "mongodb"):
        return ": it sets no TLS mode, and the client's default does not insist on it"
    return f" (scheme `{connection.scheme}`)" if "://" in url and connection.scheme else ""

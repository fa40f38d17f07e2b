"""SEC312: Neo4j without TLS."""

from collections.abc import Iterator

from afscan.model.neo4j import Neo4j
from afscan.model.stack import Stack
from afscan.model.value import Value
from afscan.platforms.neo4jserver import host_of
from afscan.platforms.urls import is_loopback
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC312", severity=Severity.HIGH, tags=("CWE-319",))
def neo4j_tls_off(graph: Neo4j, stack: Stack) -> Iterator[Problem]:
    """Neo4j TLS is off.

    Neo4j's Bolt connector takes plaintext unless `server.bolt.tls_level` is REQUIRED (OPTIONAL takes both), and its HTTP connector
    is on unless it is turned off: user names, passwords and query results cross the network as they are. In a cluster the members'
    own traffic needs the SSL policy `cluster`. A connector that listens on the loopback interface has nothing to encrypt; that is
    Neo4j's own default, and the image's is to listen everywhere.

    ## Fix
    - Any: set `server.bolt.tls_level=REQUIRED` with `dbms.ssl.policy.bolt.enabled=true` and its certificate, and
      `server.http.enabled=false`, `server.https.enabled=true`; in a cluster also `dbms.ssl.policy.cluster.enabled=true`.
    """
    bolt, http = _open(graph.bolt, True, graph.bolt_listen), _open(graph.http, True, graph.http_listen)
    if not (bolt or http):
        yield NOT_APPLICABLE
        return
    level = graph.bolt_tls
    refuses = level.value == "REQUIRED"
    if bolt and level.is_unknown:
        yield unknown(level.place, f"Whether {graph.name} insists on TLS is not known: {level.reason}.")
    elif bolt and not refuses:
        yield fail(level.place, f"{graph.name} takes plaintext on its Bolt port: {_why(level)}.")
    if http and (graph.http.is_set or refuses or not bolt):
        yield from _http(graph)
    yield from _between_members(graph)


def _open(enabled: Value[bool], default: bool, listen: Value[str]) -> bool:
    """Whether a connector may be reached from elsewhere; without an address Neo4j listens on the loopback interface."""
    if enabled.is_set and not enabled.or_else(default):
        return False
    return not listen.is_unset and not (listen.is_set and is_loopback(host_of(listen.or_else(""))))


def _why(level: Value[str]) -> str:
    if level.is_unset:
        return "`server.bolt.tls_level` is not set, and the default lets plaintext in"
    effect = "takes it beside TLS" if level.value == "OPTIONAL" else "takes nothing else"
    return f"`server.bolt.tls_level` is {level.value}, which {effect}"


def _http(graph: Neo4j) -> Iterator[Problem]:
    http = graph.http
    if http.is_unknown:
        yield unknown(http.place, f"Whether {graph.name} serves plain HTTP is not known: {http.reason}.")
    else:
        why = "is true" if http.is_set else "is not set, and on is the default"
        yield fail(http.place, f"{graph.name} serves HTTP without TLS: `server.http.enabled` {why}.")


def _between_members(graph: Neo4j) -> Iterator[Problem]:
    policy = graph.cluster_policy
    if not graph.cluster.value or policy.value:
        return
    if policy.is_unknown:
        yield unknown(policy.place, f"Whether the members of {graph.name} use TLS is not known: {policy.reason}.")
    else:
        at = policy.place if policy.is_set else graph.cluster.place
        how = "is false" if policy.is_set else "is not set, and off is the default"
        yield fail(at, f"The members of {graph.name} talk to each other in plaintext: `dbms.ssl.policy.cluster.enabled` {how}.")

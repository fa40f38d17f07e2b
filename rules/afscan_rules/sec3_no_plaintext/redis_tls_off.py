"""SEC302: Redis without TLS, or with a plaintext port beside it."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import RedisServer
from afscan.model.value import Value
from afscan.platforms.urls import is_loopback
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC302", severity=Severity.HIGH, tags=("CWE-319",))
def redis_tls_off(redis: RedisServer, stack: Stack) -> Iterator[Problem]:
    """Redis speaks plaintext.

    Redis encrypts nothing until `tls-port` is set, and goes on serving plaintext on `port` beside it until that is 0. In a
    cluster or a replica set, the nodes talk to each other in plaintext until `tls-cluster` and `tls-replication` are on.

    ## Fix
    - Any: set `tls-port 6379`, `port 0` and the three `tls-*-file` settings; in a cluster also `tls-cluster yes` and `tls-replication yes`.
    """
    if redis.bind and all(b.is_set and is_loopback(b.or_else("").lstrip("-")) for b in redis.bind):
        yield NOT_APPLICABLE  # nothing leaves the machine
        return
    plain, tls = redis.port, redis.tls_port
    doubtful = next((v for v in (tls, plain) if v.is_unknown), None)
    if doubtful is not None:
        yield unknown(doubtful.place, f"Whether {redis.name} uses TLS is not known: {doubtful.reason}.")
        return
    if plain.or_else(6379) != 0:
        if tls.or_else(0) == 0:
            at = plain.place if plain.is_set else redis.place
            yield fail(at, f"{redis.name} serves plaintext on port {plain.or_else(6379)}, and no `tls-port` is set.")
        else:
            where = f"`port {plain.value}` is set" if plain.is_set else "`port` is left at 6379"
            at = plain.place if plain.is_set else tls.place
            yield fail(at, f"{redis.name} serves plaintext beside TLS: {where}, and only `port 0` closes it.")
    elif tls.or_else(0) == 0:
        yield NOT_APPLICABLE  # a Unix socket only
        return
    yield from _between_nodes(redis)


def _between_nodes(redis: RedisServer) -> Iterator[Problem]:
    if redis.tls_port.or_else(0) == 0:
        return  # already said: nothing is encrypted
    wanted: list[tuple[str, Value[bool]]] = []
    if redis.cluster.value:
        wanted.append(("tls-cluster", redis.tls_cluster))
    if redis.cluster.value or redis.replica.value:
        wanted.append(("tls-replication", redis.tls_replication))
    for name, value in wanted:
        if value.is_unknown:
            yield unknown(value.place, f"Whether `{name}` is on in {redis.name} is not known: {value.reason}.")
        elif not value.value:
            at = value.place if value.is_set else redis.tls_port.place
            yield fail(at, f"{redis.name} serves its clients over TLS, but its nodes talk in plaintext: `{name}` is off.")

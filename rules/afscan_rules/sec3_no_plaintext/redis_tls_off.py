"""SEC302: Redis without TLS, or with a plaintext port beside it."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import RedisServer
from afscan.model.value import Value
from afscan.platforms.urls import is_loopback
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_DEFAULT_PORT = 6379


@rule("SEC302", severity=Severity.HIGH, tags=("CWE-319",))
def redis_tls_off(redis: RedisServer, stack: Stack) -> Iterator[Problem]:
    """Redis speaks plaintext.

    Redis encrypts nothing until `tls-port` is set, and goes on serving plaintext on `port` beside it until that is 0. In a
    cluster or a replica set, the nodes talk to each other in plaintext until `tls-cluster` and `tls-replication` are on. A
    server that is bound to the loopback interface, or has only a Unix socket, has nothing to encrypt.

    ## Fix
    - Kubernetes, Compose: pass `--tls-port 6379 --port 0` with `--tls-cert-file`, `--tls-key-file` and `--tls-ca-cert-file`, or set them in redis.conf.
    - Any: set `tls-port 6379`, `port 0` and the three `tls-*-file` settings; in a cluster also `tls-cluster yes` and `tls-replication yes`.
    """
    if redis.bind and all(b.is_set and is_loopback(b.or_else("").lstrip("-")) for b in redis.bind):
        yield NOT_APPLICABLE  # nothing leaves the machine
        return
    plain, tls = redis.port, redis.tls_port
    if plain.is_unknown:
        yield unknown(plain.place, f"Whether {redis.name} serves plaintext is not known: {plain.reason}.")
        return
    number = plain.or_else(_DEFAULT_PORT)
    if number == 0:
        if tls.or_else(0) == 0 and not tls.is_unknown:
            yield NOT_APPLICABLE  # a Unix socket only
            return
    elif tls.is_unknown:
        yield fail(plain.place, f"{redis.name} serves plaintext on port {number}, whatever `tls-port` is: only `port 0` closes it.")
        return
    elif tls.or_else(0) == 0:
        at = plain.place if plain.is_set else tls.place
        yield fail(at, f"{redis.name} serves plaintext on port {number}, and no `tls-port` is set.")
        return
    else:
        where = f"`port {number}` is set" if plain.is_set else f"`port` is left at {_DEFAULT_PORT}"
        at = plain.place if plain.is_set else tls.place
        yield fail(at, f"{redis.name} serves plaintext beside TLS: {where}, and only `port 0` closes it.")
    yield from _between_nodes(redis)


def _between_nodes(redis: RedisServer) -> Iterator[Problem]:
    """The nodes' own traffic: what is off by default is one finding, what is switched off one each."""
    cluster, replica = redis.cluster, redis.replica
    switches = [("tls-cluster", redis.tls_cluster, cluster), ("tls-replication", redis.tls_replication, cluster)]
    if not cluster.value:
        switches = [*switches, ("tls-replication", redis.tls_replication, replica)] if replica.value else switches
        switches = [one for one in switches if one[2].value or one[2].is_unknown]
    missing: list[str] = []
    for name, value, reason in switches:
        doubtful: Value[bool] | None = value if value.is_unknown else reason if reason.is_unknown and not value.value else None
        if doubtful is not None:
            yield unknown(doubtful.place, f"Whether the nodes of {redis.name} need `{name}` and have it is not known: {doubtful.reason}.")
        elif value.is_set and not value.value:
            yield fail(value.place, f"{redis.name} serves its clients over TLS, but its nodes talk in plaintext: `{name}` is off.")
        elif value.is_unset:
            missing.append(f"`{name}`")
    if missing:
        off = "are not set, and off is their default" if len(missing) > 1 else "is not set, and off is its default"
        names = " and ".join(missing)
        yield fail(redis.tls_port.place, f"{redis.name} serves its clients over TLS, but its nodes talk in plaintext: {names} {off}.")

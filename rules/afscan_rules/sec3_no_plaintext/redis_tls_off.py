"""SEC302: Redis without TLS, or with a plaintext port beside it."""

from collections.abc import Iterator

from afscan.model.redis import RedisSentinel
from afscan.model.stack import Stack
from afscan.model.subjects import RedisServer
from afscan.model.value import Value
from afscan.platforms.urls import is_loopback
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_DEFAULT_PORT, _SENTINEL_PORT = 6379, 26379


@rule("SEC302", severity=Severity.HIGH, tags=("CWE-319",))
def redis_tls_off(redis: RedisServer | RedisSentinel, stack: Stack) -> Iterator[Problem]:
    """Redis speaks plaintext.

    Redis encrypts nothing until `tls-port` is set, and goes on serving plaintext on `port` beside it until that is 0. In a
    cluster or a replica set, the nodes talk to each other in plaintext until `tls-cluster` and `tls-replication` are on; a Sentinel
    needs the latter to speak TLS with the servers that it watches. A server that is bound to the loopback interface, or has only a
    Unix socket, has nothing to encrypt.

    ## Fix
    - Any: set `tls-port 6379`, `port 0` and the three `tls-*-file` settings; in a cluster also `tls-cluster yes` and
      `tls-replication yes`.
    """
    if redis.bind and all(b.is_set and is_loopback(b.or_else("").lstrip("-")) for b in redis.bind):
        yield NOT_APPLICABLE  # nothing leaves the machine
        return
    plain, tls = redis.port, redis.tls_port
    if plain.is_unknown:
        yield unknown(plain.place, f"Whether {redis.name} serves plaintext is not known: {plain.reason}.")
        return
    default = _SENTINEL_PORT if isinstance(redis, RedisSentinel) else _DEFAULT_PORT
    number = plain.or_else(default)
    if number == 0:
        if tls.or_else(0) == 0 and not tls.is_unknown:
            yield NOT_APPLICABLE  # a Unix socket only
            return
    elif tls.is_unknown:
        yield fail(
            plain.place, f"{redis.name} serves plaintext on port {number}, whatever `tls-port` is: only `port 0` closes it."
        )
        return
    elif tls.or_else(0) == 0:
        at = plain.place if plain.is_set else tls.place
        yield fail(at, f"{redis.name} serves plaintext on port {number}, and no `tls-port` is set.")
        return
    else:
        where = f"`port {number}` is set" if plain.is_set else f"`port` is left at {default}"
        at = plain.place if plain.is_set else tls.place
        yield fail(at, f"{redis.name} serves plaintext beside TLS: {where}, and only `port 0` closes it.")
    yield from _between_nodes(redis)


def _between_nodes(redis: RedisServer | RedisSentinel) -> Iterator[Problem]:
    """The nodes' own traffic: what is switched off is one finding each, what is left off by default one together."""
    missing: list[str] = []
    how = (
        "but it talks to the servers that it watches in plaintext"
        if isinstance(redis, RedisSentinel)
        else "but its nodes talk in plaintext"
    )
    for name, value, needed in _wanted(redis):
        doubtful = next((one for one in (value, needed) if one.is_unknown), None)
        if value.value:
            continue
        if doubtful is not None:
            yield unknown(doubtful.place, f"Whether the nodes of {redis.name} need `{name}` is not known: {doubtful.reason}.")
        elif value.is_set:
            yield fail(value.place, f"{redis.name} serves its clients over TLS, {how}: `{name}` is off.")
        else:
            missing.append(f"`{name}`")
    if missing:
        off = "are not set, and off is their default" if len(missing) > 1 else "is not set, and off is its default"
        text = f"{redis.name} serves its clients over TLS, {how}: {' and '.join(missing)} {off}."
        yield fail(redis.tls_port.place, text)


def _wanted(redis: RedisServer | RedisSentinel) -> list[tuple[str, Value[bool], Value[bool]]]:
    """The switches that this server's nodes need, each with the setting that makes them nodes of something."""
    if isinstance(redis, RedisSentinel):
        watches: Value[bool] = Value.of(True, redis.node)
        return [("tls-replication", redis.tls_replication, watches)] if redis.masters else []
    cluster, replica = redis.cluster, redis.replica
    wanted = [("tls-cluster", redis.tls_cluster, cluster)] if cluster.value or cluster.is_unknown else []
    needed = next((one for one in (cluster, replica) if one.value), None)
    needed = needed or next((one for one in (cluster, replica) if one.is_unknown), None)
    return wanted if needed is None else [*wanted, ("tls-replication", redis.tls_replication, needed)]

"""Redis Sentinel as it runs."""

from afscan.model.node import Node
from afscan.model.record import field, record
from afscan.model.subjects import Server
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class Monitored:
    """A master that a Sentinel watches: ``sentinel monitor NAME HOST PORT QUORUM``; ``password`` is its ``auth-pass``."""

    node: Node
    name: str
    host: Value[str]
    port: Value[int]
    quorum: Value[int]
    password: Value[str]
    user: Value[str]


@record(slots=True, kw_only=True, eq=False)
class RedisSentinel(Server):
    """Redis or Valkey Sentinel. Source: redis.io, "High availability with Redis Sentinel"; the sentinel.conf of Redis 7."""

    port: Value[int]  # default 26379; 0 = no plaintext listener
    tls_port: Value[int]  # default 0
    tls_replication: Value[bool]  # TLS towards the servers and the other Sentinels, default no
    password: Value[str]  # requirepass
    bind: list[Value[str]]
    protected_mode: Value[bool]  # default no, unlike the server's
    masters: list[Monitored] = field(default_factory=list)

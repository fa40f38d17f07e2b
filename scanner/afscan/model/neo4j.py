"""Neo4j as it runs."""

from afscan.model.record import record
from afscan.model.subjects import Server
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class Neo4j(Server):
    """Neo4j. Names are those of version 5, whichever are written; memory in bytes.

    Source: neo4j.com/docs, Operations Manual, "Configuration settings", "Configure network connectors", "SSL framework".
    """

    bolt: Value[bool]  # server.bolt.enabled, default true
    bolt_tls: Value[str]  # server.bolt.tls_level, upper case: DISABLED (the default since 4), OPTIONAL, REQUIRED
    bolt_policy: Value[bool]  # dbms.ssl.policy.bolt.enabled, default false
    bolt_listen: Value[str]  # server.bolt.listen_address, else server.default_listen_address
    http: Value[bool]  # server.http.enabled, default true
    http_listen: Value[str]
    https: Value[bool]  # server.https.enabled, default false
    https_policy: Value[bool]
    https_listen: Value[str]
    asks: Value[bool]  # dbms.security.auth_enabled, default true
    cluster: Value[bool]  # set where any setting makes it a member of one
    cluster_policy: Value[bool]  # dbms.ssl.policy.cluster.enabled, default false
    heap: Value[float]  # server.memory.heap.max_size
    page_cache: Value[float]  # server.memory.pagecache.size
    bolt_threads: Value[int]  # server.bolt.thread_pool_max_size, default 400
    concurrent_transactions: Value[int]  # db.transaction.concurrent.maximum, default 1000; 0 = unlimited
    query_log: Value[str]  # db.logs.query.enabled, upper case: OFF, INFO, VERBOSE
    prometheus: Value[bool]  # server.metrics.prometheus.enabled, default false
    unrestricted: Value[str]  # dbms.security.procedures.unrestricted

"""DB310: Redis servers that wait for a cluster that nobody forms."""

from collections.abc import Iterator

from afscan.join.clusterformed import is_formed, may_be_formed
from afscan.join.namespaces import is_excerpt
from afscan.model.stack import Stack
from afscan.model.subjects import RedisServer
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Severity, fail, rule, unknown

_SERVER_IMAGES = frozenset(("redis", "valkey/valkey", "redis/redis-stack-server"))
"""Images that start a server and nothing else. Those of operators and of charts form the cluster themselves."""


@rule("DB310", severity=Severity.HIGH, absence=True, tags=("CWE-1188",))
def redis_cluster_never_created(redis: RedisServer, stack: Stack) -> Iterator[Problem]:
    """Redis cluster is never created.

    `cluster-enabled yes` makes a server ready to join a cluster; it forms none. Until somebody runs `redis-cli --cluster create`,
    each pod knows itself alone and owns no slot: every read and write is answered with CLUSTERDOWN, while ping and probes are green.
    This speaks of the stack alone: a cluster may have been formed by hand.

    ## Fix
    - Kubernetes: add a Job that runs `redis-cli --cluster create HOST:PORT ... --cluster-replicas 1 --cluster-yes` once.
    - Compose: add a service that does, and ends.
    - Any: form the cluster by something that can be repeated, or use an operator.
    """
    image = redis.container.image if redis.container is not None else None
    if not redis.cluster.value or image is None or image.repository not in _SERVER_IMAGES:
        yield NOT_APPLICABLE
        return
    if is_formed(stack):
        return
    if is_excerpt(redis):
        yield NOT_JUDGED
        return
    maybe = may_be_formed(stack)
    if maybe:
        yield unknown(redis.cluster.place, f"Whether anybody forms the cluster of {redis.name} is not known: {maybe} may do it.")
        return
    message = (
        f"{redis.name} is ready for a cluster that nothing in this stack forms: until `redis-cli --cluster create` has run, every "
        "command on a key is answered with CLUSTERDOWN."
    )
    yield fail(redis.cluster.place, message)

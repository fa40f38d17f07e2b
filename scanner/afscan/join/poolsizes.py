"""How many connections poolers open to their servers. Source: pgbouncer.org/config.html."""

import re

from afscan.join.pooling import pooling_of
from afscan.model.place import Place
from afscan.model.record import record
from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource, PgBouncer, PoolerDatabase, Postgres
from afscan.model.value import Value

DEFAULT_POOL_SIZE = 20


@record(slots=True)
class Demand:
    """What one pooler asks of one server: each of ``replicas`` opens up to ``each`` connections."""

    name: str
    place: Place
    replicas: Value[int]
    each: Value[int]

    @property
    def total(self) -> int:
        """Connections of all replicas together; a replica count that is not written is 1, the platforms' default."""
        return self.replicas.or_else(1) * self.each.or_else(0)


def demands_on(stack: Stack, server: Postgres | ManagedResource) -> list[Demand]:
    """What the poolers of the stack that lead to a server ask of it; files that no container reads ask nothing."""
    found = []
    for pooler, lines in pooling_of(stack).front.get(id(server), ()):
        if pooler.container is None:
            continue
        workload = pooler.container.workload
        replicas = workload.replicas
        if workload.fleet:
            replicas = Value.unknown(workload.node, "one runs on each node, and their number is not written here")
        found.append(Demand(workload.name, workload.place, replicas, server_connections(pooler, lines)))
    return found


def server_connections(pooler: PgBouncer, lines: list[PoolerDatabase]) -> Value[int]:
    """The most connections that one instance of a pooler opens for some of its databases.

    Per database: (pool + reserve) for each user, at most ``max_db_connections``; over all of them ``max_user_connections`` for
    each user. 0 is no limit. Unknown where a part is, or where nothing limits an unknown number of users.
    """
    limit, reserve, default = pooler.max_db_connections, pooler.reserve_pool_size, pooler.default_pool_size
    per_user = pooler.max_user_connections
    parts = [limit, reserve, default, per_user, *(v for line in lines for v in (line.max_connections, line.pool_size))]
    unknown = next((value for value in parts if value.is_unknown), None)
    if unknown is not None:
        return unknown
    everybody = _users(pooler)
    total = 0
    for line in lines:
        users = 1 if line.user.is_set else everybody
        pool = line.pool_size.or_else(default.or_else(DEFAULT_POOL_SIZE))
        asked = users * (pool + reserve.or_else(0)) if users is not None and pool > 0 else None
        cap = line.max_connections.or_else(limit.or_else(0))
        if asked is None and cap <= 0:
            what = "the size of its pool is unlimited" if pool <= 0 else "the number of users is not known"
            return Value.unknown(line.node, f"{what}, and no `max_db_connections` limits them")
        total += min(n for n in (asked, cap if cap > 0 else None) if n is not None)
    forced = {line.user.or_else("") for line in lines if line.user.is_set}
    free = any(not line.user.is_set for line in lines)
    if per_user.or_else(0) > 0 and (everybody is not None or not free):
        total = min(total, (len(forced) + (everybody or 0 if free else 0)) * per_user.or_else(0))
    decisive = next((value for value in (limit, default) if value.is_set), limit)
    return Value.of(total, decisive.node, decisive.at)


def _users(pooler: PgBouncer) -> int | None:
    """How many users have pools: those of userlist.txt less the ones for PgBouncer's own console; None where others may come."""
    if not pooler.users or not pooler.setting("pgbouncer.auth_user").is_unset:
        return None
    console: set[str] = set()
    for name in ("admin_users", "stats_users"):
        console |= {word for word in re.split(r"[,\s]+", pooler.setting(f"pgbouncer.{name}").or_else("")) if word}
    return len({user.user for user in pooler.users} - console) or None

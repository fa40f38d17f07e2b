"""DB201: datastores that nothing saves."""

from collections.abc import Iterator

from afscan.join.backups import backups_of, unread_backup
from afscan.model.stack import Stack
from afscan.model.subjects import Postgres, Qdrant, RedisServer, Server, overlay_of
from afscan.platforms.secrets import product_name
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_SAVED = frozenset(("neo4j", "mysql", "mongodb"))
_SAME = {"mariadb": "mysql", "valkey": "redis"}


@rule("DB201", severity=Severity.HIGH, absence=True, tags=("CWE-693",))
def datastore_without_backup(server: Server, stack: Stack) -> Iterator[Problem]:
    """Datastore has no backup.

    A volume is no backup: a wrong `DELETE`, a lost node or an attacker takes it as it is. Something outside of the server has to copy the
    data away, regularly and by itself. Replicas and caches are left out: a Redis that may evict any key (`allkeys-...`), or keeps nothing
    on disk, has nothing to lose. Managed databases have their own rule (DB204).

    ## Fix
    - Kubernetes: add a `CronJob` that dumps the datastore (`pg_dump`, Qdrant's snapshot API, `neo4j-admin database dump`) to other storage.
    - Any: let a CronJob, timer or scheduled workflow dump the datastore to storage of its own, and test the restore.
    """
    product = _SAME.get(server.product, server.product)
    if not _keeps_data(server, product):
        yield NOT_APPLICABLE
        return
    backups = backups_of(stack, product)
    if any(one.scheduled.value is True for one in backups):
        return
    name = product_name(product)
    related = [Related(one.place, "This would save it, but nothing runs it on a schedule.") for one in backups[:3]]
    place = server.container.place if server.container is not None else server.place
    unsure = next((one for one in backups if one.scheduled.is_unknown), None)
    if unsure is not None:
        yield unknown(
            place, f"Whether {server.name} is saved regularly is not known: {unsure.scheduled.reason}.", related=related
        )
    elif (other := unread_backup(stack)) is not None:
        yield unknown(
            place, f"Whether {server.name} is saved is not known: what {other.name} saves is not read.", related=related
        )
    else:
        yield fail(place, f"Nothing in this stack saves the data of {server.name} ({name}) on a schedule.", related=related)


def _keeps_data(server: Server, product: str) -> bool:
    """Whether a server of the stack holds data that are nowhere else."""
    container = server.container
    if container is None or overlay_of(container) or container.workload.runs_to_completion:
        return False
    if isinstance(server, Postgres):
        return not server.partial
    if isinstance(server, RedisServer):
        if server.replica.value is True or server.setting("maxmemory-policy").or_else("").lower().startswith("allkeys"):
            return False
        return server.setting("appendonly").or_else("").lower() == "yes"
    return isinstance(server, Qdrant) or product in _SAVED

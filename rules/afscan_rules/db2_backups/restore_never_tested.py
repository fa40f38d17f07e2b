"""DB203: backups that are never restored."""

from collections.abc import Iterator

from afscan.model.backups import Backup, RestoreTest
from afscan.model.stack import Stack
from afscan.platforms.secrets import product_name
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_DATABASES = frozenset(("postgres", "mysql", "mongodb", "neo4j"))


@rule("DB203", severity=Severity.MEDIUM, absence=True, tags=("CWE-693",))
def restore_never_tested(backup: Backup, stack: Stack) -> Iterator[Problem]:
    """Restore is never tested.

    Nobody wants backups, everybody wants restores. Whether a dump can be restored (roles, extensions, versions, keys, space) shows only
    where it is done, and that has to be before the day on which it must work: a scheduled job that restores the newest dump into a
    database of its own and looks at what came back.

    ## Fix
    - Kubernetes: add a `CronJob` that restores the newest dump into a scratch database (`restore_test`), queries it and drops it.
    - Any: restore the newest dump on a schedule into a scratch database, and check what came back.
    """
    if backup.product not in _DATABASES or stack.joined.setdefault(f"DB203/{backup.product}", backup) is not backup:
        yield NOT_APPLICABLE  # each product is reported once
        return
    restores = [one for one in stack.of(RestoreTest) if one.product == backup.product and one.scratch.value is not False]
    if any(one.scheduled.value is True for one in restores):
        return
    unsure = next((one for one in restores if one.scheduled.is_unknown), None)
    if unsure is not None:
        yield unknown(backup.place, f"Whether a restore is tested regularly is not known: {unsure.scheduled.reason}.")
        return
    related = [Related(one.place, "This restores a dump, but nothing runs it on a schedule.") for one in restores[:3]]
    name = product_name(backup.product)
    yield fail(
        backup.place, f"Nothing in this stack restores a dump of {name} into a scratch database on a schedule.", related=related
    )

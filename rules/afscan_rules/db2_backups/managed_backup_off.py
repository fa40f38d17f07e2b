"""DB204: managed datastores without automatic backups, or with too short a memory."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

MINIMUM_DAYS = 7
"""How far back a restore must reach: a fault that is made on Friday is noticed on Monday, and looked into for a while."""


@rule("DB204", severity=Severity.HIGH, tags=("CWE-693",))
def managed_backup_off(resource: ManagedResource, stack: Stack) -> Iterator[Problem]:
    """Managed backup is off or too short.

    RDS keeps no automatic backup and ElastiCache no snapshot unless a retention is set; Aurora keeps one day, DynamoDB nothing
    without point-in-time recovery. With less than a week, damage that is noticed after a long weekend is older than the oldest
    backup. A read replica is as safe as its primary and not judged.

    ## Fix
    - Terraform: set `backup_retention_period` or `snapshot_retention_limit` to 7 or more, or enable point-in-time recovery.
    - Any: keep automatic backups for 7 days or more, and turn point-in-time recovery on.
    """
    days = resource.backup_days
    if days is None:
        yield NOT_APPLICABLE
    elif days.is_unknown:
        yield unknown(days.place, f"How long backups of {resource.name} are kept is not known: {days.reason}.")
    elif days.is_unset and resource.backup_default < MINIMUM_DAYS:
        kept = resource.backup_default
        text = f"keeps backups for {_days(kept)} only" if kept else "keeps no automatic backups"
        yield fail(days.place, f"{resource.name} {text}: nothing else is set, and that is the default.")
    elif days.is_set and days.or_else(0) <= 0:
        yield fail(days.place, f"{resource.name} keeps no automatic backups: they are turned off here.")
    elif days.is_set and days.or_else(0) < MINIMUM_DAYS:
        yield fail(days.place, f"{resource.name} keeps backups for {_days(days.or_else(0))} only; {MINIMUM_DAYS} are the least.")


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"

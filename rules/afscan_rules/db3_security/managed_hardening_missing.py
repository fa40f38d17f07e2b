"""DB308: managed databases without what the service offers for safety."""

from collections.abc import Iterator

from afscan.join.managed import listed, off_or_unsure
from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("DB308", severity=Severity.LOW, tags=("CWE-1188",))
def managed_hardening_missing(resource: ManagedResource, stack: Stack) -> Iterator[Problem]:
    """Managed database is not hardened.

    A second zone survives the loss of the first, logins by IAM need no long-lived password, automatic minor upgrades bring
    security fixes. The service offers them, and only the last is on by default. What an engine or a replica does not have is not
    asked of it.

    ## Fix
    - Terraform: set `multi_az = true` and `iam_database_authentication_enabled = true`, leave `auto_minor_version_upgrade` on.
    - Any: run managed databases in two zones, with IAM logins and automatic minor upgrades.
    """
    if not resource.hardening:
        yield NOT_APPLICABLE
        return
    off, unsure = off_or_unsure(resource.hardening)
    if off:
        related = [Related(facet.on.place, f"`{facet.setting}` is off here.") for facet in off[1:] if facet.on.is_set]
        yield fail(off[0].on.place, f"{listed(resource, off)}.", related=related)
    elif unsure is not None:
        yield unknown(unsure.on.place, f"Whether {resource.name} has `{unsure.setting}` on is not known: {unsure.on.reason}.")

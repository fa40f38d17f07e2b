"""DB205: managed databases whose data go with them."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DB205", severity=Severity.MEDIUM, tags=("CWE-693",))
def final_snapshot_skipped(resource: ManagedResource, stack: Stack) -> Iterator[Problem]:
    """Database can be deleted without a trace.

    A renamed resource, a wrong workspace or a click in the console deletes a database, and its automatic backups with it. Deletion
    protection makes that two steps, a final snapshot makes it undoable: both are off by default, and a snapshot needs a name. A
    read replica loses nothing, and what Terraform must not destroy (`prevent_destroy`) is protected well enough.

    ## Fix
    - Terraform: set `deletion_protection = true`, `skip_final_snapshot = false` and a `final_snapshot_identifier`.
    - Any: protect databases from deletion, and take a snapshot before one is deleted.
    """
    snapshot, protection = resource.final_snapshot, resource.deletion_protection
    if snapshot is None and protection is None:
        yield NOT_APPLICABLE
    if snapshot is not None:
        if snapshot.effective is None:
            yield unknown(snapshot.on.place, f"Whether {resource.name} leaves a snapshot is not known: {snapshot.on.reason}.")
        elif not snapshot.effective:
            yield fail(snapshot.on.place, f"{resource.name} leaves no snapshot when it is deleted: {snapshot.why}.")
    if protection is not None:
        if protection.effective is None:
            reason = protection.on.reason
            yield unknown(protection.on.place, f"Whether {resource.name} is protected from deletion is not known: {reason}.")
        elif not protection.effective:
            how = "is off" if protection.on.is_set else "is not set, and off is the default"
            yield fail(protection.on.place, f"{resource.name} can be deleted in one step: `{protection.setting}` {how}.")

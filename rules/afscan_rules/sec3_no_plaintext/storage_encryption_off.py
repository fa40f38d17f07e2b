"""SEC308: data at rest without encryption."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC308", severity=Severity.HIGH, tags=("CWE-311",))
def storage_encryption_off(resource: ManagedResource, stack: Stack) -> Iterator[Problem]:
    """Storage is not encrypted.

    Disks, snapshots and backups of a managed service outlive it and are copied around. Most services cannot turn encryption on
    later without making the resource anew, so it belongs in the first version.

    ## Fix
    - Kubernetes: set the StorageClass parameter `encrypted: "true"`.
    - Any: turn encryption at rest on (`storage_encrypted`, `at_rest_encryption_enabled`, `encrypted`), best with a key of
      your own.
    """
    facet = resource.storage_encrypted
    if facet is None:
        yield NOT_APPLICABLE
    elif facet.effective is None:
        yield unknown(facet.on.place, f"Whether {resource.name} encrypts its storage is not known: {facet.on.reason}.")
    elif not facet.effective:
        how = facet.why or (
            f"`{facet.setting}` is off" if facet.on.is_set else f"`{facet.setting}` is not set, and off is the default"
        )
        yield fail(facet.on.place, f"{resource.name} does not encrypt its storage: {how}.")

"""MON503: registries that take images unseen."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("MON503", severity=Severity.MEDIUM, tags=("CWE-1104",))
def registry_scan_off(resource: ManagedResource, stack: Stack) -> Iterator[Problem]:
    """Registry does not scan images.

    An image is built once and run for months; known vulnerabilities in it are found by whoever looks. The registry looks at every
    image that is pushed when it is told to, per repository or by a rule for the whole registry. Both count.

    ## Fix
    - Terraform: set `image_scanning_configuration { scan_on_push = true }`, or add an `aws_ecr_registry_scanning_configuration`.
    - Any: have the registry scan every image that is pushed.
    """
    scan = resource.scan_on_push
    if scan is None:
        yield NOT_APPLICABLE
    elif scan.effective is None:
        yield unknown(scan.on.place, f"Whether images in {resource.name} are scanned is not known: {scan.on.reason}.")
    elif not scan.effective:
        how = "is off" if scan.on.is_set else "is not set, and off is the default"
        yield fail(scan.on.place, f"Images pushed to {resource.name} are not scanned: `scan_on_push` {how}.")

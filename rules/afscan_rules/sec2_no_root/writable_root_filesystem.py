"""SEC206: whether a container may write to its own image."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.policy import Problem, Severity, fail, rule, unknown


@rule("SEC206", severity=Severity.LOW, tags=("CWE-732",))
def writable_root_filesystem(container: Container, stack: Stack) -> Iterator[Problem]:
    """Root file system is writable.

    An intruder who can write to the container's file system can replace programs and leave tools behind. Services write to a
    few known places, which can be volumes; everything else can be read-only.

    ## Fix
    - Kubernetes, Terraform: set `securityContext.readOnlyRootFilesystem: true`, and mount an `emptyDir` where it must write.
    - Compose: set `read_only: true`, and `tmpfs` where it must write.
    """
    read_only = container.read_only_root
    if read_only.is_unknown:
        yield unknown(
            read_only.place, f"Whether {container.name} may write to its root file system is not known: {read_only.reason}."
        )
    elif not read_only.value:
        why = "it is not set, and that is the default" if read_only.is_unset else "it is switched on explicitly"
        yield fail(read_only.place, f"{container.name} may write to its root file system: {why}.")

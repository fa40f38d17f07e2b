"""SEC204: containers with all privileges of the host."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.policy import Problem, Severity, fail, rule, unknown


@rule("SEC204", severity=Severity.CRITICAL, tags=("CWE-250",))
def privileged_container(container: Container, stack: Stack) -> Iterator[Problem]:
    """Container is privileged.

    A privileged container has every capability, all devices and no seccomp or AppArmor profile: whoever gets into it owns the
    host. Programs that need one device or capability can be given just that.

    ## Fix
    - Kubernetes, Terraform: remove `securityContext.privileged`, and add the single capability or device that is needed.
    - Compose: remove `privileged: true`, and use `cap_add` or `devices` for what is needed.
    """
    privileged = container.privileged
    if privileged.is_unknown:
        yield unknown(privileged.place, f"Whether {container.name} is privileged is not known: {privileged.reason}.")
    elif privileged.value:
        yield fail(privileged.place, f"{container.name} is privileged: it has all capabilities and devices of the host.")

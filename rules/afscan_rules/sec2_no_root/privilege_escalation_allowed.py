"""SEC203: whether a process may gain more privileges than it started with."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.policy import Problem, Severity, fail, rule, unknown


@rule("SEC203", severity=Severity.MEDIUM, tags=("CWE-269",))
def privilege_escalation_allowed(container: Container, stack: Stack) -> Iterator[Problem]:
    """Privilege escalation is allowed.

    A setuid program in the image can turn an unprivileged process into root. The kernel's no_new_privs flag forbids it, but
    orchestrators leave it off unless they are told: what is not written here is allowed.

    ## Fix
    - Kubernetes, Terraform: set `securityContext.allowPrivilegeEscalation: false` on the container.
    - Compose: add `security_opt: ["no-new-privileges:true"]`.
    """
    allowed = container.privilege_escalation
    if allowed.is_unknown:
        yield unknown(allowed.place, f"Whether {container.name} may gain privileges is not known: {allowed.reason}.")
    elif allowed.is_unset:
        yield fail(container.place, f"{container.name} may gain privileges: nothing forbids it, and that is the default.")
    elif allowed.value:
        yield fail(allowed.place, f"{container.name} may gain privileges: this setting allows it.")

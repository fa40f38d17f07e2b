"""SEC208: containers without the profiles that limit what they can ask of the kernel."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC208", severity=Severity.MEDIUM, tags=("CWE-693",))
def seccomp_or_apparmor_unconfined(container: Container, stack: Stack) -> Iterator[Problem]:
    """Seccomp or AppArmor profile is missing or unconfined.

    A seccomp profile keeps a process away from the system calls that nearly no program needs and kernel exploits do. Docker
    applies one of its own unless it is switched off. Kubernetes applies none unless it is asked for, for the pod or the
    container. AppArmor is on by default in both, where the machine has it.

    ## Fix
    - Kubernetes, Terraform: set `securityContext.seccompProfile.type: RuntimeDefault` on the pod, and no `appArmorProfile` of `Unconfined`.
    - Compose: remove `seccomp=unconfined` and `apparmor=unconfined` from `security_opt`.
    """
    if container.privileged.value is True or (container.seccomp is None and _on_windows(container)):
        yield NOT_APPLICABLE  # a privileged container has no profile whatever is written: that is SEC202's finding
        return
    for kind, profile in (("seccomp", container.seccomp), ("AppArmor", container.apparmor)):
        if profile is None:
            continue
        if profile.is_unknown:
            yield unknown(profile.place, f"The {kind} profile of {container.name} is not known: {profile.reason}.")
        elif profile.is_set and profile.or_else("").lower() == "unconfined":
            yield fail(profile.place, f"{container.name} runs without a {kind} profile: it is `{profile.value}`.")
        elif profile.is_unset and kind == "seccomp":
            message = (
                f"{container.name} runs without a seccomp profile: neither it nor its pod sets one, and the default is none."
            )
            yield fail(profile.place, message)


def _on_windows(container: Container) -> bool:
    """Where a pod says that it runs on Windows, its Linux settings are unknown and there is no such profile."""
    return container.workload.service_account is not None

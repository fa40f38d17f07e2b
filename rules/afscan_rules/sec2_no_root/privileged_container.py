"""SEC204: containers and build steps with all privileges of the host."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Container, ImageBuild
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC204", severity=Severity.CRITICAL, tags=("CWE-250",))
def privileged_container(subject: Container | ImageBuild, stack: Stack) -> Iterator[Problem]:
    """Container is privileged.

    A privileged container has every capability, all devices and no seccomp or AppArmor profile: whoever gets into it owns the
    host. Programs that need one device or capability can be given just that. A `RUN --security=insecure` does the same to the
    machine that builds.

    ## Fix
    - Kubernetes, Terraform: remove `securityContext.privileged`, and add the single capability or device that is needed.
    - Compose: remove `privileged: true`, and use `cap_add` or `devices` for what is needed.
    - Dockerfile: remove `--security=insecure` from the RUN instruction.
    """
    if isinstance(subject, ImageBuild):
        yield from _build(subject)
        return
    privileged = subject.privileged
    if privileged.is_unknown:
        yield unknown(privileged.place, f"Whether {subject.name} is privileged is not known: {privileged.reason}.")
    elif privileged.value:
        yield fail(privileged.place, f"{subject.name} is privileged: it has all capabilities and devices of the host.")


def _build(build: ImageBuild) -> Iterator[Problem]:
    asked = [command.security for stage in build.stages for command in stage.commands if command.security is not None]
    for security in asked:
        if security.value == "insecure":
            yield fail(security.place, f"This step of {build.name} runs with all capabilities and devices of the building host.")
    if not asked:
        yield NOT_APPLICABLE

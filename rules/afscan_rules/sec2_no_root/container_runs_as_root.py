"""SEC201: the effective user of a container or of an image by itself."""

from collections.abc import Iterator

from afscan.join.users import effective_user, effective_user_of_build
from afscan.model.stack import Stack
from afscan.model.subjects import Container, ImageBuild
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("SEC201", severity=Severity.HIGH, tags=("CWE-250",))
def container_runs_as_root(subject: Container | ImageBuild, stack: Stack) -> Iterator[Problem]:
    """Container runs as root.

    A process that runs as root in a container is root towards the kernel it shares with the host: one kernel or runtime flaw
    away from the machine, and free to rewrite everything in its own image. What counts is the effective user: what the
    orchestrator sets, else what the Dockerfile's final stage sets, else what the image is known to do.

    ## Fix
    - Kubernetes, Terraform: set `securityContext.runAsNonRoot: true` and a `runAsUser` above 0 on the pod or container.
    - Compose: set `user: "10001:10001"`, or end the Dockerfile that is built with a `USER` above 0.
    - Dockerfile: end the final stage with `USER 10001:10001`.
    """
    if isinstance(subject, ImageBuild):
        if subject.built_by:
            yield NOT_APPLICABLE  # judged at the containers that build it: they may set a user of their own
            return
        effective = effective_user_of_build(subject)
    else:
        effective = effective_user(subject)
    if effective.verdict == "root":
        # A Dockerfile is its own declaration; a container may be declared in another file than what makes it root.
        declared = (
            [Related(subject.place, f"This is where {subject.name} is declared.")] if isinstance(subject, Container) else []
        )
        yield fail(
            effective.place,
            f"{subject.name} runs as root: {effective.why}.",
            related=declared if effective.place != subject.place else (),
        )
    elif effective.verdict == "unknown":
        yield unknown(effective.place, f"The user of {subject.name} is not known: {effective.why}.")

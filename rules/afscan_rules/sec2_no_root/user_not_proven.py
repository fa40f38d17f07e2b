"""SEC202: containers whose user nobody sets and nobody here knows."""

from collections.abc import Iterator

from afscan.join.users import effective_user, effective_user_of_build
from afscan.model.stack import Stack
from afscan.model.subjects import Container, ImageBuild
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC202", severity=Severity.MEDIUM, tags=("CWE-250",))
def user_not_proven(subject: Container | ImageBuild, stack: Stack) -> Iterator[Problem]:
    """User is not proven.

    An image that sets no user runs as root, and most images set none. Where neither the deployment nor a Dockerfile at hand
    says otherwise, the container's user is whatever its publisher chose, today and after the next push.

    ## Fix
    - Kubernetes, Terraform: set `securityContext.runAsNonRoot: true`, so that the kubelet refuses an image that runs as root.
    - Compose: set `user: "10001:10001"`.
    - Dockerfile: end the final stage with `USER 10001:10001`.
    - Any: set a user above 0.
    """
    if isinstance(subject, ImageBuild):
        if subject.built_by:
            yield NOT_APPLICABLE  # judged at the containers that build it
            return
        effective = effective_user_of_build(subject)
    else:
        effective = effective_user(subject)
    if effective.verdict == "root":
        yield NOT_APPLICABLE  # proven, and the other way round
    elif effective.unproven:
        yield fail(effective.place, f"{subject.name} may run as root: {effective.why}.")
    elif effective.verdict == "unknown":
        yield unknown(effective.place, f"The user of {subject.name} is not known: {effective.why}.")

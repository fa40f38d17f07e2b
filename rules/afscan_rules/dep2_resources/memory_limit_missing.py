"""DEP201: a limit on memory."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DEP201", severity=Severity.HIGH, tags=("CWE-770",))
def memory_limit_missing(container: Container, stack: Stack) -> Iterator[Problem]:
    """Memory limit is missing.

    Without a limit one leaking container takes the memory of the whole node, and the kernel kills whichever process it likes,
    a database as soon as the leaker.

    ## Fix
    - Kubernetes, Terraform: set `resources.limits.memory` on the container.
    - Compose: set `deploy.resources.limits.memory` (or `mem_limit`).
    """
    limit = container.memory_limit
    if container.role == "ephemeral":
        yield NOT_APPLICABLE  # the API server accepts no resources there
    elif limit.is_unknown:
        yield unknown(limit.place, f"The memory limit of {container.name} is not known: {limit.reason}.")
    elif limit.is_unset:
        yield fail(limit.place, f"{container.name} has no memory limit: it can take all memory of its host.")
    elif limit.value is not None and limit.value <= 0:
        yield fail(limit.place, f"{container.name} has a memory limit of 0, which means none.")

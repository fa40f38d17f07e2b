"""DEP202: a limit on CPU time."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DEP202", severity=Severity.LOW, tags=("CWE-770",))
def cpu_limit_missing(container: Container, stack: Stack) -> Iterator[Problem]:
    """CPU limit is missing.

    A container without a CPU limit can starve its neighbours when it spins. Some teams rely on requests alone, which is a
    defensible policy: ignore this rule in `.afscan.yaml` then.

    ## Fix
    - Kubernetes, Terraform: set `resources.limits.cpu` on the container.
    - Compose: set `deploy.resources.limits.cpus` (or `cpus`).
    """
    limit = container.cpu_limit
    if container.role == "ephemeral":
        yield NOT_APPLICABLE
    elif limit.is_unknown:
        yield unknown(limit.place, f"The CPU limit of {container.name} is not known: {limit.reason}.")
    elif limit.is_unset:
        yield fail(limit.place, f"{container.name} has no CPU limit.")
    elif limit.value is not None and limit.value <= 0:
        yield fail(limit.place, f"{container.name} has a CPU limit of 0, which means none.")

"""DEP203: what a container asks the scheduler for."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DEP203", severity=Severity.MEDIUM, tags=("CWE-770",))
def requests_missing(container: Container, stack: Stack) -> Iterator[Problem]:
    """Resource requests are missing.

    The scheduler places a container by what it requests. One that requests nothing is placed anywhere, is the first to be
    evicted, and gives an autoscaler nothing to compute a share of. Where a limit is set and no request, Kubernetes takes the
    limit as the request, and Compose reserves nothing.

    ## Fix
    - Kubernetes, Terraform: set `resources.requests.memory` and `resources.requests.cpu` on the container.
    - Compose: set `deploy.resources.reservations.memory` and `cpus`.
    """
    if container.role == "ephemeral":
        yield NOT_APPLICABLE
        return
    wanted = {"memory": container.memory_request, "CPU": container.cpu_request}
    missing = [name for name, value in wanted.items() if value.is_unset or (value.value is not None and value.value <= 0)]
    doubtful = next((value for value in wanted.values() if value.is_unknown), None)
    if missing:
        yield fail(wanted[missing[0]].place, f"{container.name} requests no {' and no '.join(missing)}.")
    elif doubtful is not None:
        yield unknown(doubtful.place, f"What {container.name} requests is not known: {doubtful.reason}.")

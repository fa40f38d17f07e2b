"""DEP206: how many processes a container may start."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DEP206", severity=Severity.LOW, profile="strict", tags=("CWE-770",))
def pids_unlimited(container: Container, stack: Stack) -> Iterator[Problem]:
    """Number of processes is unlimited.

    Process numbers are shared by the whole host. A container that forks without end, by mistake or on purpose, uses them up, and
    nobody can start a process any more, not even to stop it. Docker sets no limit by itself; 0 and -1 are none. In Kubernetes the
    kubelet limits the pods of a node.

    ## Fix
    - Compose: set `deploy.resources.limits.pids` (or `pids_limit`) to a few hundred.
    - Any: limit the number of processes of each container.
    """
    limit = container.pids_limit
    if limit is None:
        yield NOT_APPLICABLE
    elif limit.is_unknown:
        yield unknown(limit.place, f"How many processes {container.name} may start is not known: {limit.reason}.")
    elif limit.or_else(0) <= 0:
        why = f": {limit.value} is no limit" if limit.is_set else ""
        yield fail(limit.place, f"{container.name} may start any number of processes{why}.")

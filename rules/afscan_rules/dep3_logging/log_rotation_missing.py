"""DEP303: whether a container's logs are kept, and do not fill the disk."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_UNBOUNDED = "json-file"


@rule("DEP303", severity=Severity.LOW, tags=("CWE-770", "CWE-778"))
def log_rotation_missing(container: Container, stack: Stack) -> Iterator[Problem]:
    """Logs are not rotated, or thrown away.

    Docker's default driver, `json-file`, writes all that a container says into one file that grows until the disk is full, unless
    `max-size` bounds it. The driver `none` keeps nothing at all, and an incident leaves no trace. `local` rotates by itself, and
    other drivers hand the logs to somebody who keeps them. In Kubernetes the kubelet rotates.

    ## Fix
    - Compose: set `logging.options.max-size: "10m"` and `max-file: "3"`, or the driver `local`.
    - Any: bound the size of log files.
    """
    output = container.log_output
    if output is None:
        yield NOT_APPLICABLE
        return
    driver, size = output.driver, output.max_size
    if driver.is_unknown:
        yield unknown(driver.place, f"Where the logs of {container.name} go is not known: {driver.reason}.")
        return
    name = driver.or_else(_UNBOUNDED)
    if name == "none":
        yield fail(driver.place, f"The logs of {container.name} are thrown away: the logging driver is `none`.")
    elif name == _UNBOUNDED:
        if size.is_unknown:
            yield unknown(size.place, f"Whether the logs of {container.name} are bounded is not known: {size.reason}.")
        elif size.is_unset or size.or_else(0) <= 0:
            yield fail(size.place, f"The log of {container.name} grows without bound: `json-file` has no `max-size`.")

"""SEC205: the Linux capabilities that a container keeps or adds."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

DANGEROUS = frozenset(
    (
        "ALL",
        "BPF",
        "DAC_READ_SEARCH",
        "MAC_ADMIN",
        "MAC_OVERRIDE",
        "NET_ADMIN",
        "NET_RAW",
        "PERFMON",
        "SYSLOG",
        "SYS_ADMIN",
        "SYS_BOOT",
        "SYS_MODULE",
        "SYS_PTRACE",
        "SYS_RAWIO",
        "SYS_TIME",
    )
)
"""Capabilities that lead out of the container or onto others' traffic; see capabilities(7)."""


@rule("SEC205", severity=Severity.MEDIUM, tags=("CWE-250",))
def capabilities_not_dropped(container: Container, stack: Stack) -> Iterator[Problem]:
    """Capabilities are not dropped.

    Container runtimes grant about fourteen capabilities that hardly any service needs, among them raw sockets and changing
    file owners. Dropping all and adding back the one that is needed (NET_BIND_SERVICE, for instance) leaves an attacker
    nothing to work with; adding SYS_ADMIN or NET_ADMIN hands over the host or its network.

    ## Fix
    - Kubernetes, Terraform: set `securityContext.capabilities.drop: [ALL]`, and add back only what is needed.
    - Compose: set `cap_drop: [ALL]`, and `cap_add` only what is needed.
    """
    added = next((c for c in container.capabilities_added if c.is_set and c.value in DANGEROUS), None)
    if added is not None:
        why = f"{container.name} is given {added.value}, which reaches beyond the container."
        yield fail(added.place, why, severity=Severity.HIGH)
        return
    dropped = container.capabilities_dropped
    drops_all = any(c.value == "ALL" for c in dropped if c.is_set)
    settings = container.capabilities_added if drops_all else (*dropped, *container.capabilities_added, container.capabilities)
    doubtful = next((c for c in settings if c.is_unknown), None)
    if doubtful is not None:
        yield unknown(doubtful.place, f"The capabilities of {container.name} are not known: {doubtful.reason}.")
    elif not drops_all:
        what = "drops some capabilities, but not ALL" if dropped else "drops none of the capabilities that the runtime gives it"
        yield fail(container.capabilities.place, f"{container.name} {what}.")
    elif container.privileged.value:
        yield NOT_APPLICABLE  # privileged gives back what is dropped, and that is a rule of its own

"""SEC205: the Linux capabilities that a container keeps or adds."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.policy import Problem, Severity, fail, rule, unknown

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
        yield fail(
            added.place,
            f"{container.name} is given {added.value}, which reaches beyond the container.",
            severity=Severity.HIGH,
        )
        return
    dropped = container.capabilities_dropped
    if any(c.value == "ALL" for c in dropped if c.is_set):
        return
    doubtful = next((c for c in (*dropped, *container.capabilities_added, container.capabilities) if c.is_unknown), None)
    if doubtful is not None:
        yield unknown(doubtful.place, f"The capabilities of {container.name} are not known: {doubtful.reason}.")
        return
    what = "drops some capabilities, but not ALL" if dropped else "keeps the runtime's default capabilities"
    yield fail(container.capabilities.place, f"{container.name} {what}.")

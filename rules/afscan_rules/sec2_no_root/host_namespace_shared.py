"""SEC207: namespaces shared with the host."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.platforms.images import watched_of_host
from afscan.policy import Problem, Severity, fail, rule, unknown

_MEANING = {
    "network": "it sees and uses all of the host's network interfaces, past every network policy",
    "pid": "it sees and can signal every process of the host",
    "ipc": "it reaches the shared memory of the host's processes",
    "user": "root in it is root on the host",
    "uts": "it can change the host's name",
}


@rule("SEC207", severity=Severity.HIGH, tags=("CWE-653",))
def host_namespace_shared(container: Container, stack: Stack) -> Iterator[Problem]:
    """Host namespace is shared.

    Namespaces are what makes a container a container. One that shares the host's network, processes or memory is only a
    process on the host with another file system. Agents that measure the host itself, and are known to need its namespaces for it
    (Prometheus' node exporter), pass.

    ## Fix
    - Kubernetes, Terraform: remove `hostNetwork`, `hostPID` and `hostIPC` from the pod.
    - Compose: remove `network_mode: host`, `pid: host`, `ipc: host` and `userns_mode: host`.
    """
    name = container.workload.name  # namespaces are those of the whole pod: one finding, however many containers it has
    for namespace in container.host_namespaces:
        shared, kind = namespace.shared, namespace.kind
        if any(kind in watched_of_host(one) for one in container.workload.containers):
            continue
        if shared.is_unknown:
            yield unknown(shared.place, f"Whether {name} shares the host's {kind} namespace is not known: {shared.reason}.")
        elif shared.value:
            yield fail(shared.place, f"{name} shares the host's {kind} namespace: {_MEANING[kind]}.")

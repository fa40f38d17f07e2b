"""SEC210: namespaces in which any pod is admitted."""

from collections.abc import Iterator

from afscan.join.namespaces import workloads_in
from afscan.model.cluster import Namespace
from afscan.model.stack import Stack
from afscan.model.subjects import Workload
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_OF_THE_CLUSTER = frozenset(("kube-system", "kube-public", "kube-node-lease"))
_BEYOND_BASELINE = frozenset(("network", "pid", "ipc"))
_CAPABILITIES = frozenset(
    (
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID"),
        *("SETPCAP", "SETUID", "SYS_CHROOT"),
    )
)


@rule("SEC210", severity=Severity.MEDIUM, tags=("CWE-693",))
def pod_security_not_enforced(namespace: Namespace, stack: Stack) -> Iterator[Problem]:
    """Pod security is not enforced.

    Secure settings in today's manifests say nothing about tomorrow's. The level of Pod Security that a namespace enforces is
    what refuses a pod that asks for more; without the label it is `privileged`, which admits everything. `audit` and `warn`
    only write it down. A namespace of node agents alone, which have to reach into the node, cannot enforce more.

    ## Fix
    - Kubernetes, Terraform: set the label `pod-security.kubernetes.io/enforce: restricted` (or `baseline`) on the namespace.
    """
    level = namespace.enforce
    if namespace.namespace in _OF_THE_CLUSTER:
        yield NOT_APPLICABLE  # the cluster's own parts run there
    elif level.is_unknown:
        yield unknown(level.place, f"The level of Pod Security that {namespace.name} enforces is not known: {level.reason}.")
    elif level.is_unset:
        if namespace.unknown_labels:
            yield unknown(level.place, f"Whether {namespace.name} enforces Pod Security is not known: not all of its labels are.")
        else:
            message = f"{namespace.name} enforces no level of Pod Security: without the label, any pod is admitted."
            yield fail(level.place, message)
    elif level.or_else("") == "privileged":
        workloads = workloads_in(stack, namespace.namespace)
        ordinary = next((one for one in workloads if not _beyond_baseline(one)), None)
        if workloads and ordinary is None:
            yield NOT_APPLICABLE  # all that runs there needs what `baseline` forbids: other rules judge whether it should
            return
        related = [Related(ordinary.place, "This needs nothing of what `baseline` forbids.")] if ordinary is not None else []
        message = f"{namespace.name} enforces the level `privileged` of Pod Security, which admits any pod."
        yield fail(level.place, message, related=related)
    elif level.or_else("") not in ("baseline", "restricted"):
        message = f"{namespace.name} enforces `{level.value}`, which is no level of Pod Security that restricts anything."
        yield fail(level.place, message)


def _beyond_baseline(workload: Workload) -> bool:
    """Whether the level ``baseline`` would refuse a workload's pods. Source: Kubernetes, "Pod Security Standards"."""
    return any(
        container.privileged.value is True
        or any(added.value not in _CAPABILITIES for added in container.capabilities_added)
        or any(mount.kind == "host" for mount in container.mounts)
        or any(one.kind in _BEYOND_BASELINE and one.shared.value is True for one in container.host_namespaces)
        or any(port.host_port is not None and port.host_port.or_else(0) for port in container.ports)
        for container in workload.containers
    )

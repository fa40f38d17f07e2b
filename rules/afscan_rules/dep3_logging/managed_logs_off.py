"""DEP304: managed services that keep their logs to themselves."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DEP304", severity=Severity.MEDIUM, tags=("CWE-778",))
def managed_logs_off(resource: ManagedResource, stack: Stack) -> Iterator[Problem]:
    """Managed service delivers no logs.

    Nobody can log in to a managed control plane, cache or load balancer and read its files: what it does not deliver is lost.
    After an incident the audit log of the cluster and the access log of the load balancer are what tells who did what. Logs of
    databases are DB506's. The registry's EKS module delivers three of five logs by default.

    ## Fix
    - Terraform: set `enabled_cluster_log_types`, a `log_delivery_configuration` or `access_logs` with `enabled = true`.
    - Any: deliver the logs of managed services to where all logs are kept.
    """
    logs = resource.logs
    if logs is None:
        yield NOT_APPLICABLE
    elif logs.effective is None:
        yield unknown(logs.on.place, f"Whether {resource.name} delivers logs is not known: {logs.on.reason}.")
    elif not logs.effective:
        how = "is off" if logs.on.is_set else "is not set"
        yield fail(logs.on.place, f"{resource.name} delivers no logs, `{logs.setting}` {how}: {logs.why}.")

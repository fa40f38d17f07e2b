"""MON101: stacks that nothing watches."""

from collections.abc import Iterator

from afscan.join.namespaces import makes_pods, unread_manifests
from afscan.model.coverage import MonitoringCoverage
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("MON101", severity=Severity.HIGH, absence=True, tags=("CWE-778",))
def no_monitoring(coverage: MonitoringCoverage, stack: Stack) -> Iterator[Problem]:
    """Nothing is monitored.

    Without metrics an outage is what users report, and a slow decline is nobody's. Alert rules without anything that scrapes
    never fire, and a configuration of Prometheus that no workload mounts scrapes nothing. It is judged once per stack, and only
    where the stack is more than an application: where it brings alert rules, a log pipeline or a configuration of Prometheus, or
    has a network policy for a whole namespace. Others may rely on what their cluster collects.

    ## Fix
    - Kubernetes: run Prometheus with scrape jobs for the workloads, or add ServiceMonitors for the one that the cluster has.
    - Any: collect the metrics of all workloads, for instance with Prometheus.
    """
    if coverage.by is not None:
        return
    if coverage.owed is None:
        yield NOT_APPLICABLE
        return
    clause, at = coverage.owed
    count = len(coverage.workloads)
    many = f"{count} workloads" if count > 1 else "a workload"
    maker = makes_pods(stack)
    if maker is not None or unread_manifests(stack):
        why = f"{maker.name} may deploy what does" if maker is not None else "some manifests could not be read"
        related = [Related(maker.place, "What it deploys is not read here.")] if maker is not None else []
        yield unknown(
            coverage.place, f"Whether anything collects the metrics of this stack is not known: {why}.", related=related
        )
        return
    message = (
        f"This stack has {many} and {clause}, but nothing in it collects metrics: no running Prometheus, no monitor, no agent."
    )
    related = [Related(at, "This shows that the stack has to bring its own monitoring.")] if at != coverage.place else []
    yield fail(coverage.place, message, related=related)

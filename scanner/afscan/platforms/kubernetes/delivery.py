"""Updates, disruption budgets, autoscalers and quotas.

Sources: Kubernetes API reference, "Deployment", "DaemonSet", "PodDisruptionBudget v1", "HorizontalPodAutoscaler v2"; KEDA
documentation, "ScaledObject specification", "CPU" and "Memory" scalers.
"""

from collections.abc import Iterator

from afscan.model.delivery import Autoscaler, DisruptionBudget, ResourceQuota, Rollout, UtilizationMetric
from afscan.model.node import Node
from afscan.model.subjects import Workload
from afscan.model.value import Value
from afscan.platforms.kubernetes.network import label_selector
from afscan.platforms.kubernetes.objects import PLATFORM, KubernetesObject, port_value, section
from afscan.platforms.reading import Reader

_WITH_HISTORY = frozenset(("Deployment", "StatefulSet", "DaemonSet", "Rollout", "DeploymentConfig"))
_STRATEGIES = {"Deployment": "strategy", "DeploymentConfig": "strategy", "DaemonSet": "updateStrategy"}


def read_rollout(item: KubernetesObject, workload: Workload) -> None:
    """Emit how a workload is updated; nothing for kinds that know no revisions (bare pods, jobs, ReplicaSets)."""
    if item.kind not in _WITH_HISTORY:
        return
    spec = item.reader.at("spec")
    key = _STRATEGIES.get(item.kind)
    bounds: Reader | None = None
    strategy = spec.text(key, "type") if key is not None else None
    if key is not None:
        bounds = section(section(spec, key), "rollingUpdate")
    if item.kind == "Rollout":
        strategy, bounds = _progressive(section(spec, "strategy"))
    item.out.subjects.append(
        Rollout(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            workload=workload,
            history=spec.integer("revisionHistoryLimit"),
            strategy=strategy,
            max_unavailable=port_value(bounds, "maxUnavailable") if bounds is not None else None,
            max_surge=port_value(bounds, "maxSurge") if bounds is not None else None,
            replicas_ignored=_ignored(item.node.get("lifecycle", "ignoreChanges")),
        )
    )


def _progressive(strategy: Reader) -> tuple[Value[str] | None, Reader | None]:
    """How an Argo Rollout updates: ``Canary`` with its bounds, or ``BlueGreen``; nothing where neither is written.

    Source: Argo Rollouts documentation, "Specification" (``spec.strategy``).
    """
    for key, name in (("canary", "Canary"), ("blueGreen", "BlueGreen")):
        node = strategy.node.get(key)
        if node is not None:
            return Value.of(name, node), section(strategy, key) if key == "canary" else None
    return None, None


def _ignored(node: Node | None) -> bool:
    """Whether Terraform leaves the number of replicas alone after creation; the list holds references, so its text counts."""
    if node is None:
        return False
    span = node.span
    text = "\n".join(node.source.line(number) for number in range(span.line, min(span.end_line, span.line + 50) + 1))
    return "replicas" in text or text.rpartition("=")[2].strip() == "all"


def read_disruption_budget(item: KubernetesObject) -> None:
    """Emit a PodDisruptionBudget. In policy/v1 an empty selector selects every pod of the namespace."""
    selector, unknown = label_selector(section(item.reader, "spec"), "selector")
    item.out.subjects.append(
        DisruptionBudget(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            namespace=item.namespace,
            selector=selector,
            unknown_selector=unknown,
            selector_node=item.node.get("spec", "selector"),
        )
    )


def read_quota(item: KubernetesObject) -> None:
    """Emit a ResourceQuota."""
    item.out.subjects.append(ResourceQuota(name=item.title, node=item.node, platform=PLATFORM, namespace=item.namespace))


def read_autoscaler(item: KubernetesObject) -> None:
    """Emit a HorizontalPodAutoscaler. Without metrics it aims at 80 % of the CPU that is requested."""
    spec = section(item.reader, "spec")
    metrics = list(_metrics(spec))
    if spec.node.get("metrics") is None:
        share = spec.integer("targetCPUUtilizationPercentage")
        node = share.node if share.is_set else item.node
        metrics.append(UtilizationMetric(node=node, resource=Value.of("cpu", node), container=Value.unset(node)))
    kind = spec.text("scaleTargetRef", "kind").or_else("")
    _emit(item, kind, spec.text("scaleTargetRef", "name"), spec.integer("minReplicas"), metrics)


def _metrics(spec: Reader) -> Iterator[UtilizationMetric]:
    """The metrics that are shares of requests: v2, and v2beta1 where the share stands without ``target``."""
    for metric in spec.readers("metrics"):
        kind = metric.text("type").or_else("")
        key = {"Resource": "resource", "ContainerResource": "containerResource"}.get(kind)
        if key is None:
            continue
        below = section(metric, key)
        share = below.text("target", "type").or_else("") == "Utilization" or below.text("targetAverageUtilization").is_set
        if share:
            container = below.text("container") if kind == "ContainerResource" else Value.unset(metric.node)
            name = below.text("name")
            yield UtilizationMetric(node=name.node, resource=name, container=container)


def read_scaled_object(item: KubernetesObject) -> None:
    """Emit KEDA's ScaledObject, which makes a HorizontalPodAutoscaler. Its target is a Deployment unless it says otherwise."""
    spec = section(item.reader, "spec")
    metrics = []
    for trigger in spec.readers("triggers"):
        resource = trigger.text("type")
        share = trigger.text("metricType")
        if share.is_unset:
            share = trigger.text("metadata", "type")
        if resource.or_else("") in ("cpu", "memory") and share.or_else("") == "Utilization":
            container = trigger.text("metadata", "containerName")
            metrics.append(UtilizationMetric(node=resource.node, resource=resource, container=container))
    kind = spec.text("scaleTargetRef", "kind").or_else("Deployment")
    _emit(item, kind, spec.text("scaleTargetRef", "name"), spec.integer("minReplicaCount"), metrics)


def read_vertical_autoscaler(item: KubernetesObject) -> None:
    """Emit a VerticalPodAutoscaler."""
    from afscan.model.objects import VerticalAutoscaler  # noqa: PLC0415 - few stacks have one

    spec = section(item.reader, "spec")
    item.out.subjects.append(
        VerticalAutoscaler(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            namespace=item.namespace,
            target_kind=spec.text("targetRef", "kind").or_else(""),
            target=spec.text("targetRef", "name"),
            mode=spec.text("updatePolicy", "updateMode"),
        )
    )


def _emit(item: KubernetesObject, kind: str, target: Value[str], minimum: Value[int], metrics: list[UtilizationMetric]) -> None:
    item.out.subjects.append(
        Autoscaler(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            namespace=item.namespace,
            target_kind=kind,
            target=target,
            minimum=minimum,
            metrics=metrics,
        )
    )

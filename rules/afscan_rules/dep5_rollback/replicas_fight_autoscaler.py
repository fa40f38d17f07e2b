"""DEP505: who says how many replicas there are."""

from collections.abc import Iterator

from afscan.join.delivery import REPLICATED, autoscaler_of, rollout_of
from afscan.join.gitops import deployed_by
from afscan.model.stack import Stack
from afscan.model.subjects import Workload
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule


@rule("DEP505", severity=Severity.MEDIUM)
def replicas_fight_autoscaler(workload: Workload, stack: Stack) -> Iterator[Problem]:
    """Replicas fight the autoscaler.

    A number of replicas in the manifest is set again with every deployment, whatever the autoscaler has made of it: under load,
    a deployment then takes away the pods that carry it, and GitOps with self-healing does so all the time. Where an autoscaler
    owns the number, the manifest says nothing about it. An Argo CD application that leaves the number to the cluster, in its
    comparison and in a sync, is as good.

    ## Fix
    - Kubernetes: remove `spec.replicas`; the autoscaler's `minReplicas` says how many there are at least. Or leave the number to
      the cluster: `ignoreDifferences` with `/spec/replicas`, and `RespectIgnoreDifferences=true` (Argo CD).
    - Terraform: remove `replicas`, or ignore it with `lifecycle { ignore_changes = [spec[0].replicas] }`.
    - Any: let the autoscaler alone set the number.
    """
    scaler = autoscaler_of(stack, workload) if workload.kind in REPLICATED else None
    if scaler is None:
        written = workload.kind in REPLICATED and not workload.replicas.is_unset
        yield NOT_JUDGED if written and not stack.complete else NOT_APPLICABLE
        return
    rollout = rollout_of(stack, workload)
    if workload.replicas.is_unset or (rollout is not None and rollout.replicas_ignored):
        return
    application = deployed_by(stack, workload)
    if application is not None and application.ignores_replicas:
        return
    number = f"{workload.replicas.value} replicas" if workload.replicas.is_set else "a number of replicas"
    related = [Related(scaler.place, "This is the autoscaler.")]
    when = "every deployment sets again"
    if application is not None and application.self_heal.value and application.automated.value:
        when = f"{application.name} sets again as soon as it differs"
        related.append(Related(application.self_heal.place, "This undoes what the autoscaler does."))
    yield fail(
        workload.replicas.place,
        f"{workload.name} asks for {number}, which {when}, though {scaler.name} scales it.",
        related=related,
    )

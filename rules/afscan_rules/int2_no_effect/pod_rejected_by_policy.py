"""INT205: pods that their namespace's level of Pod Security refuses."""

from collections.abc import Iterator

from afscan.join.admission import namespace_of, refused
from afscan.join.gitops import deployed_by
from afscan.model.objects import PodAdmission
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_SHOWN = 3


@rule("INT205", severity=Severity.HIGH, tags=("CWE-1068",))
def pod_rejected_by_policy(admission: PodAdmission, stack: Stack) -> Iterator[Problem]:
    """Pod is rejected by its namespace's policy.

    The namespace enforces a level of Pod Security, and this workload asks for more. The Deployment is accepted, its pods are
    not: nothing runs, and only the events of the ReplicaSet say why. Every control of the levels `baseline` and `restricted`
    is looked at, for init containers too.

    ## Fix
    - Kubernetes: set what the level demands (for `restricted`: `runAsNonRoot: true`, `allowPrivilegeEscalation: false`,
      `capabilities.drop: [ALL]`, `seccompProfile.type: RuntimeDefault`), or move what needs more to a namespace that admits it.
    - Any: let the workload keep within what its namespace admits.
    """
    namespace = namespace_of(stack, admission.workload)
    if namespace is None or namespace.enforce.is_unset:
        yield NOT_APPLICABLE
        return
    if namespace.enforce.is_unknown:
        message = f"Whether the pods of {admission.name} are admitted is not known: {namespace.enforce.reason}."
        yield unknown(admission.place, message, related=[Related(namespace.enforce.place, "This decides.")])
        return
    level = namespace.enforce.or_else("")
    certain, doubts = refused(admission, level)
    here = [Related(namespace.enforce.place, f"{namespace.name} enforces `{level}`.")]
    application = deployed_by(stack, admission.workload)
    if application is not None and not admission.workload.namespace_written:
        here.append(Related(application.destination.place, f"{application.name} puts its pods into this namespace."))
    if certain:
        first = certain[0]
        what = list(dict.fromkeys(one.what for one in certain))
        more = f", and {len(what) - _SHOWN} more" if len(what) > _SHOWN else ""
        message = f"{namespace.name} refuses the pods of {admission.name}: {'; '.join(what[:_SHOWN])}{more} (level `{level}`)."
        related = [Related(one.at.place, f"{one.what[:1].upper()}{one.what[1:]}.") for one in certain[1:_SHOWN]]
        yield fail(first.at.place, message, related=[*here, *related])
    elif doubts:
        message = f"Whether {namespace.name} admits the pods of {admission.name} is not known: {doubts[0].what}."
        yield unknown(doubts[0].at.place, message, related=here)

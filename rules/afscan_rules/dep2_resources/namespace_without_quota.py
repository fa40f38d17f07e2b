"""DEP205: whether one namespace can take the whole cluster."""

from collections.abc import Iterator

from afscan.join.delivery import files_unread, lacks_bounds
from afscan.model.cluster import Namespace
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Severity, fail, rule


@rule("DEP205", severity=Severity.LOW, absence=True, tags=("CWE-770",))
def namespace_without_quota(namespace: Namespace, stack: Stack) -> Iterator[Problem]:
    """Namespace has no quota.

    Limits bound a container; how many of them there are is bounded by a ResourceQuota alone. Without one, a runaway autoscaler or
    a loop that creates jobs takes the whole cluster, and other namespaces with it. Judged are namespaces that the stack itself
    declares and runs workloads in. A LimitRange bounds containers, not the namespace, and does not stand in for a quota.

    ## Fix
    - Kubernetes: add a ResourceQuota with `requests.cpu`, `requests.memory`, `limits.memory` and `pods` to the namespace.
    - Terraform: add a `kubernetes_resource_quota_v1` for the namespace.
    - Any: bound what one tenant may take.
    """
    lacks = lacks_bounds(stack, namespace.namespace)
    if lacks is None:
        yield NOT_APPLICABLE
        return
    if not lacks[0]:
        return
    if files_unread(stack):
        yield NOT_JUDGED
        return
    also = ", and no LimitRange for its containers" if lacks[1] else ""
    yield fail(namespace.place, f"{namespace.name} has no ResourceQuota{also}: its pods may take the whole cluster.")

"""SEC409: managed datastores and clusters that the internet can reach."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC409", severity=Severity.CRITICAL, tags=("CWE-284",))
def managed_datastore_public(resource: ManagedResource, stack: Stack) -> Iterator[Problem]:
    """Managed datastore or cluster is public.

    A public address makes a password the only thing between the internet and the data, and a public Kubernetes endpoint that is
    open to every network offers the whole cluster's API to whoever finds a token.

    ## Fix
    - Terraform: set `publicly_accessible = false`; for EKS turn the public endpoint off or list the networks that may use it.
    - Any: keep it in the private network.
    """
    facet = resource.public
    if facet is None:
        yield NOT_APPLICABLE
    elif facet.effective is None:
        yield unknown(facet.on.place, f"Whether {resource.name} is public is not known: {facet.on.reason}.")
    elif facet.effective:
        how = facet.why or (
            f"`{facet.setting}` is on" if facet.on.is_set else f"`{facet.setting}` is not set, and on is the default"
        )
        yield fail(facet.on.place, f"{resource.name} is reachable from the internet: {how}.")

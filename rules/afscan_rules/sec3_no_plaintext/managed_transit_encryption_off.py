"""SEC307: managed services that accept plaintext."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC307", severity=Severity.HIGH, tags=("CWE-319",))
def managed_transit_encryption_off(resource: ManagedResource, stack: Stack) -> Iterator[Problem]:
    """Managed service accepts plaintext.

    ElastiCache, MSK, OpenSearch, the RDS proxy and load balancer listeners each have a switch for encryption in transit, and
    several leave it off by default.

    ## Fix
    - Any: turn encryption in transit on (`transit_encryption_enabled`, `require_tls`, `client_broker = "TLS"`,
      `enforce_https` with `node_to_node_encryption`); give a listener the protocol HTTPS, or redirect it there.
    """
    facet = resource.transit_encrypted
    if facet is None or (resource.product == "postgres" and resource.datastore):
        yield NOT_APPLICABLE  # PostgreSQL has a rule of its own
    elif facet.effective is None:
        yield unknown(facet.on.place, f"Whether {resource.name} encrypts its connections is not known: {facet.on.reason}.")
    elif not facet.effective:
        how = facet.why or (
            f"`{facet.setting}` is off" if facet.on.is_set else f"`{facet.setting}` is not set, and off is the default"
        )
        yield fail(facet.on.place, f"{resource.name} accepts plaintext: {how}.")

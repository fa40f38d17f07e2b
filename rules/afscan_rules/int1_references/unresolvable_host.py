"""INT107: connections to names that nothing answers."""

from collections.abc import Iterator

from afscan.join.endpoints import ABSENT, UNKNOWN, clients_of, endpoint_of
from afscan.join.namespaces import is_excerpt, whole
from afscan.join.services import services_called
from afscan.model.stack import Stack
from afscan.model.subjects import Connection
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown


@rule("INT107", severity=Severity.HIGH, absence=True, tags=("CWE-1059",))
def unresolvable_host(connection: Connection, stack: Stack) -> Iterator[Problem]:
    """Connection leads to nothing.

    A host name that no Service and no Compose service has does not resolve: the application starts, and every request that needs
    the other side fails. Most often something was renamed, or is deployed under another name. Judged are names that can only be
    answered inside the stack; hosts with a domain, addresses and what charts or operators bring are not.

    ## Fix
    - Kubernetes: use the name of an existing Service (`name.namespace` from another namespace), or add the Service.
    - Compose: use the name of a service of this project, or add the service.
    - Terraform: refer to the resource's own endpoint, or to the Service's name.
    - PgBouncer: put the database's own host into `[databases]`.
    - Any: use a name that exists, or deploy what answers to it.
    """
    endpoint = endpoint_of(stack, connection)
    clients = clients_of(stack, connection)
    if connection.listener or not clients or not connection.host.is_set:
        yield NOT_APPLICABLE  # an address of one's own; nobody here opens it; or its host is not written here
        return
    if endpoint.kind == UNKNOWN and endpoint.host:
        yield unknown(connection.host.place, f"Whether anything answers to `{endpoint.host}` is not known: {endpoint.why}.")
    if endpoint.kind != ABSENT:
        return
    client = clients[0].workload
    if is_excerpt(connection) or (client.platform != "compose" and not whole(stack)):
        yield NOT_JUDGED
        return
    name = endpoint.host.partition(".")[0]
    related = [Related(client.place, f"{client.name} opens it.")] if client.place.path != connection.place.path else []
    related += [
        Related(one.place, f"{one.name} is in the namespace {one.namespace}.")
        for one in services_called(stack, name)[:1]
        if client.platform != "compose"
    ]
    message = f"{connection.name} leads to `{endpoint.host}`, which does not exist in this stack: {endpoint.why}."
    yield fail(connection.host.place, message, related=related)

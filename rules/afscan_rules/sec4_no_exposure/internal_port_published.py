"""SEC401: ports of internal services published on the host's interfaces."""

from collections.abc import Iterator

from afscan.join.exposure import internal_service, published_where
from afscan.model.stack import Stack
from afscan.model.subjects import HostPort, PublishedPort
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC401", severity=Severity.HIGH, tags=("CWE-668",))
def internal_port_published(port: PublishedPort, stack: Stack) -> Iterator[Problem]:
    """Internal port is published.

    A published port is bound on every interface of the host unless an address is given, and Docker's own firewall rules come
    before the host's: the database is then as reachable as the host is. Containers of one network reach each other without.
    An address of a private network is no exposure.

    ## Fix
    - Compose: remove the `ports` entry, or bind it to the loopback interface: `"127.0.0.1:5432:5432"`.
    - Any: do not publish the port.
    """
    service = internal_service(port.container)
    if service is None or isinstance(port, HostPort):
        yield NOT_APPLICABLE  # a node's port is judged with the Services
        return
    address = port.host_ip
    if address.is_unknown:
        yield unknown(address.place, f"On which address {port.container.name} is published is not known: {address.reason}.")
        return
    where = published_where(port)
    if where is not None:
        number = port.container_port.value if port.container_port.is_set else "?"
        yield fail(port.place, f"{port.container.name} ({service}) is published on {where}, port {number}.")

"""SEC401: ports of internal services published on all interfaces of a host."""

from collections.abc import Iterator

from afscan.join.exposure import internal_service
from afscan.model.stack import Stack
from afscan.model.subjects import PublishedPort
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_LOOPBACK = ("127.", "::1", "localhost", "[::1]")
_EVERYWHERE = ("", "0.0.0.0", "::", "[::]", "*")


@rule("SEC401", severity=Severity.HIGH, tags=("CWE-668",))
def internal_port_published(port: PublishedPort, stack: Stack) -> Iterator[Problem]:
    """Internal port is published.

    A published port is bound on every interface of the host unless an address is given, and Docker's own firewall rules come
    before the host's: the database is then as reachable as the host is. Containers of one network reach each other without.

    ## Fix
    - Compose: remove the `ports` entry, or bind it to the loopback interface: `"127.0.0.1:5432:5432"`.
    - Kubernetes, Terraform: remove `hostPort`, and reach the pod through a ClusterIP Service.
    """
    service = internal_service(port.container)
    if service is None:
        yield NOT_APPLICABLE
        return
    address = port.host_ip
    if address.is_unknown:
        yield unknown(address.place, f"On which address {port.container.name} is published is not known: {address.reason}.")
        return
    text = address.or_else("")
    if text.startswith(_LOOPBACK):
        return
    where = "all interfaces of the host" if text in _EVERYWHERE else f"the host's address {text}"
    if text not in _EVERYWHERE and _private(text):
        return
    number = port.container_port.or_else(0) or "?"
    yield fail(port.place, f"{port.container.name} ({service}) is published on {where}, port {number}.")


def _private(address: str) -> bool:
    """Whether an address is of a private or link-local network: published, but not on the internet."""
    from ipaddress import ip_address  # noqa: PLC0415

    try:
        return ip_address(address.strip("[]")).is_private
    except ValueError:
        return False

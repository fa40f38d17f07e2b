"""``ports`` and ``expose``: what a service publishes on the host and what it listens on.

Source: the Compose Specification, "ports". ``[HOST:]CONTAINER[/PROTOCOL]`` with ``HOST`` as ``[IP:](port | range)``;
without a host port Docker picks a free one, without an address it listens on all interfaces of the host. Host and container
ranges have the same length, except that one container port may be given a range of host ports to choose from.
"""

import re
from typing import NamedTuple

from afscan.model.node import Mapping, Node, Opaque, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.subjects import Container, ContainerPort, PublishedPort
from afscan.model.value import Value
from afscan.platforms.compose.interpolation import Interpolated
from afscan.platforms.compose.reading import Context, Fields, missing_reason, present

MAX_RANGE = 64
"""How many ports of one range become container ports of their own."""

_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?\Z")
_BRACKETED = re.compile(r"\[([^\]]*)\](?::(.*))?\Z", re.DOTALL)
_HOST = re.compile(r"[0-9A-Fa-f:.%A-Za-z_-]+\Z")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

Range = tuple[int, int]


class PortText(NamedTuple):
    """The parts of a short port as text; None where they are not written. Each may hold ``${NAME}`` of a missing variable."""

    host_ip: str | None
    host: str | None
    container: str
    protocol: str


def split_port(text: str) -> PortText:
    """The parts of ``[[IP:]HOST:]CONTAINER[/PROTOCOL]``; nothing is validated."""
    ports, slash, protocol = text.strip().rpartition("/")
    if not slash:
        ports, protocol = text.strip(), "tcp"
    bracketed = _BRACKETED.match(ports)
    if bracketed is not None:
        host, _, container = (bracketed[2] or "").rpartition(":")
        return PortText(bracketed[1], host, container, protocol.lower())
    front, colon, container = ports.rpartition(":")
    if not colon:
        return PortText(None, None, container, protocol.lower())
    address, colon, host = front.rpartition(":")
    return PortText(address if colon else None, host, container, protocol.lower())


def parse_range(text: str) -> Range | None:
    """First and last of ``5432`` or ``3000-3005``; None where it is no port or range from 0 to 65535."""
    match = _RANGE.match(text)
    if match is None:
        return None
    first, last = int(match[1]), int(match[2] or match[1])
    return (first, last) if first <= last <= 65535 else None


def is_valid(port: PortText) -> bool:
    """Whether Docker accepts a short port in which no variable is missing."""
    container = parse_range(port.container)
    host = parse_range(port.host) if port.host else None
    if container is None or container[0] == 0 or port.protocol not in ("tcp", "udp", "sctp") or (port.host and host is None):
        return False
    if port.host_ip and not _HOST.match(port.host_ip):
        return False
    length = container[1] - container[0]
    return host is None or length in (0, host[1] - host[0])


def add_ports(fields: Fields, container: Container) -> None:
    """Put a service's ports into its container and its published ports into the interpretation."""
    context = fields.context
    for node in fields.items("ports"):
        if isinstance(node, Mapping):
            _long(node, container, context)
        elif isinstance(node, Scalar):
            _short(node, container, context)
        elif isinstance(node, Opaque):
            unknown = Value.unknown(node, node.reason)
            _publish(node, container, context, host_ip=unknown, host_port=unknown, container_port=unknown, protocol="tcp")
        else:
            context.wrong_type(node, "a port")
    for node in fields.items("expose"):
        if isinstance(node, Scalar):
            _expose(node, container, context)
        elif not isinstance(node, Opaque):
            context.wrong_type(node, "a port")


def _short(node: Scalar, container: Container, context: Context) -> None:
    text = context.expanded(node)
    port = split_port(text.partial)
    if text.malformed:
        return
    if not text.missing and not is_valid(port):
        _refuse(node, context)
        return
    target = parse_range(port.container)
    if target is None and "$" not in port.container:
        _refuse(node, context)
        return
    inner = Value.of(target[0], node) if target is not None else Value.unknown(node, missing_reason(text))
    outer = _host_port(port.host, node, text)
    address = _address(port, node, text)
    _publish(node, container, context, host_ip=address, host_port=outer, container_port=inner, protocol=port.protocol)
    _declare(node, container, target, host_port=outer, protocol=port.protocol)


def _refuse(node: Node, context: Context) -> None:
    context.notice(NoticeKind.WRONG_TYPE, node.head, "This is no port that Compose accepts; it is not judged.")


def _host_port(written: str | None, node: Scalar, text: Interpolated) -> Value[str]:
    """The port on the host: unset where Docker picks one."""
    if text.missing and (
        _VARIABLE.search(written or "") or (written is None and parse_range(text.partial.partition("/")[0]) is None)
    ):
        return Value.unknown(node, missing_reason(text))
    return Value.of(written, node) if written and written != "0" else Value.unset(node)


def _address(port: PortText, node: Scalar, text: Interpolated) -> Value[str]:
    """The address on the host: unset for all interfaces.

    A missing variable in front of the container's port may hold an address too (``BIND=127.0.0.1:5432``); only where it is
    called a port is it taken for nothing more.
    """
    if port.host_ip is None:
        alone = _VARIABLE.fullmatch(port.host if port.host is not None else port.container)
        hidden = text.missing and alone is not None and "port" not in alone[1].lower()
        return Value.unknown(node, missing_reason(text)) if hidden else Value.unset(node)
    if text.missing and _VARIABLE.search(port.host_ip):
        return Value.unknown(node, missing_reason(text))
    return Value.of(port.host_ip, node) if port.host_ip else Value.unset(node)


def _long(node: Mapping, container: Container, context: Context) -> None:
    fields = Fields(node, context)
    target = fields.whole("target")
    if target.is_unset or (target.is_set and not 0 < target.or_else(0) <= 65535):
        _refuse(node, context)
        return
    published = fields.text("published")
    if published.is_set and parse_range(published.or_else("")) is None and published.value:
        _refuse(node, context)
        return
    outer = published if published.value not in ("", "0") else Value.unset(node)
    address = fields.text("host_ip")
    protocol = fields.text("protocol").or_else("tcp").lower()
    address = address if address.value != "" else Value.unset(node)
    _publish(node, container, context, host_ip=address, host_port=outer, container_port=target, protocol=protocol)
    name = present(node.get("name"))
    known = (target.or_else(0), target.or_else(0)) if target.is_set else None
    label = name.text if isinstance(name, Scalar) else None
    _declare(node, container, known, host_port=outer, protocol=protocol, name=label)


def _publish(
    node: Node,
    container: Container,
    context: Context,
    *,
    host_ip: Value[str],
    host_port: Value[str],
    container_port: Value[int],
    protocol: str,
) -> None:
    """One published port, or one range of them: the container's port is then the range's first."""
    shown = container_port.value if container_port.is_set else "?"
    context.out.subjects.append(
        PublishedPort(
            name=f"{container.name}, port {shown}",
            node=node,
            platform="compose",
            container=container,
            host_ip=host_ip,
            host_port=host_port,
            container_port=container_port,
            protocol=protocol,
        )
    )


def _declare(
    node: Node, container: Container, ports: Range | None, *, host_port: Value[str] | None, protocol: str, name: str | None = None
) -> None:
    """The ports of a range as ports of the container, as many as are bearable."""
    first, last = ports if ports is not None else (0, -1)
    outer = parse_range(host_port.or_else("")) if host_port is not None and host_port.is_set else None
    for number in range(first, min(last, first + MAX_RANGE - 1) + 1):
        host: Value[int] | None = None
        if host_port is not None:
            one_to_one = outer is not None and (outer[1] - outer[0] == last - first)
            host = (
                Value.of(outer[0] + number - first, node) if outer is not None and one_to_one else _host_unknown(node, host_port)
            )
        container.ports.append(
            ContainerPort(node=node, port=Value.of(number, node), name=name, protocol=protocol, host_port=host)
        )


def _host_unknown(node: Node, host_port: Value[str]) -> Value[int]:
    """The host's port of one container port where no single number is known."""
    if host_port.is_unset:
        return Value.unset(node)
    return Value.unknown(node, host_port.reason or "it is one of a range")


def _expose(node: Scalar, container: Container, context: Context) -> None:
    text = context.expanded(node)
    if text.text is None:
        return
    ports, _, protocol = text.text.partition("/")
    target = parse_range(ports.strip())
    if target is None or target[0] == 0:
        _refuse(node, context)
        return
    _declare(node, container, target, host_port=None, protocol=protocol.lower() or "tcp")

"""Probes of a container. Source: Kubernetes API reference, Probe: exactly one of httpGet, tcpSocket, exec and grpc."""

from afscan.model.node import Mapping
from afscan.model.notice import NoticeKind
from afscan.model.subjects import Probe
from afscan.model.value import Value
from afscan.platforms.kubernetes.objects import port_value, section, string_list
from afscan.platforms.reading import Reader

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def probe_of(container: Reader, key: str) -> Value[Probe]:
    """``livenessProbe`` and its like; unset is placed at the container."""
    reader = section(container, key)
    node = reader.node
    if not isinstance(node, Mapping):
        found = container.text(key, "httpGet")
        return Value.unknown(found.node, found.reason) if found.is_unknown else Value.unset(found.node)
    if isinstance(node.get("httpGet"), Mapping):
        scheme = reader.text("httpGet", "scheme").or_else("HTTP").lower()
        kind = "https" if scheme == "https" else "http"
        port, path = _port(reader, "httpGet"), reader.text("httpGet", "path")
        period, failures = reader.integer("periodSeconds"), reader.integer("failureThreshold")
        return Value.of(Probe(node=node, kind=kind, port=port, path=path, period=period, failures=failures), node)
    if isinstance(node.get("tcpSocket"), Mapping):
        return Value.of(Probe(node=node, kind="tcp", port=_port(reader, "tcpSocket")), node)
    if isinstance(node.get("grpc"), Mapping):
        return Value.of(Probe(node=node, kind="grpc", port=port_value(reader, "grpc", "port")), node)
    if isinstance(node.get("exec"), Mapping):
        return Value.of(Probe(node=node, kind="exec", command=string_list(reader, "exec", "command")), node)
    reader.out.notice(NoticeKind.WRONG_TYPE, node.head, f"`{key}` names no way to probe; it is not judged.")
    return Value.unknown(node, f"`{key}` names no way to probe")


def _port(reader: Reader, kind: str) -> Value[int | str]:
    """The port; unknown where the probe goes to another host than the pod."""
    host = reader.text(kind, "host")
    port = port_value(reader, kind, "port")
    if host.is_unknown or (host.or_else("") and host.or_else("") not in _LOOPBACK):
        return Value.unknown(port.node, "the probe goes to another host")
    return port

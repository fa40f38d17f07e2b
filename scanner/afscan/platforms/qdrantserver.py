"""What Qdrant makes of its settings. Source: qdrant.tech, "Configuration" and "Security"; qdrant/src/settings.rs."""

from afscan.model.node import Node
from afscan.model.subjects import Authentication, ConfigFile, Container, Qdrant
from afscan.model.value import Value
from afscan.platforms.qdrant import API_KEYS
from afscan.platforms.settings import Layered


class Effective(Layered):
    """A server's settings, files first, then environment."""


def server(effective: Effective, *, name: str, node: Node, container: Container | None, files: list[ConfigFile]) -> Qdrant:
    """The typed server."""
    key = effective.text("service.api_key")
    other = effective.text("service.alt_api_key")
    return Qdrant(
        name=name,
        node=node,
        platform="qdrant",
        product="qdrant",
        settings=effective.by_name,
        container=container,
        files=files,
        unread=effective.unread,
        api_key=other if key.is_unset and not other.is_unset else key,
        tls=effective.switch("service.enable_tls"),
        certificate=effective.text("tls.cert"),
        key=effective.text("tls.key"),
        cluster=effective.switch("cluster.enabled"),
        peer_tls=effective.switch("cluster.p2p.enable_tls"),
        host=effective.text("service.host"),
        read_only_api_key=effective.text("service.read_only_api_key"),
        jwt_rbac=effective.switch("service.jwt_rbac"),
        verify_clients=effective.switch("service.verify_https_client_certificate"),
        telemetry_disabled=effective.switch("telemetry_disabled"),
    )


def authentication(effective: Effective, *, name: str, container: Container | None) -> Authentication:
    """Whether Qdrant asks for a key; an empty one is none."""
    required, how = _required(effective)
    return Authentication(
        name=name,
        node=required.node,
        platform="qdrant",
        product="qdrant",
        required=required,
        how=how,
        container=container,
    )


def _required(effective: Effective) -> tuple[Value[bool], str]:
    written = [effective.by_name[name] for name in API_KEYS if name in effective.by_name]
    for one in written:
        if one.value.is_unknown:
            return Value.of(True, one.value.node, one.value.at), f"`{one.name}` is set: {one.value.reason}"
        if one.value.value:
            return Value.of(True, one.value.node, one.value.at), f"`{one.name}` is set"
    if effective.unread:
        return Value.unknown(effective.owner, effective.unread), effective.unread
    if written:
        return Value.of(False, written[0].value.node, written[0].value.at), f"an empty `{written[0].name}` is no key"
    return Value.of(False, effective.owner), "nobody sets `service.api_key`"

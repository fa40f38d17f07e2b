"""Lists in which an entry takes the place of an earlier one of the same key when Compose files merge.

Source: the Compose Specification, "Merge and override", "Unique resources", and compose-go's ``override`` package for the lists
that the specification does not name. Keys are compared after interpolation; what has no key is kept.
"""

from collections.abc import Callable

from afscan.model.node import Mapping, Node, Scalar
from afscan.platforms.compose.mounts import split_volume
from afscan.platforms.compose.ports import split_port
from afscan.platforms.compose.reading import Context

Path = tuple[str, ...]
Key = tuple[str | None, ...] | str | None


def unique(items: list[Node], path: Path, context: Context) -> list[Node]:
    """The items of a service's list at a path, less those that a later one replaces.

    :param path: the keys below the service.
    """
    key_of = _KEYS.get(path)
    if key_of is None and not (path[:1] == ("networks",) and path[2:] in (("aliases",), ("link_local_ips",))):
        return items

    def text(node: Node | None) -> str | None:
        return context.expanded(node).partial if isinstance(node, Scalar) else None

    found: list[Node] = []
    places: dict[Key, int] = {}
    for item in items:
        key = (key_of or _name)(item, text)
        if key is not None and key in places:
            found[places[key]] = item
            continue
        if key is not None:
            places[key] = len(found)
        found.append(item)
    return found


Text = Callable[[Node | None], "str | None"]


def _name(item: Node, text: Text) -> Key:
    said = text(item)
    return said.partition("=")[0] if said is not None else None


def _port(item: Node, text: Text) -> Key:
    if isinstance(item, Mapping):
        target, protocol = text(item.get("target")), text(item.get("protocol")) or "tcp"
        if target is None:
            return None
        return _address(text(item.get("host_ip"))), text(item.get("published")) or "", target, protocol.lower()
    said = text(item)
    if said is None:
        return None
    port = split_port(said)
    return _address(port.host_ip), port.host or "", port.container, port.protocol


def _address(text: str | None) -> str:
    """An address on the host; all interfaces are "", by whichever spelling."""
    return "" if text is None or text == "0.0.0.0" else text


def _volume(item: Node, text: Text) -> Key:
    if isinstance(item, Mapping):
        return text(item.get("target"))
    volume = split_volume(text(item) or "")
    return volume.target if volume is not None else None


def _device(item: Node, text: Text) -> Key:
    if isinstance(item, Mapping):
        return text(item.get("target"))
    said = text(item)
    return said.split(":")[1] if said is not None and ":" in said else said


def _file(folder: str) -> "Callable[[Node, Text], Key]":
    def key(item: Node, text: Text) -> Key:
        source = text(item.get("source") if isinstance(item, Mapping) else item)
        target = text(item.get("target")) if isinstance(item, Mapping) else None
        return target or (f"{folder}/{source}" if source is not None else None)

    return key


def _env_file(item: Node, text: Text) -> Key:
    return text(item.get("path") if isinstance(item, Mapping) else item)


_KEYS: "dict[Path, Callable[[Node, Text], Key]]" = {
    ("ports",): _port,
    ("volumes",): _volume,
    ("devices",): _device,
    ("configs",): _file(""),
    ("secrets",): _file("/run/secrets"),
    ("env_file",): _env_file,
    ("build", "tags"): _name,
    **{
        (name,): _name for name in ("cap_add", "cap_drop", "dns", "dns_opt", "dns_search", "expose", "links", "profiles", "tmpfs")
    },
}

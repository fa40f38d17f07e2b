"""What the readers of log pipelines share: typed values, lists of paths, credentials, how long deliveries are tried."""

import re
from collections.abc import Iterator
from itertools import islice

from afscan.model.node import Node, Opaque, Scalar
from afscan.model.subjects import Connection, Login, Origin
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.settings import holder_of, written

_TIME = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)([smhd]?)\Z")
_ITEM = re.compile(r'#[^\n]*|"([^"\n]*)"')
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_MAX_PATHS = 200

HOST_LOGS = ("/var/log/containers/", "/var/log/pods/", "/var/lib/docker/containers/")
"""Where the nodes of a cluster keep their containers' logs. Source: kubernetes.io, "Logging Architecture"."""


def text_of(section: Node, name: str) -> Value[str]:
    """A parameter of a section or plugin: unset at the section, unknown where it is computed."""
    return value_of(section.get(name), section)


def value_of(node: Node | None, owner: Node) -> Value[str]:
    """A node as a text."""
    if isinstance(node, Opaque):
        return Value.unknown(node, node.reason)
    if isinstance(node, Scalar) and not (node.is_null and node.text):
        return written(node.text, node)
    return Value.unset(owner)


def first_of(section: Node, *names: str) -> Value[str]:
    """The first of several parameters that is written (today's name, then older ones)."""
    found = [text_of(section, name) for name in names]
    return next((value for value in found if not value.is_unset), found[0])


def switch(value: Value[str], *, bare: bool) -> Value[bool]:
    """A boolean; ``bare`` is what a parameter without a value means."""
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False, "": bare}
    if not value.is_set:
        return value.map(bool)
    word = value.or_else("").strip().lower()
    if word not in words:
        return Value.unknown(value.node, "it is neither true nor false", value.at)
    return Value.of(words[word], value.node, value.at)


def seconds(text: str) -> float | None:
    """Seconds of ``30``, ``30s``, ``5m``, ``1h``, ``3d``."""
    found = _TIME.match(text.strip().lower())
    return float(found[1]) * _UNITS[found[2]] if found is not None else None


def listed(value: Value[str], separator: str = ",") -> list[Value[str]]:
    """The items of a comma-separated value or an array, each with its own place; an unknown value is one unknown item."""
    if value.is_unset:
        return []
    if not value.is_set or not isinstance(value.node, Scalar):
        return [value]
    text, start = value.or_else(""), 0
    found: list[Value[str]] = []
    if text.startswith("["):
        items = islice((item for item in _ITEM.finditer(text) if item[1]), _MAX_PATHS)
        return [written(item[1], value.node, value.node.part(*item.span(1))) for item in items]
    for piece in text.split(separator)[:_MAX_PATHS]:
        bare = piece.strip()
        if bare:
            begin = start + piece.index(bare)
            found.append(written(bare, value.node, value.node.part(begin, begin + len(bare))))
        start += len(piece) + len(separator)
    return found


def window(count: float, first: float, longest: float | None, *, doubling: bool) -> float:
    """Seconds that ``count`` retries take which wait ``first`` seconds at first, then twice as long each time up to ``longest``."""
    total, wait = 0.0, first
    for done in range(int(min(count, 10_000))):
        total += wait if longest is None else min(wait, longest)
        if doubling:
            wait *= 2
        if total > 10**9 or (done > 60 and longest is None and doubling):
            break
    return total


def describe_credentials(
    parameters: "Iterator[tuple[str, Value[str]]]", *, owner: str, platform: str, out: Interpretation
) -> None:
    """Emit the secrets in a pipeline's parameters. Its connections are not emitted: outputs are judged as such (SEC311)."""
    from afscan.platforms.variables import describe_setting, origin_of  # noqa: PLC0415  (start-up time: only where there is one)

    for name, value in parameters:
        if value.is_unset:
            continue
        origin = Origin.INTERPOLATED if value.is_unknown else origin_of(value.or_else(""), expands=False)
        found = Interpretation()
        describe_setting(
            name, value, origin, owner=owner, platform=platform, holder=holder_of(value.node.source), out=found, reader=platform
        )
        out.subjects += [one for one in found.subjects if not isinstance(one, Connection | Login)]

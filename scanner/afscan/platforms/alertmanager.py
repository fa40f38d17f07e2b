"""Alertmanager: routes, receivers and the secrets in them.

Source: prometheus.io, "Alerting configuration". Nothing is expanded in the file: a routing key ``${KEY}`` is that very text. A
receiver without integrations is valid, and drops what it gets.
"""

from afscan.model.monitoring import AlertInhibition, AlertReceiver, AlertRoute, AlertRouting
from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.source import Source
from afscan.model.value import Value
from afscan.platforms.prometheus import describe_secrets
from afscan.platforms.reading import Interpretation, Reader
from afscan.platforms.tlsversions import of_tree

PLATFORM = "alertmanager"

_FOREIGN = frozenset(("apiVersion", "kind", "exporters", "service", "services"))
_SECRETS = frozenset(
    [
        "password",
        "auth_password",
        "smtp_auth_password",
        "auth_secret",
        "smtp_auth_secret",
        "credentials",
        "bearer_token",
        "client_secret",
        "api_key",
        "opsgenie_api_key",
        "victorops_api_key",
        "routing_key",
        "service_key",
        "token",
        "bot_token",
        "secret_key",
        "access_key",
        "api_secret",
        "wechat_api_secret",
        "telegram_bot_token",
        "alert_source_token",
    ]
)
_URLS = frozenset(["url", "api_url", "webhook_url", "slack_api_url", "opsgenie_api_url", "pagerduty_url", "victorops_api_url"])
_MAX_ROUTES = 5_000
_INTERVALS = ("mute_time_intervals", "active_time_intervals", "muteTimeIntervals", "activeTimeIntervals")


def recognise(source: Source, root: Node) -> bool:
    """A mapping with a list of receivers and a route that names one."""
    if not isinstance(root, Mapping) or root.entries.keys() & _FOREIGN:
        return False
    receivers, route = root.get("receivers"), root.get("route")
    if not isinstance(route, Mapping) or not isinstance(receivers, Sequence):
        return False
    return "receiver" in route.entries or any(isinstance(one, Mapping) and "name" in one.entries for one in receivers.items[:50])


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """The routing, and the credentials and connections of its receivers."""
    reader = Reader(root, out)
    out.subjects.append(read_routing(reader, source.name, PLATFORM, "_configs"))
    describe_secrets(root, out, PLATFORM, _SECRETS | _URLS)
    out.subjects += of_tree(root, source.name, PLATFORM)


def read_routing(reader: Reader, name: str, platform: str, suffix: str) -> AlertRouting:
    """Routes and receivers of a mapping; integrations stand in lists whose names end in ``suffix`` (``_configs``, ``Configs``)."""
    receivers: dict[str, AlertReceiver] = {}
    repeated: list[Value[str]] = []
    for one in reader.readers("receivers"):
        title = one.text("name").or_else("")
        if title and title in receivers:
            repeated.append(one.text("name"))
        integrations = [
            key.removesuffix(suffix)
            for key, node in (one.node.entries.items() if isinstance(one.node, Mapping) else ())
            if key.endswith(suffix) and not _is_empty(node)
        ]
        receivers[title] = AlertReceiver(node=one.node, name=title, integrations=integrations)
    route = reader.mapping("route")
    intervals: set[str] = set()
    for key in ("time_intervals", "mute_time_intervals", "muteTimeIntervals"):
        for one in reader.readers(key):
            title = one.text("name").or_else("")
            if title and title in intervals:
                repeated.append(one.text("name"))
            intervals.add(title)
    return AlertRouting(
        name=name,
        node=reader.node,
        platform=platform,
        receivers=receivers,
        root=_routes(Reader(route, reader.out)) if route is not None else None,
        smtp_tls=reader.boolean("global", "smtp_require_tls"),
        smtp_host=reader.text("global", "smtp_smarthost"),
        inhibitions=[_inhibition(one) for key in ("inhibit_rules", "inhibitRules") for one in reader.readers(key)],
        intervals=intervals,
        repeated=repeated,
    )


def _inhibition(reader: Reader) -> AlertInhibition:
    """Matchers of source and target, in the old way (``source_match``) and the new one (``source_matchers``)."""
    source, target = (
        [*_old(reader, f"{side}_match", f"{side}_match_re"), *_new(reader, f"{side}_matchers"), *_new(reader, f"{side}Match")]
        for side in ("source", "target")
    )
    return AlertInhibition(node=reader.node, source=source, target=target, equal=reader.strings("equal"))


def _is_empty(node: Node) -> bool:
    return (isinstance(node, Scalar) and node.is_null) or (isinstance(node, Sequence) and not node.items)


def _routes(root: Reader) -> AlertRoute:
    """A route and all below it, without recursion."""
    made = _route(root)
    waiting = [(made, root)]
    seen: set[int] = set()
    while waiting and len(seen) < _MAX_ROUTES:
        parent, reader = waiting.pop()
        if id(reader.node) in seen:
            continue
        seen.add(id(reader.node))
        for below in reader.readers("routes"):
            route = _route(below)
            parent.routes.append(route)
            waiting.append((route, below))
    return made


def _route(reader: Reader) -> AlertRoute:
    """Matchers in one form (``severity="critical"``), whichever of the three ways they are written in."""
    matchers = [*_old(reader, "match", "match_re"), *_new(reader, "matchers")]
    return AlertRoute(
        node=reader.node,
        receiver=reader.text("receiver"),
        matchers=matchers,
        goes_on=reader.boolean("continue"),
        intervals=[value for key in _INTERVALS for value in reader.strings(key)],
    )


def _old(reader: Reader, equal: str, fitting: str) -> list[str]:
    found = [f'{key}="{value.or_else("")}"' for key, value in reader.string_map(equal).items()]
    return found + [f'{key}=~"{value.or_else("")}"' for key, value in reader.string_map(fitting).items()]


def _new(reader: Reader, path: str) -> list[str]:
    matchers: list[str] = []
    for item in reader.items(path):
        if isinstance(item, Scalar):
            matchers.append(item.text)
        elif isinstance(item, Mapping):  # the operator's objects
            part = Reader(item, reader.out)
            operator = part.text("matchType").or_else("=~" if part.boolean("regex").or_else(False) else "=")
            matchers.append(f'{part.text("name").or_else("")}{operator}"{part.text("value").or_else("")}"')
    return matchers

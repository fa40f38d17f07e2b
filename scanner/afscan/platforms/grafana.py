"""Grafana: dashboards, and provisioning files with the credentials of their data sources.

Source: grafana.com/docs, "Dashboard JSON model" and "Provision Grafana". Grafana expands ``$NAME`` and ``${NAME}`` in provisioning files.
Queries hold variables of the dashboard; they stand for some text before the query is read, and none is refused for them.
"""

from collections.abc import Iterator

from afscan.model.monitoring import Dashboard, Panel
from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.source import Source
from afscan.model.value import Value
from afscan.platforms.promql import read_template
from afscan.platforms.reading import Interpretation, Reader

PLATFORM = "grafana"

_MAX_PANELS = 2_000
_PROVISIONED = ("datasources", "providers", "contactPoints", "policies", "muteTimes", "apps", "deleteDatasources", "groups")
_SIGNS = frozenset(
    ["schemaVersion", "templating", "annotations", "time", "refresh", "uid", "timezone", "editable", "rows", "graphTooltip"]
)


def recognise(source: Source, root: Node) -> bool:
    """A dashboard, by itself or wrapped for the API; or a provisioning file."""
    return isinstance(root, Mapping) and (_dashboard(root) is not None or _is_provisioning(root))


def _dashboard(root: Mapping) -> Mapping | None:
    inner = root.get("dashboard")
    if isinstance(inner, Mapping) and any(isinstance(inner.get(key), Sequence) for key in ("panels", "rows")):
        return inner
    if not any(isinstance(root.get(key), Sequence) for key in ("panels", "rows")) or "kind" in root.entries:
        return None
    drawn = any(one.get("targets") is not None for one in list((root.get("panels") or root).children())[:50])
    return root if "title" in root.entries and (root.entries.keys() & _SIGNS or drawn) else None


def _is_provisioning(root: Mapping) -> bool:
    version = root.get("apiVersion")
    if not isinstance(version, Scalar) or version.text != "1" or "kind" in root.entries:
        return False
    return any(isinstance(root.get(key), Sequence) for key in _PROVISIONED)


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """The panels of a dashboard with the metrics that they read, or the secrets of provisioned data sources."""
    dashboard = _dashboard(root) if isinstance(root, Mapping) else None
    if dashboard is None:
        from afscan.platforms.grafanaprovisioning import interpret_provisioning  # noqa: PLC0415  (start-up time)

        interpret_provisioning(source, root, out)
        return
    reader = Reader(dashboard, out)
    title = reader.text("title").or_else("") or source.name
    panels = [_panel(node, out) for node in _panels(dashboard)]
    out.subjects.append(Dashboard(name=f"dashboard {title}", node=dashboard, platform=PLATFORM, title=title, panels=panels))


def _panels(dashboard: Mapping) -> Iterator[Mapping]:
    """Panels, those of rows and of collapsed rows, in order."""
    waiting: list[Node] = [node for key in ("rows", "panels") if (node := dashboard.get(key)) is not None]
    seen: set[int] = set()
    while waiting and len(seen) < _MAX_PANELS:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Sequence):
            waiting += reversed(node.items)
        elif isinstance(node, Mapping):
            below = node.get("panels")
            if below is not None:
                waiting.append(below)
            if "targets" in node.entries or "type" in node.entries:
                yield node


def _panel(node: Mapping, out: Interpretation) -> Panel:
    reader = Reader(node, out)
    expressions = [
        Value.of(found.text, found)
        for target in reader.items("targets")
        if isinstance(found := target.get("expr"), Scalar) and not found.is_null
    ]
    read = [read_template(value.or_else("")) for value in expressions]
    metrics = frozenset(name for one in read for name in one.metrics or ())
    title = node.get("title")
    return Panel(node=node, title=title.text if isinstance(title, Scalar) else "", expressions=expressions, metrics=metrics)

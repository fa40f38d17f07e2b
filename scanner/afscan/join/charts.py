"""Helm charts: rendered by ``helm template`` where the user allows it and Helm is here, with the chart's own values; else only noted.

Nothing is fetched: dependencies that are not in the chart's folder ``charts`` make Helm fail, which is a notice. A template that
renders to nothing with these values stays a notice: what it would hold with others is not judged.
"""

import os
from collections.abc import Iterable
from posixpath import join as join_path
from posixpath import normpath

from afscan.model.charts import ChartFile
from afscan.model.node import Node
from afscan.model.notice import Notice, NoticeKind
from afscan.model.source import Source
from afscan.model.stack import Stack
from afscan.model.subjects import Dependency, Subject
from afscan.platforms.reading import Interpretation

TEMPLATES = "templates"
"""Where the paths of rendered templates are, by :attr:`Stack.joined`."""


def join(stack: Stack) -> Iterable[Subject]:
    """What the charts of a stack depend on, and what they render to; those within another chart are rendered with it."""
    charts = stack.of(ChartFile)
    dependencies = [one for chart in charts for one in _dependencies(chart, stack)]
    return [*dependencies, *(_all_rendered(charts, stack) if stack.joined.get("render") == "auto" else ())]


def _dependencies(chart: ChartFile, stack: Stack) -> Iterable[Dependency]:
    from afscan.platforms.kubernetes.charts import dependencies_of  # noqa: PLC0415  (start-up time)

    locked = join_path(chart.directory, "Chart.lock") in stack.paths
    return dependencies_of(chart, locked=locked, complete=stack.complete)


def _all_rendered(charts: list[ChartFile], stack: Stack) -> list[Subject]:
    folders = {chart.directory for chart in charts}
    subjects: list[Subject] = []
    for chart in charts:
        head, inner, _ = chart.directory.rpartition("/charts/")
        if not (inner and head in folders):
            subjects += _rendered(chart, stack)
    return subjects


def _rendered(chart: ChartFile, stack: Stack) -> list[Subject]:
    from afscan.files.programs import find_program, run_program  # noqa: PLC0415 - only where that is allowed

    directory = chart.directory or "."
    if not os.path.isdir(join_path(directory, "templates")):
        return []
    program = find_program("helm", stack.root or ".")
    if program is None:
        _note(stack, chart, "`helm` is not on the PATH (outside of what is scanned): this chart is not rendered.")
        return []
    printed, problem = run_program([program, "template", "afscan", os.path.abspath(directory)], stack.root or ".")
    if problem:
        _note(stack, chart, f"`helm template` does not render this chart: {problem}.")
        return []
    return _read(chart, printed, stack)


def _note(stack: Stack, chart: ChartFile, reason: str) -> None:
    stack.notices.append(Notice(NoticeKind.UNRESOLVED, chart.place, reason))


def _read(chart: ChartFile, printed: str, stack: Stack) -> list[Subject]:
    """The subjects of what Helm printed, at the templates."""
    from afscan.interpret import interpret  # noqa: PLC0415
    from afscan.platforms.kubernetes import read_objects  # noqa: PLC0415
    from afscan.platforms.kubernetes.templates import Template, pieces, placed  # noqa: PLC0415
    from afscan.syntax import parse  # noqa: PLC0415

    sources = {source.path: source for source in stack.sources if source.outer is None}
    templates: dict[str, Template] = {}
    roots: list[Node] = []
    out = Interpretation()
    for within, text in pieces(printed):
        path = normpath(join_path(chart.directory, within))
        source = sources.get(path)
        if source is None:
            _note(stack, chart, f"`helm template` renders `{path[:80]}`, which is not among the files that are read.")
            continue
        parsed = parse(Source(path, text, syntax="yaml"))
        template = templates.setdefault(path, Template(source))
        if parsed.notices:
            reason = "What `helm template` makes of this template cannot be read as YAML; it is not judged."
            stack.notices.append(Notice(NoticeKind.UNRESOLVED, source.whole, reason))
        roots += [placed(root, template) for root in parsed.roots]
    read_objects(roots, out, rendered=True)
    for embedded in out.embedded:
        inner, read, _ = interpret(embedded)
        out.subjects += inner.subjects
        out.notices += inner.notices
        stack.sources += read
    stack.joined.setdefault(TEMPLATES, set()).update(templates)
    _settle(chart, set(templates), stack)
    stack.notices += dict.fromkeys(out.notices)
    return out.subjects


def _settle(chart: ChartFile, templates: set[str], stack: Stack) -> None:
    """Take back the notices that the chart, its values and the templates are not judged."""
    folder = f"{chart.directory}/" if chart.directory else ""
    own = {chart.node.source.path, f"{folder}values.yaml", f"{folder}values.yml"}

    def settled(notice: Notice) -> bool:
        path = notice.place.path
        if notice.kind is NoticeKind.PARTIAL:
            return path in own
        partial = path.startswith(folder) and "/templates/" in f"/{path}" and path.endswith((".tpl", "NOTES.txt"))
        return notice.kind is NoticeKind.TEMPLATED and (path in templates or partial)

    stack.notices[:] = [one for one in stack.notices if not settled(one)]

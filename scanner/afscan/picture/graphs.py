"""The picture as a graph: Mermaid flowcharts and Graphviz digraphs.

Sources: mermaid.js.org, "Flowcharts" (quoted texts, entity codes ``#quot;``); graphviz.org, "The DOT Language" (quoted strings).
"""

from collections.abc import Callable, Iterator

from afscan.picture.records import Link, Node, Picture, Pictures
from afscan.report.lines import escape

_MERMAID = {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;", "\\": "#92;"}
_SHAPES = {"managed": ('[("', '")]'), "external": ('(["', '"])'), "absent": ('{{"', '"}}'), "settings": ('[/"', '"/]')}
_DOT_SHAPES = {"managed": "cylinder", "external": "ellipse", "absent": "octagon", "settings": "note"}


def mermaid(pictures: Pictures) -> str:
    """A flowchart: one subgraph per stack where there are several, in it one per namespace or project."""
    lines = ["flowchart LR"]
    names = _names(pictures)
    for number, picture in enumerate(pictures.stacks):
        several = len(pictures.stacks) > 1
        if several:
            lines.append(f'  subgraph s{number}["{_entities(picture.variant or picture.root or "the scanned files")}"]')
        for index, (scope, nodes) in enumerate(_scopes(picture)):
            if scope:
                lines.append(f'    subgraph s{number}g{index}["{_entities(scope)}"]')
            for node in nodes:
                before, after = _SHAPES.get("managed" if node.datastore else node.role, ('["', '"]'))
                lines.append(f"      {names[number, node.id]}{before}{_entities(_title(node))}{after}")
            if scope:
                lines.append("    end")
        if several:
            lines.append("  end")
        for link in picture.links:
            arrow = "-->" if link.allowed in ("yes", "n.a.") else "-.->"
            lines.append(f'  {names[number, link.client]} {arrow}|"{_entities(_label(link))}"| {names[number, link.server]}')
    return "\n".join(lines) + "\n"


def dot(pictures: Pictures) -> str:
    """A digraph: one cluster per stack where there are several, in it one per namespace or project."""
    lines = ["digraph afscan {", "  rankdir=LR;", "  node [shape=box];"]
    names = _names(pictures)
    for number, picture in enumerate(pictures.stacks):
        several = len(pictures.stacks) > 1
        if several:
            lines += [
                f"  subgraph cluster_{number} {{",
                f"    label={_quoted(picture.variant or picture.root or 'the scanned files')};",
            ]
        for index, (scope, nodes) in enumerate(_scopes(picture)):
            if scope:
                lines += [f"    subgraph cluster_{number}_{index} {{", f"      label={_quoted(scope)};"]
            for node in nodes:
                shape = "cylinder" if node.datastore else _DOT_SHAPES.get(node.role, "box")
                lines.append(f"      {names[number, node.id]} [label={_quoted(_title(node))}, shape={shape}];")
            if scope:
                lines.append("    }")
        if several:
            lines.append("  }")
        for link in picture.links:
            style = "solid" if link.allowed in ("yes", "n.a.") else "dashed"
            ends = f"{names[number, link.client]} -> {names[number, link.server]}"
            lines.append(f"  {ends} [label={_quoted(_label(link))}, style={style}];")
    return "\n".join([*lines, "}"]) + "\n"


def _names(pictures: Pictures) -> dict[tuple[int, str], str]:
    """Short names that need no quotes."""
    keys = ((number, node.id) for number, picture in enumerate(pictures.stacks) for node in picture.nodes)
    return {key: f"n{count}" for count, key in enumerate(keys)}


def _scopes(picture: Picture) -> Iterator[tuple[str, list[Node]]]:
    found: dict[str, list[Node]] = {}
    for node in picture.nodes:
        found.setdefault(node.scope, []).append(node)
    yield from sorted(found.items())


def _title(node: Node) -> str:
    return f"{node.kind} {node.name}" if node.role == "workload" else node.name


def _label(link: Link) -> str:
    parts = [str(link.port)] if link.port is not None else []
    parts += [{"yes": "TLS", "no": "no TLS", "unknown": "TLS?"}[link.tls]]
    parts += {"yes": ["pooled"], "no": ["not pooled"]}.get(link.pooled, [])
    parts += {"no": ["blocked"], "unknown": ["allowed?"]}.get(link.allowed, [])
    return ", ".join(parts)


def _entities(text: str) -> str:
    return "".join(_MERMAID.get(char, char) for char in escape(text))


def _quoted(text: str) -> str:
    shown = escape(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{shown}"'


GRAPHS: dict[str, Callable[[Pictures], str]] = {"mermaid": mermaid, "dot": dot}
"""By format."""

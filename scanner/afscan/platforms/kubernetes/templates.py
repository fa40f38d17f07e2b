"""What ``helm template`` prints, with places in the templates that it comes from.

Helm says in a comment (``# Source: chart/templates/x.yaml``) which template an object comes from, and nothing more. A value stands
at the template's line that says the same as the printed one, where exactly one does; else at the template's first line.
"""

import re
from collections import Counter
from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.place import Span
from afscan.model.source import Source

_SOURCE = re.compile(r"^# Source: [^/\s]+/(\S+)[ \t]*$", re.MULTILINE)


def pieces(printed: str) -> Iterator[tuple[str, str]]:
    """The objects that Helm printed: the template's path within the chart, and the text (blank up to where it stands)."""
    marks = list(_SOURCE.finditer(printed))
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        end = after.start() if after is not None else len(printed)
        yield mark[1], re.sub(r"^---[ \t]*$", "", printed[mark.end() : end], flags=re.MULTILINE)


class Template:
    """A template's lines, to find what was printed in."""

    def __init__(self, source: Source) -> None:
        self.source = source
        count = len(source.line_starts)
        lines = [source.line(number).strip() for number in range(1, count + 1)]
        counted = Counter(lines)
        self.lines = {line: number for number, line in enumerate(lines, 1) if line and counted[line] == 1}
        self.first = next((number for number, line in enumerate(lines, 1) if line), 1)

    def span(self, line: str) -> Span:
        """The line of the template that says this, else its first one."""
        number = self.lines.get(line.strip(), self.first)
        text = self.source.line(number)
        start = len(text) - len(text.lstrip()) + 1
        return Span(number, start, number, max(start, len(text.rstrip()) + 1))


class Printed(Scalar):
    """A scalar that a template rendered: the places of all its parts are the line's."""

    __slots__ = ()

    def embed(self, *, name: str, holder: str, syntax: str | None = None) -> Source:
        """The text as a source of its own, all of whose places are this scalar's."""
        return Source(self.source.path, self.text, name=name, holder=holder, outer=self.source, syntax=syntax, fixed=self.span)


def placed(node: Node, template: Template) -> Node:
    """A printed node as one of its template. Depth is bounded as the parser's is."""
    span = template.span(node.source.line(node.span.line))
    if isinstance(node, Mapping):
        made = Mapping(template.source, span)
        for name, value in node.entries.items():
            key = node.keys[name]
            made.add(Scalar(template.source, template.span(key.source.line(key.span.line)), name), placed(value, template))
        return made
    if isinstance(node, Sequence):
        listed = Sequence(template.source, span)
        for item in node.items:
            listed.add(placed(item, template))
        return listed
    if isinstance(node, Scalar):
        return Printed(template.source, span, node.text, plain=node.plain)
    return Opaque(template.source, span, getattr(node, "text", ""), "it is not evaluated")

"""neo4j.conf and other files of properties: ``key=value``, one per line, ``#`` at the start of a line for comments.

The root is a :class:`~afscan.model.node.Sequence` of the values in order (:class:`~afscan.model.node.Scalar`), each with its own
``key``, repeated keys included. Blanks around key and value do not count; a value runs to the end of its line, comment-like text
included; a backslash at the end of a line continues it. Source: neo4j.com/docs, Operations Manual, "The neo4j.conf file".
"""

from afscan.model.node import Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax import Parsed

_BLANKS = " \t\f\r"


def parse(source: Source) -> Parsed:
    """The settings of a file. A line that is none is noted, and the lines after it are read."""
    text = source.text
    root = Sequence(source, source.span(0, len(text)))
    notices: list[Notice] = []
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text):
        pieces, after = _logical_line(text, at)
        line = "".join(text[start:end] for start, end in pieces)
        if line and line[0] != "#":
            _setting(source, pieces, line, root, notices)
        at = after
    if root.items:  # what the file lacks is shown at its first setting, not at a comment above it
        first = root.items[0].key
        root.span = Span(*(first.span if first is not None else root.items[0].span)[:2], *root.span[2:])
    return Parsed([root], notices)


def _logical_line(text: str, at: int) -> tuple[list[tuple[int, int]], int]:
    """The pieces (start, end) of a line with its continuations, without the blanks before them, and where the next one begins."""
    pieces: list[tuple[int, int]] = []
    while True:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        start = at
        while start < end and text[start] in _BLANKS:
            start += 1
        last = end - 1 if end > start and text[end - 1] == "\r" else end
        comment = not pieces and text.startswith("#", start)
        slashes = last - len(text[start:last].rstrip("\\")) - start
        if slashes % 2 == 0 or comment or end >= len(text):
            pieces.append((start, last))
            return pieces, end + 1
        pieces.append((start, last - 1))
        at = end + 1


def _setting(source: Source, pieces: list[tuple[int, int]], line: str, root: Sequence, notices: list[Notice]) -> None:
    name, sign, value = line.partition("=")
    start, end = pieces[0]
    if not sign or not name.strip():
        reason = "Not `key=value`: this line is not read."
        notices.append(Notice(NoticeKind.SYNTAX, source.place(source.span(start, end)), reason))
        return
    offsets = [offset for first, last in pieces for offset in range(first, last)] if len(pieces) > 1 else None
    begin = len(name) + 1 + len(value) - len(value.lstrip())
    stop = max(begin, len(line.rstrip()))
    first = _offset(offsets, begin, start, end)
    last = _offset(offsets, stop - 1, start, end) + 1 if stop > begin else first
    inner = [source.position(_offset(offsets, index, start, end)) for index in range(begin, stop + 1)] if offsets else None
    found = Scalar(source, source.span(first, last), line[begin:stop], inner=inner)
    head = _offset(offsets, 0, start, end)
    found.key = Scalar(source, source.span(head, head + len(name.rstrip())), name.rstrip())
    root.add(found)


def _offset(offsets: list[int] | None, index: int, start: int, end: int) -> int:
    """Where in the text a character of a logical line stands; its end for what lies behind it."""
    if offsets is None:
        return min(start + index, end)
    return offsets[index] if index < len(offsets) else (offsets[-1] + 1 if offsets else end)

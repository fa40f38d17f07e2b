"""Sources: one text to read, a file or a text inside one.

An embedded source (a ConfigMap entry, a fenced block of a Markdown file, a heredoc) knows where each of its lines begins in
the source around it, so that every place is given in the outermost file.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property

from afscan.model.place import Place, Span

_BREAK = re.compile(r"\r\n|\r|\n")


class Source:
    """One text.

    ``path`` is the file on disk that holds it, relative to the working directory, with ``/``. ``name`` is what the text calls itself and what
    readers recognise it by: the path for a file, ``redis.conf`` for a ConfigMap entry, ``infra/redis/redis.conf`` for a fenced
    block that opens with such a comment. ``holder`` says what kind of thing holds an embedded text: ``"file"``,
    ``"configmap"``, ``"secret"``, ``"markdown"``, ``"compose-config"``, ``"heredoc"``.
    """

    __slots__ = ("__dict__", "holder", "name", "outer", "path", "positions", "syntax", "text")

    def __init__(
        self,
        path: str,
        text: str,
        *,
        name: str | None = None,
        holder: str = "file",
        outer: "Source | None" = None,
        positions: "Sequence[tuple[int, int]] | None" = None,
        syntax: str | None = None,
    ) -> None:
        self.path = path
        self.text = text
        self.name = path if name is None else name
        self.holder = holder
        self.outer = outer
        self.positions = positions
        self.syntax = syntax

    @classmethod
    def embedded(
        cls, outer: "Source", text: str, positions: Sequence[tuple[int, int]], *, name: str, holder: str, syntax: str | None = None
    ) -> "Source":
        """A text inside ``outer``.

        ``positions`` is either one (line, column) of ``outer`` per line of ``text`` (the line's text then runs on without
        escapes), or one per character of ``text`` plus one for its end (quoted scalars with escapes).
        """
        return cls(outer.path, text, name=name, holder=holder, outer=outer, positions=positions, syntax=syntax)

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of the first character of each line; ``\\n``, ``\\r\\n`` and ``\\r`` end a line, as editors count them."""
        return [0, *(m.end() for m in _BREAK.finditer(self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column (from 1) of a character offset of this text."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """Character offset of a line and column of this text; what lies beyond the text is brought back to its end."""
        starts = self.line_starts
        if line > len(starts):
            return len(self.text)
        return min(starts[line - 1] + column - 1, len(self.text))

    def span(self, start: int, end: int) -> Span:
        """The span of the characters from offset ``start`` up to ``end`` (exclusive)."""
        return Span(*self.position(start), *self.position(end))

    def line(self, number: int) -> str:
        """The text of one line, without its line break; empty beyond the end."""
        starts = self.line_starts
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def _outward(self, line: int, column: int) -> tuple[int, int]:
        """A position of this text as a position of ``outer``."""
        positions = self.positions
        if not positions:
            return 1, 1
        if len(positions) == len(self.text) + 1 and len(positions) != len(self.line_starts):
            return positions[self.offset(line, column)]
        outer_line, outer_column = positions[min(line, len(positions)) - 1]
        return outer_line, outer_column + column - 1

    def place(self, span: Span) -> Place:
        """A span of this text as a place in the outermost file."""
        source, start, end = self, (span.line, span.column), (span.end_line, span.end_column)
        while source.outer is not None:
            # The end is exclusive: map the last character, then step past it, or an end at a line break would land on the next line.
            last = (end[0], end[1] - 1) if end > start and end[1] > 1 else end
            start = source._outward(*start)
            mapped = source._outward(*last)
            end = (mapped[0], mapped[1] + 1) if last != end else mapped
            source = source.outer
        return Place(source.path, Span(*start, *max(start, end)))

    @property
    def whole(self) -> Place:
        """The first line of this text: the place of what concerns the text as such."""
        return self.place(Span(1, 1, 1, max(2, len(self.line(1)) + 1)) if self.text else Span(1, 1, 1, 1))

    @property
    def file(self) -> "Source":
        """The outermost source: the file on disk."""
        source = self
        while source.outer is not None:
            source = source.outer
        return source

    def __repr__(self) -> str:
        return f"Source({self.path!r}, name={self.name!r}, holder={self.holder!r})"

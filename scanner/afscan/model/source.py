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

    ``path`` is the file on disk that holds it, relative to the working directory, with ``/``. ``name`` is what the text calls
    itself and what readers recognise it by: the path for a file, ``redis.conf`` for a ConfigMap entry,
    ``infra/redis/redis.conf`` for a fenced block that opens with such a comment. ``holder`` says what kind of thing holds an
    embedded text: ``"file"``, ``"configmap"``, ``"secret"``, ``"markdown"``, ``"compose-config"``, ``"heredoc"``. ``owner`` names
    the object whose entry an embedded text is: ``namespace/name`` of a ConfigMap or Secret. ``shell`` is the command line of the shell
    that reads an embedded script, as far as its holder says it (``bash -eo pipefail``). ``fixed`` is set where inner
    positions have no counterpart in ``outer`` (a base64 text): every place of this text is then that span.
    """

    __slots__ = ("__dict__", "fixed", "holder", "name", "outer", "owner", "path", "positions", "shell", "syntax", "text")

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
        owner: str = "",
        fixed: Span | None = None,
    ) -> None:
        self.path = path
        self.text = text
        self.name = path if name is None else name
        self.holder = holder
        self.outer = outer
        self.positions = positions
        self.syntax = syntax
        self.owner = owner
        self.shell = ""
        self.fixed = fixed

    @classmethod
    def embedded(
        cls,
        outer: "Source",
        text: str,
        positions: Sequence[tuple[int, int]],
        *,
        name: str,
        holder: str,
        syntax: str | None = None,
    ) -> "Source":
        """A text inside ``outer``.

        ``positions`` is either one (line, column) of ``outer`` per line of ``text`` (the line's text then runs on without
        escapes), or one per character of ``text`` plus one for its end (quoted scalars with escapes). Which of the two is seen by
        the length: a table of lines never has more entries than the text has lines, counted as :attr:`line_starts` does. Both
        lengths are equal only where every character is a line break of its own, and then both tables say the same.
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
        """The span of the characters from offset ``start`` up to ``end`` (exclusive); what lies beyond the text is brought back."""
        last = len(self.text)
        return Span(*self.position(min(start, last)), *self.position(min(end, last)))

    def line(self, number: int) -> str:
        """The text of one line, without its line break; empty beyond the end."""
        starts = self.line_starts
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    @cached_property
    def _by_character(self) -> bool:
        """Whether ``positions`` is a table of characters, not of lines (see :meth:`embedded`)."""
        count = len(self.positions or ())
        return count == len(self.text) + 1 and count > len(self.line_starts)

    def _outward(self, line: int, column: int) -> tuple[int, int]:
        """A position of this text as a position of ``outer``."""
        positions = self.positions
        if not positions:
            return 1, 1
        if self._by_character:
            return positions[self.offset(line, column)]
        outer_line, outer_column = positions[min(line, len(positions)) - 1]
        return outer_line, outer_column + column - 1

    def _outward_end(self, line: int, column: int) -> tuple[int, int]:
        """The exclusive end of something, as a position of ``outer``: just behind its last character, never on a later line."""
        positions = self.positions
        if not positions:
            return 1, 1
        if self._by_character:
            offset = max(self.offset(line, column), 1)
            last, after = positions[offset - 1], positions[offset]
            return after if after[0] == last[0] and after > last else (last[0], last[1] + 1)
        if column == 1 and line > 1:
            line, column = line - 1, len(self.line(line - 1)) + 1
        if column == 1:
            return self._outward(line, 1)
        outer_line, outer_column = self._outward(line, column - 1)
        return outer_line, outer_column + 1

    def place(self, span: Span) -> Place:
        """A span of this text as a place in the outermost file."""
        source, start, end = self, (span.line, span.column), (span.end_line, span.end_column)
        while source.outer is not None:
            if source.fixed is not None:
                start, end = source.fixed[:2], source.fixed[2:]
            else:
                outward = source._outward(*start)
                end = max(outward, source._outward_end(*end)) if end > start else outward
                start = outward
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

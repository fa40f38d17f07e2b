"""Places: where something stands in a file that a person can open."""

from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of text. Lines and columns count from 1, columns in Unicode code points; ``end_column`` is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Place(NamedTuple):
    """A span of a file on disk (never of an embedded text): ``path`` is as the user would type it: relative to the
    working directory, with ``/``."""

    path: str
    span: Span

    @property
    def line(self) -> int:
        """First line, from 1."""
        return self.span.line

    @property
    def column(self) -> int:
        """First column, from 1."""
        return self.span.column

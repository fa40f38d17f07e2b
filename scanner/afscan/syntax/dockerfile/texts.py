"""Texts put together from stretches of a source, and where each of their characters stands in it."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import overload

from afscan.model.place import Span
from afscan.model.record import field, record
from afscan.model.source import Source


class Positions(Sequence[tuple[int, int]]):
    """Line and column of each character (and of the end) of a text that is put together from stretches of a source.

    Computed when asked for: a list with a pair per character of a long script would cost a hundred times the script.
    """

    __slots__ = ("_length", "_offsets", "_source", "_starts")

    def __init__(self, source: Source, starts: list[int], offsets: list[int], length: int) -> None:
        self._source = source
        self._starts = starts
        self._offsets = offsets
        self._length = length

    def __len__(self) -> int:
        return self._length + 1

    @overload
    def __getitem__(self, index: int) -> tuple[int, int]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[int, int]]: ...
    def __getitem__(self, index: int | slice) -> tuple[int, int] | list[tuple[int, int]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        if not 0 <= index <= self._length:
            raise IndexError(index)
        return self._source.position(self.offset(index))

    def offset(self, index: int) -> int:
        """Offset in the source of a character of the text."""
        run = bisect_right(self._starts, index) - 1
        return self._offsets[run] + index - self._starts[run]

    def end(self, index: int) -> tuple[int, int]:
        """Where a stretch that ends before ``index`` ends: right behind its last character, on that character's line."""
        if index == 0:
            return self[0]
        line, column = self[index - 1]
        return line, column + 1


@record(slots=True)
class Text:
    """A text with the source offsets of its stretches."""

    source: Source
    text: str = ""
    starts: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)

    @property
    def positions(self) -> Positions:
        """Line and column of each character in the source."""
        return Positions(self.source, self.starts or [0], self.offsets or [0], len(self.text))

    def span(self, start: int, end: int) -> Span:
        """The span in the source of the characters ``start`` to ``end`` (exclusive)."""
        positions = self.positions
        first = positions[start] if start < len(self.text) else positions.end(start)
        return Span(*first, *max(first, positions.end(end)))

    def slice(self, start: int, end: int) -> "Text":
        """A part of this text."""
        part = Text(self.source, self.text[start:end])
        run = max(bisect_right(self.starts, start) - 1, 0)
        while run < len(self.starts) and (self.starts[run] < end or not part.starts):
            begin = max(self.starts[run], start)
            part.starts.append(begin - start)
            part.offsets.append(self.offsets[run] + begin - self.starts[run])
            run += 1
        return part

    def contiguous(self, start: int, end: int) -> bool:
        """Whether a part stands in the source without anything in between."""
        return end <= start or bisect_right(self.starts, start) == bisect_right(self.starts, end - 1)


class TextBuilder:
    """Puts a :class:`Text` together from stretches of a source, in linear time."""

    __slots__ = ("_length", "_offsets", "_parts", "_source", "_starts")

    def __init__(self, source: Source) -> None:
        self._source = source
        self._parts: list[str] = []
        self._starts: list[int] = []
        self._offsets: list[int] = []
        self._length = 0

    def add(self, text: str, offset: int) -> None:
        """Append a text that stands at an offset of the source."""
        if text:
            self._parts.append(text)
            self._starts.append(self._length)
            self._offsets.append(offset)
            self._length += len(text)

    def add_text(self, text: Text) -> None:
        """Append a text with its stretches."""
        if text.text:
            self._parts.append(text.text)
            self._starts += [start + self._length for start in text.starts]
            self._offsets += text.offsets
            self._length += len(text.text)

    def build(self, at: int) -> Text:
        """The text; ``at`` is the source offset of an empty one."""
        return Text(self._source, "".join(self._parts), self._starts or [0], self._offsets or [at])

"""Lines of source files as they may be shown: secrets masked, nothing that a terminal would obey."""

from collections.abc import Iterable

from afscan.model.place import Span
from afscan.model.source import Source
from afscan.report.guesses import guesses

MASK = "********"
"""What stands for a secret, however long it is."""

TAB = 4

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape(text: str) -> str:
    """A text with everything spelled out that does not print: control characters, bidirectional overrides, zero widths."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _spelled(char) for char in text)


def _spelled(char: str) -> str:
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def hidden_in(line: str, number: int, spans: Iterable[Span]) -> list[tuple[int, int]]:
    """The stretches of a line that hold secrets: offsets from 0, end exclusive, in order and apart."""
    found: list[tuple[int, int]] = []
    for span in spans:
        if span.line <= number <= span.end_line:
            start = span.column - 1 if number == span.line else len(line) - len(line.lstrip())
            end = span.end_column - 1 if number == span.end_line else len(line)
            if end > start:
                found.append((start, min(end, len(line))))
    return _apart(found)


def _apart(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _with_guesses(line: str, number: int, hidden: list[tuple[int, int]], about: Span) -> list[tuple[int, int]]:
    """The stretches to hide, with those that only look like secrets. What the finding is about is left as it is known to be."""
    first = last = 0
    if number == about.line:
        first, last = about.column - 1, about.end_column - 1 if about.end_line == number else len(line)
    for start, end in guesses(line):
        pieces = ((start, min(end, first)), (max(start, last), end)) if first < last else ((start, end),)
        hidden += [(left, right) for left, right in pieces if left < right]
    return _apart(hidden)


def masked(source: Source, number: int, start: int, end: int, spans: Iterable[Span], *, about: Span) -> str:
    """The columns ``start`` up to ``end`` (exclusive) of one line, its secrets masked.

    :param about: what the finding points at: its first line is shown as it is, but for secrets that were recognised.
    """
    line = source.line(number)
    at, stop = start - 1, min(end - 1, len(line))
    pieces: list[str] = []
    for first, last in _with_guesses(line, number, hidden_in(line, number, spans), about):
        if first < stop and last > at:
            pieces += (line[at:first], MASK)
            at = last
    return "".join((*pieces, line[at:stop]))


def _width(char: str) -> int:
    """Columns that a printable character takes on a terminal."""
    if char < "\u0300":
        return 1
    import unicodedata  # noqa: PLC0415

    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _cells(line: str, hidden: list[tuple[int, int]]) -> tuple[list[str], list[int]]:
    """What is shown for each character of a line, and how many columns it takes."""
    cells: list[str] = []
    widths: list[int] = []
    column = 0
    for char in line:
        if char == "\t":
            width = TAB - column % TAB
            cell = " " * width
        elif char.isprintable():
            cell, width = char, _width(char)
        else:
            cell = _spelled(char)
            width = len(cell)
        cells.append(cell)
        widths.append(width)
        column += width
    for start, end in hidden:
        cells[start:end] = [MASK] + [""] * (end - start - 1)
        widths[start:end] = [len(MASK)] + [0] * (end - start - 1)
    return cells, widths


def excerpt(source: Source, span: Span, spans: Iterable[Span], room: int) -> tuple[str, int, int]:
    """The first line of a span as shown in ``room`` columns.

    :param spans: the file's secrets.
    :returns: the line, cut around the span where it is too long, and the first column (from 0) and number of columns of the span.
    """
    line = source.line(span.line)
    first = min(span.column - 1, len(line))
    last = min(span.end_column - 1, len(line)) if span.end_line == span.line else len(line.rstrip())
    hidden = _with_guesses(line, span.line, hidden_in(line, span.line, spans), span)
    far = max(0, first - 2 * room)  # what is further off is not shown; a line may have 200,000 characters
    for start, end in hidden:
        if start < far < end:
            far = start
    cut = line[far : max(last, first) + 2 * room]
    near = [(start - far, min(end - far, len(cut))) for start, end in hidden if end > far and start - far < len(cut)]
    cells, widths = _cells(cut, near)
    first, last = first - far, min(max(last, first + 1) - far, len(cells))
    before, marked = sum(widths[:first]), max(1, sum(widths[first:last]))
    lead, cells, widths, before = _from_left(cells, widths, before, room, cut_before=far > 0)
    text = lead + "".join(_fitting(cells, widths, room - len(lead)))
    column = len(lead) + before
    return text.rstrip(), column, max(1, min(marked, room - column))


def _from_left(
    cells: list[str], widths: list[int], before: int, room: int, *, cut_before: bool
) -> tuple[str, list[str], list[int], int]:
    """Drop cells on the left until the span's start stands in the first two thirds of the room."""
    if not cut_before and (sum(widths) <= room or before < room * 2 // 3):
        return "", cells, widths, before
    start = 0
    while start < len(cells) and before > room // 3:
        before -= widths[start]
        start += 1
    return "... ", cells[start:], widths[start:], before


def _fitting(cells: list[str], widths: list[int], room: int) -> list[str]:
    """As many cells as fit, with dots where some do not."""
    if sum(widths) <= room:
        return cells
    used = count = 0
    while count < len(cells) and used + widths[count] <= room - 4:
        used += widths[count]
        count += 1
    return [*cells[:count], " ..."]

"""pg_hba.conf: one record per line, fields separated by blanks, and ``#`` comments up to the end of a line.

The root is a :class:`~afscan.model.node.Sequence` of records in order; a record is a Sequence of its fields, a field a Sequence
of the :class:`~afscan.model.node.Scalar` words that commas separate in it. A word in double quotes is not ``plain``: a keyword in
quotes is an ordinary name. A backslash at the end of a line continues it, in comments too (PostgreSQL 14 and later). ``@file``
and ``include`` are words like any other. Source: postgresql/src/backend/libpq/hba.c (``next_token``, ``tokenize_auth_file``).
"""

from collections.abc import Iterator

from afscan.model.node import Scalar, Sequence
from afscan.model.place import Span
from afscan.model.record import record
from afscan.model.source import Source
from afscan.syntax import Parsed

_BLANKS = " \t\r"


@record(slots=True)
class _Line:
    """A logical line: its text, and for each character the offset in the file, then the end of the last one.

    ``offsets`` is None for a line that is not continued: its text then begins at ``start`` and runs on.
    """

    text: str
    start: int
    offsets: list[int] | None = None

    def offset(self, at: int) -> int:
        return self.start + at if self.offsets is None else self.offsets[at]

    def span(self, source: Source, start: int, end: int) -> Span:
        """The span of characters of this line; its end is just behind the last one, on the line where that stands."""
        return source.span(self.offset(start), self.offset(end - 1) + 1 if end > start else self.offset(start))


def parse(source: Source) -> Parsed:
    """The records of a file. Any text can be split into words: whether PostgreSQL takes them is the platform's business."""
    root = Sequence(source, source.span(0, len(source.text)))
    for line in _lines(source.text):
        record = _record(source, line)
        if record is not None:
            root.add(record)
    if root.items:
        root.span = Span(*root.items[0].span[:2], *root.span[2:])
    return Parsed([root], [])


def _lines(text: str) -> Iterator[_Line]:
    """The lines of a file, those that end in a backslash joined with the next one."""
    at = 1 if text.startswith("\ufeff") else 0
    parts: list[tuple[int, int]] = []
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        last = end
        while last > at and text[last - 1] == "\r":
            last -= 1
        continued = last > at and text[last - 1] == "\\"
        parts.append((at, last - 1 if continued else last))
        at = end + 1
        if not continued or at >= len(text):
            yield _joined(text, parts)
            parts = []


def _joined(text: str, parts: list[tuple[int, int]]) -> _Line:
    if len(parts) == 1:
        return _Line(text[parts[0][0] : parts[0][1]], parts[0][0])
    offsets = [offset for start, end in parts for offset in range(start, end)]
    offsets.append(offsets[-1] + 1 if offsets else parts[0][0])
    return _Line("".join(text[start:end] for start, end in parts), parts[0][0], offsets)


def _record(source: Source, line: _Line) -> Sequence | None:
    """The fields of a line; None where there are none."""
    fields: list[Sequence] = []
    at = 0
    while True:
        words: list[Scalar] = []
        more = True
        while more:
            word, at, more = _word(source, line, at)
            if word is None:
                break
            words.append(word)
        if not words:
            break
        fields.append(_sequence(source, words))
    return _sequence(source, fields) if fields else None


def _sequence(source: Source, items: "list[Scalar] | list[Sequence]") -> Sequence:
    found = Sequence(source, Span(*items[0].span[:2], *items[-1].span[2:]))
    for item in items:
        found.add(item)
    return found


def _word(source: Source, line: _Line, at: int) -> tuple[Scalar | None, int, bool]:
    """The next word from an index of the line on, where it ends, and whether a comma binds the next one to it."""
    text, size = line.text, len(line.text)
    while at < size and (text[at] in _BLANKS or text[at] == ","):
        at += 1
    start = at
    letters: list[str] = []
    positions: list[int] = []
    inside = was_quote = quoted = first_quoted = comma = False
    while at < size and (inside or text[at] not in _BLANKS):
        letter = text[at]
        if not inside and letter in "#,":
            comma = letter == ","
            break
        if letter != '"' or was_quote:
            letters.append(letter)
            positions.append(at)
        was_quote = inside and letter == '"' and not was_quote
        if letter == '"':
            inside = not inside
            quoted = True
            first_quoted = first_quoted or at == start
        at += 1
    if at == start:
        return None, size, False  # the end of the line, or a comment
    span = line.span(source, start, at)
    inner = [source.position(line.offset(one)) for one in positions] if quoted or line.offsets is not None else None
    if inner is not None:
        inner.append((span.end_line, span.end_column - 1 if quoted and text[at - 1] == '"' else span.end_column))
    word = Scalar(source, span, "".join(letters), plain=not first_quoted, inner=inner)
    if comma:
        return word, at + 1, True
    return word, size if at < size and text[at] == "#" else at, False

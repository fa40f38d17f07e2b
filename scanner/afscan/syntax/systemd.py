"""Unit files of systemd: sections, ``Key=value``, comments that begin a line with ``#`` or ``;``.

The root is a :class:`~afscan.model.node.Sequence` of sections in order. A section is a Sequence with its name as ``key``; its items
are the values (:class:`~afscan.model.node.Scalar`), each with its own ``key``, repeated keys included. A backslash at a line's end
joins the next line to it with a blank; comments between the two do not count. Quotes stay as written: what they mean depends on the
key. Source: systemd.syntax(7).
"""

from afscan.model.node import Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.source import Source
from afscan.syntax import Parsed


def parse(source: Source) -> Parsed:
    """The sections of a unit. A line that is no setting is noted, as systemd does, and the lines after it are read."""
    root = Sequence(source, source.span(0, len(source.text)))
    notices: list[Notice] = []
    section: Sequence | None = None
    lines = _logical_lines(source)
    for letters, spots in lines:
        text = "".join(letters)
        if text.startswith("[") and text.rstrip().endswith("]"):
            end = spots[len(text.rstrip()) - 1] + 1
            section = Sequence(source, source.span(spots[0], end))
            section.key = Scalar(source, section.span, text.rstrip()[1:-1])
            root.add(section)
        elif section is None or "=" not in text:
            place = source.place(source.span(spots[0], spots[0] + len(source.line(source.position(spots[0])[0]).strip())))
            notices.append(Notice(NoticeKind.SYNTAX, place, "Not `Key=value` in a section: systemd ignores this line."))
        else:
            section.add(_setting(source, text, spots))
    return Parsed([root], notices)


def _logical_lines(source: Source) -> list[tuple[list[str], list[int]]]:
    """The lines with their continuations: the characters, and for each of them and the end its offset in the text."""
    found: list[tuple[list[str], list[int]]] = []
    letters: list[str] = []
    spots: list[int] = []
    going_on = False
    starts = source.line_starts
    for number, start in enumerate(starts, 1):
        line = source.line(number)
        bare = line.strip()
        if not going_on:
            letters, spots = [], []
        if bare.startswith(("#", ";")) or (not bare and not going_on):
            continue
        begin = start + (len(line) - len(line.lstrip()) if not going_on else 0)
        text = line[begin - start :]
        goes_on = text.endswith("\\") and number < len(starts)
        kept = text[:-1] if goes_on else text
        letters += [*kept, *(" " if goes_on else "")]
        spots += range(begin, begin + len(kept) + (1 if goes_on else 0))
        going_on = goes_on
        if not going_on:
            found.append((letters, [*spots, begin + len(kept)]))
    if going_on and letters:
        found.append((letters, [*spots, spots[-1] + 1]))
    return found


def _setting(source: Source, text: str, spots: list[int]) -> Scalar:
    """A value with its key; blanks around ``=`` and at the end do not count."""
    sign = text.index("=")
    start, end = sign + 1, len(text)
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    first, after = spots[start], (spots[end - 1] + 1 if end > start else spots[start])
    straight = after - first == end - start and "\n" not in source.text[first:after]
    inner = None if straight else [source.position(spot) for spot in [*spots[start:end], after]]
    value = Scalar(source, source.span(first, after), text[start:end], inner=inner)
    name = text[:sign].rstrip()
    value.key = Scalar(source, source.span(spots[0], spots[0] + len(name)), name)
    return value

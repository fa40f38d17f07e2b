"""The dotenv format: ``NAME=value`` lines, as Compose, Docker and most programs read them.

Source: the Compose Specification, "env_file" (its format), and compose-go's ``dotenv`` package where that leaves a question open:
``NAME: value`` counts too, ``export`` before a name is dropped, a comment behind an unquoted value needs a blank before it,
quoted values may run over several lines, and a name alone is passed on from where Compose runs.

The root is a :class:`Mapping`. A value's ``tag`` says how it was quoted: None, ``'`` (its text is literal) or ``"``. Variables in
unquoted and double-quoted values are not expanded here; ``\\$`` stands in their text as ``$$``.
"""

import re
from functools import partial

from afscan.model.node import Mapping, Opaque, Scalar
from afscan.model.notice import Notice, NoticeKind
from afscan.model.source import Source
from afscan.syntax import Parsed

PASSED_ON = "passed on from the environment"
"""What the reason of a name without a value ends with."""

_SKIP = re.compile(r"\s*")
_EXPORT = re.compile(r"export[^\S\n]+")
_NAME = re.compile(r"[\w.\-\[\]]+")
_BLANK = re.compile(r"[^\S\n]*")
_LINE = re.compile(r"[^\n]*")
_COMMENT = re.compile(r"[ \t]#")
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "$": "$$", "\\": "\\"}
_OCTAL = re.compile(r"0([0-3][0-7]{2})")


def parse(source: Source) -> Parsed:
    """Parse a dotenv text. A line that is none is a notice, and the lines after it are read."""
    text = source.text
    root = Mapping(source, source.span(0, len(text)))
    parsed = Parsed([root])
    at = 0
    while True:
        at = _end(_SKIP, text, at)
        if at >= len(text):
            return parsed
        at = _end(_LINE, text, at) if text[at] == "#" else _statement(source, at, root, parsed)


def _end(pattern: "re.Pattern[str]", text: str, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found is not None else start


def _statement(source: Source, start: int, root: Mapping, parsed: Parsed) -> int:
    """Read one entry; the offset behind it."""
    text = source.text
    begin = _end(_EXPORT, text, start)
    name = _NAME.match(text, begin)
    sign = _end(_BLANK, text, name.end()) if name is not None else begin
    line_end = _end(_LINE, text, begin)
    if name is None or (sign < line_end and text[sign] not in "=:"):
        return _refused(source, start, "This line is no `NAME=value`; it is not read.", parsed)
    key = Scalar(source, source.span(name.start(), name.end()), name.group())
    if sign >= line_end:
        root.add(key, Opaque(source, key.span, name.group(), f"`{name.group()}` is {PASSED_ON}"))
        return line_end
    value = _end(_BLANK, text, sign + 1)
    if text[value : value + 1] in ("'", '"'):
        return _quoted(source, value, key, root, parsed)
    return _unquoted(source, value, key, root)


def _refused(source: Source, start: int, reason: str, parsed: Parsed) -> int:
    end = _end(_LINE, source.text, start)
    shown = len(source.text[start:end].rstrip())
    parsed.notices.append(Notice(NoticeKind.SYNTAX, source.place(source.span(start, start + shown)), reason))
    return end


def _unquoted(source: Source, start: int, key: Scalar, root: Mapping) -> int:
    """A value up to the end of its line or to a comment. One that begins with ``#`` is taken for a comment: no program is meant
    to get that text."""
    line_end = _end(_LINE, source.text, start)
    text = source.text[start:line_end]
    comment = _COMMENT.search(text)
    text = text[: comment.start()].rstrip() if comment is not None else text.rstrip()
    if text.startswith("#"):
        text = ""
    span = source.span(start, start + len(text)) if text else key.span
    root.add(key, Scalar(source, span, text))
    return line_end


def _quoted(source: Source, start: int, key: Scalar, root: Mapping, parsed: Parsed) -> int:
    """A value in quotes, over several lines if need be."""
    text, quote = source.text, source.text[start]
    found: list[str] = []
    offsets: list[int] = []
    at = start + 1
    while at < len(text) and text[at] != quote:
        part, length = _escaped(text, at, quote) if text[at] == "\\" else (text[at], 1)
        found.append(part)
        offsets += [at] * len(part)
        at += length
    if at >= len(text):
        end = _refused(source, start, "This quoted value has no end; it is not read.", parsed)
        root.add(key, Opaque(source, source.span(start, end), text[start:end], "its quote is not closed"))
        return end
    offsets.append(at)
    value = Scalar(source, source.span(start, at + 1), "".join(found), plain=False, inner=partial(_positions, source, offsets))
    value.tag = quote
    root.add(key, value)
    return at + 1


def _escaped(text: str, at: int, quote: str) -> tuple[str, int]:
    """What a backslash and what follows it stand for, and how many characters that takes."""
    char = text[at + 1 : at + 2]
    if char == quote:
        return char, 2
    if quote == '"' and char in _SIMPLE and char:
        return _SIMPLE[char], 2
    octal = _OCTAL.match(text, at + 1) if quote == '"' else None
    if octal is not None:
        return chr(int(octal[1], 8)), 5
    return "\\" + char, 1 + len(char)


def _positions(source: Source, offsets: list[int]) -> list[tuple[int, int]]:
    return [source.position(offset) for offset in offsets]

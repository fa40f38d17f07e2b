"""postgresql.conf: one parameter per line, ``name = value`` or ``name value``, and ``#`` comments up to the end of a line.

The root is a :class:`~afscan.model.node.Sequence` of values in order, repeated ones included: :class:`~afscan.model.node.Scalar`,
each with its own ``key``, the parameter's name as it is written. ``include``, ``include_if_exists`` and ``include_dir`` are
written like parameters and are items like these. The span of a quoted value includes its quotes; units stay in the text
(``128MB``). Nothing is expanded. Source: postgresql/src/backend/utils/misc/guc-file.l.
"""

import re

from afscan.model.node import Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax import Parsed

_BLANKS = " \t\r"
_LETTER = r"[A-Za-z_\x80-\U0010ffff]"
_WORD = rf"{_LETTER}[A-Za-z0-9_\x80-\U0010ffff._:/-]*"
_WORDS = re.compile(_WORD)
_PART = rf"{_LETTER}[A-Za-z0-9_\x80-\U0010ffff]*"
_NAME = re.compile(rf"{_PART}(?:\.{_PART})?")
_NUMBER = r"[-+]?(?:0x[0-9a-fA-F]+[A-Za-z]*|[0-9]*\.[0-9]*(?:[Ee][-+]?[0-9]+)?|[0-9]+[A-Za-z]*)"
_VALUE = re.compile(rf"'(?:[^'\\\n]|\\[^\n]|'')*'|{_WORD}|{_NUMBER}")
_FILLED = re.compile(r"(?:\$\{[^{}\n]*\}|\{\{[^{}\n]*\}\}|[A-Za-z0-9_.:/+-])+")
"""A value in a text that somebody completes before PostgreSQL reads it."""
_COMPLETED = frozenset(("compose-config", "secret-template"))
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_OCTAL = re.compile(r"[0-7]{1,3}")
_REFUSED = (
    "Not `name = value`: PostgreSQL refuses the file and does not start (a value with other characters than letters, digits and "
    "`._:/-` needs single quotes)."
)


def parse(source: Source) -> Parsed:
    """The parameters of a file. A line that PostgreSQL cannot read is noted, and the lines after it are read."""
    text = source.text
    root = Sequence(source, source.span(0, len(text)))
    notices: list[Notice] = []
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        start = _skip(text, at, end)
        if start < end and text[start] != "#":
            item = _parameter(source, start, end)
            if item is None:
                span = source.span(start, start + len(text[start:end].rstrip()))
                notices.append(Notice(NoticeKind.SYNTAX, source.place(span), _REFUSED))
            else:
                root.add(item)
        at = end + 1
    if root.items:  # what the file lacks is shown at its first parameter, not at a comment above it
        first = root.items[0].key or root.items[0]
        root.span = Span(*first.span[:2], *root.span[2:])
    return Parsed([root], notices)


def _skip(text: str, at: int, end: int) -> int:
    while at < end and text[at] in _BLANKS:
        at += 1
    return at


def _parameter(source: Source, start: int, end: int) -> Scalar | None:
    """The parameter between two offsets of one line; None where PostgreSQL would not take it for one."""
    text = source.text
    name = _WORDS.match(text, start, end)
    if name is None or _NAME.fullmatch(name[0]) is None:
        return None
    at = _skip(text, name.end(), end)
    if at < end and text[at] == "=":
        at = _skip(text, at + 1, end)
    value = _VALUE.match(text, at, end)
    after = _skip(text, value.end(), end) if value is not None and value.end() > at else None
    if after is None or (after < end and text[after] != "#"):
        value = _FILLED.match(text, at, end) if source.holder in _COMPLETED else None
        after = _skip(text, value.end(), end) if value is not None else None
    if value is None or after is None or (after < end and text[after] != "#"):
        return None
    found = _value(source, *value.span())
    found.key = Scalar(source, source.span(*name.span()), name[0])
    return found


def _value(source: Source, start: int, end: int) -> Scalar:
    text = source.text
    span = source.span(start, end)
    if text[start] != "'":
        return Scalar(source, span, text[start:end])
    letters: list[str] = []
    inner: list[tuple[int, int]] = []
    at = start + 1
    while at < end - 1:
        letter, size = _letter(text, at, end - 1)
        letters.append(letter)
        inner.append(source.position(at))
        at += size
    inner.append(source.position(at))
    return Scalar(source, span, "".join(letters), plain=False, inner=inner)


def _letter(text: str, at: int, end: int) -> tuple[str, int]:
    """The character that begins at an offset of a quoted value, and how long it is there: ``''``, ``\\'``, ``\\n``, ``\\101``."""
    if text[at] == "'":
        return "'", 2
    if text[at] != "\\":
        return text[at], 1
    octal = _OCTAL.match(text, at + 1, end)
    if octal is not None:
        return chr(int(octal[0], 8) & 0xFF), 1 + len(octal[0])
    return _ESCAPES.get(text[at + 1], text[at + 1]), 2

"""pgbouncer.ini: sections, ``key = value``, and comments that begin a line with ``;`` or ``#``.

The root is a :class:`~afscan.model.node.Sequence` of sections in order. A section is a Sequence with its name as ``key``; its
items are the values (:class:`~afscan.model.node.Scalar`), each with its own ``key``, repeated keys included. A value runs to the
end of its line, comment-like text and quotes included: PgBouncer knows no inline comments. A ``%include`` is an item whose key is
``%include``. :func:`connect_string` splits a value of ``[databases]`` further. Source: libusual/usual/cfparser.c,
pgbouncer/src/loader.c.
"""

import re

from afscan.model.node import Mapping, Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax import Parsed

_SECTION = re.compile(r"\[([^\]\n]*)\]")
_KEY = re.compile(r'"((?:[^"\n]|"")*)"|[0-9A-Za-z_.*-]*')
_INCLUDE = re.compile(r"%include[ \t]+([^\n]*)")


def parse(source: Source) -> Parsed:
    """The sections of a file. A line that PgBouncer cannot read is noted, and the lines after it are read."""
    text = source.text
    root = Sequence(source, source.span(0, len(text)))
    notices: list[Notice] = []
    section: Sequence | None = None
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        header = _SECTION.match(text, at)
        include = _INCLUDE.match(text, at)
        if text[at] in "#;":
            pass
        elif header is not None:
            section = _section(source, header)
            root.add(section)
            end = header.end()  # what follows on the same line is read as a line of its own
        elif include is not None:
            _owner(source, root, section).add(_pair(source, (at, at + 8), (include.start(1), end)))
        else:
            _line(source, _owner(source, root, section), at, end, notices)
        at = end
    if root.items:
        root.span = Span(*root.items[0].span[:2], *root.span[2:])
    return Parsed([root], notices if _is_pgbouncer(source, root) else [])


def _is_pgbouncer(source: Source, root: Sequence) -> bool:
    """Whether complaints make sense: other programs' files have a ``[databases]`` section too, and rules of their own."""
    named = any(item.key is not None and item.key.text == "pgbouncer" for item in root.items)
    return named or "pgbouncer" in source.name.lower()


def _section(source: Source, header: re.Match[str]) -> Sequence:
    section = Sequence(source, source.span(header.start(), header.end()))
    section.key = Scalar(source, source.span(header.start(), header.end()), header[1])
    return section


def _owner(source: Source, root: Sequence, section: Sequence | None) -> Sequence:
    """The current section; before the first header one without a name (PgBouncer refuses values there)."""
    if section is not None:
        return section
    if not root.items:
        nameless = Sequence(source, source.span(0, 0))
        root.add(nameless)
    first = root.items[0]
    assert isinstance(first, Sequence)
    return first


def _line(source: Source, section: Sequence, at: int, end: int, notices: list[Notice]) -> None:
    text = source.text
    key = _KEY.match(text, at, end)
    after = key.end() if key is not None else at
    while after < end and text[after] in " \t":
        after += 1
    if key is None or after >= end or text[after] != "=" or key.end() == at:
        span = source.span(at, at + len(text[at:end].rstrip()))
        notices.append(
            Notice(NoticeKind.SYNTAX, source.place(span), "Not `key = value`: PgBouncer refuses the file and does not start.")
        )
        return
    section.add(_pair(source, (at, key.end()), (after + 1, end)))


def _pair(source: Source, key: tuple[int, int], value: tuple[int, int]) -> Scalar:
    """A value with its key; blanks around the value do not count."""
    text = source.text
    start, end = value
    while start < end and text[start] in " \t":
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    found = Scalar(source, source.span(start, end), text[start:end])
    name = text[key[0] : key[1]]
    if name.startswith('"'):
        name = name[1:-1].replace('""', '"')
    found.key = Scalar(source, source.span(*key), name)
    return found


def connect_string(value: Scalar) -> Mapping | None:
    """The parts of a connect string (``host=db port=5432``) by name, None where PgBouncer would refuse it.

    A value with blanks stands in single quotes, ``''`` for a quote inside; blanks around ``=`` are allowed, empty values are not.
    """
    text = value.text
    parts = Mapping(value.source, value.span)
    parts.key = value.key
    at = 0
    while True:
        at = _skip(text, at)
        if at >= len(text):
            return parts
        start = at
        while at < len(text) and text[at] not in "= \t":
            at += 1
        key = _slice(value, start, at, text[start:at])
        at = _skip(text, at)
        if not key.text or at >= len(text) or text[at] != "=":
            return None
        start = _skip(text, at + 1)
        found = _quoted(value, start) if text.startswith("'", start) else _bare(value, start)
        if found is None:
            return None
        parts.add(key, found[0])
        at = found[1]


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t":
        at += 1
    return at


def _slice(value: Scalar, start: int, end: int, text: str, inner: list[tuple[int, int]] | None = None) -> Scalar:
    source, first = value.source, value.source.offset(value.span.line, value.span.column)
    return Scalar(source, source.span(first + start, first + end), text, plain=inner is None, inner=inner)


def _bare(value: Scalar, start: int) -> tuple[Scalar, int] | None:
    end, text = start, value.text
    # What an operator fills in before PgBouncer reads the file is one part, blanks and all.
    filled = text.rfind("}}") if value.source.holder == "secret-template" else -1
    while end < len(text) and text[end] != " ":
        end = text.find("}}", end) + 2 if end < filled and text.startswith("{{", end) else end + 1
    return (_slice(value, start, end, value.text[start:end]), end) if end > start else None


def _quoted(value: Scalar, start: int) -> tuple[Scalar, int] | None:
    text = value.text
    letters: list[str] = []
    inner: list[tuple[int, int]] = []
    line, column = value.span.line, value.span.column
    at = start + 1
    while at < len(text):
        inner.append((line, column + at))
        if text[at] == "'":
            if not text.startswith("''", at):
                return (_slice(value, start, at + 1, "".join(letters), inner), at + 1) if letters else None
            at += 1
        letters.append(text[at])
        at += 1
    return None

"""A Dockerfile's physical lines as instructions: parser directives, continuations, comments, heredocs.

Follows BuildKit's own reader (moby/buildkit, frontend/dockerfile/parser): a line break is ``\\n``; comments and blank lines
inside a continuation are dropped; an escape character that is itself escaped does not continue a line; the lines after a ``RUN``,
``COPY`` or ``ADD`` with ``<<NAME`` belong to it until ``NAME`` stands alone on a line.
"""

from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Span
from afscan.model.record import field, record
from afscan.model.source import Source
from afscan.syntax.dockerfile.texts import Text, TextBuilder
from afscan.syntax.dockerfile.words import SPACE, heredoc_words, is_json_array, skip_space

_DIRECTIVES = frozenset(("escape", "syntax", "check"))
_WITH_HEREDOC = frozenset(("RUN", "COPY", "ADD"))


@record(slots=True)
class Heredoc:
    """One here-document: its delimiter as named and where, whether that was quoted (then nothing is expanded), its body."""

    name: str
    named: Span
    quoted: bool
    body: Text
    end: int  # source offset behind the delimiter that closes it


@record(slots=True)
class Logical:
    """One instruction's text with continuations joined, and the heredocs behind it. ``line`` counts from 0."""

    line: int
    content: Text
    heredocs: list[Heredoc] = field(default_factory=list)


@record(slots=True)
class Document:
    """A Dockerfile as instructions. ``lines`` is the number of physical lines as Docker counts them."""

    source: Source
    escape: str
    lines: int
    instructions: list[Logical]
    notices: list[Notice]


def read_lines(source: Source) -> Document:
    """Split a source into instructions; what is odd about its lines is a notice."""
    lines = _Lines(source)
    notices: list[Notice] = []
    escape, first = _directives(lines, notices)
    document = Document(source, escape, lines.count, [], notices)
    number = first
    while number < lines.count:
        stripped = lines.at(number)[1].lstrip()
        if not stripped or stripped[0] == "#":
            number += 1
            continue
        logical, number = _logical(lines, number, escape)
        if logical.content.text.strip():
            number = _heredocs(lines, logical, number, document)
            document.instructions.append(logical)
    return document


class _Lines:
    """The physical lines as Docker counts them: only a line feed ends one; a carriage return before it is dropped."""

    __slots__ = ("count", "source", "starts", "text")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        mark = 1 if self.text.startswith("\ufeff") else 0
        self.starts = [mark]
        found = self.text.find("\n")
        while found != -1:
            self.starts.append(found + 1)
            found = self.text.find("\n", found + 1)
        self.count = len(self.starts)

    def at(self, number: int) -> tuple[int, str]:
        """Offset and text of a line, without its break."""
        start = self.starts[number]
        end = self.starts[number + 1] - 1 if number + 1 < self.count else len(self.text)
        if end > start and self.text[end - 1] == "\r":
            end -= 1
        return start, self.text[start:end]


def _directives(lines: _Lines, notices: list[Notice]) -> tuple[str, int]:
    """The escape character, and the number of the first line that is no parser directive."""
    escape, seen, number = "\\", set[str](), 0
    while number < lines.count:
        offset, text = lines.at(number)
        name, equals, value = text.lstrip()[1:].partition("=")
        name, value = name.strip().lower(), value.strip()
        if text.lstrip()[:1] != "#" or not equals or not value or name not in _DIRECTIVES:
            break
        refused = ""
        if name in seen:
            refused = f"Only one `{name}` directive may stand at the top; Docker refuses the file."
        elif name == "escape" and value not in ("\\", "`"):
            refused = "The escape character may only be a backslash or a backtick."
        elif name == "escape":
            escape = value
        if refused:
            notices.append(Notice(NoticeKind.SYNTAX, lines.source.place(lines.source.span(offset, offset + len(text))), refused))
        seen.add(name)
        number += 1
    return escape, number


def _logical(lines: _Lines, number: int, escape: str) -> tuple[Logical, int]:
    """The instruction that begins on a line, and the number of the line after it."""
    first = number
    builder = TextBuilder(lines.source)
    continues = True
    begin = lines.starts[number]
    while continues and number < lines.count:
        offset, text = lines.at(number)
        if number == first:
            indent = len(text) - len(text.lstrip())
            offset, text = offset + indent, text[indent:]
            begin = offset
        elif not text.strip() or text.lstrip()[0] == "#":
            number += 1
            continue
        kept, continues = _without_escape(text, escape)
        builder.add(kept, offset)
        number += 1
    return Logical(first, builder.build(begin)), number


def _without_escape(text: str, escape: str) -> tuple[str, bool]:
    """A line without the escape character that continues it, and whether there was one."""
    trimmed = text.rstrip(" \t")
    if trimmed.endswith(escape) and not trimmed.endswith(escape * 2):
        return trimmed[:-1], True
    return text, False


def _heredocs(lines: _Lines, logical: Logical, number: int, document: Document) -> int:
    """Take in the heredocs that an instruction opens; the number of the line after them."""
    text = logical.content.text
    if "<<" not in text:
        return number
    keyword, start = _keyword(text, 0)
    if keyword == "ONBUILD":
        keyword, start = _keyword(text, start)
    if keyword not in _WITH_HEREDOC or is_json_array(text, start):
        return number
    for begin, end, name, quoted, strip_tabs in heredoc_words(text, start, document.escape):
        body, stop, number, closed = _body(lines, number, name, strip_tabs)
        named = logical.content.span(begin + text[begin:end].index("<<") + 2 + strip_tabs, end)
        logical.heredocs.append(Heredoc(name, named, quoted, body, stop))
        if not closed:
            place = lines.source.place(logical.content.span(begin, end))
            reason = f"The here-document `{name}` is never closed: the rest of the file is taken as its text, and not judged."
            document.notices.append(Notice(NoticeKind.SYNTAX, place, reason))
            break
    return number


def _keyword(text: str, start: int) -> tuple[str, int]:
    """The upper-case word at ``start``, and where what follows it begins."""
    start = skip_space(text, start)
    end = start
    while end < len(text) and text[end] not in SPACE:
        end += 1
    return text[start:end].upper(), skip_space(text, end)


def _body(lines: _Lines, number: int, name: str, strip_tabs: bool) -> tuple[Text, int, int, bool]:
    """A heredoc's body, the offset behind what closes it, the number of the next line, and whether it was closed."""
    builder = TextBuilder(lines.source)
    begin = lines.starts[number] if number < lines.count else len(lines.text)
    while number < lines.count:
        offset, text = lines.at(number)
        number += 1
        if strip_tabs:
            kept = text.lstrip("\t")
            offset, text = offset + len(text) - len(kept), kept
        if text == name:
            return builder.build(begin), offset + len(text), number, True
        builder.add(text, offset)
        builder.add("\n", offset + len(text))
    return builder.build(begin), len(lines.text), number, False

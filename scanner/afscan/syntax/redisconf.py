"""redis.conf (and Valkey's, and Redis ACL files): one directive per line, split into words as the server's ``sdssplitargs`` does.

The root is a :class:`~afscan.model.node.Sequence` of directives in order, repeated ones included; a directive is a Sequence of
its words, the first of which is its name, all :class:`~afscan.model.node.Scalar`. A word's span includes its quotes; a word
without quotes is ``plain``. A ``#`` begins a comment at the start of a line only: elsewhere it is a word like any other (and
refused by the server). Nothing is expanded. Source: redis/src/config.c (``loadServerConfigFromString``), redis/src/sds.c.
"""

from typing import NamedTuple

from afscan.model.node import Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax import Parsed

_BLANKS = " \t\r\n\v\f\0"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "a": "\a"}
_HEX = frozenset("0123456789abcdefABCDEF")


class Word(NamedTuple):
    """One word of a line. ``offsets`` is where each character of ``text`` begins, then the end of the last one."""

    text: str
    start: int
    end: int
    quoted: bool
    offsets: list[int]


class Unbalanced(ValueError):
    """A quote that nobody closes, or that is closed inside a word; ``start`` is where it opens."""

    def __init__(self, start: int) -> None:
        super().__init__("unbalanced quotes")
        self.start = start


def parse(source: Source) -> Parsed:
    """The directives of a file; a line with unbalanced quotes is noted, and the lines after it are read."""
    text = source.text
    root = Sequence(source, source.span(0, len(text)))
    notices: list[Notice] = []
    start = 1 if text.startswith("\ufeff") else 0
    templated = source.holder == "secret-template"
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        first = start
        while first < end and text[first] in _BLANKS:
            first += 1
        if first < end and text[first] != "#":
            try:
                words = split(text, first, end, templated=templated)
            except Unbalanced as problem:
                place = source.place(source.span(problem.start, end))
                notices.append(Notice(NoticeKind.SYNTAX, place, "Unbalanced quotes: Redis refuses this line and does not start."))
            else:
                root.add(_directive(source, words))
        start = end + 1
    if root.items:  # what the file lacks is shown at its first directive, not at a comment above it
        root.span = Span(*root.items[0].span[:2], *root.span[2:])
    return Parsed([root], notices)


def split(text: str, start: int, end: int, *, templated: bool = False) -> list[Word]:
    """The words of ``text`` between two offsets.

    :param templated: whether ``{{ ... }}`` is filled in before Redis reads the text, and is then part of one word.
    :raises Unbalanced: where Redis would refuse the line.
    """
    words: list[Word] = []
    filled = text.rfind("}}", start, end) if templated else -1
    while True:
        while start < end and text[start] in _BLANKS:
            start += 1
        if start >= end:
            return words
        word = _word(text, start, end, filled)
        words.append(word)
        start = word.end


def _word(text: str, start: int, end: int, filled: int) -> Word:
    """The word that starts at ``start``; up to ``filled`` there are templates to be completed."""
    letters: list[str] = []
    offsets: list[int] = []
    quote, opened, quoted, at = "", start, False, start
    while at < end:
        letter, size = text[at], 1
        if at < filled and text.startswith("{{", at):
            closing = text.find("}}", at, end) + 2
            letters += text[at:closing]
            offsets += range(at, closing)
            at = closing
            continue
        if quote:
            if letter == quote:
                if at + 1 < end and text[at + 1] not in _BLANKS:
                    raise Unbalanced(opened)
                offsets.append(at)
                return Word("".join(letters), start, at + 1, quoted, offsets)
            if letter == "\\":
                letter, size = _escape(text, at, end, quote)
        elif letter in _BLANKS:
            break
        elif letter in "\"'":
            quote, opened, quoted = letter, at, True
            at += 1
            continue
        letters.append(letter)
        offsets.append(at)
        at += size
    if quote:
        raise Unbalanced(opened)
    offsets.append(at)
    return Word("".join(letters), start, at, quoted, offsets)


def _escape(text: str, at: int, end: int, quote: str) -> tuple[str, int]:
    """The character that an escape at ``at`` stands for, and the escape's length. Single quotes know only ``\\'``."""
    if at + 1 >= end:
        return "\\", 1
    following = text[at + 1]
    if quote == "'":
        return ("'", 2) if following == "'" else ("\\", 1)
    digits = text[at + 2 : min(at + 4, end)]
    if following == "x" and len(digits) == 2 and set(digits) <= _HEX:
        return chr(int(digits, 16)), 4
    return _ESCAPES.get(following, following), 2


def _directive(source: Source, words: list[Word]) -> Sequence:
    directive = Sequence(source, source.span(words[0].start, words[-1].end))
    for word in words:
        span = source.span(word.start, word.end)
        directive.add(Scalar(source, span, word.text, plain=not word.quoted, inner=_positions(word, span)))
    return directive


def _positions(word: Word, span: Span) -> list[tuple[int, int]] | None:
    """Where each character stands, for a word in quotes: a word lies on one line."""
    if not word.quoted:
        return None
    return [(span.line, span.column + offset - word.start) for offset in word.offsets]

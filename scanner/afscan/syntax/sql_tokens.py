"""SQL's tokens: PostgreSQL's lexical rules (documentation, "Lexical Structure"), with psql's variables and MySQL's backticks."""

import re
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from afscan.model.node import Scalar
from afscan.model.source import Source

TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\r\n]*|(?m:^)\#[^\r\n]*)
    |(?P<comment>/\*)
    |(?P<escaped>[eE]'[^'\\]*(?:(?:\\.|'')[^'\\]*)*')
    |(?P<string>(?:[uU]&|[bBxXnN])?'[^']*(?:''[^']*)*'|(?<![\w$])\$(?P<mark>(?:[^\W\d]\w*)?)\$)
    |(?P<identifier>(?:[uU]&)?"[^"]*(?:""[^"]*)*"|`[^`]*`)
    |(?P<open>[eEbBxXnN]?'|(?:[uU]&)?['"]|`)
    |(?P<end>;)
    |(?P<command>\\)
    |(?P<word>[^\W\d][\w$]*)
    |(?P<number>(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<cast>::|:=)
    |(?P<variable>:'[^'\r\n]*'|:"[^"\r\n]*"|:[^\W\d]\w*|:\{\?\w+\})
    |(?P<operator>.)""",
    re.VERBOSE | re.DOTALL,
)
"""The next token. ``mark`` is a dollar quote's tag; ``open`` a quote that never ends; ``command`` a backslash of psql's.
``#`` at the start of a line begins a comment in MySQL."""

_COMMENT_EDGE = re.compile(r"/\*|\*/")
_ESCAPE = re.compile(r"''|\\(?:[0-7]{1,3}|x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_DOUBLED = re.compile("''|\"\"|``")
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

ARGUMENT = re.compile(
    r"""[ \t]+
    |(?P<stop>\\\\|[\r\n])
    |(?P<escaped>'[^'\\\r\n]*(?:(?:\\.|'')[^'\\\r\n]*)*')
    |(?P<identifier>"[^"\r\n]*")
    |(?P<shell>`[^`\r\n]*`)
    |(?P<variable>:'[^'\r\n]*'|:"[^"\r\n]*"|:[^\W\d]\w*)
    |(?P<word>(?:[^\s'"`\\:]|:(?=\s|:)|\\(?!\\))+|.)""",
    re.VERBOSE,
)
"""The next piece of a psql command's arguments, up to the end of its line or ``\\\\``."""


class Piece(NamedTuple):
    """A character of a string's text and the offset in the source where it comes from."""

    char: str
    offset: int


def comment_end(text: str, start: int) -> int | None:
    """The offset behind a block comment, which may hold others; None where it never ends."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return None


def token(source: Source, kind: str, start: int, end: int) -> Scalar:
    """The node of a token.

    ``kind`` becomes its ``tag``: ``word``, ``number``, ``operator``, ``string``, ``body`` (a dollar-quoted string),
    ``identifier`` (a quoted one), ``variable`` (psql's), ``shell`` (a command in backticks), ``command`` (``\\set``).
    """
    raw = source.text[start:end]
    span = source.span(start, end)
    if kind == "variable":
        node = Scalar(source, span, raw, plain=True)
    elif kind == "body":
        mark = raw.index("$", 1) + 1
        inner = partial(_lines, source, start + mark, end - mark)
        node = Scalar(source, span, raw[mark : len(raw) - mark], plain=False, inner=inner)
    elif kind in ("string", "identifier", "shell", "escaped"):
        quote = raw.index(raw[-1]) + 1
        text = raw[quote:-1]
        straight = quote == 1 and "\\" not in text and _DOUBLED.search(text) is None
        if not straight and kind != "shell":
            text = "".join(piece.char for piece in _pieces(source.text, start + quote, end - 1, kind))
        places = None if straight else partial(_characters, source, start + quote, end - 1, kind)
        node = Scalar(source, span, text, plain=False, inner=None if kind == "shell" else places)
    else:
        node = Scalar(source, span, raw, plain=True)
    node.tag = "string" if kind == "escaped" else kind
    return node


def _lines(source: Source, start: int, end: int) -> list[tuple[int, int]]:
    """The place of each line of a dollar-quoted string: they run on as they are."""
    first = source.position(start)
    last = source.position(end)[0]
    return [first, *((line, 1) for line in range(first[0] + 1, last + 1))]


def _characters(source: Source, start: int, end: int, kind: str) -> list[tuple[int, int]]:
    """The place of each character of a string with escapes or doubled quotes, and of its end."""
    places = [source.position(piece.offset) for piece in _pieces(source.text, start, end, kind)]
    return [*places, source.position(end)]


def _pieces(text: str, start: int, end: int, kind: str) -> Iterator[Piece]:
    at = start
    for found in (_ESCAPE if kind == "escaped" else _DOUBLED).finditer(text, start, end):
        yield from (Piece(text[offset], offset) for offset in range(at, found.start()))
        yield Piece(_unescaped(found.group()), found.start())
        at = found.end()
    yield from (Piece(text[offset], offset) for offset in range(at, end))


def _unescaped(escape: str) -> str:
    """What an escape of ``E'...'`` (or a doubled quote) stands for."""
    body = escape[1:]
    if escape[0] != "\\":
        return body
    if body[0] in "01234567":
        return chr(int(body, 8) & 0xFF)
    if body[0] in "xuU" and len(body) > 1:
        code = int(body[1:], 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code <= 0xDFFF else "\ufffd"
    return _SHORT.get(body, body)

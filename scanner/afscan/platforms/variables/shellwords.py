"""The words of a shell text with their places, as far as credentials and URLs need: no expansion, no grammar."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_MAX_WORDS = 20_000
_LONGEST = 1 << 17
"""Of a longer text (characters) only the beginning is cut into words."""

_REACH = 1000
"""How far (characters) the bracket that closes an interpolation may be."""

_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.|[^\s'\"\\;|&()<>$]+|.", re.DOTALL)
_OPERATORS = ";|&()\n"


class Word(NamedTuple):
    """One word: its text without quotes, start and end (exclusive, quotes included) in the text it was cut from."""

    text: str
    start: int
    end: int


def statements(text: str) -> Iterator[list[Word]]:
    """The simple commands of a shell text, each as its words; comments are left out, redirections stay as words."""
    text = text[:_LONGEST]
    words: list[Word] = []
    parts: list[str] = []
    start = position = count = 0
    length = len(text)
    while position < length and count < _MAX_WORDS:
        char = text[position]
        if char.isspace() or char in _OPERATORS or char in "<>" or (char == "#" and not parts):
            if parts:
                words.append(Word("".join(parts), start, position))
                parts, count = [], count + 1
            if char == "#":
                position = _line_end(text, position)
                continue
            if char in _OPERATORS and words:
                yield words
                words = []
            position += 1
            continue
        if not parts:
            start = position
        position = _take(text, position, parts)
    if parts:
        words.append(Word("".join(parts), start, position))
    if words:
        yield words


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _take(text: str, position: int, parts: list[str]) -> int:
    """Put the next piece of a word into ``parts``; the offset behind it."""
    if text.startswith("$(", position) or text.startswith("${", position):
        close = _closing(text, position + 1)
        parts.append(text[position:close])
        return close
    found = _QUOTED.match(text, position)
    piece = found.group() if found else text[position]
    if piece.startswith("\\"):
        parts.append("" if piece == "\\\n" else piece[1:])
    elif len(piece) > 1 and piece[0] in "'\"":
        parts.append(piece[1:-1])
    else:
        parts.append(piece)
    return position + len(piece)


def _closing(text: str, opening: int) -> int:
    """Behind the bracket that closes the one at an offset; behind the latter itself where none does within reach."""
    pair = {"(": ")", "{": "}"}[text[opening]]
    limit = min(len(text), opening + _REACH)
    close = opening
    for _ in range(8):  # one more for each bracket that opens in between
        close = text.find(pair, close + 1, limit)
        if close < 0:
            break
        if text.count(text[opening], opening, close) == text.count(pair, opening, close + 1):
            return close + 1
    return opening + 1

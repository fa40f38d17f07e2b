"""Splitting a command line into words, as Compose does for ``command: a string``. Pure functions of text.

Compose uses mattn/go-shellwords without expansion: quotes group, a backslash escapes (``\\n`` and ``\\t`` become a line break and
a tab), and an unquoted ``;``, ``&``, ``|``, ``<`` or ``>`` ends the command: what follows is dropped, no shell ever sees it.
"""

from typing import NamedTuple

_SPACE = frozenset(" \t\r\n")
_END = frozenset(";&|<>")
_ESCAPES = {"n": "\n", "t": "\t"}


class Word(NamedTuple):
    """One word; ``bare`` is whether it stood there without quotes and escapes."""

    text: str
    bare: bool


def split(line: str) -> list[Word] | None:
    """The words of a command line; None where a quote is not closed or the line ends in a backslash."""
    words: list[Word] = []
    word: list[str] | None = None
    bare, quote, escaped = True, "", False
    for char in line:
        if escaped:
            word = word or []
            word.append(_ESCAPES.get(char, char))
            escaped = False
        elif char == "\\" and quote != "'":
            escaped, bare = True, False
        elif quote:
            if char == quote:
                quote = ""
            elif word is not None:
                word.append(char)
        elif char in _SPACE:
            if word is not None:
                words.append(Word("".join(word), bare))
            word, bare = None, True
        elif char in "'\"":
            quote, bare = char, False
            word = word if word is not None else []
        elif char in _END:
            if char == ">" and word is not None and "".join(word).isdigit():
                word = None
            break
        else:
            word = word if word is not None else []
            word.append(char)
    if quote or escaped:
        return None
    if word is not None:
        words.append(Word("".join(word), bare))
    return words

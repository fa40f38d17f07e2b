"""Nodes of a Dockerfile made from the joined text of an instruction."""

from typing import cast

from afscan.model.node import Scalar
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax.dockerfile.texts import Text
from afscan.syntax.dockerfile.words import unquoted


class Word(Scalar):
    """A word that Docker may expand. ``text`` is without quotes and escapes, ``raw`` with them, as the expansion needs it.

    ``escape`` is the file's escape character.
    """

    __slots__ = ("escape", "raw")

    def __init__(
        self, source: Source, span: Span, text: str, raw: str, escape: str, *, plain: bool, inner: "list[tuple[int, int]] | None"
    ) -> None:
        super().__init__(source, span, text, plain=plain, inner=inner)
        self.raw = raw
        self.escape = escape


def word(content: Text, start: int, end: int, escape: str) -> Word:
    """The word between two indices of an instruction's text."""
    raw = content.text[start:end]
    span = content.span(start, end)
    text, kept = unquoted(raw, escape)
    if len(text) == len(raw) and content.contiguous(start, end):
        return Word(content.source, span, text, raw, escape, plain=True, inner=None)
    positions = content.positions
    inner = [positions[start + i] for i in kept]
    inner.append((inner[-1][0], inner[-1][1] + 1) if inner else positions[start])
    return Word(content.source, span, text, raw, escape, plain=len(text) == len(raw), inner=inner)


def string(content: Text, item: tuple[int, int, str], escape: str) -> Word:
    """One string of the JSON form; its span includes the quotes."""
    start, end, value = item
    span = content.span(start, end)
    if value == content.text[start + 1 : end - 1] and content.contiguous(start, end):
        return Word(content.source, span, value, value, escape, plain=False, inner=None)
    positions = content.positions
    kept = _decoded(content.text, start + 1, value)
    inner = [positions[i] for i in kept]
    inner.append(positions[end - 1])
    return Word(content.source, span, value, value, escape, plain=False, inner=inner)


def _decoded(text: str, index: int, value: str) -> list[int]:
    """Where each character of a decoded JSON string begins in the text."""
    kept: list[int] = []
    for char in value:
        kept.append(index)
        if text[index] != "\\":
            index += 1
        elif text[index + 1] == "u":
            index += 12 if ord(char) > 0xFFFF else 6
        else:
            index += 2
    return kept


def script(content: Text) -> Scalar:
    """A longer text, with the place of each character."""
    text = content.text
    span = content.span(0, len(text) - text.endswith("\n"))
    if content.contiguous(0, len(text)) and "\n" not in text and "\r" not in text:
        return Scalar(content.source, span, text)
    return Scalar(content.source, span, text, plain=False, inner=cast("list[tuple[int, int]]", content.positions))

"""Where each piece of a YAML scalar's text stands in the file.

libyaml gives the text after unfolding and the span of the whole. For the place of a password inside a folded URL, or of line 40
of a ConfigMap entry, the text is unfolded here once more, with positions. Rules: YAML 1.1, chapter 9, as libyaml applies them.
"""

from functools import partial
from typing import Any

from afscan.model.node import Node, Opaque, Scalar
from afscan.model.patterns import pattern
from afscan.model.source import Source

CORE = "tag:yaml.org,2002:"
"""What YAML's own tags begin with."""

_CORE_PLAIN = frozenset(CORE + name for name in ("int", "float", "bool", "null", "timestamp", "merge", "value"))
_STRING_TAGS = frozenset(("!", CORE + "str"))
_COMPOSE_TAGS = frozenset(("!reset", "!override"))
_TAG = pattern(r"!(?:<[^>\s]*>|[^\s,\[\]{}]*)")
_GAP = pattern("(?:[ \t\r\n\x85\u2028\u2029]+|#[^\r\n\x85\u2028\u2029]*)*")

_BREAKS = "\r\n\x85\u2028\u2029"
_BLANK = " \t" + _BREAKS
_BREAK = pattern("\r\n|[\r\n\x85\u2028\u2029]")
_HEADER = pattern(r"[|>]([+-]?)[1-9]?([+-]?)[^\r\n\x85\u2028\u2029]*")
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b", " ": " ",
    '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_HEX = {"x": 2, "u": 4, "U": 8}

_Piece = tuple[str, int]
"""One character of the text and the offset in the raw scalar where it comes from."""


def scalar_node(source: Source, event: Any, base: int) -> tuple[Node, int]:
    """The node of a scalar event, and the offset behind it.

    :param base: what the parser's offsets lack (1 behind a byte order mark).
    """
    start, end = base + event.start_mark.index, base + event.end_mark.index
    style, text, tag = event.style or "", event.value, event.tag
    if event.anchor is not None or tag is not None:
        start = _content(source.text, event.anchor, tag, start, end)
    while start == end and not style and end > 0 and source.text[end - 1] in _BLANK:
        start = end = end - 1  # in "{a: }" libyaml puts what is not written behind the space
    stop = block_end(source.text, start, end) if style in ("|", ">") else end
    span = source.span(start, stop)
    raw = source.text[start:end]
    plain = not style
    if tag is not None:
        plain = tag not in _STRING_TAGS and (plain or tag in _CORE_PLAIN)
    straight = text if plain else style + text + style if style else None
    inner = None if raw == straight else partial(positions, source, start, end, style, text)
    node: Node = Scalar(source, span, text, plain=plain, inner=inner)
    if tag is not None and tag not in _STRING_TAGS and tag not in _CORE_PLAIN:
        shown = shown_tag(tag)
        if shown not in _COMPOSE_TAGS:
            what = "is binary" if shown == "!!binary" else "is made by the program that reads the file"
            node = Opaque(source, span, raw, f"the value {what} (`{shown}`)")
        node.tag = shown
    return node, stop


def shown_tag(tag: str) -> str:
    """A tag as people write it: ``!!binary``, ``!reset``."""
    return "!!" + tag.removeprefix(CORE) if tag.startswith(CORE) else tag


def _content(text: str, anchor: str | None, tag: str | None, start: int, end: int) -> int:
    """The offset of a scalar itself, behind its anchor and tag (in either order)."""
    while start < end:
        if text[start] == "&" and anchor is not None:
            start, anchor = start + 1 + len(anchor), None
        elif text[start] == "!" and tag is not None and (found := _TAG.match(text, start)):
            start, tag = found.end(), None
        else:
            break
        gap = _GAP.match(text, start)
        start = gap.end() if gap else start
    return min(start, end)


def positions(source: Source, start: int, end: int, style: str, text: str) -> list[tuple[int, int]]:
    """(line, column) of each line (literal scalars) or of each character and the end (all others) of a scalar's text.

    :param start: offset of the scalar's first character: the quote, ``|`` or ``>``, the first character of a plain one.
    :param end: offset behind it, as the parser says.
    :param style: ``"``, ``'``, ``|``, ``>`` or empty for plain.
    :param text: what the parser made of it. Should it not agree with what is found here, all places are the scalar's start.
    """
    raw = source.text[start:end]
    if style == "|":
        lines = _literal_lines(raw, text)
        if lines is not None:
            return [source.position(start + offset) for offset in lines]
    pieces = _block(raw, text) if style in ("|", ">") else _flow(raw, style)
    if len(pieces) != len(text) or any(piece[0] != char for piece, char in zip(pieces, text)):
        return [source.position(start)] * (len(text) + 1)
    stop = len(raw.rstrip(_BLANK)) if style in ("|", ">") else len(raw) - len(style)
    offsets = [offset for _, offset in pieces]
    offsets.append(max(stop, offsets[-1] + 1) if offsets else stop)
    return [source.position(start + offset) for offset in offsets]


def block_end(text: str, start: int, end: int) -> int:
    """Where a block scalar or its header really ends: behind its last line that says something, up to that line's break."""
    content = start + len(text[start:end].rstrip(_BLANK))
    found = _BREAK.search(text, content, end)
    return found.start() if found else end


def _indent(raw_lines: list[str], text: str) -> int:
    """The indentation that the parser took away, from the first line that holds more than spaces on both sides."""
    raw = next((line for line in raw_lines if line.strip(" ")), None)
    inner = next((line for line in _BREAK.split(text) if line.strip(" ")), None)
    if raw is not None and inner is not None:
        return max(0, (len(raw) - len(raw.lstrip(" "))) - (len(inner) - len(inner.lstrip(" "))))
    return max(map(len, raw_lines), default=0) - max(map(len, text.split("\n")))


def _literal_lines(raw: str, text: str) -> list[int] | None:
    """The offset of each line of a literal scalar's text; None where lines do not stand one for one."""
    if any(mark in raw for mark in "\x85\u2028\u2029"):
        return None
    header, *rest = _BREAK.split(raw)
    indent = _indent(rest, text)
    starts = [found.end() for found in _BREAK.finditer(raw)]
    offsets: list[int] = []
    last = len(header)
    for index, line in enumerate(text.split("\n")):
        if index >= len(rest) or rest[index][indent:] != line:
            if line or index < len(rest):
                return None
            offsets.append(last)
            continue
        offsets.append(starts[index] + min(indent, len(rest[index])))
        last = starts[index] + len(rest[index])
    return offsets


def _break(raw: str, at: int) -> tuple[_Piece, int]:
    """The line break at an offset as the parser keeps it, and the offset behind it."""
    if raw.startswith("\r\n", at):
        return ("\n", at), at + 2
    return ("\n" if raw[at] in "\r\n\x85" else raw[at], at), at + 1


def _blank_lines(raw: str, at: int, indent: int) -> tuple[int, bool, list[_Piece]]:
    """Skip indentation and empty lines: the offset reached, whether content of the scalar begins there, and the breaks passed."""
    breaks: list[_Piece] = []
    while True:
        column = 0
        while column < indent and raw[at : at + 1] == " ":
            at += 1
            column += 1
        if at >= len(raw) or raw[at] not in _BREAKS:
            return at, column == indent and at < len(raw), breaks
        piece, at = _break(raw, at)
        breaks.append(piece)


def _block(raw: str, text: str) -> list[_Piece]:
    """A block scalar unfolded."""
    header = _HEADER.match(raw)
    if header is None or header.end() >= len(raw):
        return []
    literal, chomp = raw[0] == "|", header.group(1) or header.group(2)
    at = _break(raw, header.end())[1]
    indent = _indent(_BREAK.split(raw[at:]), text)
    out: list[_Piece] = []
    leading: list[_Piece] = []
    after_blank = False
    at, content, trailing = _blank_lines(raw, at, indent)
    while content:
        blank = raw[at] in " \t"
        if not literal and leading and leading[0][0] == "\n" and not after_blank and not blank:
            if not trailing:
                out.append((" ", leading[0][1]))
        else:
            out += leading
        out += trailing
        after_blank = blank
        found = _BREAK.search(raw, at)
        stop = found.start() if found else len(raw)
        out += [(raw[index], index) for index in range(at, stop)]
        leading, trailing = [], []
        if found is None:
            break
        piece, at = _break(raw, stop)
        leading = [piece]
        at, content, trailing = _blank_lines(raw, at, indent)
    if chomp != "-":
        out += leading
    return out + trailing if chomp == "+" else out


def _flow(raw: str, style: str) -> list[_Piece]:
    """A quoted or plain scalar unfolded and unescaped."""
    at, stop = len(style), len(raw) - len(style)
    out: list[_Piece] = []
    while at < stop:
        escaped_break = False
        while at < stop and raw[at] not in _BLANK:
            if style == "'" and raw[at] == "'":
                out.append(("'", at))
                at += 2
            elif style == '"' and raw[at] == "\\":
                if raw[at + 1 : at + 2] in tuple(_BREAKS):
                    at = _break(raw, at + 1)[1]
                    escaped_break = True
                    break
                piece, at = _escape(raw, at)
                out.append(piece)
            else:
                out.append((raw[at], at))
                at += 1
        at = _fold(raw, at, stop, escaped_break, out)
    return out


def _fold(raw: str, at: int, stop: int, escaped_break: bool, out: list[_Piece]) -> int:
    """White space between words: kept within a line; one break becomes a space, further ones stay."""
    spaces: list[_Piece] = []
    breaks: list[_Piece] = []
    broken = escaped_break
    while at < stop and raw[at] in _BLANK:
        if raw[at] in " \t":
            if not broken:
                spaces.append((raw[at], at))
            at += 1
        else:
            piece, at = _break(raw, at)
            breaks.append(piece)
            broken = True
    if not broken:
        out += spaces
    elif escaped_break or not breaks or breaks[0][0] != "\n":
        out += breaks
    else:
        out += breaks[1:] or [(" ", breaks[0][1])]
    return at


def _escape(raw: str, at: int) -> tuple[_Piece, int]:
    """The escape sequence at an offset, and the offset behind it."""
    kind = raw[at + 1 : at + 2]
    if kind in _HEX:
        digits = raw[at + 2 : at + 2 + _HEX[kind]]
        try:
            return (chr(int(digits, 16)), at), at + 2 + len(digits)
        except (ValueError, OverflowError):
            return ("\ufffd", at), at + 2 + len(digits)
    return (_ESCAPES.get(kind, kind), at), at + 2

"""Markdown (CommonMark 0.31): its fenced code blocks, nothing else.

The root is a sequence with one mapping per block: ``language`` (the first word of the info string, empty where there is none) and
``text`` (the content without the fences and without the indentation or quote marks around it). markdown-it-py decides what is a
fenced block: inside list items, quotes, HTML comments and longer fences that is less obvious than it looks.
"""

from typing import Any

from afscan.model.node import Mapping, Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax import MAX_DEPTH, Parsed


def parse(source: Source) -> Parsed:
    """The fenced blocks of a Markdown text, in order."""
    from markdown_it import MarkdownIt  # noqa: PLC0415

    parsed = Parsed()
    reader = MarkdownIt("commonmark", {"maxNesting": MAX_DEPTH}).disable("inline")
    last = len(source.line_starts)
    root = Sequence(source, Span(1, 1, last, len(source.line(last)) + 1))
    too_deep = False
    for token in reader.parse(source.text.replace("\0", "\ufffd")):
        if token.type == "fence" and token.map is not None:
            root.add(_block(source, token))
        if token.level >= MAX_DEPTH - 2 and token.map is not None and not too_deep:
            too_deep = True
            line = token.map[0] + 1
            place = source.place(Span(line, 1, line, len(source.line(line)) + 1))
            reason = f"Lists and quotes nest more than {MAX_DEPTH // 2} deep here; blocks inside them are not read."
            parsed.notices.append(Notice(NoticeKind.LIMIT, place, reason))
    parsed.roots.append(root)
    return parsed


def _block(source: Source, token: Any) -> Mapping:
    first, behind = token.map  # lines from 0: the opening fence, behind the closing one
    opening = source.line(first + 1)
    fence = opening.find(token.markup)
    words = token.info.split()
    language = words[0] if words else ""
    start = opening.find(language, fence + len(token.markup)) if language else len(opening.rstrip())
    start = max(start, 0)
    block = Mapping(source, Span(first + 1, fence + 1, behind, len(source.line(behind).rstrip()) + 1))
    line = first + 1
    language_node = Scalar(
        source, Span(line, start + 1, line, start + 1 + len(language)), language, plain=False, inner=[(line, start + 1)]
    )
    _add(block, "language", language_node)
    _add(block, "text", _text(source, token, first + 2))
    return block


def _text(source: Source, token: Any, number: int) -> Scalar:
    """The content of a block whose first line is ``number``, with the place of each of its lines."""
    lines = token.content.split("\n")
    places: list[tuple[int, int]] = []
    end = (number - 1, len(source.line(number - 1)) + 1)
    for index, line in enumerate(lines):
        outer = source.line(number + index)
        if index == len(lines) - 1 and not line:
            places.append(end)
            break
        places.append((number + index, _column(outer, line)))
        end = (number + index, len(outer) + 1)
    return Scalar(source, Span(*places[0], *max(end, places[0])), token.content, plain=False, inner=places)


def _column(outer: str, line: str) -> int:
    """The column where a line of the content begins; where a tab was split into spaces, so that the words agree."""
    if outer.endswith(line):
        return len(outer) - len(line) + 1
    words = line.lstrip(" \t")
    return max(1, len(outer) - len(words) - (len(line) - len(words)) + 1)


def _add(block: Mapping, name: str, node: Scalar) -> None:
    """Markdown writes no keys: the key stands where its value does."""
    block.add(Scalar(node.source, node.span, name, inner=[node.span[:2]]), node)

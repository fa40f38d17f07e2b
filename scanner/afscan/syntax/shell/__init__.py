"""Shell scripts (POSIX shell and Bash), read by tree-sitter's Bash grammar.

The root is a :class:`~afscan.syntax.shell.nodes.Statement` of kind ``block``. A text that the grammar cannot read wholly (a quote,
an ``if`` or a here-document that nobody closes) gives notices and is read as far as it goes; ``broken`` is set on the root.
Source: github.com/tree-sitter/tree-sitter-bash, grammar.js; GNU Bash manual, "Shell Grammar".
"""

import time
from functools import cache
from typing import Any

from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax import Parsed
from afscan.syntax.shell.convert import Converter
from afscan.syntax.shell.nodes import Assignment, Piece, Redirect, Statement, Word

__all__ = ["Assignment", "Piece", "Redirect", "Statement", "Word", "parse"]

MAX_CHARACTERS = 400_000
"""A longer script is not read: nobody writes one by hand."""

MAX_SECONDS = 5.0
"""The grammar takes quadratic time on some hostile texts (``a=( a=( a=( ...``): then the reading is given up."""

_MAX_NOTICES = 5


def parse(source: Source) -> Parsed:
    """The statements of a script."""
    text = source.text
    if len(text) > MAX_CHARACTERS:
        reason = f"The script is longer than {MAX_CHARACTERS:,} characters; it is not read."
        return Parsed([], [Notice(NoticeKind.TOO_LARGE, source.whole, reason)])
    # As long as the text, so that offsets agree: a byte order mark and carriage returns are blanks to the grammar.
    cleaned = text.replace("\r\n", " \n").replace("\0", " ")
    cleaned = " " + cleaned[1:] if cleaned.startswith("\ufeff") else cleaned
    data = cleaned.encode("utf-8", "replace")
    tree = _tree(data)
    if tree is None:
        reason = f"The script could not be parsed within {MAX_SECONDS:.0f} seconds; it is not read."
        return Parsed([], [Notice(NoticeKind.LIMIT, source.whole, reason)])
    converter = Converter(source, cleaned, _offsets(cleaned, data))
    root = converter.script(tree.root_node)
    return Parsed([root], _notices(converter, root))


def _offsets(text: str, data: bytes) -> list[int] | None:
    """For each byte offset the offset of its character; None where both are the same."""
    if len(data) == len(text):
        return None
    found: list[int] = []
    for index, char in enumerate(text):
        found += [index] * len(char.encode("utf-8", "replace"))
    found.append(len(text))
    return found


@cache
def _language() -> Any:
    import tree_sitter  # noqa: PLC0415 - start-up time: most runs see no script
    import tree_sitter_bash  # noqa: PLC0415

    return tree_sitter.Language(tree_sitter_bash.language())


def _tree(data: bytes) -> Any:
    """The grammar's tree; None where it takes too long."""
    from tree_sitter import Parser  # noqa: PLC0415

    parser = Parser(_language())
    if hasattr(parser, "timeout_micros"):  # tree-sitter before 0.26
        parser.timeout_micros = int(MAX_SECONDS * 1_000_000)
        try:
            return parser.parse(data)
        except ValueError:
            return None
    deadline = time.monotonic() + MAX_SECONDS
    try:
        return parser.parse(
            lambda offset, _point: data[offset : offset + 65_536] or None,
            progress_callback=lambda _offset, _failed: time.monotonic() > deadline,
        )
    except ValueError:
        return None


def _notices(converter: Converter, root: Statement) -> list[Notice]:
    source = converter.source
    found = []
    for start, end, reason in sorted(converter.problems)[:_MAX_NOTICES]:
        line, column, end_line, end_column = source.span(start, max(end, start + 1))
        span = (
            Span(line, column, end_line, end_column) if end_line == line else Span(line, column, line, len(source.line(line)) + 1)
        )
        found.append(Notice(NoticeKind.SYNTAX, source.place(span), reason))
    if converter.too_deep is not None:
        place = source.place(source.span(converter.too_deep, converter.too_deep + 1))
        found.append(Notice(NoticeKind.LIMIT, place, "Statements nest too deep here; what is inside is not read."))
    root.broken = bool(found)
    return found

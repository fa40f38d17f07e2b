"""HCL: Terraform's syntax as nodes.

The root is a :class:`Mapping`: an attribute is its value, a block type is a :class:`Sequence` of :class:`Block`. Literals are
scalars (a quoted string's span includes its quotes, ``plain`` False, as in YAML; a heredoc's runs from ``<<`` to the closing
marker), lists and objects are sequences and mappings; everything else is an :class:`Expression`, which the platform evaluates.
Each top-level item is parsed by itself: one that does not parse is a notice and the rest of the file is read.
"""

from afscan.model.notice import Notice, NoticeKind
from afscan.model.source import Source
from afscan.syntax import Parsed
from afscan.syntax.hcl.convert import Converter, TooDeepError
from afscan.syntax.hcl.grammar import parse_text, position_of
from afscan.syntax.hcl.nodes import Block, Expression, shorten
from afscan.syntax.hcl.scan import Fault, Item, scan
from afscan.syntax.hcl.templates import parse_template

__all__ = ["MAX_CHARACTERS", "Block", "Expression", "parse", "parse_template", "shorten"]

MAX_CHARACTERS = 512 * 1024
"""Longer texts are not parsed: the grammar takes some 100 ms for 50 KB."""

MAX_ITEMS = 20_000
MAX_FAULTS = 50
"""How many blocks and attributes at the top of one text are read, and how many of them may be faulty before reading stops."""


def parse(source: Source) -> Parsed:
    """Parse one HCL text."""
    parsed = Parsed()
    if len(source.text) > MAX_CHARACTERS:
        reason = f"The text has {len(source.text):,} characters; HCL of more than {MAX_CHARACTERS:,} is not read."
        parsed.notices.append(Notice(NoticeKind.LIMIT, source.whole, reason))
        return parsed
    found = scan(source.text)
    converter = Converter(source, found.heredocs, parsed.notices)
    faults = 0
    for number, item in enumerate(found.items):
        if faults >= MAX_FAULTS or number >= MAX_ITEMS:
            place = source.place(source.span(item.start, item.start + 1))
            parsed.notices.append(
                Notice(NoticeKind.LIMIT, place, "There is too much here to read it all; the rest of this text is not read.")
            )
            break
        fault = item.fault or _convert(item, found.masked, converter)
        if fault is not None:
            faults += 1
            # The end of a line is one place, also where it is written with two characters.
            start = fault.offset - (source.text[fault.offset - 1 : fault.offset + 1] == "\r\n")
            place = source.place(source.span(start, max(fault.end, start + 1)))
            parsed.notices.append(Notice(fault.kind, place, f"{fault.reason}; this block or attribute is not read."))
    parsed.roots.append(converter.root)
    return parsed


def _convert(item: Item, masked: str, converter: Converter) -> Fault | None:
    """Parse one item and add it to the converter's root; the fault where that fails."""
    try:
        converter.add(parse_text(masked[item.start : item.end] + "\n"), item.start)
    except TooDeepError as error:
        return Fault(error.offset, error.offset + 1, "An expression nests too deeply", NoticeKind.LIMIT)
    except Exception as error:  # whatever the grammar's library raises on hostile text, RecursionError included
        offset, token = position_of(error)
        token = token.split("\n", 1)[0].rstrip()
        what = f"unexpected `{shorten(token)}`" if token else "unexpected end of line"
        start = min(item.start + offset, item.end)
        return Fault(start, min(start + max(1, len(token)), item.end), f"This is not valid HCL: {what}")
    return None

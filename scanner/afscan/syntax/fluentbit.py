"""Fluent Bit's classic configuration file: ``[SECTION]`` lines, indented ``key value`` entries, ``@INCLUDE`` and ``@SET``.

The root is a Sequence of sections and commands in order. A section is a Mapping whose key is its line's ``[NAME]``; entries are
found by their names in lower case, the last one of a name wins. A command is a Sequence of two Scalars: its name in upper case
(``@INCLUDE``, ``@SET``) and its argument. A value runs to the end of its line; ``#`` begins a comment at the start of a line only,
and quotes are part of the value. ``${NAME}`` is left for the platform to expand.
Source: docs.fluentbit.io, "Format and schema", "Commands"; fluent-bit/src/config_format/flb_cf_fluentbit.c.
"""

import re

from afscan.model.node import Mapping, Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax import Parsed

_LINE = re.compile(r"[^\r\n]+")
_SECTION = re.compile(r"\[([^\]]*)\]\s*\Z")
_ENTRY = re.compile(r"(\S+)(?:[ \t]+(.*))?\Z")


def parse(source: Source) -> Parsed:
    """The sections of a file; a line that belongs to no section is noted, and the lines after it are read."""
    root = Sequence(source, source.span(0, len(source.text)))
    notices: list[Notice] = []
    section: Mapping | None = None
    for line in _LINE.finditer(source.text):
        text = line[0].rstrip(" \t")
        start = line.start() + len(text) - len(text.lstrip(" \t\ufeff"))
        text = text.lstrip(" \t\ufeff")
        if not text or text[0] == "#":
            continue
        end = start + len(text)
        heading = _SECTION.match(text)
        if heading is not None:
            section = Mapping(source, source.span(start, end))
            section.key = Scalar(source, section.span, heading[1].strip().upper())
            root.add(section)
        elif text[0] == "@":
            root.add(_command(source, text, start))
        elif section is not None:
            _entry(source, section, text, start)
        else:
            reason = "The line stands in no section: Fluent Bit refuses this file and does not start."
            notices.append(Notice(NoticeKind.SYNTAX, source.place(source.span(start, end)), reason))
    if root.items:
        root.span = Span(*root.items[0].span[:2], *root.span[2:])
    return Parsed([root], notices)


def _command(source: Source, text: str, start: int) -> Sequence:
    command = Sequence(source, source.span(start, start + len(text)))
    name, _, rest = text.partition(" ")
    argument = rest.lstrip()
    begin = start + len(text) - len(argument)
    command.add(Scalar(source, source.span(start, start + len(name)), name.upper()))
    command.add(Scalar(source, source.span(begin, begin + len(argument)), argument))
    return command


def _entry(source: Source, section: Mapping, text: str, start: int) -> None:
    found = _ENTRY.match(text)
    if found is None:
        return
    key = Scalar(source, source.span(start, start + len(found[1])), found[1].lower())
    value = found[2] or ""
    begin = start + found.start(2) if found[2] else start
    spot = source.span(begin, begin + len(value)) if value else key.span
    section.add(key, Scalar(source, spot, value))
    section.span = Span(*section.span[:2], *key.span[2:])

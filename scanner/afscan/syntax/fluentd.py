"""Fluentd's configuration file (v1 syntax): sections in angle brackets, one parameter per line.

The root and each section are a :class:`~afscan.model.node.Mapping`:

* a parameter's name leads to its value, the last one of a name wins;
* ``<name>`` leads to a Sequence of the sections of that name in order, each a Mapping whose key is its opening tag;
* :data:`ARGUMENT` leads to what stands behind a section's name (the pattern of ``<match a.**>``), if anything does;
* :data:`INCLUDES` leads to a Sequence of what ``@include`` names.

A value is a Scalar without its quotes (``plain`` where it had none; arrays and hashes are text), or Opaque where it holds
embedded Ruby: only text in double quotes, arrays and hashes are evaluated, elsewhere ``#{...}`` stands for itself.
Source: docs.fluentd.org, "Config File Syntax"; fluentd/lib/fluent/config (v1_parser.rb, literal_parser.rb, basic_parser.rb).
"""

import re

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax import MAX_DEPTH, Parsed

ARGUMENT = "<>"
"""The key of a section's argument."""

INCLUDES = "@include"
"""The key of what a section includes."""

_SPACING = re.compile(r"(?:[ \t\r\n\ufeff]|#[^\r\n]*)+")
_BLANKS = re.compile(r"[ \t]+")
_TAG = re.compile(r"<([A-Za-z0-9_@]+)([^\r\n]*)")
_END = re.compile(r"</([A-Za-z0-9_@]*)[ \t]*>?")
_KEY = re.compile(r"[^ \t\r\n]+")
_LINE_END = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")
_BREAK = re.compile(r"[\r\n]")
_RUBY = re.compile(r"""[{}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_LONGEST_RUBY = 2000
_ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "f": "\f", "b": "\b"}
_ENVIRONMENT = re.compile(r"#\{\s*ENV(?:\.fetch\(|\[)\s*[\"']([^\"'#{}]{1,80})[\"']")


def parse(source: Source) -> Parsed:
    """The sections and parameters of a file; what Fluentd would refuse is noted, and the rest is read."""
    reader = _Reader(source)
    reader.read()
    return Parsed([reader.root], reader.notices)


def sections(node: Node, name: str) -> list[Mapping]:
    """The sections of a name directly below a root or section, in order."""
    found = node.get(f"<{name}>")
    return [item for item in found.items if isinstance(item, Mapping)] if isinstance(found, Sequence) else []


class _Reader:
    """One pass over a text. ``open`` are the sections around the current line, the root first."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self.root = Mapping(source, source.span(0, len(source.text)))
        self.open: list[tuple[str, Mapping]] = [("", self.root)]
        self.skipped = 0
        self.notices: list[Notice] = []

    def read(self) -> None:
        text, first = self.text, None
        while True:
            spacing = _SPACING.match(text, self.at)
            if spacing is not None:
                self.at = spacing.end()
            if self.at >= len(text):
                break
            first = self.at if first is None else first
            if text.startswith("</", self.at):
                self._close()
            elif _TAG.match(text, self.at) is not None:
                self._open()
            else:
                self._parameter()
        for name, section in self.open[1:]:
            self._refused(section.key.span if section.key is not None else section.span, f"The section `<{name}>` is not closed")
        if first is not None:  # what the file lacks is shown at its first line, not at a comment above it
            self.root.span = Span(*self.source.position(first), *self.root.span[2:])

    def _refused(self, span: Span, what: str) -> None:
        reason = f"{what}: Fluentd refuses this file and does not start."
        self.notices.append(Notice(NoticeKind.SYNTAX, self.source.place(span), reason))

    def _open(self) -> None:
        """An opening tag; its line must hold nothing else."""
        found = _TAG.match(self.text, self.at)
        assert found is not None
        rest = found[2]
        closing = _closing(rest)
        start, name = self.at, found[1]
        self.at = found.end()
        if closing < 0:
            self._refused(self.source.span(start, found.end()), "The tag is not closed by `>`")
            return
        if _LINE_END.fullmatch(rest, closing + 1) is None:
            self._refused(self.source.span(start, found.end()), "Something stands behind the tag on its line")
        if len(self.open) > MAX_DEPTH or self.skipped:
            if not self.skipped:
                place = self.source.place(self.source.span(start, found.end()))
                reason = f"Sections are nested more than {MAX_DEPTH} deep; the innermost are not read."
                self.notices.append(Notice(NoticeKind.LIMIT, place, reason))
            self.skipped += 1
            return
        tag = self.source.span(start, found.start(2) + closing + 1)
        section = Mapping(self.source, tag)
        section.key = Scalar(self.source, tag, self.text[start : found.start(2) + closing + 1])
        argument = rest[:closing].strip()
        if argument:
            begin = found.start(2) + rest.index(argument)
            self._add(section, ARGUMENT, self._argument(begin, begin + len(argument)), tag)
        self._append(f"<{name}>", section)
        self.open.append((name, section))

    def _argument(self, start: int, end: int) -> Node:
        text = self.text[start:end]
        if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
            quoted, _ = self._quoted(start, end)
            return quoted
        return Scalar(self.source, self.source.span(start, end), text)

    def _close(self) -> None:
        found = _END.match(self.text, self.at)
        end = self._line(self.at)
        span = self.source.span(self.at, end)
        name = found[1] if found is not None else ""
        self.at = end
        if self.skipped:
            self.skipped -= 1
            return
        depth = next((i for i in range(len(self.open) - 1, 0, -1) if self.open[i][0] == name), 0)
        if depth != len(self.open) - 1 or depth == 0:
            self._refused(span, f"`</{name}>` closes no section that is open here")
        if depth:
            for _, section in self.open[depth:]:
                section.span = Span(*section.span[:2], *span[2:])
            del self.open[depth:]

    def _line(self, start: int) -> int:
        """The end of the line, without its break."""
        found = _BREAK.search(self.text, start)
        return found.start() if found is not None else len(self.text)

    def _unquoted_end(self, start: int) -> int:
        """The end of a value without quotes that begins at ``start``: a comment needs a blank before it."""
        end = self._line(start)
        for blanks in _BLANKS.finditer(self.text, start + 1, end):
            if blanks.end() == end or self.text[blanks.end()] == "#":
                return blanks.start()
        return end

    def _parameter(self) -> None:
        key = _KEY.match(self.text, self.at)
        assert key is not None
        name = key[0].strip("\"'") if key[0][0] in "\"'" else key[0]
        spot = self.source.span(*key.span())
        self.at = key.end()
        blanks = _BLANKS.match(self.text, self.at)
        self.at = blanks.end() if blanks is not None else self.at
        bare = self.at >= len(self.text) or self.text[self.at] in "\r\n"  # the name alone: its place is the value's too
        value = Scalar(self.source, spot, "") if bare else self._value()
        if self.skipped:
            return
        include = name == INCLUDES or (name == "include" and len(self.open) == 1)
        if include:
            self._append(INCLUDES, value)
        elif name not in (ARGUMENT,) and not name.startswith("<"):
            self._add(self.open[-1][1], name, value, spot)

    def _add(self, section: Mapping, name: str, value: Node, span: Span) -> None:
        section.add(Scalar(self.source, span, name), value)

    def _append(self, name: str, item: Node) -> None:
        """Put an item into the list of its name in the current section."""
        section = self.open[-1][1]
        items = section.entries.get(name)
        if not isinstance(items, Sequence):
            items = Sequence(self.source, item.span)
            section.add(Scalar(self.source, item.span, name), items)
        items.add(item)

    def _value(self) -> Node:
        """A value and the end of its line."""
        start, letter = self.at, self.text[self.at]
        if letter in "\"'":
            value, self.at = self._quoted(start, len(self.text))
        elif letter in "[{":
            value = self._json(start)
        else:
            stop = self._unquoted_end(start)
            self.at = stop
            value = Scalar(self.source, self.source.span(start, stop), self.text[start:stop])
        behind = _LINE_END.match(self.text, self.at)
        if behind is None:
            end_of_line = self._line(self.at)
            blanks = _BLANKS.match(self.text, self.at)
            rest = self.source.span(blanks.end() if blanks is not None else self.at, end_of_line)
            self._refused(rest, "Something stands behind the value")
            self.at = end_of_line
        else:
            self.at = behind.end()
        return value

    def _quoted(self, start: int, limit: int) -> "tuple[Node, int]":
        """A text in quotes that opens at ``start``, and where it ends; Opaque where Ruby is embedded in it."""
        text, quote = self.text, self.text[start]
        letters: list[str] = []
        offsets: list[int] = []
        ruby = ""
        at = start + 1
        while at < limit and text[at] != quote:
            letter, size = text[at], 1
            if letter == "\\" and at + 1 < limit:
                letter, size = _escape(text[at + 1], quote)
            elif quote == '"' and text.startswith("#{", at):
                end = _ruby_end(text, at, limit)
                ruby = ruby or text[at:end]
                letters += text[at:end]
                offsets += range(at, end)
                at = end
                continue
            letters.append(letter)
            offsets.append(at)
            at += size
        if at >= limit:
            self._refused(self.source.span(start, self._line(start)), "The text in quotes is not closed")
        offsets.append(at)
        end = min(at + 1, limit)
        span = self.source.span(start, end)
        content = "".join(letters)
        if ruby:
            return Opaque(self.source, span, content, _reason(ruby)), end
        return Scalar(self.source, span, content, plain=False, inner=[self.source.position(one) for one in offsets]), end

    def _json(self, start: int) -> Node:
        """An array or hash, as text, over as many lines as it takes."""
        text, depth, at = self.text, 0, start
        ruby = ""
        while at < len(text):
            letter = text[at]
            if letter == '"':
                at, found = _string_end(text, at)
                ruby = ruby or found
                continue
            if letter == "#":
                at = self._line(at)
                continue
            depth += (letter in "[{") - (letter in "]}")
            at += 1
            if depth == 0:
                break
        if depth:
            self._refused(self.source.span(start, self._line(start)), "The array or hash is not closed")
        self.at = at
        span = self.source.span(start, at)
        if ruby:
            return Opaque(self.source, span, text[start:at], _reason(ruby))
        inner = [self.source.position(start)]
        inner += [(line, 1) for line in range(span.line + 1, span.end_line + 1)]
        return Scalar(self.source, span, text[start:at], plain=False, inner=inner)


def _closing(rest: str) -> int:
    """Where the ``>`` of an opening tag stands in what follows its name; -1 where there is none. Quotes may hold one."""
    quote = ""
    for at, letter in enumerate(rest):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == ">":
            return at
    return -1


def _escape(letter: str, quote: str) -> tuple[str, int]:
    """The character that an escape stands for, and the escape's length. Single quotes know only ``\\'`` and ``\\\\``."""
    if quote == "'":
        return (letter, 2) if letter in "'\\" else ("\\", 1)
    return _ESCAPES.get(letter, letter), 2


def _ruby_end(text: str, start: int, limit: int) -> int:
    """Behind the brace that closes the Ruby code which ``#{`` opens at ``start``; braces in its texts do not count."""
    depth = 0
    for token in _RUBY.finditer(text, start + 1, min(limit, start + _LONGEST_RUBY)):
        depth += (token[0] == "{") - (token[0] == "}")
        if depth == 0:
            return token.end()
    return min(limit, start + _LONGEST_RUBY)


def _string_end(text: str, start: int) -> tuple[int, str]:
    """Behind the quote that closes a JSON string, and the first Ruby code in it."""
    at, ruby = start + 1, ""
    while at < len(text) and text[at] != '"':
        if text.startswith("#{", at):
            end = _ruby_end(text, at, len(text))
            ruby = ruby or text[at:end]
            at = end
        else:
            at += 2 if text[at] == "\\" else 1
    return min(at + 1, len(text)), ruby


def _reason(ruby: str) -> str:
    found = _ENVIRONMENT.match(ruby)
    return f"it comes from the environment variable `{found[1]}`" if found is not None else "it is computed by embedded Ruby"

"""Words of a shell script: text without quotes and escapes, every character with its place."""

from functools import partial
from typing import Any

from afscan.model.node import Scalar
from afscan.model.source import Source
from afscan.syntax.shell.nodes import Piece, Statement, Word

MAX_DEPTH = 60
"""How deep statements and substitutions may nest."""

# fmt: off
WORDS = frozenset((
    "word", "number", "string", "raw_string", "ansi_c_string", "translated_string", "concatenation", "simple_expansion", "expansion",
    "command_substitution", "process_substitution", "arithmetic_expansion", "brace_expression", "extglob_pattern", "regex",
    "test_operator", "variable_name", "special_variable_name",
))
"""The grammar's kinds of words."""
# fmt: on


class WordReader:
    """What all readers share: places, problems, words. ``problems`` are (start, end, reason) of what the grammar cannot place."""

    def __init__(self, source: Source, text: str, offsets: list[int] | None) -> None:
        self.source = source
        self.text = text
        self.offsets = offsets
        self.problems: list[tuple[int, int, str]] = []
        self.too_deep: int | None = None
        self.depth = 0

    # places

    def range(self, node: Any) -> tuple[int, int]:
        """Start and end of a tree's node as offsets of characters."""
        start, end = node.start_byte, node.end_byte
        return (start, end) if self.offsets is None else (self.offsets[start], self.offsets[end])

    def raw(self, node: Any) -> str:
        """A tree's node as it is written."""
        start, end = self.range(node)
        return self.text[start:end]

    def new(self, node: Any, kind: str) -> Statement:
        """An empty statement at a tree's node."""
        return Statement(self.source, self.source.span(*self.range(node)), kind)

    def problem(self, node: Any) -> None:
        """Remember a node that is an error or missing."""
        start, end = self.range(node)
        if node.is_missing:
            what = node.type if node.type.strip() else "the end of a line"
            self.problems.append((start, end, f"The script cannot be read from here on: `{what}` is missing."))
        else:
            self.problems.append(
                (start, end, "The script cannot be read here: something is not closed, or a form that is not known.")
            )

    def scalar(self, node: Any) -> Scalar:
        """A name, as it is written."""
        return Scalar(self.source, self.source.span(*self.range(node)), self.raw(node))

    def word(self, *nodes: Any) -> Word:
        """A word of any form, of one tree's node or of several without a blank between them."""
        start, end = self.range(nodes[0])[0], self.range(nodes[-1])[1]
        collector = Collector(self, start, end)
        at = start
        for node in nodes:
            collector.literal(at, self.range(node)[0], quoted=False)
            collector.take(node, quoted=False)
            at = self.range(node)[1]
        return collector.word(plain=not any(mark in self.text[start:end] for mark in "'\"\\"))

    def block_of(self, node: Any) -> Statement | None:
        """The statements of a substitution."""
        if self.depth >= MAX_DEPTH:
            self.too_deep = self.range(node)[0] if self.too_deep is None else self.too_deep
            return None
        self.depth += 1
        try:
            return self.block(node, node.children)
        finally:
            self.depth -= 1

    def block(self, node: Any, children: list[Any]) -> Statement:
        """The statements among a tree's nodes."""
        raise NotImplementedError


class Collector:
    """Puts one word together: its text, where each of its characters stands, its pieces, its substitutions."""

    def __init__(self, converter: WordReader, start: int, end: int) -> None:
        self.converter = converter
        self.start = start
        self.end = end
        self.letters: list[str] = []
        self.spots: list[int] = []
        self.pieces: list[Piece] = []
        self.blocks: list[Statement] = []

    def word(self, *, plain: bool) -> Word:
        """The word of what has been collected."""
        converter = self.converter
        text = "".join(self.letters)
        span = converter.source.span(self.start, self.end)
        exact = len(text) == self.end - self.start and text == converter.text[self.start : self.end]
        inner: object | None = None
        if not (exact and (plain or "\n" not in text)) or not plain:
            inner = partial(
                _positions,
                converter.source,
                [*self.spots, self.end if exact else (self.spots[-1] + 1 if self.spots else self.start)],
            )
        elif "\n" in text:
            plain = True
        made = Word(converter.source, span, text, self.pieces, plain=plain, inner=inner)
        made.blocks = self.blocks
        for block in self.blocks:
            block.parent = made
        return made

    def literal(self, start: int, end: int, *, quoted: bool, escapes: str = "") -> None:
        """Text that stands for itself; ``\\`` before one of ``escapes`` and before a line break goes ("" = before anything,
        unless quoted)."""
        text = self.converter.text
        letters: list[str] = []
        first = len(self.letters)
        at = start
        while at < end:
            char = text[at]
            if char == "\\" and at + 1 < end and (escapes or not quoted):
                following = text[at + 1]
                if following == "\n":
                    at += 2
                    continue
                if not quoted or following in escapes:
                    at += 1
                    char = following
            letters.append(char)
            self.spots.append(at)
            at += 1
        if letters:
            self.letters += letters
            piece = "".join(letters)
            if self.pieces and self.pieces[-1].kind == "text" and self.pieces[-1].quoted == quoted and first:
                self.pieces[-1] = self.pieces[-1]._replace(text=self.pieces[-1].text + piece)
            else:
                self.pieces.append(Piece("text", piece, quoted))

    def _verbatim(self, node: Any, piece: Piece) -> None:
        start, end = self.converter.range(node)
        self.letters += self.converter.text[start:end]
        self.spots += range(start, end)
        self.pieces.append(piece)

    def take(self, node: Any, *, quoted: bool) -> None:
        """Add a tree's node to the word."""
        kind = node.type
        start, end = self.converter.range(node)
        raw = self.converter.text[start:end]
        if kind == "raw_string":
            self.literal(start + 1, end - 1, quoted=True)
            if end - start <= 2:
                self.pieces.append(Piece("text", "", quoted=True))
        elif kind == "string":
            self.children(node, quoted=True, escapes='$`"\\')
            if len(node.children) <= 2:
                self.pieces.append(Piece("text", "", quoted=True))
        elif kind == "ansi_c_string":
            self.literal(start + 2, end - 1, quoted=True)
        elif kind in ("concatenation", "translated_string"):
            self.children(node, quoted=quoted, escapes="")
        elif kind in ("simple_expansion", "expansion"):
            self._verbatim(node, self._expansion(node, raw, quoted))
        elif kind in ("command_substitution", "process_substitution"):
            self._verbatim(node, Piece("command", raw, quoted))
            block = self.converter.block_of(node)
            if block is not None:
                self.blocks.append(block)
        elif kind in ("arithmetic_expansion", "brace_expression"):
            self._verbatim(node, Piece("other", raw, quoted))
            self._substitutions(node)
        else:
            self.literal(start, end, quoted=quoted, escapes="")

    def children(self, node: Any, *, quoted: bool, escapes: str) -> None:
        """The parts of a string or concatenation; what lies between them (blanks, to the grammar) is text, too."""
        start, end = self.converter.range(node)
        at = start
        for child in node.children:
            first, last = self.converter.range(child)
            if first > at:
                self.literal(at, first, quoted=quoted, escapes=escapes)
            if child.is_missing or child.type == "ERROR":
                self.converter.problem(child)
            elif child.type == '"':
                pass
            elif child.is_named and child.type not in ("string_content", "heredoc_content"):
                self.take(child, quoted=quoted)
            elif child.type == "$" and node.type == "translated_string":
                pass
            else:
                self.literal(first, last, quoted=quoted, escapes=escapes)
            at = max(at, last)
        if at < end:
            self.literal(at, end, quoted=quoted, escapes=escapes)

    def _expansion(self, node: Any, raw: str, quoted: bool) -> Piece:
        """``$name``, ``${name}``, ``${name:-argument}``."""
        self._substitutions(node)
        if node.type == "simple_expansion":
            return Piece("variable", raw, quoted, raw[1:])
        name = next((c for c in node.children if c.type in ("variable_name", "special_variable_name")), None)
        if name is None or raw.startswith("${#") or raw.startswith("${!"):
            return Piece("other", raw, quoted)
        behind = raw[self.converter.range(name)[1] - self.converter.range(node)[0] : -1]
        for operator in (":-", ":=", ":?", ":+", "-", "=", "?", "+"):
            if behind.startswith(operator):
                return Piece("variable", raw, quoted, self.converter.raw(name), operator, behind[len(operator) :])
        return Piece("other" if behind else "variable", raw, quoted, self.converter.raw(name))

    def _substitutions(self, node: Any) -> None:
        """The commands in an expansion's argument."""
        waiting = list(reversed(node.children))
        while waiting:
            child = waiting.pop()
            if child.type in ("command_substitution", "process_substitution"):
                block = self.converter.block_of(child)
                if block is not None:
                    self.blocks.append(block)
            elif child.is_missing or child.type == "ERROR":
                self.converter.problem(child)
            else:
                waiting += reversed(child.children)


def _positions(source: Source, spots: list[int]) -> list[tuple[int, int]]:
    return [source.position(spot) for spot in spots]

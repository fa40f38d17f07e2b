"""SQL scripts as psql reads them: split into statements, statements into tokens, each with its place.

The root is a sequence of sequences of scalars, whose ``tag`` is the kind of token (see :func:`afscan.syntax.sql_tokens.token`).
A command of psql's (``\\set name value``) is a sequence of its own, before the statement in whose midst it stands. The data lines
of ``COPY ... FROM STDIN`` are passed over, as are comments. A semicolon inside brackets, or in the body of a function that begins with
``BEGIN ATOMIC``, ends nothing. Of ``INSERT`` the head is kept, not the rows: dumps are long.
"""

import re
from itertools import pairwise

from afscan.model.node import Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax import Parsed
from afscan.syntax.sql_tokens import ARGUMENT, TOKEN, comment_end, token

MAX_INSERT_TOKENS = 64
"""How many tokens of an INSERT are kept."""

_DATA_END = re.compile(r"^\\\.[ \t]*\r?$", re.MULTILINE)
_LINE_END = re.compile(r"\r\n|\r|\n|\Z")
_COMMAND_NAME = re.compile(r"\\(?:[;.\\]|[^\s\\;]*)")
_SENDING = re.compile(r"\\(?:g|gx|gset|gexec|gdesc|bind|watch|crosstabview|;)\Z")
_OPEN = {"'": "string", '"': "quoted name", "`": "quoted name", "$": "dollar-quoted string", "*": "comment"}


def parse(source: Source) -> Parsed:
    """The statements of a script. Where a quote or comment never ends, those before it are kept and a notice says so."""
    reader = _Reader(source)
    reader.read()
    return reader.parsed


class _Reader:
    """One pass over the text."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 1 if source.text.startswith("\ufeff") else 0
        last = len(source.line_starts)
        self.root = Sequence(source, Span(1, 1, last, len(source.line(last)) + 1))
        self.parsed = Parsed([self.root])
        self.tokens: list[Scalar] = []
        self.insert = False
        self.brackets = 0
        self.blocks = 0  # how many BEGIN (or CASE) of a function's body are open

    def read(self) -> None:
        """Read all tokens."""
        while self.at < len(self.text):
            found = TOKEN.match(self.text, self.at)
            if found is None:
                break
            kind = found.lastgroup or ""
            kind = "string" if kind == "mark" else kind
            start, self.at = self.at, found.end()
            if kind == "space":
                continue
            if kind == "comment":
                end = comment_end(self.text, start)
            elif kind == "string" and found.group("mark") is not None:
                end, kind = self._dollar_end(found.group()), "body"
            else:
                end = None if kind == "open" else self.at
            if end is None:
                self._never_ends(start)
                return
            self.at = end
            if kind == "end" and not self.brackets and not self.blocks:
                self._finish()
            elif kind == "end":
                self._add("operator", start, end)
            elif kind == "command":
                self._command(start)
            elif self.insert and len(self.tokens) >= MAX_INSERT_TOKENS:
                self._bracket(self.text[start:end])
            elif kind != "comment":
                self._add(kind, start, end)
        self._finish()

    def _add(self, kind: str, start: int, end: int) -> None:
        node = token(self.source, "operator" if kind == "cast" else kind, start, end)
        if not self.tokens:
            self.insert = node.text.upper() == "INSERT"
        self.tokens.append(node)
        if node.tag == "operator":
            self._bracket(node.text)
        elif node.tag == "word":
            self._count(node.text.upper())

    def _bracket(self, sign: str) -> None:
        self.brackets = max(0, self.brackets + (sign == "(") - (sign == ")"))

    def _count(self, word: str) -> None:
        """Whether a body of SQL begins or ends within CREATE FUNCTION, as psql counts it."""
        if word == "ATOMIC" and len(self.tokens) > 1 and self.tokens[-2].text.upper() == "BEGIN":
            self.blocks += self.tokens[0].text.upper() == "CREATE"
        elif self.blocks:
            self.blocks = max(0, self.blocks + (word in ("BEGIN", "CASE")) - (word == "END"))

    def _dollar_end(self, quote: str) -> int | None:
        close = self.text.find(quote, self.at)
        return None if close < 0 else close + len(quote)

    def _never_ends(self, start: int) -> None:
        opening = self.text[start : start + 3]
        what = next((name for mark, name in _OPEN.items() if mark in opening), "string")
        if opening.startswith("/*"):
            what = _OPEN["*"]
        place = self.source.place(self.source.span(start, start + 1))
        reason = f"The {what} that begins here never ends; this statement and what follows are not read."
        self.parsed.notices.append(Notice(NoticeKind.SYNTAX, place, reason))

    def _finish(self) -> None:
        """A statement ends here; the data that may follow it is passed over."""
        tokens, self.tokens, self.insert = self.tokens, [], False
        self.brackets = self.blocks = 0
        if not tokens:
            return
        self._statement(tokens)
        if tokens[0].text.upper() == "COPY" and _from_stdin(tokens):
            self._skip_data()

    def _statement(self, tokens: list[Scalar]) -> None:
        first, last = tokens[0].span, tokens[-1].span
        node = Sequence(self.source, Span(first.line, first.column, last.end_line, last.end_column))
        for item in tokens:
            node.add(item)
        self.root.add(node)

    def _skip_data(self) -> None:
        line_end = _LINE_END.search(self.text, self.at)
        begin = line_end.end() if line_end else len(self.text)
        end = _DATA_END.search(self.text, begin)
        self.at = end.end() if end else len(self.text)

    def _command(self, start: int) -> None:
        """A backslash command of psql's: to the end of its line, or to ``\\\\``."""
        name = _COMMAND_NAME.match(self.text, start)
        end = name.end() if name else start + 1
        word = self.text[start:end]
        self.at = end
        if _SENDING.match(word):
            self._finish()
        if word in ("\\;", "\\.", "\\\\", "\\"):
            return
        tokens = [token(self.source, "command", start, end)]
        while self.at < len(self.text):
            found = ARGUMENT.match(self.text, self.at)
            if found is None or found.lastgroup == "stop":
                break
            self.at = found.end()
            if found.lastgroup is not None:
                tokens.append(token(self.source, found.lastgroup, found.start(), found.end()))
        self._statement(tokens)
        if word == "\\copy" and _from_stdin(tokens):
            self._skip_data()


def _from_stdin(tokens: list[Scalar]) -> bool:
    words = [item.text.upper() for item in tokens]
    return any(a == "FROM" and b == "STDIN" for a, b in pairwise(words))

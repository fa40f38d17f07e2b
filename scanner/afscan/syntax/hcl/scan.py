"""A linear pass over HCL text before it is parsed: where the top-level items begin and end, and what must not reach the grammar.

It finds the heredocs (the grammar's own pattern for them takes quadratic time on hostile input), bounds the nesting, and splits
the text so that one item that does not parse does not lose the file. Rules: github.com/hashicorp/hcl, hclsyntax/spec.md.
"""

import re

from afscan.model.notice import NoticeKind
from afscan.model.record import field, record
from afscan.syntax import MAX_DEPTH

_CODE = re.compile(r'[{}()\[\]"\n#]|//|/\*|<<-?(?=[^\W\d])')
_STRING = re.compile(r'\\.|["\n]|\$\$\{|%%\{|[$%]\{')
_HEREDOC = re.compile(r"<<(-?)([^\W\d][\w.-]*)\r?\n")
_HEADER = re.compile(
    r'(?:resource|data|variable|module|output|provider|check|ephemeral)[ \t]+"[^"\n]*"'
    r"|(?:locals|terraform|moved|import|removed)[ \t]*\{"
)
_CLOSES = {"}": "{", "]": "[", ")": "("}


@record(slots=True)
class Heredoc:
    """A heredoc: ``start`` to ``end`` with both markers, ``body`` to ``body_end`` the lines between them."""

    start: int
    end: int
    body: int
    body_end: int
    indented: bool  # `<<-`: leading whitespace common to all lines is taken off


@record(slots=True)
class Fault:
    """Why a text or item cannot be parsed, at an offset."""

    offset: int
    end: int
    reason: str
    kind: NoticeKind = NoticeKind.SYNTAX


@record(slots=True)
class Item:
    """One top-level attribute or block: its text runs from ``start`` to ``end``."""

    start: int
    end: int
    fault: Fault | None = None


@record(slots=True)
class Scan:
    """What the pass found. ``masked`` has the length of the text, with each heredoc replaced by a string literal."""

    masked: str = ""
    items: list[Item] = field(default_factory=list)
    heredocs: dict[int, Heredoc] = field(default_factory=dict)


def scan(text: str) -> Scan:
    """Split a text into its top-level items."""
    scanner = _Scanner(text)
    scanner.run(0, recover=False)
    broken = next((item.start for item in scanner.items if item.fault is not None), None)
    if broken is not None:
        # A bracket that is never closed swallows what follows: read again from there, ending items where the next visibly begins.
        scanner.open.clear()
        scanner.items = [item for item in scanner.items if item.start < broken]
        scanner.blanks = [at for at in scanner.blanks if at < broken]
        scanner.heredocs = {at: heredoc for at, heredoc in scanner.heredocs.items() if at < broken}
        scanner.run(broken, recover=True)
    return Scan(scanner.masked(), scanner.items, scanner.heredocs)


def closing_brace(text: str, start: int, limit: int) -> int | None:
    """The offset of the ``}`` that ends the interpolation whose content begins at ``start``; None where ``limit`` comes first."""
    scanner = _Scanner(text, limit)
    scanner.open = [("T", start - 2)]
    scanner.one_template = True
    scanner.run(start, recover=False)
    return scanner.template_end


class _Scanner:
    """The state of the pass. ``open`` is a stack: a bracket, ``T`` (an interpolation) or ``"``, and the offset of each."""

    def __init__(self, text: str, limit: int | None = None) -> None:
        self.text = text
        self.limit = len(text) if limit is None else limit
        self.items: list[Item] = []
        self.heredocs: dict[int, Heredoc] = {}
        self.open: list[tuple[str, int]] = []
        self.blanks: list[int] = []
        self.start: int | None = None
        self.fault: Fault | None = None
        self.depth = 0
        self.one_template = False
        self.template_end: int | None = None

    def run(self, at: int, *, recover: bool) -> None:
        """Scan from ``at`` to the end of the text."""
        self.start, self.fault, self.depth = None, None, 0
        segment = at
        while at < self.limit and self.template_end is None:
            if self.open and self.open[-1][0] == '"':
                at = self._string(at)
                continue
            match = _CODE.search(self.text, at, self.limit)
            if match is None:
                self._begin(segment, self.limit)
                break
            self._begin(segment, match.start())
            token, at = match.group(), match.end()
            if token == "\n":
                at = self._newline(match.start(), recover)
                segment = at if self.start is None else segment
            elif token in ("#", "//"):
                end = self.text.find("\n", at, self.limit)
                at = end if end >= 0 else self.limit
                segment = at if self.start is None else segment
            elif token == "/*":
                at = self._comment(match.start())
                segment = at if self.start is None else segment
            elif token.startswith("<<"):
                at = self._heredoc(match.start(), at)
            else:
                self._bracket(token, match.start())
        self._finish()

    def _begin(self, segment: int, end: int) -> None:
        """An item begins at the first character that is no whitespace; what is looked at here is looked at once."""
        if self.start is None and end > segment:
            piece = self.text[segment:end]
            blank = len(piece) - len(piece.lstrip())
            if blank < len(piece):
                self.start = segment + blank

    def _blame(self, start: int, end: int, reason: str, kind: NoticeKind = NoticeKind.SYNTAX) -> None:
        if self.fault is None:
            self.fault = Fault(start, end, reason, kind)

    def _newline(self, at: int, recover: bool) -> int:
        if self.open and self.open[-1][0] == "T":
            self.blanks.append(at)  # the grammar knows no line breaks inside an interpolation; HCL does
        if self.open and recover and _HEADER.match(self.text, at + 1):
            self._blame_open()
        if not self.open:
            self._end_item(at)
        return at + 1

    def _end_item(self, at: int) -> None:
        if self.start is not None:
            self.items.append(Item(self.start, at, self.fault))
        self.start, self.fault = None, None

    def _comment(self, at: int) -> int:
        end = self.text.find("*/", at + 2, self.limit)
        if end >= 0:
            return end + 2
        if self.start is None:
            self.start = at
        self._blame(at, at + 2, "This comment is never closed")
        return self.limit

    def _bracket(self, token: str, at: int) -> None:
        if self.start is None:
            self.start = at
        if token == '"':
            self.open.append((token, at))
        elif token in "([{":
            self._push(token, at)
        elif token == "}" and self.open and self.open[-1][0] == "T":
            self.open.pop()
            self.depth -= 1
            if self.one_template and not self.open:
                self.template_end = at
        elif self.open and self.open[-1][0] == _CLOSES[token]:
            self.open.pop()
            self.depth -= 1
        else:
            self._mismatch(token, at)

    def _mismatch(self, token: str, at: int) -> None:
        """A bracket that closes nothing that is open: to go on, close what it would close."""
        self._blame(at, at + 1, f"This `{token}` closes nothing that is open")
        if any(opened == _CLOSES[token] for opened, _ in self.open[-MAX_DEPTH:]):
            opened = ""
            while opened != _CLOSES[token]:
                opened = self.open.pop()[0]
                self.depth -= opened != '"'

    def _push(self, token: str, at: int) -> None:
        self.open.append((token, at))
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self._blame(at, at + 1, f"Values nest more than {MAX_DEPTH} deep", NoticeKind.LIMIT)

    def _string(self, at: int) -> int:
        """Inside quotes: up to the closing quote, an interpolation or the end of the line."""
        match = _STRING.search(self.text, at, self.limit)
        if match is None:
            return self.limit
        token = match.group()
        if token in ("${", "%{"):
            self._push("T", match.start())
        elif token == '"':
            self.open.pop()
        elif token == "\n":
            offset = self.open.pop()[1]
            self._blame(offset, offset + 1, "This string is not closed on its line")
            return match.start()
        return match.end()

    def _heredoc(self, start: int, after: int) -> int:
        opened = _HEREDOC.match(self.text, start)
        if opened is None:
            return after
        if self.start is None:
            self.start = start
        body = opened.end()
        closing = re.compile(rf"^[^\S\n]*{re.escape(opened[2])}(?=\r?$)", re.MULTILINE).search(self.text, body, self.limit)
        if closing is None:
            self._blame(start, opened.end() - 1, f"This heredoc is never closed by `{opened[2]}`")
            return self.limit
        self.heredocs[start] = Heredoc(start, closing.end(), body, closing.start(), bool(opened[1]))
        return closing.end()

    def _finish(self) -> None:
        if self.open and self.start is not None:
            self._blame_open()
        self._end_item(self.limit)

    def _blame_open(self) -> None:
        """What is open is never closed: blame the innermost."""
        bracket, offset = self.open[-1]
        self._blame(offset, offset + 1, f"This `{'${' if bracket == 'T' else bracket}` is never closed")
        self.open.clear()
        self.depth = 0

    def masked(self) -> str:
        """The text with heredocs as string literals of the same length, and blanks for line breaks inside interpolations."""
        if not self.heredocs and not self.blanks:
            return self.text
        pieces, at = [], 0
        cuts = sorted([(h.start, h.end) for h in self.heredocs.values()] + [(b, b + 1) for b in set(self.blanks)])
        for start, end in cuts:
            if start < at:
                continue
            pieces += [self.text[at:start], " " if end - start == 1 else '"' + "x" * (end - start - 2) + '"']
            at = end
        pieces.append(self.text[at:])
        return "".join(pieces)

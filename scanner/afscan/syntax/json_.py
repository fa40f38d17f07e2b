"""JSON (RFC 8259), scanned with an explicit stack: exact places, and no depth of nesting exhausts the machine.

Numbers stay as written, strings are quoted scalars. The last of duplicate keys wins (as in Go, Python, JavaScript) and is noted.
Comments and trailing commas are read without a notice where the name says that they may stand there (``.jsonc``, ``.json5``,
``tsconfig.json``, ``devcontainer.json``, what lies in ``.vscode``); elsewhere a comment is noted and passed over. In ``.json5``
keys need no quotes, and strings may stand in single ones (json5.org, "Objects" and "Strings").
"""

import re
from functools import partial
from posixpath import basename

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax import MAX_DEPTH, Parsed

MAX_DUPLICATES = 100
"""How many duplicate keys are noted one by one."""

_SPACE = re.compile(r"[ \t\r\n]*")
_COMMENT = re.compile(r"//[^\r\n]*|/\*.*?\*/", re.DOTALL)
_TOKEN = re.compile(
    r'"(?P<string>[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*)"'
    r"|(?P<mark>[{}\[\],:])"
    r"|(?P<plain>(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![\w.+-]))"
)
_TOKEN_5 = re.compile(
    r'"(?P<string>[^"\\\r\n]*(?:\\(?:\r\n|.)[^"\\\r\n]*)*)"'
    r"|'(?P<single>[^'\\\r\n]*(?:\\(?:\r\n|.)[^'\\\r\n]*)*)'"
    r"|(?P<mark>[{}\[\],:])"
    r"|(?P<plain>[+-]?(?:0[xX][0-9a-fA-F]+|Infinity|NaN|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?![\w.+-])"
    r"|(?:true|false|null)(?![\w$]))"
    r"|(?P<name>[A-Za-z_$][\w$]*)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_SHORT = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WITH_COMMENTS = re.compile(r"(?:.*\.(?:jsonc|json5)|[tj]sconfig(?:\..*)?\.json|devcontainer\.json)\Z", re.IGNORECASE)


def parse(source: Source) -> Parsed:
    """The one value of a JSON text; no root where it is empty or cannot be parsed."""
    scanner = _Scanner(source)
    try:
        scanner.read()
    except _Stop as stop:
        end = min(stop.at + 1, len(source.text))
        scanner.parsed.roots.clear()
        scanner.note(stop.kind, stop.at, end, stop.reason)
    return scanner.parsed


class _Stop(Exception):
    """The text cannot be read."""

    def __init__(self, at: int, reason: str, kind: NoticeKind = NoticeKind.SYNTAX) -> None:
        super().__init__(reason)
        self.at = at
        self.kind = kind
        self.reason = f"This is not valid JSON: {reason}; the text is not read." if kind is NoticeKind.SYNTAX else reason


class _Scanner:
    """One pass over the text. ``expected`` is what may come next: ``value``, ``key``, ``:``, or ``,`` (or the end)."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 1 if source.text.startswith("\ufeff") else 0
        self.lenient = _WITH_COMMENTS.match(basename(source.name)) is not None or "/.vscode/" in f"/{source.name}"
        self.five = source.name.lower().endswith(".json5")
        self.token = _TOKEN_5 if self.five else _TOKEN
        self.parsed = Parsed()
        self.stack: list[Mapping | Sequence] = []
        self.keys: list[Scalar] = []  # the key whose value is awaited, per open mapping
        self.expected = "value"
        self.may_end = False  # the collection was just opened (or a comma precedes, where that is allowed)
        self.duplicates = 0
        self.commented = False

    def note(self, kind: NoticeKind, start: int, end: int, reason: str) -> None:
        """Add a notice at a stretch of the text."""
        self.parsed.notices.append(Notice(kind, self.source.place(self.source.span(start, end)), reason))

    def read(self) -> None:
        """Read the value and look for what follows it."""
        self._skip()
        if self.at == len(self.text):
            return
        while not self.parsed.roots:
            self._skip()
            found = self.token.match(self.text, self.at)
            if found is None:
                raise _Stop(self.at, self._trouble())
            self.at = found.end()
            if found.lastgroup == "mark":
                self._mark(found.group(), found.start())
            else:
                self._scalar(found)
        self._skip()
        if self.at < len(self.text):
            reason = "This is not valid JSON: something follows the end of the value; it is not read."
            self.note(NoticeKind.SYNTAX, self.at, self.at + 1, reason)
        if self.duplicates > MAX_DUPLICATES:
            reason = f"{self.duplicates - MAX_DUPLICATES:,} more keys are written twice; see the other notices."
            self.note(NoticeKind.LIMIT, 0, 1, reason)

    def _skip(self) -> None:
        """Pass over white space and comments."""
        while True:
            space = _SPACE.match(self.text, self.at)
            self.at = space.end() if space else self.at
            if not self.text.startswith("/", self.at):
                return
            comment = _COMMENT.match(self.text, self.at)
            if comment is None:
                raise _Stop(self.at, "a value is expected, or this comment never ends")
            if not self.lenient and not self.commented:
                self.commented = True
                reason = "JSON has no comments: most programs refuse this text. It is read without them."
                self.note(NoticeKind.SYNTAX, comment.start(), comment.end(), reason)
            self.at = comment.end()

    def _trouble(self) -> str:
        if self.at >= len(self.text):
            return "it ends too early"
        if self.text[self.at] == '"':
            return "this string does not end on its line or holds a control character"
        return f"{self._wanted()} is expected"

    def _wanted(self) -> str:
        names = {"value": "a value", "key": "a key in double quotes", ":": "a colon", ",": "a comma or the end"}
        return names[self.expected]

    def _scalar(self, found: "re.Match[str]") -> None:
        group = found.lastgroup or ""
        named = group in ("string", "single") or (self.five and group in ("name", "plain"))
        if self.expected not in ("value", "key") or (self.expected == "key" and not named):
            raise _Stop(found.start(), f"{self._wanted()} is expected")
        if self.expected == "value" and group == "name":
            raise _Stop(found.start(), "a value is expected")
        span = self.source.span(found.start(), found.end())
        raw = found.group(group) if group in ("string", "single") else None
        if raw is None:
            node = Scalar(self.source, span, found.group(), plain=True)
        elif "\\" not in raw:
            node = Scalar(self.source, span, raw, plain=False)
        else:
            start = found.start(group)
            inner = partial(positions, self.source, start, found.end(group))
            node = Scalar(self.source, span, self._unescaped(raw, start), plain=False, inner=inner)
        self.may_end = False
        if self.expected == "key":
            self.keys.append(node)
            self.expected = ":"
        else:
            self._put(node)

    def _unescaped(self, raw: str, start: int) -> str:
        def one(found: "re.Match[str]") -> str:
            char = _character(found)
            if char is None and self.five:  # any other character stands for itself; a line break is nothing, here a blank
                char = found.group(4) if found.group(4) not in "\r\n" else " "
            if char is None:
                raise _Stop(start + found.start(), f"`{found.group()}` is no escape sequence")
            return char

        return _ESCAPE.sub(one, raw)

    def _mark(self, mark: str, at: int) -> None:
        if mark in "{[" and self.expected == "value":
            if len(self.stack) >= MAX_DEPTH:
                raise _Stop(at, f"Values nest more than {MAX_DEPTH} deep here; the text is not read.", NoticeKind.LIMIT)
            line, column = self.source.position(at)
            kind = Mapping if mark == "{" else Sequence
            self.stack.append(kind(self.source, Span(line, column, line, column + 1)))
            self.expected = "key" if mark == "{" else "value"
            self.may_end = True
        elif mark == ":" and self.expected == ":":
            self.expected = "value"
        elif mark == "," and self.expected == "," and self.stack:
            self.expected = "key" if isinstance(self.stack[-1], Mapping) else "value"
            self.may_end = self.lenient
        elif mark in "}]" and self._ends(mark):
            node = self.stack.pop()
            node.span = Span(node.span.line, node.span.column, *self.source.position(at + 1))
            self.may_end = False
            self._put(node)
        else:
            raise _Stop(at, f"{self._wanted()} is expected")

    def _ends(self, mark: str) -> bool:
        if not self.stack or isinstance(self.stack[-1], Mapping) != (mark == "}"):
            return False
        return self.expected == "," or self.may_end

    def _put(self, node: Node) -> None:
        self.expected = ","
        if not self.stack:
            self.parsed.roots.append(node)
            return
        parent = self.stack[-1]
        if isinstance(parent, Sequence):
            parent.add(node)
            return
        key = self.keys.pop()
        if key.text in parent.entries:
            self.duplicates += 1
            if self.duplicates <= MAX_DUPLICATES:
                reason = f"`{key.text[:80]}` is written twice in this object; the last one counts."
                self.parsed.notices.append(Notice(NoticeKind.DUPLICATE_KEY, key.head, reason))
        parent.add(key, node)


def positions(source: Source, start: int, end: int) -> list[tuple[int, int]]:
    """(line, column) of each character of a string with escapes, and of its end; ``start`` and ``end`` exclude the quotes."""
    places: list[tuple[int, int]] = []
    at = start
    for found in _ESCAPE.finditer(source.text, start, end):
        places += [source.position(offset) for offset in range(at, found.start() + 1)]
        at = found.end()
    places += [source.position(offset) for offset in range(at, end + 1)]
    return places


def _character(found: "re.Match[str]") -> str | None:
    """What an escape sequence stands for; None where it is none. A lone half of a surrogate pair becomes U+FFFD, as in Go."""
    high, low, code, short = found.groups()
    if high is not None:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))
    if code is not None:
        number = int(code, 16)
        return "\ufffd" if 0xD800 <= number <= 0xDFFF else chr(number)
    return _SHORT.get(short)

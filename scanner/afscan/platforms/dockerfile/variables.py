"""What ARG and ENV are worth, and words with them put in.

Source: docs.docker.com/reference/dockerfile, "Environment replacement" and "ARG"; moby/buildkit, frontend/dockerfile/shell.
"""

from typing import NamedTuple

from afscan.model.node import Scalar
from afscan.model.record import field, record
from afscan.model.value import Value
from afscan.syntax.dockerfile import Word

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
_PLATFORM = ("PLATFORM", "OS", "ARCH", "VARIANT")
PREDEFINED = frozenset(
    (
        "TARGETSTAGE",
        *(side + part for side in ("TARGET", "BUILD") for part in _PLATFORM),
        *_PROXIES,
        *(name.lower() for name in _PROXIES),
    )
)
"""Arguments that the builder itself gives a value to."""

_MAX_NESTING = 10
_MAX_LENGTH = 100_000


class Known(NamedTuple):
    """What a variable or a word is worth. ``text`` None: unknown, ``reason`` says why.

    ``empty_default`` marks an ARG that nobody gives a value to: empty in a plain build, anything in another.
    """

    text: str | None
    reason: str = ""
    empty_default: bool = False


@record(slots=True)
class Scope:
    """The variables in force at a line. An ENV hides an ARG of its name whatever their order.

    ``outer`` is the scope of the stage that this one builds on; ``inherits`` is whether an image from elsewhere may have set
    further variables; ``given`` are the build arguments passed.
    """

    environment: dict[str, Known] = field(default_factory=dict)
    arguments: dict[str, Known] = field(default_factory=dict)
    given: dict[str, Known] = field(default_factory=dict)
    inherits: bool = False
    outer: "Scope | None" = None

    def find(self, name: str) -> Known | None:
        """What a variable is worth; None where nobody declares it and no image can."""
        argument: Known | None = None
        scope: Scope | None = self
        while scope is not None:
            if name in scope.environment:
                return scope.environment[name]
            argument = argument or scope.arguments.get(name)
            scope = scope.outer
        if argument is not None:
            return argument
        if self.inherits:
            return Known(None, f"`{name}` is not set in this Dockerfile; its base image may set it")
        return None

    def declare(self, name: str, default: Known | None, before: "Scope | None") -> Known:
        """Take in an ARG: what was passed, else its default, else what the ARG ``before`` the first FROM is worth."""
        known = self.given.get(name)
        if known is None:
            known = default
        if known is None and before is not None:
            known = before.arguments.get(name)
        if known is None and name in PREDEFINED:
            known = Known(None, f"the builder sets `{name}`")
        if known is None:
            known = Known(None, f"`ARG {name}` has no default", True)
        self.arguments[name] = known
        return known


def expand(word: Scalar, scope: Scope) -> Value[str]:
    """A word as Docker reads it: quotes and escapes removed, variables put in; unknown where one of them is."""
    if not isinstance(word, Word):
        return Value.of(word.text, word)
    if "$" not in word.raw:
        return Value.of(word.text, word)
    known = _Expansion(word.raw, word.escape, scope).run()
    return Value.unknown(word, known.reason) if known.text is None else Value.of(known.text, word)


class _Bad(Exception):
    """The word cannot be evaluated; the text says why."""


class _Expansion:
    """One pass over a word."""

    __slots__ = ("escape", "index", "raw", "scope")

    def __init__(self, raw: str, escape: str, scope: Scope) -> None:
        self.raw = raw
        self.escape = escape
        self.scope = scope
        self.index = 0

    def run(self) -> Known:
        try:
            return Known(self._until("", 0))
        except _Bad as bad:
            return Known(None, str(bad))

    def _until(self, stop: str, depth: int) -> str:
        """The text up to the character ``stop`` (exclusive, stepped over), or to the end where it is empty."""
        if depth > _MAX_NESTING:
            raise _Bad("variables are nested too deep")
        found: list[str] = []
        raw, quote, length = self.raw, "", 0
        while self.index < len(raw):
            char = raw[self.index]
            self.index += 1
            if char == stop and not quote:
                return "".join(found)
            if quote == "'":
                if char == "'":
                    quote = ""
                    continue
            elif char == "$":
                char = self._dollar(depth)
            elif char == self.escape and self.index < len(raw):
                if not quote or raw[self.index] in f'"${self.escape}':
                    char = raw[self.index]
                    self.index += 1
            elif char == quote:
                quote = ""
                continue
            elif char in "'\"" and not quote:
                quote = char
                continue
            found.append(char)
            length += len(char)
            if length > _MAX_LENGTH:
                raise _Bad("the expanded text is too long")
        if stop or quote:
            raise _Bad(f"`{self.raw[:60]}` is not closed")
        return "".join(found)

    def _name(self) -> str:
        start = self.index
        while self.index < len(self.raw) and (self.raw[self.index].isalnum() or self.raw[self.index] == "_"):
            self.index += 1
        return self.raw[start : self.index]

    def _dollar(self, depth: int) -> str:
        if not self.raw.startswith("{", self.index):
            name = self._name()
            return self._plain(name) if name else "$"
        self.index += 1
        name = self._name()
        rest = self.raw[self.index : self.index + 2]
        if rest.startswith("}"):
            self.index += 1
            return self._plain(name)
        empty_counts = rest.startswith(":")
        self.index += 1 if empty_counts else 0
        operator = self.raw[self.index : self.index + 1]
        self.index += 1
        if not name or operator not in ("-", "+", "?"):
            raise _Bad(f"`{self.raw[:60]}` is not evaluated")
        # The other word is evaluated only where it counts, but has to be stepped over in any case.
        begin = self.index
        try:
            word: str | _Bad = self._until("}", depth + 1)
        except _Bad as bad:
            self.index = _closing(self.raw, begin)
            word = bad
        return self._choose(name, operator, empty_counts, word)

    def _choose(self, name: str, operator: str, empty_counts: bool, word: "str | _Bad") -> str:
        known = self.scope.find(name)
        absent = known is None or known.empty_default or (empty_counts and known.text == "")
        if operator == "+" and known is not None and known.empty_default:
            raise _Bad(known.reason)
        if operator == "+":
            if known is not None and known.text is None:
                raise _Bad(known.reason)
            use_word = not absent
        else:
            use_word = absent
        if use_word and operator != "?":
            if isinstance(word, _Bad):
                raise word
            return word
        if operator == "+":
            return ""
        return self._plain(name)

    def _plain(self, name: str) -> str:
        known = self.scope.find(name)
        if known is None:
            raise _Bad(f"`{name}` is not declared here")
        if known.text is None:
            raise _Bad(known.reason)
        return known.text


def _closing(raw: str, index: int) -> int:
    """Behind the brace that closes the one opened before ``index``; the text's end where there is none."""
    depth = 1
    while index < len(raw) and depth:
        if raw.startswith("${", index):
            depth += 1
            index += 1
        elif raw[index] == "}":
            depth -= 1
        index += 1
    return index

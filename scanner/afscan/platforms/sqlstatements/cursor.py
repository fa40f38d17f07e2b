"""Walking along the tokens of a statement. Source: postgresql.org, "Lexical Structure"."""

from collections.abc import Iterable, Iterator

from afscan.model.node import Node, Scalar
from afscan.model.place import Place, Span
from afscan.model.sql import SqlName
from afscan.model.value import Value

_CURRENT = frozenset(("CURRENT_USER", "CURRENT_ROLE", "SESSION_USER", "USER"))
_ON = frozenset(("ON", "TRUE", "YES", "1"))


class Variables:
    """What psql knows of its variables at a point of a script: tokens by name."""

    def __init__(self) -> None:
        self.known: dict[str, list[Scalar]] = {}

    def text(self, item: Scalar) -> Value[str]:
        """What ``:name``, ``:'name'`` or ``:"name"`` stands for."""
        name = item.text.strip(":'\"")
        written = self.known.get(name)
        if written is not None and all(one.tag in ("string", "word", "identifier", "number") for one in written):
            return Value.of("".join(one.text for one in written), item)
        return Value.unknown(item, f"psql puts in the variable `{name}`")


class Cursor:
    """A position in the tokens of one statement."""

    def __init__(self, node: Node, tokens: list[Scalar], variables: Variables) -> None:
        self.node = node
        self.tokens = tokens
        self.variables = variables
        self.at = 0

    @property
    def ended(self) -> bool:
        """Whether all tokens are behind."""
        return self.at >= len(self.tokens)

    def peek(self, ahead: int = 0) -> Scalar | None:
        """A token from here on; None behind the end."""
        index = self.at + ahead
        return self.tokens[index] if 0 <= index < len(self.tokens) else None

    def word(self, ahead: int = 0) -> str:
        """An unquoted word in upper case; "" where something else stands."""
        item = self.peek(ahead)
        return item.text.upper() if item is not None and item.tag == "word" else ""

    def sign(self, text: str, ahead: int = 0) -> bool:
        """Whether a sign stands there."""
        item = self.peek(ahead)
        return item is not None and item.tag == "operator" and item.text == text

    def take(self, *words: str) -> bool:
        """Go past words if all of them stand here."""
        if all(self.word(index) == word for index, word in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def take_sign(self, text: str) -> bool:
        """Go past a sign if it stands here."""
        if self.sign(text):
            self.at += 1
            return True
        return False

    def take_any(self, *words: str) -> str:
        """Go past one of several words; which one, "" where none stands here."""
        found = self.word()
        if found and found in words:
            self.at += 1
            return found
        return ""

    def next(self) -> Scalar | None:
        """The token here, and go past it."""
        item = self.peek()
        self.at += 1
        return item

    def find(self, *words: str) -> bool:
        """Go behind the next place, outside brackets, where these words stand; stay where they do not."""
        depth = 0
        for index in range(self.at, len(self.tokens)):
            item = self.tokens[index]
            depth += _depth(item)
            if depth == 0 and item.tag == "word" and item.text.upper() == words[0]:
                here, self.at = self.at, index
                if self.take(*words):
                    return True
                self.at = here
        return False

    def brackets(self) -> list[Scalar]:
        """The tokens between a bracket that opens here and its end, and go behind that; nothing where none opens."""
        if not self.sign("("):
            return []
        depth = 0
        start = self.at + 1
        while not self.ended:
            depth += _depth(self.tokens[self.at])
            self.at += 1
            if depth == 0:
                return self.tokens[start : self.at - 1]
        return self.tokens[start:]

    def if_exists(self) -> bool:
        """Go past IF EXISTS or IF NOT EXISTS."""
        return self.take("IF", "EXISTS") or self.take("IF", "NOT", "EXISTS")

    def name(self, kind: str) -> SqlName | None:
        """A name, with its schema; None where none stands here."""
        parts: list[Scalar] = []
        while True:
            item = self.peek()
            if item is None or item.tag not in ("word", "identifier", "variable"):
                break
            parts.append(item)
            self.at += 1
            if not (self.sign(".") and _adjacent(item, self.peek())):
                break
            self.at += 1
        if not parts:
            return None
        values = [self._text(part) for part in parts]
        unknown = next((value for value in values if value.is_unknown), None)
        at = spanning(parts) if len(parts) > 1 else parts[0].place
        if unknown is not None:
            return SqlName(kind=kind, text=Value.unknown(parts[-1], unknown.reason, at))
        schema = values[-2].or_else("") if len(values) > 1 else ""
        return SqlName(kind=kind, text=Value.of(values[-1].or_else(""), parts[-1], at), schema=schema)

    def names(self, kind: str) -> list[SqlName]:
        """Names between commas."""
        found = []
        while (one := self.name(kind)) is not None:
            found.append(one)
            if not self.take_sign(","):
                break
        return found

    def role(self) -> SqlName | None:
        """A role, PUBLIC, or a word for whoever runs the statement."""
        word = self.word()
        self.take("GROUP")
        found = self.name("role")
        if found is not None and word in _CURRENT:
            found.text = Value.of("current_user", found.text.node, found.text.at)
        return found

    def roles(self) -> list[SqlName]:
        """Roles between commas."""
        found = []
        while (one := self.role()) is not None:
            found.append(one)
            if not self.take_sign(","):
                break
        return found

    def _text(self, item: Scalar) -> Value[str]:
        if item.tag == "variable":
            return self.variables.text(item)
        return Value.of(item.text.lower() if item.tag == "word" else item.text, item)

    def text(self) -> Value[str]:
        """A literal here: a string, a number with its sign, a word, a variable; unknown where it is anything else."""
        item = self.next()
        if item is None:
            return Value.unset(self.node)
        if item.tag == "variable":
            return self.variables.text(item)
        if item.tag == "operator" and item.text in "+-" and (number := self.peek()) is not None and number.tag == "number":
            self.at += 1
            return Value.of(item.text.strip("+") + number.text, number, spanning([item, number]))
        if item.tag in ("string", "body", "number", "word", "identifier"):
            return Value.of(item.text, item)
        return Value.unknown(item, f"`{item.text[:40]}` is not evaluated")

    def integer(self) -> Value[int]:
        """A whole number here."""
        value = self.text()
        text = value.or_else("")
        if not value.is_set:
            return Value(value.state, None, value.node, value.reason, value.at)
        digits = text.removeprefix("-")
        if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
            return Value.unknown(value.node, f"`{text[:40]}` is no whole number", value.at)
        return Value.of(int(text), value.node, value.at)

    def boolean(self) -> Value[bool]:
        """``true``, ``on``, ``1`` and their opposites."""
        value = self.text()
        return value.map(lambda text: text.upper() in _ON)


def _depth(item: Scalar) -> int:
    if item.tag != "operator":
        return 0
    return 1 if item.text in "([" else -1 if item.text in ")]" else 0


def _adjacent(item: Scalar, following: Scalar | None) -> bool:
    return following is not None and item.span[2:] == following.span[:2]


def spanning(tokens: Iterable[Scalar]) -> Place:
    """The place from the first to the last of some tokens."""
    listed = list(tokens)
    first, last = listed[0], listed[-1]
    return first.source.place(Span(*first.span[:2], *last.span[2:]))


def split(tokens: list[Scalar]) -> Iterator[list[Scalar]]:
    """Tokens at the commas that stand outside brackets."""
    depth = 0
    part: list[Scalar] = []
    for item in tokens:
        depth += _depth(item)
        if depth == 0 and item.tag == "operator" and item.text == ",":
            yield part
            part = []
        else:
            part.append(item)
    if part:
        yield part

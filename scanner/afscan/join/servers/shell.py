"""Shell texts in command lines: their simple commands, word by word, each with its place."""

import re
from typing import NamedTuple

from afscan.model.node import Node, Scalar
from afscan.model.place import Place
from afscan.model.subjects import Container, Origin
from afscan.model.value import Value
from afscan.platforms.dockerfile import shell

_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")
_ANY_REFERENCE = re.compile(r"\$[A-Za-z_{(0-9@*#?]|`")
_MAX_PLACED = 500
"""Beyond so many words of one command a place is that of the whole."""


class Word(NamedTuple):
    """One word of a command line. ``reason`` says why its text is not wholly known, empty where it is."""

    text: str
    node: Node
    at: Place | None = None
    reason: str = ""

    def value(self, text: str | None = None) -> Value[str]:
        """The word (or ``text`` instead of it) as a value; unknown where a reference decides it."""
        if self.reason:
            return Value.unknown(self.node, self.reason, self.at)
        return Value.of(self.text if text is None else text, self.node, self.at)

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.at if self.at is not None else self.node.head


def told(container: Container, name: str) -> str:
    """Why a variable's value is not known."""
    variable = container.environment.get(name)
    if variable is not None and variable.value.is_unknown:
        return f"`{name}`: {variable.value.reason}"
    return f"`{name}` comes from the environment"


def shell_words(container: Container, script: Word, words: list[shell.ShellWord]) -> list[Word]:
    """Words of a shell script with their places. ``$NAME`` of a known variable is replaced, all else stays unknown."""
    placed = [_part(script, word.start, word.end) for word in words[:_MAX_PLACED]]
    places = placed + [script.at] * (len(words) - len(placed))
    return [_shell_word(container, script.node, word, place) for word, place in zip(words, places)]


def _shell_word(container: Container, node: Node, word: shell.ShellWord, place: Place | None) -> Word:
    if not word.dynamic:
        return Word(word.text, node, place)
    reason = ""

    def replaced(match: "re.Match[str]") -> str:
        nonlocal reason
        variable = container.environment.get(match[1])
        if variable is not None and variable.value.is_set and variable.origin is not Origin.INTERPOLATED:
            return variable.value.or_else("")
        reason = reason or told(container, match[1])
        return match[0]

    known = _REFERENCE.sub(replaced, word.text)
    if not reason and _ANY_REFERENCE.search(_REFERENCE.sub("", word.text)):
        reason = "the shell computes it when the container starts"
    return Word(known, node, place, reason)


def _part(script: Word, start: int, end: int) -> Place | None:
    """The place of a part of a script, where its text stands in the file as it is."""
    node = script.node
    if not isinstance(node, Scalar):
        return script.at
    if node.text == script.text:
        return node.part(start, end)
    base = node.text.find(script.text)
    return node.part(base + start, base + end) if base >= 0 else script.at

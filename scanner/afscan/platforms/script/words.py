"""What the words of a script say: constants that are assigned once are filled in, defaults are told as such."""

import re

from afscan.model.scripts import Script
from afscan.model.value import Value
from afscan.syntax.shell.nodes import Assignment, Piece, Statement, Word

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_MAX_TEXT = 10_000
_READING = frozenset(("read", "mapfile", "readarray", "getopts", "unset", "printf"))


class Resolver:
    """Knows a script's variables. Constants are those assigned exactly once, unconditionally, before anything reads them."""

    def __init__(self, root: Statement, script: Script) -> None:
        self.script = script
        self.defaults: dict[str, str] = {}
        counts: dict[str, int] = {}
        for node in root.walk():
            if isinstance(node, Assignment):
                counts[node.name.text] = counts.get(node.name.text, 0) + 1
                script.variables.setdefault(node.name.text, []).append(self._raw(node))
            elif isinstance(node, Statement):
                for name in _changed(node):
                    counts[name] = counts.get(name, 0) + 2
        for item in root.items:
            if (
                isinstance(item, Statement)
                and item.tag in ("command", "declaration")
                and (item.tag != "command" or not item.words)
            ):
                for assignment in item.assignments:
                    if counts.get(assignment.name.text) == 1 and not assignment.append and not assignment.array:
                        self._define(assignment)

    def _raw(self, assignment: Assignment) -> Value[str]:
        word = assignment.word
        if word is not None and word.literal:
            return Value.of(word.text, word)
        if word is None:
            return Value.of("", assignment) if not assignment.array else Value.unknown(assignment, "it is an array")
        return Value.unknown(word, "it is computed when the script runs")

    def _define(self, assignment: Assignment) -> None:
        value = self.assigned(assignment)
        name = assignment.name.text
        if value.is_set:
            self.script.constants[name] = value
        elif assignment.word is not None:
            self.defaults[name] = self.text(assignment.word)

    def assigned(self, assignment: Assignment) -> Value[str]:
        """An assignment's value."""
        if assignment.array:
            return Value.unknown(assignment, "it is an array")
        if assignment.word is None:
            return Value.of("", assignment)
        if assignment.append:
            return Value.unknown(assignment.word, "it is appended to what the variable holds")
        return self.value(assignment.word)

    def value(self, word: Word) -> Value[str]:
        """A word's text where it is certain."""
        if word.literal and not _globs(word):
            return Value.of(word.text, word)
        parts: list[str] = []
        for piece in word.pieces:
            known = piece.text if piece.kind == "text" else self._constant(piece)
            if known is None:
                return Value.unknown(word, _reason(piece))
            parts.append(known)
        return Value.of("".join(parts)[:_MAX_TEXT], word)

    def _constant(self, piece: Piece) -> str | None:
        if piece.kind != "variable" or piece.operator in (":+", "+"):
            return None
        known = self.script.constants.get(piece.name)
        return known.value if known is not None else None

    def text(self, word: Word) -> str:
        """A word's text as far as it is known: constants and defaults filled in, the rest as written."""
        if word.literal:
            return word.text
        return "".join(self._shown(piece) for piece in word.pieces)[:_MAX_TEXT]

    def _shown(self, piece: Piece) -> str:
        if piece.kind != "variable":
            return piece.text
        known = self._constant(piece)
        if known is not None:
            return known
        if piece.operator in (":-", "-", ":=", "=") and "$" not in piece.argument and "`" not in piece.argument:
            return piece.argument.strip("\"'")
        return self.defaults.get(piece.name, piece.text) if not piece.operator else piece.text


def _changed(statement: Statement) -> list[str]:
    """Variables that a statement changes in other ways than by assigning."""
    names = [statement.name.text] if statement.tag == "for" and statement.name is not None else []
    words = [word.text for word in statement.words]
    if words and words[0] in _READING:
        names += [word for word in words[1:] if _NAME.match(word)]
    return names


def _globs(word: Word) -> bool:
    return any(piece.kind == "text" and not piece.quoted and any(c in piece.text for c in "*?") for piece in word.pieces)


def _reason(piece: Piece) -> str:
    if piece.kind == "variable" and _NAME.match(piece.name):
        return f"`{piece.name}` is set when the script runs"
    return "it is computed when the script runs"

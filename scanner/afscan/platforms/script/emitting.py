"""What a script's commands say beside themselves: connections, credentials, logins, images."""

import re

from afscan.model.node import Scalar
from afscan.model.record import replace
from afscan.model.scripts import Command, Script
from afscan.model.subjects import ImageReference, Origin
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.script.options import command_line
from afscan.platforms.script.wrappers import image_of_run
from afscan.platforms.variables.commands import Argument, describe_words
from afscan.platforms.variables.settings import Owner, describe
from afscan.platforms.variables.written import Written
from afscan.syntax.shell.nodes import Assignment, Statement, Word

_VARIABLE = re.compile(r"\$\{?[\w@*#]+\}?|\$\([^()]*\)")
_SAID = frozenset(
    ("echo", "printf", "[[", "((", "[", "test", "grep", "egrep", "sed", "awk", "usage", "log", "info", "warn", "error")
)
"""Programs whose words are text, not settings of a connection."""


def describe_script(script: Script, root: Statement, out: Interpretation) -> None:
    """Emit what a script says. The text of a container's own command is described with the container."""
    for command in script.commands:
        if command.wrapper is None:
            _images(command, out)
    if script.holder in ("container", "probe", "image"):
        return
    if "%{time_" in root.source.text:
        from afscan.platforms.script.objectives import objectives  # noqa: PLC0415  (start-up time)

        out.subjects += objectives(script)
    holder = "configmap" if script.holder in ("configmap", "secret") else "file"
    whose = Owner(owner=script.name, platform="script", holder=holder, out=out)
    for node in root.walk():
        if isinstance(node, Assignment) and node.word is not None:
            _assignment(node, node.word, whose)
    line = replace(whose, holder="configmap" if holder == "configmap" else "command-line")
    for command in script.commands:
        if command.wrapper is None and command.name_of_program not in _SAID and command.name_of_program not in script.functions:
            describe_words(_arguments(command), line)


def _assignment(node: Assignment, word: Word, whose: Owner) -> None:
    """A variable's value; one that is only passed on says nothing."""
    if any(piece.kind == "command" for piece in word.pieces):
        return
    value = Value.of(word.text, word) if word.literal else Value.unknown(word, "it is computed when the script runs")
    if word.literal or "://" in word.text or any(piece.operator in (":-", "-", ":=", "=") for piece in word.pieces):
        describe(node.name.text, value if word.literal else Value.of(word.text, word), _origin(word), whose)


def _origin(word: Word) -> Origin:
    if word.literal:
        from afscan.platforms.secrets import origin_of  # noqa: PLC0415  (start-up time)

        return origin_of(word.text, expands=False)
    return Origin.INTERPOLATED


def _arguments(command: Command) -> list[Argument]:
    """The words with their places. One that consists of constants and defaults counts as what it is then."""
    found = []
    for value, text in zip(command.words, command.texts, strict=True):
        node = value.node
        if isinstance(node, Word):
            known = text if not node.literal and "$" not in text and "`" not in text else node.text
            found.append(Argument(known, Written(Value.of(known, node), _origin(node)), 0, len(known)))
    return found


def _images(command: Command, out: Interpretation) -> None:
    """Images that a command starts: ``docker run IMAGE``, ``kubectl run --image=IMAGE``, ``kubectl set image d c=IMAGE``."""
    program = command.name_of_program
    index = image_of_run(program, command.texts) if program else None
    if index is not None:
        _image(command, index, 0, out)
    elif program in ("kubectl", "oc"):
        line = command_line(program, command.texts)
        verbs = [command.texts[i] for i in line.operands[:2]]
        option = line.option("image")
        if verbs[:1] in (["run"], ["create"]) and option is not None and option.at is not None:
            _image(command, option.at, option.offset, out)
        elif verbs == ["set", "image"]:
            for operand in line.operands[3:]:
                if "=" in command.texts[operand]:
                    _image(command, operand, command.texts[operand].index("=") + 1, out)


def _image(command: Command, index: int, offset: int, out: Interpretation) -> None:
    word = command.words[index]
    node = word.node
    text = command.texts[index][offset:]
    if not isinstance(node, Scalar) or not text or text.startswith("-") or _VARIABLE.fullmatch(text):
        return  # an image that is handed in is judged where it is named
    at = node.part(offset, len(node.text)) if offset and node.text[offset:] == text else None
    known = not any(mark in text for mark in "$`{")
    reference = (
        Value.of(text, node, at) if known else Value.unknown(node, word.reason or "it is computed when the script runs", at)
    )
    out.subjects.append(
        ImageReference(
            name=f"{command.script.name}, image {text if known else node.text}",
            node=node,
            platform="script",
            reference=reference,
            written=text,
        )
    )

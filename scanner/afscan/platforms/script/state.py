"""The options of a shell: what it is started with, what ``set`` makes of them."""

import re
from posixpath import basename

from afscan.model.record import record
from afscan.model.source import Source
from afscan.platforms.script.wrappers import SHELLS

_SHEBANG = re.compile(r"#![ \t]*(\S+)(?:[ \t]+([^\r\n]*))?")
_OPTION_NAMES = {"e": "errexit", "u": "nounset"}
OPTIONS = ("errexit", "nounset", "pipefail")


@record(slots=True)
class State:
    """The options of a shell; None is unknown. ``inherits``: command substitutions keep errexit."""

    errexit: bool | None = False
    nounset: bool | None = False
    pipefail: bool | None = False
    inherits: bool = False

    def copy(self) -> "State":
        """The options of a shell that is started here."""
        return State(self.errexit, self.nounset, self.pipefail, self.inherits)

    def merge(self, other: "State") -> None:
        """What holds behind a body that may have run."""
        for name in OPTIONS:
            if getattr(self, name) is not getattr(other, name):
                setattr(self, name, None)


def interpreter_of(source: Source) -> tuple[str, list[str]]:
    """The shell that reads a script and the options that it is started with; "" where nothing says.

    A text in a container's command or a workflow's step comes with it (:attr:`Source.shell`): ``bash -ec``.
    """
    words: list[str] = []
    found = _SHEBANG.match(source.text)
    if found is not None:
        words = [found[1], *(found[2] or "").split()]
        if basename(words[0]) == "env":
            words = [word for word in words[1:] if word != "-S" and "=" not in word]
    elif source.shell:
        words = source.shell.split()
    elif source.name.endswith(".bash"):
        words = ["bash"]
    name = basename(words[0]) if words else ""
    return (name if name in SHELLS else ""), words[1:]


def apply_options(state: State, words: list[str]) -> None:
    """``set``'s words (or a shell's own) as options: ``-euo pipefail``, ``+e``; one that is computed makes all unknown."""
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        if word in ("--", "-"):
            return
        if "$" in word or "`" in word:
            state.errexit = state.nounset = state.pipefail = None
            return
        if word[:1] not in ("-", "+") or word.startswith("--"):
            if not word.startswith("--"):
                return
            continue
        on = word[0] == "-"
        for letter in word[1:]:
            if letter == "o" and index < len(words):
                if words[index] in OPTIONS:
                    setattr(state, words[index], on)
                index += 1
            elif letter in _OPTION_NAMES:
                setattr(state, _OPTION_NAMES[letter], on)

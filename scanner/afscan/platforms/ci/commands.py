"""The commands of a step's script, and whether their failure fails the step.

Source: GitHub documentation, "Workflow syntax" (``shell``): without one it is ``bash -e {0}``, with ``bash`` it is
``bash --noprofile --norc -eo pipefail {0}``, ``sh`` is ``sh -e {0}``; bash(1), "SHELL GRAMMAR": a pipeline's status is its last
command's unless ``pipefail`` is set. GitLab's runner stops at the first failure too, and sets ``pipefail`` where the shell of the
image knows it (gitlab-runner, shells/bash.go): whether that is so is not known.
"""

from afscan.model.ci import WorkflowStep
from afscan.model.node import Scalar
from afscan.model.patterns import pattern
from afscan.model.place import Place
from afscan.model.record import field, record
from afscan.platforms.ci.steps import is_shell, shell_line, without_expressions
from afscan.platforms.dockerfile.shell import Command, ShellWord, commands

_OR = pattern(r"\|\|")
_PIPE = pattern(r"(?<![|>&])\|(?!\|)&?")
_HARMLESS = frozenset(("true", ":", "echo", "printf", "exit 0", "return 0"))
_WRAPPERS = frozenset(
    (
        *(
            "uv",
            "uvx",
            "poetry",
            "pipx",
            "pipenv",
            "hatch",
            "pdm",
            "npx",
            "pnpx",
            "bunx",
            "python",
            "python3",
            "xargs",
            "timeout",
        ),
        *("mise", "bundle", "go", "yarn", "pnpm", "sudo", "rye", "dotnet", "nix", "aqua", "retry"),
    )
)
_NOT_RUN = frozenset(
    ("install", "add", "sync", "update", "upgrade", "uninstall", "remove", "-V", "--version", "--help", "version")
)
_CONTAINERS = frozenset(("docker", "podman", "nerdctl"))
_CONDITIONS = frozenset(("if", "while", "until", "elif", "!"))
_LOOKED_AT = 12
"""Words of a command in which a wrapped program is looked for."""


@record(slots=True)
class RunCommand:
    """One simple command: its words from the program on, with their spots in the script.

    ``lost`` is how its exit status gets lost, "" where nothing shows that; ``lost_at`` where. ``unsure``: a condition or
    ``set +e`` may take it. ``image`` is the container image that runs it, "" for none.
    """

    words: list[ShellWord]
    script: Scalar
    lost: str = ""
    lost_at: Place | None = None
    unsure: bool = False
    image: str = ""
    all: list[ShellWord] = field(default_factory=list)

    def at(self, word: ShellWord) -> Place:
        """The place of a word."""
        return self.script.part(word.start, word.end)

    @property
    def place(self) -> Place:
        """From the program to its last word, as far as that is one line."""
        first, last = self.words[0], self.words[-1]
        end = last.end if "\n" not in self.script.text[first.start : last.end] else first.end
        return self.script.part(first.start, end)


def commands_of(step: WorkflowStep) -> list[RunCommand]:
    """The commands of a step's script; none where no shell runs it."""
    node = step.run.node
    if not step.run.is_set or not isinstance(node, Scalar) or not is_shell(step):
        return []
    return commands_in(node, pipefail=None if step.platform == "gitlab" else "pipefail" in shell_line(step))


def commands_in(script: Scalar, *, pipefail: bool | None) -> list[RunCommand]:
    """The commands of a script.

    :param pipefail: whether the shell starts with that option; None where that is not known.
    """
    text = without_expressions(script.text)
    found: list[RunCommand] = []
    listed = [command for command in commands(text) if command.words]
    keeps_going = False
    for index, command in enumerate(listed):
        program, arguments = command.program()
        if program == "set":
            options = [word.text for word in arguments]
            if "pipefail" in options:
                pipefail = "+o" not in options
            keeps_going = "+e" in options or (keeps_going and not any(one.startswith("-") and "e" in one for one in options))
            continue
        words = command.words[len(command.words) - len(arguments) - 1 :] if program else command.words
        one = RunCommand(words, script, unsure=keeps_going, all=command.words)
        one.unsure = one.unsure or any(word.text in _CONDITIONS for word in command.words[: len(command.words) - len(words)])
        _see_what_follows(one, command, listed[index + 1] if index + 1 < len(listed) else None, text, pipefail)
        found.append(one)
    return found


def _see_what_follows(one: RunCommand, command: Command, after: Command | None, text: str, pipefail: bool | None) -> None:
    """Whether ``|| true``, a pipe or the background takes the exit status."""
    start = command.words[-1].end
    end = after.words[0].start if after is not None else len(text)
    between = text[start:end].replace("\\\n", "  ")
    between = between.partition("\n")[0].partition(" #")[0]
    alternative, pipe = _OR.search(between), _PIPE.search(between)
    if alternative is not None and after is not None:
        if " ".join(word.text for word in after.words[:2]) in _HARMLESS or after.words[0].text in _HARMLESS:
            shown = text[start + alternative.start() : after.words[-1].end].strip()
            one.lost = f"`{shown[:40]}` takes its exit status"
            one.lost_at = one.script.part(start + alternative.start(), after.words[-1].end)
        else:
            one.unsure = True
    elif pipe is not None and after is not None:
        one.unsure = one.unsure or pipefail is None
        if pipefail is False:
            one.lost = "the pipe takes its exit status, for the shell runs without `pipefail`"
            one.lost_at = one.script.part(start + pipe.start(), start + pipe.end())
        last_or = _OR.search(text, after.words[-1].end, after.words[-1].end + 20)
        one.unsure = one.unsure or last_or is not None
    elif between.strip().endswith("&") and not between.strip().endswith("&&"):
        one.unsure = True


def inner_command(one: RunCommand) -> RunCommand:
    """What a command really runs: behind ``uv run``, ``npx``, ``python -m``, or in a container (``docker run IMAGE ...``)."""
    names = [word.text.rpartition("/")[2] for word in one.words[:_LOOKED_AT]]
    if not names:
        return one
    if names[0] in _CONTAINERS and len(names) > 1 and names[1] == "run":
        return _in_container(one)
    return one


def candidates(one: RunCommand) -> list[list[ShellWord]]:
    """The lists of words that may be the program that runs: the command itself; behind a wrapper each later word."""
    found = [one.words]
    names = [word.text for word in one.words[:_LOOKED_AT]]
    if names and names[0].rpartition("/")[2] in _WRAPPERS and not _NOT_RUN & set(names):
        found += [one.words[index:] for index in range(1, len(names))]
    elif _NOT_RUN & set(names[1:3]):
        return []
    return found


def _in_container(one: RunCommand) -> RunCommand:
    """The command in a container: what follows the image, which is the first word that looks like one and no option's value."""
    for index, word in enumerate(one.words[2:], 2):
        before = one.words[index - 1].text
        if word.text.startswith("-") or before in (
            "-v",
            "-e",
            "-w",
            "-u",
            "--volume",
            "--env",
            "--name",
            "--entrypoint",
            "--network",
        ):
            continue
        if "/" in word.text and not word.text.startswith(("/", ".", "$")):
            image = word.text.partition("@")[0]
            head, _, last = image.rpartition("/")
            return RunCommand(
                one.words[index:], one.script, one.lost, one.lost_at, one.unsure, f"{head}/{last.partition(':')[0]}", one.all
            )
    return one

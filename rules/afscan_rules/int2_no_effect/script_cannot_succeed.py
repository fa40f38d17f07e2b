"""INT204: scripts whose own answers to trouble are never reached."""

import re
from collections.abc import Iterator

from afscan.model.scripts import Command, Script
from afscan.model.stack import Stack
from afscan.platforms.script.options import command_line
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule

_POSITIONAL = re.compile(r"\$(?:[1-9]|\{[1-9]\})")
_FINDERS = frozenset(("grep", "egrep", "fgrep", "rg"))


@rule("INT204", severity=Severity.MEDIUM, tags=("CWE-561",))
def script_cannot_succeed(script: Script, stack: Stack) -> Iterator[Problem]:
    """Script's own error handling is never reached.

    Under `set -u` reading `$1` ends the script before its own test for a missing argument; under `set -e` with `pipefail` a `grep` that
    finds nothing ends it before the line that asks whether it found something. What was written for that case is dead, and the person at
    the terminal gets "unbound variable" or nothing at all. `psql` that reads statements goes on after each error and exits 0: `set -e`
    never sees that half of a dump was not restored.

    ## Fix
    - Any: read arguments as `${1:-}` before they are tested, or test `$#` first; write `$(... | grep ... || true)` where finding nothing
      is a normal answer; give `psql` `-v ON_ERROR_STOP=1`.
    """
    if script.broken or script.holder in ("probe", "image"):
        yield NOT_APPLICABLE
        return
    judged = script.nounset.value is True or script.errexit.value is True
    if not judged:
        yield NOT_APPLICABLE
        return
    if script.nounset.value is True:
        yield from _arguments(script)
    yield from _searches(script)
    if script.errexit.value is True:
        yield from _statements(script)


def _arguments(script: Script) -> Iterator[Problem]:
    """``X="$1"`` under ``set -u``, and only then ``[ -z "$X" ]``."""
    switched = next((one for one in script.commands if one.name_of_program == "set"), None)
    for command in script.commands:
        if any("$#" in text for text in command.texts):
            return  # arguments are counted first
        if command.program.is_set or not command.assignments or _in_function(command):
            continue
        if switched is not None and command.order < switched.order:
            continue
        for name, value in command.assignments.items():
            written = getattr(value.node, "text", "")
            if not _POSITIONAL.fullmatch(written):
                continue
            test = _emptiness_test(script, command, (f"${name}", f"${{{name}}}", written))
            if test is not None:
                yield fail(
                    value.place,
                    f"Without an argument `set -u` ends the script here, before it tests whether `{name}` is empty.",
                    related=[Related(test.place, "This test is not reached.")],
                )


def _in_function(command: Command) -> bool:
    return any(one.kind == "function" for one in command.frame.outwards()) if command.frame is not None else False


def _emptiness_test(script: Script, before: Command, names: tuple[str, ...]) -> Command | None:
    """The test that asks whether a variable is empty, behind a command."""
    for one in script.commands:
        if one.order > before.order and one.texts[:1] in (["[["], ["["], ["test"]):
            written = [getattr(word.node, "text", "") for word in one.words]
            for index, word in enumerate(written):
                if word in names and (written[index - 1] in ("-z", "-n") or len(written) == 2):
                    return one
    return None


def _searches(script: Script) -> Iterator[Problem]:
    """``x=$(... | grep ...)`` under ``set -e`` and ``pipefail``, and only then ``[ -n "$x" ]``."""
    for command in script.commands:
        if command.name_of_program not in _FINDERS or command.ends_script.value is not True or command.wrapper is not None:
            continue
        around = _assignment_around(script, command)
        if around is None:
            continue
        holder, name = around
        test = _emptiness_test(script, holder, (f"${name}", f"${{{name}}}"))
        if test is not None:
            yield fail(
                command.place,
                f"If `{command.name_of_program}` finds nothing, `set -e` ends the script here: `{name}` is never seen to be empty.",
                related=[Related(test.place, "This test is not reached then.")],
            )


def _assignment_around(script: Script, command: Command) -> tuple[Command, str] | None:
    """The assignment in whose substitution a command stands."""
    start, end = command.node.span[:2], command.node.span[2:]
    for one in script.commands:
        if one.program.is_set or not one.assignments or one.node.span[:2] > start or one.node.span[2:] < end:
            continue
        for name, value in one.assignments.items():
            if value.node.span[:2] <= start and value.node.span[2:] >= end:
                return one, name
    return None


def _statements(script: Script) -> Iterator[Problem]:
    """`psql` that reads its statements from a pipe or a file, without ON_ERROR_STOP (postgresql.org, "psql", "Exit Status")."""
    if "ON_ERROR_STOP" in script.node.source.text:
        return
    for command in script.commands:
        if command.name_of_program != "psql" or command.wrapper is not None:
            continue
        line = command_line("psql", command.texts)
        if any(line.option(name) is not None for name in ("command", "file", "list")):
            continue
        piped = len(command.pipeline) > 1 and command.pipeline[0] is not command
        read = any(one.operator == "<" for one in command.redirections)
        if piped or read:
            yield fail(
                command.place,
                "An error in what this reads stops nothing: without `ON_ERROR_STOP`, `psql` goes on and exits 0, and `set -e` does not see "
                "it.",
                remedy="add `-v ON_ERROR_STOP=1`.",
            )

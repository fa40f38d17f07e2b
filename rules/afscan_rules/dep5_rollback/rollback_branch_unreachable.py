"""DEP504: update scripts whose rollback cannot be reached, or that have none."""

from collections.abc import Iterator

from afscan.model.scripts import Command, Script
from afscan.model.stack import Stack
from afscan.platforms.script.options import command_line
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_KUBECTL = frozenset(("kubectl", "oc"))


@rule("DEP504", severity=Severity.HIGH, tags=("CWE-754",))
def rollback_branch_unreachable(script: Script, stack: Stack) -> Iterator[Problem]:
    """Rollback cannot be reached.

    Under `set -e` a script ends at the first command that fails: if that is `kubectl rollout status`, the rollback further down is
    never run, in the one case that it was written for. An update without any rollback leaves the broken version where it is.

    ## Fix
    - Any: put the waiting into a condition, `if ! kubectl rollout status ...; then kubectl rollout undo ...; fi`, or set `trap` on `ERR`;
      with Helm use `--atomic`.
    """
    updates = [one for one in script.commands if _updates(one)]
    if not updates or script.holder == "probe":
        yield NOT_APPLICABLE
        return
    backs = [one for one in script.commands if _rolls_back(one)]
    if not backs:
        if script.holder == "workflow":
            yield NOT_APPLICABLE  # another step may answer the failure of this one
        elif not any(_recovers_alone(one) for one in updates):
            yield from _without(script, updates[0])
        return
    if any(trap.signals and {"ERR", "EXIT"} & set(trap.signals) for trap in script.traps):
        return
    waits = [one for one in script.commands if _waits(one) and one.order > updates[0].order]
    for wait in waits:
        if wait.ends_script.value is True:
            yield from _ended(wait, [back for back in backs if back.order > wait.order] or backs)
            return
    unsure = next((one for one in waits if one.ends_script.is_unknown), None)
    if unsure is not None:
        yield unknown(unsure.place, f"Whether the rollback is reached when this fails is not known: {unsure.ends_script.reason}.")


def _without(script: Script, update: Command) -> Iterator[Problem]:
    if any(one.program.is_unknown for one in script.commands):
        yield unknown(
            update.place, "Whether this update can be rolled back is not known: the script runs a program that is computed."
        )
        return
    yield fail(update.place, f"{script.name} updates a workload and has no way back: nothing in it rolls the update back.")


def _ended(wait: Command, backs: list[Command]) -> Iterator[Problem]:
    yield fail(
        backs[0].place,
        f"This rollback is not reached when the rollout fails: `set -e` ends the script at line {wait.place.line} before.",
        related=[Related(wait.place, "Here the script ends if the new pods do not become ready.")],
    )


def _verbs(command: Command) -> list[str]:
    """The first two words of a command that are neither options nor their values: ``rollout undo`` of ``kubectl -n shop rollout undo``."""
    return [command.texts[index] for index in command_line(command.name_of_program, command.texts).operands[:2]]


def _updates(command: Command) -> bool:
    program, words, verbs = command.name_of_program, command.texts, _verbs(command)
    line = command_line(program, words)
    if program in _KUBECTL:
        return verbs == ["set", "image"]
    if program == "helm":
        return verbs[:1] == ["upgrade"] and line.option("dry-run") is None
    return program in ("docker", "podman") and verbs == ["service", "update"] and "--rollback" not in words


def _recovers_alone(command: Command) -> bool:
    """Whether the tool itself goes back when the update fails."""
    line = command_line(command.name_of_program, command.texts)
    if command.name_of_program == "helm":
        return line.option("atomic", "rollback-on-failure") is not None
    action = line.option("update-failure-action")
    return action is not None and action.at is not None and command.texts[action.at][action.offset :] == "rollback"


def _rolls_back(command: Command) -> bool:
    words = _verbs(command)
    if command.name_of_program in _KUBECTL:
        return words[:2] == ["rollout", "undo"]
    if command.name_of_program == "helm":
        return words[:1] == ["rollback"]
    if command.name_of_program == "argocd":
        return words[:2] == ["app", "rollback"]
    return command.name_of_program in ("docker", "podman") and (
        words[:2] == ["service", "rollback"] or "--rollback" in command.texts
    )


def _waits(command: Command) -> bool:
    words = _verbs(command)
    if command.name_of_program in _KUBECTL:
        return words[:2] == ["rollout", "status"] or words[:1] == ["wait"]
    return command.name_of_program == "helm" and words[:1] == ["upgrade"] and "--wait" in command.texts

"""MON206: health checks whose failure nobody hears of."""

import re
from collections.abc import Iterator

from afscan.model.scripts import Command, Frame, Script
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule

_CHECKS = frozenset((
    "curl", "wget", "pg_isready", "redis-cli", "valkey-cli", "nc", "grpc_health_probe", "mysqladmin", "mongosh", "cypher-shell",
    "psql", "rabbitmq-diagnostics",
))  # fmt: skip
_NAME = re.compile(r"health|probe|readiness|liveness|smoke", re.IGNORECASE)
_SAYS = frozenset(("echo", "printf"))
_FAILS = frozenset(("exit", "return", "false"))


@rule("MON206", severity=Severity.MEDIUM, tags=("CWE-390",))
def probe_failure_ignored(script: Script, stack: Stack) -> Iterator[Problem]:
    """Failure of a health check is ignored.

    A check that ends with `|| true` or `exit 0` is green whatever it finds, so that nothing restarts, nothing is rolled back and
    nobody is called. A script that stops at the first service that is down does not say how the others are.

    ## Fix
    - Kubernetes: let the probe's command end with the status of the check.
    - Compose: let the test end with the status of the check, `curl -f ... || exit 1`.
    - Any: remember each failure (`|| failed=1`), go on, and end with `exit "$failed"`.
    """
    probe = script.holder == "probe"
    named = bool(_NAME.search(script.file_name.rpartition("/")[2])) and script.holder in ("file", "markdown", "configmap")
    checks = [one for one in script.commands if one.name_of_program in _CHECKS]
    if not (probe or named) or script.broken or not script.commands:
        yield NOT_APPLICABLE
        return
    problems = [*_swallowed(script, checks)]
    problems = problems or [*_always_green(script, checks)]
    yield from problems
    if named:
        yield from _stops_early(script)


def _swallowed(script: Script, checks: list[Command]) -> Iterator[Problem]:
    """``check || true``."""
    for check in checks:
        around = _list_of(check.frame)
        if around is None:
            continue
        answer = next((one for one in script.commands if one.order > check.order and _list_of(one.frame) is not None), None)
        if answer is None or not _is_quiet(answer, script) or not _same_list(check, answer):
            continue
        yield fail(
            answer.place,
            f"`{' '.join(answer.texts[:2])}` makes this check succeed whatever `{check.name_of_program}` finds.",
            related=[Related(check.place, "This is the check.")],
        )


def _list_of(frame: Frame | None) -> Frame | None:
    """The list that a command is a part of, through pipelines and blocks."""
    for one in frame.outwards() if frame is not None else ():
        if one.kind == "list":
            return one
        if one.kind not in ("pipe", "block", "group"):
            return None
    return None


def _same_list(check: Command, answer: Command) -> bool:
    first, second = _list_of(check.frame), _list_of(answer.frame)
    return first is not None and second is not None and first.caught and second.last and first.parent is second.parent


def _is_quiet(command: Command, script: Script) -> bool:
    """Whether a command succeeds and tells nobody who would act; a line on the screen of a person is not nothing."""
    words = command.texts
    if words[:1] in (["true"], [":"]) or words == ["exit", "0"]:
        return True
    return script.holder == "probe" and command.name_of_program in _SAYS and _is_final(command.frame)


def _is_final(frame: Frame | None) -> bool:
    """Whether nothing follows a command in the part of the list that it stands in: its status is the list's."""
    for one in frame.outwards() if frame is not None else ():
        if one.kind == "list":
            return True
        if one.kind == "block" and not one.last:
            return False
    return True


def _always_green(script: Script, checks: list[Command]) -> Iterator[Problem]:
    """A script that cannot fail: it ends with ``echo`` or ``exit 0``, and no check ends it before."""
    last = script.commands[-1]
    unconditional = all(one.kind == "block" for one in last.frame.outwards()) if last.frame is not None else True
    green = last.name_of_program in (*_SAYS, "true", ":") or last.texts == ["exit", "0"]
    if not checks or not unconditional or not green or script.traps:
        return
    if any(check.ends_script.value is not False for check in checks):
        return
    if any(one.name_of_program in _FAILS and one.texts[1:] != ["0"] for one in script.commands):
        return
    if any(one.program.is_unknown for one in script.commands):
        return
    yield fail(
        last.place,
        f"{script.name} always ends with success: no check in it can make it fail.",
        related=[Related(checks[0].place, "This check, for example, may fail unnoticed.")],
    )


def _stops_early(script: Script) -> Iterator[Problem]:
    """A function that returns a failure, called one service after the other under ``set -e``."""
    for function in script.functions.values():
        fails = any(one.name_of_program == "return" and one.texts[1:] not in ([], ["0"]) for one in function.commands)
        ending = [call for call in function.calls if call.ends_script.value is True]
        if fails and len(ending) > 1:
            rest = len(ending) - 1
            yield fail(
                ending[0].place,
                f"If this check fails, `set -e` ends the script: the {rest} check{'s' if rest > 1 else ''} behind it are not made.",
                related=[Related(function.node.head, "This function returns the failure.")],
            )

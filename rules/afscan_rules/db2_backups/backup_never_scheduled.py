"""DB202: backup scripts that nothing runs."""

from collections.abc import Iterator

from afscan.model.backups import Backup
from afscan.model.scripts import Script
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("DB202", severity=Severity.HIGH, absence=True, tags=("CWE-693",))
def backup_never_scheduled(backup: Backup, stack: Stack) -> Iterator[Problem]:
    """Backup is never scheduled.

    A backup script in a repository saves nothing. Only what a CronJob, a timer or a workflow starts by itself, day after day,
    leaves a dump to go back to when it is needed; what somebody has to remember is forgotten in the week that counts.

    ## Fix
    - Kubernetes: run the script from a `CronJob` (mount it from a ConfigMap, or build it into the image), and alert when the job fails.
    - Any: run the script from a `CronJob`, a systemd timer or a scheduled workflow that lies in the same repository.
    """
    script = backup.script
    if script is None or script.holder in ("container", "probe", "image") or _is_first(backup, stack) is False:
        yield NOT_APPLICABLE  # a command inside a container's own text is that workload's: a Job may be meant to run once
        return
    if script.holder == "workflow" and backup.scheduled.value is not True:
        yield NOT_APPLICABLE  # a step of a workflow that somebody starts: what it does before it migrates, say
        return
    if backup.scheduled.is_unknown:
        yield unknown(backup.place, f"Whether this backup runs regularly is not known: {backup.scheduled.reason}.")
    elif backup.scheduled.value is False:
        message = f"Nothing in this stack runs {script.name} on a schedule: this backup is made only when somebody thinks of it."
        yield fail(backup.place, message, related=_callers(script))


def _is_first(backup: Backup, stack: Stack) -> bool:
    """A script is reported once, at its first backup; one that restores is a procedure for the day of need."""
    script = backup.script
    assert script is not None
    first = stack.joined.setdefault("DB202", {})
    if "restore" in script.file_name.rpartition("/")[2].lower():
        return False
    return first.setdefault(id(script), backup) is backup


def _callers(script: Script) -> list[Related]:
    return [Related(one.place, f"{one.name} runs it, and is itself started by hand or once.") for one in script.runners[:3]]

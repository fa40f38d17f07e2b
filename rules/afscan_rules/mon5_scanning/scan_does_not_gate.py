"""MON502: scans whose findings stop nothing."""

from collections.abc import Iterator

from afscan.join.repository import has_file
from afscan.model.ci import SecurityScan
from afscan.model.stack import Stack
from afscan.platforms.ci.scanners import config_files
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_ON_CHANGE = ("push", "pull_request", "pull_request_target", "merge_group", "release", "workflow_call", "workflow_run")


@rule("MON502", severity=Severity.MEDIUM, tags=("CWE-1104",))
def scan_does_not_gate(scan: SecurityScan, stack: Stack) -> Iterator[Problem]:
    """Security scan stops nothing.

    A scan that passes whatever it finds writes a log that nobody reads; the vulnerable image is deployed with a green tick. Some
    scanners fail only when they are told to. A scan for the report beside one that fails is in order, and so is one whose results go
    to code scanning, which has a gate of its own, and one that runs by schedule only.

    ## Fix
    - GitHub: remove `continue-on-error`, set the action's own switch (Trivy: `exit-code: "1"`), limit it with `severity` instead.
    - GitLab: remove `allow_failure`, and let the command fail (Trivy: `--exit-code 1`).
    - pre-commit: remove the argument.
    - Any: let findings of the severities that matter fail the run.
    """
    gates = scan.gates
    if gates.is_unset or scan.uploads or not _on_change(scan):
        yield NOT_APPLICABLE
        return
    if gates.value or (not gates.is_set and _beside(scan, stack)):
        return
    if gates.is_unknown:
        yield unknown(gates.place, f"Whether a finding of {scan.tool} fails the run is not known: {gates.reason}.")
    elif _beside(scan, stack):
        return
    elif has_file(stack, config_files(scan.tool)) and "by default" in scan.how:
        yield unknown(gates.place, f"Whether a finding of {scan.tool} fails the run is not known: its own file may say so.")
    else:
        related = [Related(scan.place, f"{scan.tool} is called here.")] if gates.place != scan.place else []
        yield fail(gates.place, f"Whatever {scan.tool} finds, the run goes on: {scan.how}.", related=related)


def _on_change(scan: SecurityScan) -> bool:
    """Whether a scan runs when something changes; a report once a week is no gate and need not be one."""
    workflow = scan.job.workflow if scan.job is not None else None
    return workflow is None or workflow.unknown_triggers or workflow.on(*_ON_CHANGE)


def _beside(scan: SecurityScan, stack: Stack) -> bool:
    """Whether the same tool looks at the same things in the same workflow and does fail."""
    workflow = scan.job.workflow if scan.job is not None else None
    if workflow is None:
        return False
    key = "gating scans"
    gating = stack.joined.get(key)
    if gating is None:
        gating = stack.joined[key] = {
            (id(one.job.workflow), one.tool, one.covers)
            for one in stack.of(SecurityScan)
            if one.job is not None and (one.gates.value or one.gates.is_unset)
        }
    return (id(workflow), scan.tool, scan.covers) in gating

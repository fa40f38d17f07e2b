"""The exit code: what a scan's findings amount to. It depends on the result alone, never on the form of the report."""

from afscan.policy.outcome import Severity, Verdict
from afscan.result import Result

CLEAN, FINDINGS, USAGE, INTERNAL = 0, 1, 2, 3
"""Nothing at or above the threshold; something is; wrong usage or configuration; an error inside afscan."""

LEVELS = ("low", "medium", "high", "critical", "never")
"""What a threshold may be, mildest first."""


def exit_code(result: Result, *, fail_on: str = "low", fail_on_unknown: bool = False, fail_on_notice: bool = False) -> int:
    """The exit code of a finished scan.

    :param fail_on: the least severity of an active finding that fails the run, or ``never``.
    :param fail_on_unknown: an unknown of that severity fails it as well.
    :param fail_on_notice: any notice fails it.
    """
    if result.errors:
        return INTERNAL
    if fail_on_notice and result.notices:
        return FINDINGS
    least = len(LEVELS) if fail_on == "never" else Severity[fail_on.upper()]
    failing = (Verdict.FAIL, Verdict.UNKNOWN) if fail_on_unknown else (Verdict.FAIL,)
    for finding in result.findings:
        if finding.suppressed is None and finding.verdict in failing and finding.severity >= least:
            return FINDINGS
    return CLEAN

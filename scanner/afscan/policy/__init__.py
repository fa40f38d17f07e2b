"""What a rule module imports: the decorator, the outcomes, the severities."""

from afscan.policy.outcome import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, Verdict, fail, unknown
from afscan.policy.rule import Rule, rule

__all__ = ["NOT_APPLICABLE", "NOT_JUDGED", "Problem", "Related", "Rule", "Severity", "Verdict", "fail", "rule", "unknown"]

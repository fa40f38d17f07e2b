"""The reference platform: nothing to find, nothing unread, nothing suppressed, and every control with subjects that passed."""

import pytest

from afscan.engine import Options, scan
from afscan.policy.outcome import Verdict
from support import ROOT


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_nothing_to_find() -> None:
    result = scan(["reference-infra"], Options())
    assert not result.errors
    assert not result.notices
    assert [(f.place, f.rule.code, f.message) for f in result.findings] == []
    assert result.complete


def test_every_rule_that_applies_has_passed() -> None:
    result = scan(["reference-infra"], Options())
    silent = {code for code, tally in result.by_rule.items() if not tally.passed}
    # Bare database ports of a host, secrets in images, committed Secrets, ignored settings and Neo4j have no subject: nobody wrote one.
    # The image of the development database carries no pgaudit.
    assert silent <= {"DB304", "DB306", "INT201", "SEC104", "SEC105", "SEC502", "SEC403", "SEC312"}
    judged = {rule.control for rule in result.rules} - {"INT-1", "INT-2"}
    assert all(result.by_control[control].passed for control in judged)


def test_nothing_is_suppressed() -> None:
    for path in (ROOT / "reference-infra").rglob("*"):
        if path.is_file():
            assert "afscan: ignore" not in path.read_text(encoding="utf-8"), path


def test_the_strict_profile_adds_only_what_is_marked_strict() -> None:
    result = scan(["reference-infra"], Options(profile="strict"))
    assert {f.rule.code for f in result.findings if f.verdict is Verdict.FAIL} <= {"DEP403"}

"""Every fixture of every rule, through the real pipeline: all that is expected, at its line, and nothing else."""

import pytest

from afscan.policy.outcome import Verdict
from fixture_cases import Case, cases, expected, reported, scanned
from support import ROOT


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_fixture(case: Case) -> None:
    result = scanned(case)
    assert not result.errors, result.errors[0].error
    assert not result.notices, result.notices
    tally = result.by_rule[case.code]
    if case.kind == "pass":
        found = [(f.place, f.verdict, f.message) for f in result.findings]
        assert not found
        assert tally.passed or tally.not_applicable, "nothing in this fixture was judged by the rule"
    else:
        wanted = expected(case)
        assert wanted, "a fixture that fails says where"
        assert reported(result, case.kind) == wanted
        if case.kind == "unknown":
            assert not [f for f in result.findings if f.verdict is Verdict.FAIL]

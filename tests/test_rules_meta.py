"""What holds for every rule: fixtures, mutations, documentation, directions of imports."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from afscan.policy.controls import load_controls
from afscan.policy.registry import load_packs
from afscan.policy.rule import Rule
from fixture_cases import FIXTURES, cases, expected
from support import ROOT

RULES = load_packs()
CODES = {rule.code for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_fixtures_of_a_rule(rule: Rule) -> None:
    own = [case for case in cases() if case.code == rule.code]
    counts = {kind: sum(case.kind == kind for case in own) for kind in ("fail", "pass", "unknown")}
    assert counts["fail"] >= 2
    assert counts["pass"] >= 3


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_that_can_be_unsure_has_a_fixture_of_it(rule: Rule) -> None:
    module = Path(ROOT, "rules", *rule.module.split(".")).with_suffix(".py").read_text(encoding="utf-8")
    unsure = re.search(r"\bunknown\(", module) is not None
    has = any(case.code == rule.code and case.kind == "unknown" for case in cases())
    assert has or not unsure


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_has_a_mutation(rule: Rule) -> None:
    path = ROOT / "tests" / "mutations" / f"{rule.code}.yaml"
    assert path.is_file()
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert any(rule.code in row["expect"] for row in rows)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_is_in_the_changelog_with_its_severity(rule: Rule) -> None:
    strict = ", *strict*" if rule.profile == "strict" else ""
    assert f"{rule.code} {rule.name} ({rule.severity.label}{strict})" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_no_fixture_without_a_rule() -> None:
    folders = {path.name for path in FIXTURES.iterdir() if re.fullmatch(r"[A-Z]+[0-9]{3}", path.name)}
    assert folders <= CODES
    assert {path.stem for path in (ROOT / "tests" / "mutations").glob("*.yaml")} <= CODES


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_expectations_name_their_own_rule(case) -> None:  # type: ignore[no-untyped-def]
    assert {code for _, _, code in expected(case)} <= {case.code}
    assert not (case.kind == "pass" and expected(case))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_documentation_of_a_rule(rule: Rule) -> None:
    assert rule.doc.split("\n")[0].endswith("."), "the title is a sentence"
    assert len(rule.why) > 60
    assert rule.fixes
    assert rule.control in {control.id for control in load_controls()}
    for platform in ("kubernetes", "compose", "dockerfile", "terraform", "redis", "pgbouncer", "qdrant"):
        assert rule.remedy(platform), platform


def test_there_are_twenty_controls_in_order() -> None:
    ids = [control.id for control in load_controls()]
    wanted = [f"{group}-{number}" for group in ("SEC", "DB", "DEP", "MON") for number in range(1, 6)]
    assert ids[:20] == wanted


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0] in ("afscan", "afscan_rules")}


def _offenders(folder: str, forbidden: tuple[str, ...]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in sorted(_imports(path))
        if name.startswith(forbidden)
    ]


def test_directions_of_imports() -> None:
    later = ("afscan.engine", "afscan.judge", "afscan.report", "afscan.cli", "afscan_rules")
    assert not _offenders("rules/afscan_rules", ("afscan.syntax", "afscan.engine", "afscan.judge", "afscan.report", "afscan.cli"))
    assert not _offenders("scanner/afscan/syntax", ("afscan.platforms", "afscan.join", "afscan.policy", *later))
    assert not _offenders("scanner/afscan/platforms", ("afscan.join", "afscan.policy", *later))
    assert not _offenders("scanner/afscan/join", ("afscan.policy", *later))
    assert not _offenders("scanner/afscan/model", ("afscan.syntax", "afscan.platforms", "afscan.join", "afscan.policy", *later))
    assert not _offenders("scanner/afscan", ("afscan_rules",))

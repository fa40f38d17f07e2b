"""Correct configurations as projects write them: all rules of the default profile are silent on them.

A case is a folder of ``fixtures/legitimate``. Its ``allowed.json``, where it has one, says what is not silence, each with its reason:

- ``scope``: ``files`` where the files are a part of a platform, scanned as a hook scans them; ``stack`` (the whole) otherwise.
- ``unknown``: codes of the rules whose verdict these files truly leave open.
- ``notices``: kinds of notices that are right on them.
"""

import json
from pathlib import Path

import pytest

from afscan.engine import Options, scan_found
from afscan.files.discover import discover
from afscan.policy.outcome import Verdict
from afscan.result import Result
from support import ROOT

FOLDER = ROOT / "fixtures" / "legitimate"
SIDECAR = "allowed.json"
CASES = sorted(path for path in FOLDER.iterdir() if path.is_dir())


def allowed(case: Path) -> dict[str, dict[str, str]]:
    """What the sidecar of a case allows; nothing where there is none."""
    sidecar = case / SIDECAR
    return json.loads(sidecar.read_text(encoding="utf-8")) if sidecar.is_file() else {}


def scanned(case: Path) -> Result:
    """The case through the real pipeline with all rules of the default profile."""
    root = case.relative_to(ROOT).as_posix()
    found = discover([root])
    for stack in found.stacks.values():
        # A folder below the repository's own marker would count as a part of it.
        stack.complete = allowed(case).get("scope", "stack") == "stack"
        stack.files = [file for file in stack.files if file != f"{root}/{SIDECAR}"]
    return scan_found(found, Options(profile="default"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_is_wrong_with(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    said = allowed(case)
    assert set(said) <= {"scope", "unknown", "notices"}
    result = scanned(case)
    assert not result.errors, result.errors[0].error
    shown = [(f.rule.code, f.verdict.value, f"{f.place.path}:{f.place.line}", f.message) for f in result.findings]
    assert not [f for f in result.findings if f.verdict is not Verdict.UNKNOWN], shown
    assert {f.rule.code for f in result.findings} == set(said.get("unknown", ())), shown
    assert {notice.kind.value for notice in result.notices} == set(said.get("notices", ())), result.notices


def test_there_are_many() -> None:
    assert len(CASES) >= 60

"""The platform as its guide documents it: all of its faults that rules know, at their places, and nothing else.

Each row of expected.json is one finding: path, line, column and rule. ``python tests/test_as_documented.py`` prints the rows of today, to
be read one by one before they are kept.
"""

import json
import os
import sys

import pytest

from afscan.engine import Options, scan
from afscan.result import Result
from support import ROOT

FOLDER = "fixtures/as-documented"
DOCUMENT = ROOT.parent / "shared" / "document" / "AGENTS.md"


def rows(result: Result) -> list[dict[str, object]]:
    return [
        {"path": f.place.path.removeprefix(FOLDER + "/"), "line": f.place.line, "column": f.place.column, "rule": f.rule.code}
        for f in result.findings
        if f.active
    ]


def test_exactly_the_expected_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = scan([FOLDER], Options())
    assert not result.errors
    assert not result.notices
    expected = json.loads((ROOT / FOLDER / "expected.json").read_text(encoding="utf-8"))
    assert rows(result) == expected


def test_the_guide_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guide's Markdown file, where it is at hand: its faults at their true lines of that file."""
    if not DOCUMENT.is_file():
        pytest.skip("the guide is not part of this repository")
    monkeypatch.chdir(ROOT)
    result = scan([os.path.relpath(DOCUMENT)], Options())
    assert not result.errors
    assert not result.notices
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    found = {(f.rule.code, f.place.line) for f in result.findings if f.active}
    latest = {number for number, line in enumerate(lines, 1) if line.rstrip().endswith(":latest")}
    assert {line for code, line in found if code == "DEP401"} == latest
    passwords = {number for number, line in enumerate(lines, 1) if "WITH PASSWORD '" in line}
    assert {line for code, line in found if code == "SEC101"} == passwords
    literal = {number for number, line in enumerate(lines, 1) if line.strip() == "requirepass ${REDIS_PASSWORD}"}
    assert literal <= {line for code, line in found if code == "SEC502"}


if __name__ == "__main__":
    os.chdir(ROOT)
    found = rows(scan([FOLDER], Options()))
    sys.stdout.write(
        "[\n" + ",\n".join(f" {json.dumps(row)}" for row in found) + "\n]\n"
    )  # a line for each: they are read one by one

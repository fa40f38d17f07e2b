"""The platform as its guide documents it: all of its faults that rules know, at their places, and nothing else.

Each row of expected.json is one finding: path, line, column and rule. ``python tests/test_as_documented.py`` prints the rows of today, to
be read one by one before they are kept.
"""

import json
import os
import re
import sys
from collections import Counter

import pytest

from afscan.engine import Options, scan
from afscan.policy.outcome import Verdict
from afscan.result import Result
from support import ROOT

FOLDER = "fixtures/as-documented"
REVIEW = ROOT / "docs" / "as-documented.md"
_ROW = re.compile(r"\| `([^`]+?):(\d+):(\d+)` \| ([A-Z]+\d{3}) \| (.+) \|\Z")
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


def reviewed(part: int = 0) -> list[tuple[str, int, int, str]]:
    """The rows of the review's tables: of faults that are found (0), of what is left open (1)."""
    whole = REVIEW.read_text(encoding="utf-8").partition("## Faults of the files that no rule says yet")[0]
    text = whole.split("## Found, and left open")[part]
    matches = [_ROW.match(line) for line in text.splitlines() if line.startswith("| `")]
    assert all(matches), "every row of the tables is place, rule and reason"
    return [(match[1], int(match[2]), int(match[3]), match[4]) for match in matches if match]


def test_the_review_tells_each_finding_and_no_other() -> None:
    expected = json.loads((ROOT / FOLDER / "expected.json").read_text(encoding="utf-8"))
    assert Counter(reviewed()) == Counter((row["path"], row["line"], row["column"], row["rule"]) for row in expected)


def test_the_review_tells_what_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    open_ = [
        (f.place.path.removeprefix(FOLDER + "/"), f.place.line, f.place.column, f.rule.code)
        for f in scan([FOLDER], Options()).findings
        if f.verdict is Verdict.UNKNOWN
    ]
    assert Counter(reviewed(1)) == Counter(open_)


def test_the_review_counts_what_it_tells() -> None:
    rows_of = reviewed()
    codes = {code for *_, code in rows_of}
    controls = {code[:-2] for code in codes}
    counted = f"{len(rows_of)} faults are found, by {len(codes)} rules, for {len(controls)} of the 22 controls."
    assert counted in REVIEW.read_text(encoding="utf-8")


def test_the_review_names_every_file_and_nothing_else() -> None:
    text = REVIEW.read_text(encoding="utf-8")
    folder = ROOT / FOLDER
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    files -= {"expected.json", ".afscan.yaml"}
    assert {name for name in files if f"`{name}" not in text} == set()
    named = {match[1] for match in re.finditer(r"`((?:infra/|docker-)[^`:]+?)(?::[\d:]+)?`", text)}
    assert {name for name in named if "." in name} <= files


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

"""The fixtures as test cases: which exist, what they expect, what the engine finds in them."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from afscan.engine import Options, scan_found
from afscan.files.discover import Discovery, StackFiles, discover
from afscan.policy.outcome import Verdict
from afscan.result import Result
from support import ROOT

FIXTURES = ROOT / "fixtures"
_EXPECT = re.compile(r"(?:#|//|--|;|<!--)\s*expect:\s*([A-Z0-9, ]+?)\s*(?:-->)?\s*$")
_CODE = re.compile(r"[A-Z]+[0-9]{3}\Z")


@dataclass(frozen=True)
class Case:
    """One fixture: a file, or a folder that is a small stack."""

    code: str
    kind: str  # fail, pass, unknown
    path: Path

    @property
    def id(self) -> str:
        return f"{self.code}-{self.kind}-{self.path.name}"

    @property
    def files(self) -> list[Path]:
        return sorted(p for p in self.path.rglob("*") if p.is_file()) if self.path.is_dir() else [self.path]


def cases() -> list[Case]:
    """All fixtures of all rules, sorted."""
    found = []
    for folder in sorted(FIXTURES.iterdir()):
        if folder.is_dir() and _CODE.match(folder.name):
            for kind in ("fail", "pass", "unknown"):
                if (folder / kind).is_dir():
                    found += [Case(folder.name, kind, path) for path in sorted((folder / kind).iterdir())]
    return found


def expected(case: Case) -> Counter[tuple[str, int, str]]:
    """(path, line, code) of every expectation: the line below each run of marks, and what a sidecar lists."""
    found: Counter[tuple[str, int, str]] = Counter()
    for file in case.files:
        name = file.relative_to(ROOT).as_posix()
        if file.name == "expected.json":
            for row in json.loads(file.read_text()):
                found[(file.parent.joinpath(row["path"]).relative_to(ROOT).as_posix(), row["line"], row["rule"])] += 1
            continue
        waiting: list[str] = []
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            mark = _EXPECT.search(line)
            if mark:
                waiting += [code.strip() for code in mark[1].split(",")]
            else:
                found.update((name, number, code) for code in waiting)
                waiting = []
        assert not waiting, f"{name}: an expectation at the end of the file points at no line"
    return found


def scanned(case: Case) -> Result:
    """The fixture through the real pipeline as a complete stack, with its rule only."""
    root = case.path.relative_to(ROOT).as_posix()
    alone = Discovery(stacks={root: StackFiles(root, complete=True, files=[root])})
    found = discover([root]) if case.path.is_dir() else alone
    for stack in found.stacks.values():
        stack.complete = True  # a folder below the repository's own marker would count as a part of it
    return scan_found(found, Options(profile="strict", select=(case.code,)))


def reported(result: Result, kind: str) -> Counter[tuple[str, int, str]]:
    """(path, line, code) of every fail, or of every unknown."""
    verdict = Verdict.UNKNOWN if kind == "unknown" else Verdict.FAIL
    return Counter((f.place.path, f.place.line, f.rule.code) for f in result.findings if f.verdict is verdict)

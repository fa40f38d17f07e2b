"""Each mutation of the reference platform makes exactly the rules fire that it names: they can, and it is more than quiet."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from afscan.engine import Options, scan
from afscan.result import Result
from support import ROOT

MUTATIONS = ROOT / "tests" / "mutations"
REFERENCE = ROOT / "reference-infra"


@dataclass(frozen=True)
class Mutation:
    """One change to one file of the reference platform, and the codes that must then fail where they did not before.

    Without ``old`` the file is taken away.
    """

    code: str
    name: str
    file: str
    old: str
    new: str
    expect: tuple[str, ...]
    profile: str

    @property
    def id(self) -> str:
        return f"{self.code}-{self.name}"


def mutations() -> Iterator[Mutation]:
    for path in sorted(MUTATIONS.glob("*.yaml")):
        rows: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
        for row in rows:
            yield Mutation(
                path.stem,
                row["name"],
                row["file"],
                row.get("old", ""),
                row.get("new", ""),
                tuple(row["expect"]),
                row.get("profile", "default"),
            )


@cache
def _before(profile: str) -> Counter[tuple[str, str, str]]:
    """What the reference platform already shows: nothing but in the strict profile."""
    return _found(scan([str(REFERENCE)], Options(profile=profile)))


def _found(result: Result) -> Counter[tuple[str, str, str]]:
    return Counter((f.rule.code, f.place.path.rpartition("reference-infra/")[2], f.message) for f in result.findings if f.active)


@pytest.mark.parametrize("mutation", list(mutations()), ids=lambda m: m.id)
def test_mutation(mutation: Mutation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "reference-infra"
    shutil.copytree(REFERENCE, target)
    file = target / mutation.file
    text = file.read_text(encoding="utf-8")
    if mutation.old:
        assert text.count(mutation.old) == 1, "the text to replace occurs exactly once"
        file.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    else:
        file.unlink()
    before = _before(mutation.profile)
    monkeypatch.chdir(tmp_path)
    result = scan(["reference-infra"], Options(profile=mutation.profile))
    assert not result.errors, result.errors[0].error
    assert not result.notices
    assert {code for code, _, _ in _found(result) - before} == set(mutation.expect)
    assert mutation.code in mutation.expect

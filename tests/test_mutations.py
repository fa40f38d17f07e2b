"""Each mutation of the reference platform makes exactly the rules fire that it names: proof that they can, and that it is more than quiet."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import ROOT

from afscan.engine import Options, scan

MUTATIONS = ROOT / "tests" / "mutations"
REFERENCE = ROOT / "reference-infra"


@dataclass(frozen=True)
class Mutation:
    """One change to one file of the reference platform, and the codes that must then fail."""

    code: str
    name: str
    file: str
    old: str
    new: str
    expect: tuple[str, ...]

    @property
    def id(self) -> str:
        return f"{self.code}-{self.name}"


def mutations() -> Iterator[Mutation]:
    for path in sorted(MUTATIONS.glob("*.yaml")):
        rows: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
        for row in rows:
            yield Mutation(path.stem, row["name"], row["file"], row["old"], row["new"], tuple(row["expect"]))


@pytest.mark.parametrize("mutation", list(mutations()), ids=lambda m: m.id)
def test_mutation(mutation: Mutation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "reference-infra"
    shutil.copytree(REFERENCE, target)
    file = target / mutation.file
    text = file.read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1, "the text to replace occurs exactly once"
    file.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = scan(["reference-infra"], Options())
    assert not result.errors, result.errors[0].error
    assert not result.notices
    assert {f.rule.code for f in result.findings if f.active} == set(mutation.expect)
    assert mutation.code in mutation.expect

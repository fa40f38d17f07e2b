"""The generated documentation: complete, and told apart from what is out of date."""

from pathlib import Path

import pytest

from afscan.docs import main, pages
from afscan.policy.registry import load_packs


def test_a_page_for_every_rule_and_an_index_of_all() -> None:
    found = pages()
    codes = [rule.code for rule in load_packs()]
    assert {f"rules/{code}.md" for code in codes} | {"rules/index.md", "rules/platforms.md"} == {
        name for name in found if name.startswith("rules/")
    }
    assert all(f"[{code}]({code}.md)" in found["rules/index.md"] for code in codes)
    assert "## Why" in found["rules/SEC201.md"]
    assert "runAsNonRoot: true" in found["rules/SEC201.md"]


def test_check_tells_what_is_missing_changed_or_left_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--check"]) == 1
    assert main([str(tmp_path)]) == 0
    assert main([str(tmp_path), "--check"]) == 0
    (tmp_path / "rules" / "SEC201.md").write_text("changed")
    (tmp_path / "rules" / "OLD001.md").write_text("left over")
    capsys.readouterr()
    assert main([str(tmp_path), "--check"]) == 1
    error = capsys.readouterr().err
    assert "rules/SEC201.md" in error
    assert "OLD001.md" in error
    assert main([str(tmp_path)]) == 0
    assert not (tmp_path / "rules" / "OLD001.md").exists()
    assert main([str(tmp_path), "--check"]) == 0

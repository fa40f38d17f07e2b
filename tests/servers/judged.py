"""What afscan says of the files that a server was started with."""

import shutil
import tempfile
from pathlib import Path

from afscan.engine import Options, scan
from afscan.policy.outcome import Verdict


def fails(files: dict[str, str], *codes: str) -> set[tuple[str, str, int]]:
    """(code, path, line) of what fails, by these rules, on a whole stack of these files."""
    root = Path(tempfile.mkdtemp(prefix="afscan-"))
    try:
        (root / ".afscan.yaml").write_text("{}\n")  # marks the root of a whole stack
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        result = scan([str(root)], Options(profile="strict", select=codes))
        assert not result.errors, result.errors[0].error
        return {
            (one.rule.code, one.place.path.rpartition(root.name + "/")[2], one.place.line)
            for one in result.findings
            if one.verdict is Verdict.FAIL
        }
    finally:
        shutil.rmtree(root, ignore_errors=True)


def codes(files: dict[str, str], *wanted: str) -> set[str]:
    """The codes of what fails."""
    return {code for code, _, _ in fails(files, *wanted)}


def line_of(text: str, words: str) -> int:
    """The line on which words stand, counted from 1."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)

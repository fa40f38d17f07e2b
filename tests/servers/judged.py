"""What afscan says of the files that a server was started with."""

import shutil
import tempfile
from pathlib import Path

from afscan.engine import Options, scan
from afscan.model.notice import NoticeKind
from afscan.policy.outcome import Verdict
from afscan.result import Result


def scanned(files: dict[str, str], codes: tuple[str, ...]) -> tuple[Result, str]:
    """A whole stack of these files, judged by these rules; and the folder that it lay in."""
    root = Path(tempfile.mkdtemp(prefix="afscan-"))
    try:
        (root / ".afscan.yaml").write_text("{}\n")  # marks the root of a whole stack
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        result = scan([str(root)], Options(profile="strict", select=codes))
        assert not result.errors, result.errors[0].error
        return result, root.name
    finally:
        shutil.rmtree(root, ignore_errors=True)


def fails(files: dict[str, str], *codes: str) -> set[tuple[str, str, int]]:
    """(code, path, line) of what fails, by these rules, on a whole stack of these files."""
    result, root = scanned(files, codes)
    return {
        (one.rule.code, one.place.path.rpartition(root + "/")[2], one.place.line)
        for one in result.findings
        if one.verdict is Verdict.FAIL
    }


def refused(files: dict[str, str]) -> set[tuple[str, int]]:
    """(path, line) of what keeps a server from starting: settings that INT202 names, lines that cannot be read at all."""
    result, root = scanned(files, ("INT202",))
    found = [one.place for one in result.findings if one.verdict is Verdict.FAIL]
    found += [one.place for one in result.notices if "does not start" in one.reason or one.kind is NoticeKind.SYNTAX]
    return {(place.path.rpartition(root + "/")[2], place.line) for place in found}


def codes(files: dict[str, str], *wanted: str) -> set[str]:
    """The codes of what fails."""
    return {code for code, _, _ in fails(files, *wanted)}


def line_of(text: str, words: str) -> int:
    """The line on which words stand, counted from 1."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)

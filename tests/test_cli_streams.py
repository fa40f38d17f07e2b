"""Standard output and error: colour, encodings, readers that go away, progress."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from afscan.cli import terminal

FIXTURE = Path(__file__).parent.parent / "fixtures" / "DEP401" / "pass"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "forbidden", "stream", "expected"),
    [
        ({}, False, io.StringIO(), False),
        ({}, False, _Terminal(), True),
        ({}, True, _Terminal(), False),
        ({"NO_COLOR": "1"}, False, _Terminal(), False),
        ({"NO_COLOR": ""}, False, _Terminal(), True),
        ({"FORCE_COLOR": "1"}, False, io.StringIO(), True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, io.StringIO(), False),
        ({"FORCE_COLOR": "1"}, True, io.StringIO(), False),
        ({"TERM": "dumb"}, False, _Terminal(), False),
    ],
)
def test_colour(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], forbidden: bool, stream: io.StringIO, expected: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert terminal.wants_color(stream, forbidden=forbidden) is expected


_DRIVER = """
import sys
sys.path.insert(0, {tests!r})
from afscan import engine
from afscan.cli import main
from report_sample import sample
def scan(paths, options, stdin=None):
    result = sample()
    result.findings = result.findings * {times}
    return result
engine.scan = scan
sys.exit(main(sys.argv[1:]))
"""


def _driven(*words: str, times: int = 1, **options: Any) -> "subprocess.Popen[bytes]":
    code = _DRIVER.format(tests=str(Path(__file__).parent), times=times)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", code, *words], **pipes, **options)


def test_a_reader_that_goes_away_is_no_error() -> None:
    process = _driven(".", times=20_000)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"deploy/compose.yaml (40000 findings)\n"
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


@pytest.mark.parametrize("form", ["text", "sarif"])
def test_output_in_another_encoding(form: str) -> None:
    process = _driven(".", "-v", "--format", form, env=os.environ | {"PYTHONIOENCODING": "ascii:strict"})
    out, err = process.communicate()
    assert (process.returncode, err) == (1, b"")
    if form == "text":
        assert b"The user of service ?? is not known" in out
        assert out.isascii()
    else:
        json.loads(out.decode("utf-8"))


def test_progress_is_for_terminals_and_long_scans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", _Terminal())
    progress = terminal.Progress(wanted=True)
    progress(1, 10)
    assert progress.bar is None, "the first second is quiet"
    progress.started -= 2
    progress(2, 10)
    assert progress.bar is not None
    assert (progress.bar.tasks[0].completed, progress.bar.tasks[0].total) == (2, 10)
    progress.close()
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    quiet = terminal.Progress(wanted=True)
    quiet.started -= 2
    quiet(2, 10)
    assert quiet.bar is None


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
@pytest.mark.parametrize("words", [[], ["--format", "json"], ["--version"], ["--help"], ["rules"]])
def test_a_full_disk_is_told_and_is_no_verdict(words: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        program = subprocess.run(
            [sys.executable, "-m", "afscan", *words], stdout=full, stderr=subprocess.PIPE, cwd=FIXTURE, check=False
        )
    assert program.returncode == 2
    assert program.stderr == b"afscan: standard output: No space left on device\n"


@pytest.mark.parametrize(
    ("closing", "words", "code"), [(">&-", "--fail-on never", 0), (">&-", "rules", 0), ("2>&-", "nowhere", 2), ("<&-", "-", 2)]
)
def test_closed_streams(closing: str, words: str, code: int) -> None:
    command = f"{sys.executable} -m afscan {words} {closing}"
    program = subprocess.run(["sh", "-c", command], capture_output=True, cwd=FIXTURE, check=False)
    assert (program.returncode, program.stdout) == (code, b"")
    assert program.stderr in (b"", b"afscan: standard input is closed\n")

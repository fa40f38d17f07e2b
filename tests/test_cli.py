"""The command line: doors, options, exit codes, streams. The scan itself is replaced where only its result matters."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from afscan import __version__, engine
from afscan.cli import main
from afscan.engine import Options
from afscan.judge.config import ConfigError
from afscan.policy.outcome import Severity
from afscan.policy.rule import PolicyError
from afscan.result import InternalError, Result
from report_sample import at, sample

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        code = main(words)
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """An empty repository as working directory, and an engine that answers with ``result`` and keeps what it was asked."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    kept: dict[str, Any] = {"result": sample()}

    def scan(paths: list[str], options: Options, stdin: tuple[str, bytes] | None = None) -> Result:
        kept.update(paths=paths, options=options, stdin=stdin)
        if isinstance(kept["result"], BaseException):
            raise kept["result"]
        return kept["result"]

    monkeypatch.setattr(engine, "scan", scan)
    return kept


@pytest.mark.parametrize("words", [["--version"], ["-V"], [".", "--version"]])
def test_version(run: Run, words: list[str]) -> None:
    assert run(*words) == (0, f"afscan {__version__}\n", "")


def test_version_needs_no_typer() -> None:
    code = "import sys; from afscan.cli import main; main(['--version']); print('typer' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"afscan {__version__}\nFalse\n"


@pytest.mark.parametrize("words", [["--help"], ["rules", "--help"], ["explain", "-h"]])
def test_help_fits_a_screen(run: Run, words: list[str]) -> None:
    code, out, _ = run(*words)
    lines = out.splitlines()
    assert code == 0
    assert len(lines) < 40
    assert max(map(len, lines)) <= 80


def test_help_tells_commands_and_exit_codes(run: Run) -> None:
    _, out, _ = run("--help")
    for text in (
        "afscan explain CODE",
        "0  no finding",
        "1  findings",
        "2  wrong usage",
        "3  an error inside",
        "--fail-on SEVERITY",
    ):
        assert text in out


def test_module_can_be_run() -> None:
    done = subprocess.run([sys.executable, "-m", "afscan", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"afscan {__version__}\n"


def test_defaults(run: Run, called: dict[str, Any]) -> None:
    code, out, err = run()
    assert (code, err) == (1, "")
    assert out.startswith("deploy/compose.yaml (2 findings)\n")
    assert called["paths"] == ["."]
    assert called["stdin"] is None
    options = called["options"]
    assert (options.profile, options.select, options.ignore, options.context) == (None, (), (), "none")


def test_options_reach_the_engine(run: Run, called: dict[str, Any]) -> None:
    Path("a.yaml").touch()
    words = [
        "a.yaml",
        ".",
        "--profile",
        "strict",
        "--context",
        "stack",
        "--select",
        "SEC201,DB",
        "--select",
        "DEP-4",
        "--ignore",
        "X, Y",
    ]
    run(*words)
    options = called["options"]
    assert called["paths"] == ["a.yaml", "."]
    assert (options.profile, options.context) == ("strict", "stack")
    assert options.select == ("SEC201", "DB", "DEP-4")
    assert options.ignore == ("X", "Y")


def test_a_folder_named_as_a_command_is_reached_by_its_path(run: Run, called: dict[str, Any]) -> None:
    Path("rules").mkdir()
    run("./rules")
    assert called["paths"] == ["./rules"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 1),
        (["--fail-on", "high"], 1),
        (["--fail-on", "never"], 0),
        (["--format", "json", "--fail-on", "never"], 0),
        (["--format", "sarif"], 1),
        (["-q"], 1),
    ],
)
def test_exit_code_depends_on_findings_not_on_the_form(run: Run, called: dict[str, Any], words: list[str], code: int) -> None:
    assert run(*words)[0] == code


def test_thresholds(run: Run, called: dict[str, Any]) -> None:
    result = called["result"]
    result.findings = [f for f in result.findings if f.severity is Severity.HIGH]
    assert [run("--fail-on", level)[0] for level in ("low", "medium", "high", "critical")] == [1, 1, 1, 0]
    result.findings = result.findings[1:]
    assert run("-q") == (0, "", "")
    code, out, _ = run("-q", "--fail-on-unknown")
    assert code == 1
    assert "unknown  SEC201" in out
    assert run("-q", "--fail-on-notice") == (1, "", "afscan: 2 notices, and --fail-on-notice is set\n")


def test_configuration_sets_what_options_do_not(run: Run, called: dict[str, Any]) -> None:
    Path(".afscan.yaml").write_text("fail_on: never\n", encoding="utf-8")
    assert run()[0] == 0
    assert run("--fail-on", "low")[0] == 1
    Path(".afscan.yaml").write_text("fail_on: never\nfail_on_notice: true\n", encoding="utf-8")
    assert run()[0] == 1


def test_json_and_sarif_on_standard_output(run: Run, called: dict[str, Any]) -> None:
    assert json.loads(run("--format", "json")[1])["summary"]["files"] == 3
    assert json.loads(run("--format", "sarif")[1])["version"] == "2.1.0"


def test_output_writes_files_beside_standard_output(run: Run, called: dict[str, Any]) -> None:
    code, out, err = run("-q", "--output", "json=r.json", "--output", "sarif=r.sarif", "--output", "text=r.txt")
    assert (code, err) == (1, "")
    assert out.startswith("deploy/compose.yaml")
    assert json.loads(Path("r.json").read_bytes())["findings"]
    assert json.loads(Path("r.sarif").read_bytes())["runs"]
    assert "Control" in Path("r.txt").read_text(encoding="utf-8"), "-q is for standard output"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "afscan: nowhere: no such file or folder\n"),
        (["--output", "html=x"], "afscan: --output html=x: not FORMAT=FILE with one of text, json, sarif\n"),
        (["--output", "json"], "afscan: --output json: not FORMAT=FILE with one of text, json, sarif\n"),
        (["--output", "json=no/where.json"], "afscan: --output json=no/where.json: no such folder, or a folder itself\n"),
        (["--format", "xml"], "'xml' is not one of"),
        (["--fail-on", "loud"], "'loud' is not one of"),
        (["--nonsense"], "No such option"),
    ],
)
def test_wrong_usage(run: Run, called: dict[str, Any], words: list[str], message: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert "paths" not in called, "nothing was scanned"


def test_wrong_configuration(run: Run, called: dict[str, Any]) -> None:
    Path(".afscan.yaml").write_text("profil: strict\nfail_on: loud\n", encoding="utf-8")
    code, out, err = run()
    assert (code, out) == (2, "")
    assert "afscan: .afscan.yaml:1: profil: no such key (did you mean profile?)\n" in err
    assert "afscan: .afscan.yaml:2: fail_on: " in err


@pytest.mark.parametrize(
    "error", [PolicyError("no rule or control is called 'X'"), ConfigError("a:1: b"), FileNotFoundError(2, "gone", "f")]
)
def test_errors_of_use_that_the_engine_finds(run: Run, called: dict[str, Any], error: Exception) -> None:
    called["result"] = error
    code, out, err = run()
    assert (code, out) == (2, "")
    assert err.startswith("afscan: ")
    assert len(err.splitlines()) == 1


def test_a_report_that_cannot_be_written(run: Run, called: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dir").mkdir()
    assert run("--output", "json=dir") == (2, "", "afscan: --output json=dir: no such folder, or a folder itself\n")
    monkeypatch.setattr("os.path.isdir", lambda path: path in (".", "gone"))
    assert run("--output", "json=gone/r.json") == (2, "", "afscan: gone/r.json: No such file or directory\n")


def test_internal_error_in_a_rule(run: Run, called: dict[str, Any]) -> None:
    place = at("deploy/compose.yaml", 4, 5, 4, 9)
    called["result"].errors = [InternalError("SEC201", place, "service api", "Traceback\nValueError: no")]
    code, out, err = run("--fail-on", "never")
    assert code == 3
    assert "SEC201 container-runs-as-root" in out, "what was found is still shown"
    assert err.startswith("afscan: internal error in SEC201 on deploy/compose.yaml:4 (service api): ValueError: no\n")


def test_a_crash_is_named_and_reports_nothing(run: Run, called: dict[str, Any]) -> None:
    called["result"] = RuntimeError("boom")
    code, out, err = run("--format", "sarif", "--output", "json=r.json")
    assert (code, out) == (3, "")
    assert "RuntimeError: boom" in err
    assert "afscan: internal error" in err
    assert not Path("r.json").exists()


def test_a_crash_of_a_report_is_no_verdict(run: Run, called: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> bytes:
        raise RuntimeError("boom")

    monkeypatch.setattr("afscan.cli.run.render", broken)
    code, out, err = run()
    assert (code, out) == (3, "")
    assert "RuntimeError: boom" in err
    assert "afscan: internal error" in err


def test_interrupted_while_a_class_is_made(run: Run, called: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> bytes:
        raise RuntimeError("Error calling __set_name__") from KeyboardInterrupt()

    monkeypatch.setattr("afscan.cli.run.render", interrupted)
    assert run() == (130, "", "")


def test_interrupted(run: Run, called: dict[str, Any]) -> None:
    called["result"] = KeyboardInterrupt()
    assert run() == (130, "", "")


class _Input:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def test_standard_input(run: Run, called: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", _Input(b"kind: Pod\n"))
    run("-", "--stdin-name", "pod.yaml")
    assert called["paths"] == []
    assert called["stdin"] == ("pod.yaml", b"kind: Pod\n")
    run("-")
    assert called["stdin"] == ("stdin", b"")


def test_complaints_are_escaped(run: Run, called: dict[str, Any]) -> None:
    code, _, err = run("no\x1b[2Jwhere")
    assert (code, err) == (2, "afscan: no\\x1b[2Jwhere: no such file or folder\n")


def test_colour_of_a_report(run: Run, called: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run()[1]
    assert "\x1b[" not in run("--no-color")[1]
    assert "\x1b[" not in run("--format", "json")[1]

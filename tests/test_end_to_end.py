"""The program as a person runs it: whole processes over real files, exit codes, standard input, several reports at once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT

COMPOSE = "services:\n  cache:\n    image: redis:latest\n    ports: ['6379:6379']\n"


def afscan(
    *arguments: str, cwd: Path, stdin: str | None = None, env: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "afscan", *arguments],
        cwd=cwd,
        input=stdin if stdin is not None else "",
        env={**os.environ, "NO_COLOR": "1", **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    return tmp_path


def test_findings_exit_with_1_and_stand_at_their_place(folder: Path) -> None:
    done = afscan("compose.yaml", "--select", "DEP401,SEC401", cwd=folder)
    assert done.returncode == 1
    assert "compose.yaml:3:12  high  DEP401 image-tag-latest" in done.stdout
    assert "   3 |     image: redis:latest\n     |            ^^^^^^^^^^^^\n" in done.stdout
    assert "compose.yaml:4:13  high  SEC401 internal-port-published" in done.stdout
    assert done.stderr == ""


def test_the_threshold_decides_the_exit_code_and_nothing_else(folder: Path) -> None:
    high = afscan("compose.yaml", "--select", "DEP401", "--fail-on", "critical", cwd=folder)
    assert high.returncode == 0
    assert "DEP401" in high.stdout
    clean = afscan("compose.yaml", "--select", "DEP402", cwd=folder)
    assert clean.returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere.yaml"],
        ["--select", "SEC999", "."],
        ["--format", "xml", "."],
        ["--fail-on", "terrible", "."],
        ["explain", "SEC999"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2(folder: Path, arguments: list[str]) -> None:
    done = afscan(*arguments, cwd=folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr


def test_a_malformed_configuration_exits_with_2_and_names_its_line(folder: Path) -> None:
    (folder / ".afscan.yaml").write_text("profile: default\nfail_on: terrible\n")
    done = afscan(".", cwd=folder)
    assert done.returncode == 2
    assert ".afscan.yaml:2" in done.stderr


def test_a_rule_that_raises_exits_with_3_and_the_others_still_report(folder: Path) -> None:
    pack = folder / "pack"
    module = pack / "brokenpack" / "sec2_no_root"
    module.mkdir(parents=True)
    (pack / "brokenpack" / "__init__.py").write_text("")
    (module / "__init__.py").write_text("")
    (module / "breaks.py").write_text(
        "from afscan.model.stack import Stack\nfrom afscan.model.subjects import Container\nfrom afscan.policy import Severity, rule\n\n\n"
        '@rule("ZZZ201", severity=Severity.LOW)\ndef breaks(container: Container, stack: Stack):\n    """Breaks."""\n    raise KeyError("inside")\n    yield\n'
    )
    info = pack / "brokenpack-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brokenpack\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[afscan.rules]\nbrokenpack = brokenpack\n")
    done = afscan("compose.yaml", "--format", "json", cwd=folder, env={"PYTHONPATH": str(pack)})
    assert done.returncode == 3
    report = json.loads(done.stdout)
    assert [(e["rule"], e["path"], e["line"]) for e in report["errors"]] == [("ZZZ201", "compose.yaml", 2)]
    assert "DEP401" in {f["rule"] for f in report["findings"]}
    text = afscan("compose.yaml", cwd=folder, env={"PYTHONPATH": str(pack)})
    assert text.returncode == 3
    assert "ZZZ201" in text.stdout + text.stderr
    assert "compose.yaml" in text.stdout + text.stderr


def test_standard_input(folder: Path) -> None:
    done = afscan("-", "--stdin-name", "cluster.yaml", "--select", "DEP401", cwd=folder, stdin=COMPOSE)
    assert done.returncode == 1
    assert "cluster.yaml:3:12" in done.stdout
    unnamed = afscan("-", "--select", "DEP401", cwd=folder, stdin=COMPOSE)
    assert unnamed.returncode == 1


def test_several_reports_at_once(folder: Path) -> None:
    arguments = (".", "--output", "json=out/report.json", "--output", "sarif=report.sarif", "-q")
    assert afscan(*arguments, cwd=folder).returncode == 2  # the folder is the user's to make
    (folder / "out").mkdir()
    done = afscan(*arguments, cwd=folder)
    assert done.returncode == 1
    report = json.loads((folder / "out/report.json").read_text())
    sarif = json.loads((folder / "report.sarif").read_text())
    assert report["summary"]["files"] == 1
    active = [f for f in report["findings"] if f["verdict"] == "fail" and not f["suppressed"]]
    assert len(sarif["runs"][0]["results"]) == len(active)


def test_a_folder_that_is_called_as_a_command(folder: Path) -> None:
    (folder / "rules").mkdir()
    (folder / "rules" / "compose.yaml").write_text(COMPOSE)
    listed = afscan("rules", cwd=folder)
    assert listed.returncode == 0
    assert "SEC201" in listed.stdout
    scanned = afscan("./rules", "--select", "DEP401", cwd=folder)
    assert scanned.returncode == 1
    assert "rules/compose.yaml:3:12" in scanned.stdout


def test_a_suppression_with_a_reason_is_kept_and_one_without_is_noted(folder: Path) -> None:
    line = "    image: redis:latest  # afscan: ignore DEP401 -- a scratch machine\n"
    (folder / "compose.yaml").write_text("services:\n  cache:\n" + line)
    done = afscan("compose.yaml", "--select", "DEP401", "--format", "json", cwd=folder)
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert [f["suppressed"] for f in report["findings"]] == ["a scratch machine"]
    (folder / "compose.yaml").write_text("services:\n  cache:\n" + line.replace(" -- a scratch machine", ""))
    bare = afscan("compose.yaml", "--select", "DEP401", "--format", "json", cwd=folder)
    assert bare.returncode == 1
    assert [n["kind"] for n in json.loads(bare.stdout)["notices"]] == ["suppression"]


def test_an_unreadable_file_is_a_notice_and_no_finding(folder: Path) -> None:
    (folder / "broken.yaml").write_text("services:\n  a: [\n")
    done = afscan("broken.yaml", cwd=folder)
    assert done.returncode == 0
    assert "broken.yaml:" in done.stdout
    assert afscan("broken.yaml", "--fail-on-notice", cwd=folder).returncode == 1


def test_the_reference_platform_from_outside_its_repository(tmp_path: Path) -> None:
    done = afscan(str(ROOT / "reference-infra"), cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "0 findings" in done.stdout


def test_its_own_repository_is_clean() -> None:
    done = afscan(".", "--fail-on-notice", cwd=ROOT)
    assert done.returncode == 0, done.stdout

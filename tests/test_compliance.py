"""``afscan controls``: what became of each control, with the place of every verdict."""

import json
from pathlib import Path

import jsonschema
import pytest

from afscan.cli import main
from afscan.engine import Options, scan
from afscan.report import render
from afscan.report.compliance import State, views
from afscan.report.schema import compliance_schema
from support import ROOT

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  securityContext: {runAsUser: %s}
  containers:
    - name: a
      image: example.com/a:1.0.0
"""


def _states(folder: Path, **options: object) -> dict[str, State]:
    result = scan([str(folder)], Options(evidence=True, **options))  # type: ignore[arg-type]
    return {view.control.id: view.state for view in views(result)}


def _write(folder: Path, text: str, name: str = "pod.yaml") -> Path:
    folder.joinpath(name).write_text(text, encoding="utf-8")
    return folder


def test_a_pass_is_shown_at_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(_write(tmp_path, POD % 1000))
    result = scan(["."], Options(select=("SEC201", "DB301"), evidence=True))
    by_id = {view.control.id: view for view in views(result)}
    item = by_id["SEC-2"].rules[0].items[0]
    assert (item.verdict, item.place.path, item.place.line, item.subject) == ("pass", "pod.yaml", 7, "Pod a, container a")
    assert (by_id["SEC-2"].state, by_id["SEC-2"].why) == (State.MET, "")
    assert by_id["DB-3"].state is State.NOT_APPLICABLE
    assert by_id["MON-5"].state is State.NO_RULE


def test_a_fail_and_a_suppressed_fail_are_both_violations(tmp_path: Path) -> None:
    only = {"select": ("SEC201",)}
    assert _states(_write(tmp_path, POD % 0), **only)["SEC-2"] is State.VIOLATED
    suppressed = POD.replace("{runAsUser: %s}", "{runAsUser: 0}").replace(
        "    - name: a", "    # afscan: ignore SEC201 -- it is a sandbox\n    - name: a"
    )
    _write(tmp_path, suppressed)
    result = scan([str(tmp_path)], Options(evidence=True, **only))  # type: ignore[arg-type]
    view = next(one for one in views(result) if one.control.id == "SEC-2")
    assert view.state is State.VIOLATED


def test_what_is_unknown_unread_or_not_judged_is_not_proven(tmp_path: Path) -> None:
    only = {"select": ("SEC201",)}
    unknown = tmp_path / "unknown"
    unknown.mkdir()
    _write(unknown, "services:\n  a:\n    image: example.com/a:1.0.0\n    user: ${RUN_AS}\n", "compose.yaml")
    assert _states(unknown, **only)["SEC-2"] is State.NOT_PROVEN
    unread = tmp_path / "unread"
    unread.mkdir()
    _write(unread, POD % 1000)
    assert _states(unread, **only)["SEC-2"] is State.MET
    _write(unread, "apiVersion: v1\nkind: [\n", "broken.yaml")
    assert _states(unread, **only)["SEC-2"] is State.NOT_PROVEN
    result = scan([str(unread / "pod.yaml")], Options(select=("SEC404",), evidence=True))
    view = next(one for one in views(result) if one.control.id == "SEC-4")
    assert (view.state, view.why) == (State.NOT_PROVEN, "SEC404 need the whole stack, and a part of it was given.")


def test_a_scan_keeps_no_evidence_unless_asked(tmp_path: Path) -> None:
    assert scan([str(_write(tmp_path, POD % 1000))], Options()).evidence is None


@pytest.mark.parametrize("folder", ["reference-infra", "fixtures/as-documented"])
def test_json_keeps_its_published_form(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = scan([folder], Options(evidence=True))
    shown = json.loads(render("controls-json", result))
    jsonschema.validate(shown, compliance_schema())
    for control in shown["controls"]:
        passed = sum(one["verdict"] == "pass" for rule in control["rules"] for one in rule["evidence"])
        assert passed == sum(rule["subjects"]["passed"] for rule in control["rules"])
        assert (control["state"] == "met") <= (passed > 0)


def test_every_control_of_the_document_is_met_by_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    states = _states(Path("reference-infra"))
    assert {name for name, state in states.items() if state is not State.MET and not name.startswith("INT")} == set()


def test_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(_write(tmp_path, POD % 0))
    assert main(["controls"]) == 1
    assert "    fails  pod.yaml:7  Pod a, container a\n" in capsys.readouterr().out
    assert main(["controls", "--fail-on", "never", "--format", "markdown", "."]) == 0
    out = capsys.readouterr().out
    assert "| SEC-2 | No containers as root | violated |" in out
    assert "| SEC201 container-runs-as-root | fail | `pod.yaml:5` | Pod a, container a |" in out
    assert main(["controls", "missing"]) == 2


def test_nothing_in_a_name_becomes_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(_write(tmp_path, (POD % 1000).replace("name: a}", 'name: "a|b<c>\\e[1m"}')))
    result = scan(["."], Options(select=("SEC201",), evidence=True))
    out = render("controls-markdown", result).decode()
    assert "Pod a\\|b&lt;c>\\x1b[1m, container a" in out
    assert "\x1b" not in render("controls-text", result).decode()

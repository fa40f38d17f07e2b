"""The JSON report against its published schema, by two validators, and against the record that it is made from."""

import json
from typing import Any

import jsonschema
import pytest

from afscan import __version__
from afscan.judge.config_schema import ConfigModel
from afscan.model.notice import NoticeKind
from afscan.report import render
from afscan.report.schema import NoticeModel, ReportModel, main, report_schema, schemas
from afscan.result import InternalError, Result
from report_sample import at, sample


def _report(result: Result) -> Any:
    return json.loads(render("json", result))


def test_fields_of_every_part() -> None:
    report = _report(sample())
    assert report["version"] == __version__
    assert report["complete"] is False
    assert report["not_judged"] == ["SEC302"]
    assert report["unrecognised"] == ["deploy/notes.txt"]
    assert report["errors"] == []
    assert report["findings"][1] == {
        "rule": "SEC201",
        "name": "container-runs-as-root",
        "control": "SEC-2",
        "severity": "high",
        "verdict": "fail",
        "path": "deploy/compose.yaml",
        "line": 4,
        "column": 11,
        "end_line": 4,
        "end_column": 15,
        "subject": "service api",
        "message": "Service api runs as root: the Compose file says so.",
        "remedy": 'set `user: "10001:10001"`.',
        "related": [{"path": "deploy/Dockerfile [old]", "line": 2, "end_line": 2, "message": "The image says otherwise."}],
        "suppressed": None,
    }
    assert [f["verdict"] for f in report["findings"]] == ["fail", "fail", "fail", "unknown"]
    assert report["findings"][0]["suppressed"] == "Pinned by the registry."
    assert report["controls"][1] == {
        "id": "SEC-2",
        "title": "No containers as root",
        "passed": 0,
        "failed": 1,
        "unknown": 1,
        "not_applicable": 3,
    }
    assert report["notices"][0] == {
        "kind": "templated",
        "path": "deploy/chart.yaml",
        "line": 1,
        "column": 1,
        "end_line": 1,
        "end_column": 9,
        "reason": "This is a template: it has to be rendered first.",
    }
    assert report["summary"] == {"files": 3, "sources": 2, "subjects": 7, "rules": 4, "seconds": 0.25}


@pytest.mark.parametrize("result", [sample(), Result(), Result(errors=[InternalError("SEC201", None, "x", "Traceback")])])
def test_report_fits_schema_and_models(result: Result) -> None:
    data = render("json", result)
    jsonschema.Draft202012Validator(report_schema()).validate(json.loads(data))
    model = ReportModel.model_validate_json(data)
    assert model.model_dump(mode="json") == json.loads(data), "every field of the report is in the models and the other way round"


def test_schema_refuses_what_the_report_never_says() -> None:
    report = _report(sample())
    report["findings"][0]["line"] = 0
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(report_schema()).validate(report)


def test_schema_knows_every_kind_of_notice() -> None:
    kinds = NoticeModel.model_json_schema()["properties"]["kind"]["enum"]
    assert set(kinds) == {str(kind) for kind in NoticeKind}


def test_report_is_ascii_with_one_item_a_line() -> None:
    result = sample()
    result.unrecognised = ["caf\udce9.txt"]
    data = render("json", result)
    assert data.isascii()
    assert json.loads(data)["unrecognised"] == ["caf\udce9.txt"]
    assert sum(line.startswith(b'    {"rule"') for line in data.splitlines()) == 4


def test_error_without_a_place() -> None:
    result = Result(
        errors=[InternalError("join", None, "deploy", "Traceback"), InternalError("SEC201", at("a", 2, 1, 2, 2), "s", "T")]
    )
    assert [(e["path"], e["line"]) for e in _report(result)["errors"]] == [(None, None), ("a", 2)]


def test_schemas_are_published_by_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out == schemas()["afscan.schema.json"]
    assert main(["config"]) == 0
    assert json.loads(capsys.readouterr().out)["properties"].keys() == ConfigModel.model_fields.keys()
    assert main(["no"]) == 2

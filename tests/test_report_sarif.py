"""SARIF: what GitHub's code scanning and the SARIF multitool ask for, and fingerprints against a second derivation."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sarif_om

from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.policy.outcome import Severity
from afscan.report import render, sarif
from afscan.report.fingerprints import SubjectPrints, line_hashes
from afscan.report.sarif_objects import plain
from afscan.report.sarif_rules import pascal
from afscan.report.uris import Uris
from afscan.result import InternalError, Result
from report_sample import COMPOSE, ROOT_RULE, at, make_finding, make_rule, sample

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-2.1.0.schema.json").read_text(encoding="utf-8-sig"))


def _run(result: Result) -> Any:
    log = json.loads(render("sarif", result))
    jsonschema.Draft7Validator(SCHEMA).validate(log)
    assert log["version"] == "2.1.0"
    assert log["$schema"].startswith("https://")
    assert len(log["runs"]) == 1
    return log["runs"][0]


def test_only_active_fails_are_results() -> None:
    run = _run(sample())
    assert [result["ruleId"] for result in run["results"]] == ["SEC201", "SEC101"]
    assert not any(("kind" in r and r["kind"] != "fail") or "suppressions" in r for r in run["results"])
    assert run["properties"] == {"profile": "default", "complete": False, "unknown": 1, "suppressed": 1, "notJudged": ["SEC302"]}
    assert run["columnKind"] == "unicodeCodePoints"


def test_a_result() -> None:
    run = _run(sample())
    result = run["results"][0]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "SEC201"
    assert result["level"] == "error"
    assert result["message"]["text"] == (
        "Service api runs as root: the Compose file says so. See [deploy/Dockerfile \\[old\\]:2](1): The image says otherwise."
    )
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "deploy/compose.yaml", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 4, "startColumn": 11, "endLine": 4, "endColumn": 15, "snippet": {"text": "root"}}
    lines = COMPOSE.split("\n")
    lines[5] = "      PASSWORD: ********"
    assert place["contextRegion"] == {
        "startLine": 2,
        "startColumn": 1,
        "endLine": 6,
        "endColumn": 31,
        "snippet": {"text": "\n".join(lines[1:6])},
    }
    related = result["relatedLocations"][0]
    assert related["id"] == 1
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "deploy/Dockerfile%20%5Bold%5D"


def test_secrets_stand_nowhere_in_the_report() -> None:
    data = render("sarif", sample())
    assert b"hunter2" not in data
    assert b"PASSWORD: ********" in data


def test_a_rule() -> None:
    rule = _run(sample())["tool"]["driver"]["rules"][2]
    assert rule["id"] == "SEC201"
    assert rule["name"] == "ContainerRunsAsRoot"
    assert rule["shortDescription"]["text"] == "Runs as root."
    assert rule["fullDescription"]["text"] == "It matters, because a process that is `root` owns the machine."
    assert rule["defaultConfiguration"] == {"level": "error"}
    assert rule["helpUri"].endswith("/docs/rules/SEC201.md")
    assert rule["help"]["markdown"] == (
        "# SEC201 container-runs-as-root\n\n**Runs as root.**\n\n"
        "It matters, because a process that is `root` owns the machine.\n\n## Fix\n\n"
        '- Compose: set `user: "10001:10001"`.\n- Dockerfile: end with `USER 10001`.\n\n'
        "## Control\n\nSEC-2: No containers as root."
    )
    assert rule["properties"] == {
        "tags": ["security", "SEC-2", "high", "external/cwe/cwe-250"],
        "precision": "high",
        "security-severity": "8.0",
        "profile": "default",
    }


@pytest.mark.parametrize(
    ("severity", "level", "number"),
    [
        (Severity.CRITICAL, "error", "9.5"),
        (Severity.HIGH, "error", "8.0"),
        (Severity.MEDIUM, "warning", "5.5"),
        (Severity.LOW, "note", "2.0"),
    ],
)
def test_severities(severity: Severity, level: str, number: str) -> None:
    rule = make_rule("XYZ101", "some-rule", "SEC-2", severity, profile="strict")
    run = _run(Result(rules=[rule], findings=[make_finding(rule, at("a.yaml", 1, 1, 1, 2))]))
    described = run["tool"]["driver"]["rules"][0]
    assert run["results"][0]["level"] == level
    assert described["defaultConfiguration"]["level"] == level, "an explicit warning is kept"
    assert described["properties"]["security-severity"] == number
    assert described["properties"]["precision"] == "medium"


def test_taxonomies_and_relationships_meet() -> None:
    run = _run(sample())
    taxonomies = run["taxonomies"]
    assert [t["name"] for t in taxonomies] == ["afscan controls", "CIS Docker", "NIST 800-53", "CIS Kubernetes", "CWE"]
    driver = run["tool"]["driver"]
    assert [(s["name"], s["index"]) for s in driver["supportedTaxonomies"]] == [(t["name"], i) for i, t in enumerate(taxonomies)]
    found = {}
    for rule in driver["rules"]:
        for relationship in rule["relationships"]:
            target = relationship["target"]
            taxonomy = taxonomies[target["toolComponent"]["index"]]
            assert taxonomy["name"] == target["toolComponent"]["name"]
            assert taxonomy["taxa"][target["index"]]["id"] == target["id"]
            found.setdefault(rule["id"], []).append((taxonomy["name"], target["id"]))
    assert found["SEC201"] == [("afscan controls", "SEC-2"), ("CIS Kubernetes", "5.2.6"), ("CWE", "CWE-250")]


def test_notices_are_warnings_with_a_place() -> None:
    invocation = _run(sample())["invocations"][0]
    assert invocation["executionSuccessful"] is True
    first, second = invocation["toolExecutionNotifications"]
    assert first["level"] == "warning"
    assert first["descriptor"] == {"id": "notice/templated"}
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "deploy/chart.yaml"
    assert second["locations"][0]["physicalLocation"]["region"]["startLine"] == 8


def test_an_internal_error_is_no_success() -> None:
    result = sample()
    result.errors = [InternalError("SEC201", at("deploy/compose.yaml", 2, 3, 2, 6), "service api", "Traceback\nValueError: no")]
    run = _run(result)
    assert run["invocations"][0]["executionSuccessful"] is False
    error = run["invocations"][0]["toolExecutionNotifications"][-1]
    assert error["level"] == "error"
    assert error["associatedRule"] == {"id": "SEC201", "index": 2}
    assert error["message"]["text"] == "afscan failed in SEC201 on service api; it is not judged: ValueError: no."
    assert len(run["results"]) == 2


def test_a_clean_scan_says_so_with_an_empty_list() -> None:
    assert _run(Result())["results"] == []


def test_no_region_is_empty_and_contexts_are_wider() -> None:
    texts = {"a": Source("a", "x\n\nlast"), "one": Source("one", "whole")}
    result = Result(rules=[ROOT_RULE], texts=texts)
    result.findings = [
        make_finding(ROOT_RULE, at("a", 2, 1, 2, 1)),
        make_finding(ROOT_RULE, at("a", 3, 1, 3, 5)),
        make_finding(ROOT_RULE, at("one", 1, 1, 1, 6)),
        make_finding(ROOT_RULE, at("unread", 1, 1, 1, 1)),
    ]
    places = [r["locations"][0]["physicalLocation"] for r in _run(result)["results"]]
    regions = [(r["startLine"], r["startColumn"], r["endLine"], r["endColumn"]) for r in (p["region"] for p in places)]
    assert regions == [(2, 1, 2, 2), (3, 1, 3, 5), (1, 1, 1, 6), (1, 1, 1, 2)]
    contexts = [p.get("contextRegion", {}) for p in places]
    assert [(c.get("startLine"), c.get("endLine")) for c in contexts] == [(1, 3), (1, 3), (None, None), (None, None)]


def test_too_many_results_lose_the_mildest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 2)
    low = make_rule("XYZ101", "some-rule", "SEC-2", Severity.LOW)
    result = Result(rules=[low, ROOT_RULE])
    result.findings = [make_finding(r, at("a", line, 1, line, 2)) for line, r in enumerate((low, ROOT_RULE, low, ROOT_RULE), 1)]
    run = _run(result)
    assert [r["ruleId"] for r in run["results"]] == ["SEC201", "SEC201"]
    notice = run["invocations"][0]["toolExecutionNotifications"][0]
    assert notice["message"]["text"] == "There are 4 findings; the 2 of the lowest severity are left out here."
    assert notice["descriptor"]["id"] == "notice/limit-reached"


def test_every_notice_kind_is_described() -> None:
    result = Result(notices=[Notice(kind, at("a", 1, 1, 1, 2), "Why.") for kind in NoticeKind])
    run = _run(result)
    described = {d["id"] for d in run["tool"]["driver"]["notifications"]}
    assert {n["descriptor"]["id"] for n in run["invocations"][0]["toolExecutionNotifications"]} <= described


def test_names() -> None:
    assert [pascal(name) for name in ("container-runs-as-root", "tls", "redis-tls-off")] == [
        "ContainerRunsAsRoot",
        "Tls",
        "RedisTlsOff",
    ]


def _rolling(text: str) -> list[str]:
    """The upload action's loop, unit by unit, written from its description."""
    hashes: dict[int, str] = {}
    counts: dict[int, int] = {}
    window, starts = [0] * 100, [0] * 100
    state = {"hash": 0, "index": 0}

    def shift(unit: int, line: int) -> None:
        index = state["index"]
        if starts[index]:
            counts[state["hash"]] = counts.get(state["hash"], 0) + 1
            hashes[starts[index]] = f"{state['hash']:x}:{counts[state['hash']]}"
        starts[index] = line
        state["hash"] = (37 * state["hash"] + unit - pow(37, 100) * window[index]) % 2**64
        window[index] = unit
        state["index"] = (index + 1) % 100

    raw = text.encode("utf-16-le")
    units = [raw[i] + 256 * raw[i + 1] for i in range(0, len(raw), 2)]
    line, at_start, after_cr = 1, True, False
    for unit in [*units, 65535]:
        if unit in (32, 9) or (after_cr and unit == 10):
            after_cr = False
            continue
        after_cr = unit == 13
        shift(10 if unit == 13 else unit, line if at_start else 0)
        at_start = unit in (10, 13)
        line += at_start
    for _ in range(100):
        shift(0, 0)
    return [hashes[number] for number in sorted(hashes)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        " a\nb\n  \t\tc\n d",
        "one\r\ntwo\r\rthree\r \nfour\n",
        "same line\n" * 12,
        "日本語 \U0001f600 text\n" * 9 + "end",
        COMPOSE,
        "x" * 350 + "\n" + "y" * 99 + "\n",
    ],
)
def test_line_hashes_are_the_upload_actions(text: str) -> None:
    assert line_hashes(text) == _rolling(text)
    assert len(line_hashes(text)) == len(Source("f", text).line_starts)


def test_line_hash_of_nothing() -> None:
    assert line_hashes("") == [f"{65535 * pow(37, 99) % 2**64:x}:1"]


def test_fingerprints_of_results() -> None:
    prints = [r["partialFingerprints"] for r in _run(sample())["results"]]
    assert [p["primaryLocationLineHash"] for p in prints] == [line_hashes(COMPOSE)[3], line_hashes(COMPOSE)[5]]
    moved = sample()
    moved.texts["deploy/compose.yaml"] = Source("deploy/compose.yaml", "# a new line\n" + COMPOSE)
    moved.secrets = {}
    for finding in moved.findings:
        line, column, end_line, end_column = finding.place.span
        finding.place = at(finding.place.path, line + 1, column, end_line + 1, end_column)
    assert [r["partialFingerprints"]["afscan/subject/v1"] for r in _run(moved)["results"]] == [
        p["afscan/subject/v1"] for p in prints
    ]


def test_subject_prints_tell_equals_apart() -> None:
    prints = SubjectPrints()
    one, two, three = prints.of(("a", "b")), prints.of(("a", "b")), prints.of(("ab", ""))
    assert one.removesuffix(":1") == two.removesuffix(":2")
    assert three.endswith(":1")
    assert three != one


def test_uris_are_relative_to_the_repository(tmp_path: Path) -> None:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "deploy").mkdir()
    uris = Uris(str(tmp_path / "repo" / "deploy"))
    assert uris.of("a b.yaml") == ("deploy/a%20b.yaml", "%SRCROOT%")
    assert uris.of("../x:y/#1%.tf") == ("x%3Ay/%231%25.tf", "%SRCROOT%")
    assert uris.of("../../shared/日.yaml") == ("shared/%E6%97%A5.yaml", "%PARENT1%")
    assert uris.of(str(tmp_path / "repo" / "z")) == ("z", "%SRCROOT%")
    assert uris.of("caf\udce9") == ("deploy/caf%E9", "%SRCROOT%")
    assert set(uris.bases) == {"%SRCROOT%", "%PARENT1%"}


def test_uris_without_a_repository_are_relative_to_the_working_directory(tmp_path: Path) -> None:
    assert Uris(str(tmp_path)).of("a/b") == ("a/b", "%SRCROOT%")


def test_serializer_keeps_what_readers_need() -> None:
    result = sarif_om.Result(message=sarif_om.Message(text="x"), level="warning", locations=[])
    assert plain(result) == {"message": {"text": "x"}, "kind": "fail", "level": "warning", "locations": []}
    with pytest.raises(TypeError, match="Span has no place"):
        plain({"a": [object.__new__(type("Span", (), {}))]})


def test_long_regions_are_bounded() -> None:
    source = Source("a", "line of text\n" * 10_000)
    result = Result(rules=[ROOT_RULE], texts={"a": source}, findings=[make_finding(ROOT_RULE, at("a", 1, 1, 9_999, 3))])
    assert len(render("sarif", result)) < 20_000
    assert Span(1, 1, 9_999, 3) == result.findings[0].place.span


@pytest.mark.skipif("SARIF_MULTITOOL" not in os.environ, reason="SARIF_MULTITOOL names no program")
def test_multitool_has_no_complaint(tmp_path: Path) -> None:
    """Zero errors and warnings, with the rules on that are off by default."""
    names = ("ProvideRequiredLocationProperties", "InlineThreadFlowLocations", "ProvideRequiredRegionProperties")
    rules = dict(zip(("GH1001", "GH1002", "GH1003"), names, strict=True)) | {
        "GH1005": "LocationsMustBeRelativeUrisOrFilePaths",
        "GH1006": "ProvideCheckoutPath",
        "GH1007": "ProvideFullyFormattedMessageStrings",
    }
    option = '<Property Key="RuleEnabled" Value="Error" Type="Driver.RuleEnabledState" />'
    body = "".join(f'<Properties Key="{code}.{name}.Options">{option}</Properties>' for code, name in rules.items())
    (tmp_path / "ghas.xml").write_text(f'<?xml version="1.0" encoding="utf-8"?><Properties>{body}</Properties>', encoding="utf-8")
    (tmp_path / "in.sarif").write_bytes(render("sarif", sample()))
    command = [os.environ["SARIF_MULTITOOL"], "validate", "in.sarif", "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning"]
    command += ["-o", "out.sarif", "--log", "ForceOverwrite", "--quiet", "true", "--config", "ghas.xml"]
    environment = os.environ | {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    run = json.loads((tmp_path / "out.sarif").read_text(encoding="utf-8-sig"))["runs"][0]
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is True

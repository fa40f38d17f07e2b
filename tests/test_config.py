"""The configuration file: where it is found, what it says, and errors that name the line."""

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from afscan.judge import judge
from afscan.judge.config import Config, ConfigError, Ignore, anchored, load_config, load_file
from afscan.judge.config_schema import config_schema
from afscan.judge.threshold import exit_code
from afscan.model.notice import NoticeKind
from afscan.model.place import Place, Span
from afscan.policy.outcome import Severity, Verdict
from afscan.policy.rule import registered
from afscan.result import InternalError, Result, Tally
from report_sample import RULES, make_finding

WHOLE = """\
profile: strict
select: [SEC, DEP-4]
exclude:
  - legacy/
  - "*.bak.yaml"
fail_on: high
fail_on_unknown: true
ignore:
  - rules: SEC201
    paths: [old/**]
    reason: >
      Replaced
      in spring.
  - rules: [DEP401, SEC302]
    reason: Known.
"""


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    for rule in RULES:
        monkeypatch.setitem(registered, rule.code, rule)


def _write(path: str, text: str) -> None:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_every_key() -> None:
    _write("deploy/.afscan.yaml", WHOLE)
    config = load_config(["deploy"])
    assert (config.path, config.folder, config.profile) == ("deploy/.afscan.yaml", "deploy", "strict")
    assert config.select == ("SEC", "DEP-4")
    assert config.exclude == ("legacy/", "*.bak.yaml")
    assert (config.fail_on, config.fail_on_unknown, config.fail_on_notice) == ("high", True, False)
    first, second = config.ignore
    assert (first.rules, first.paths, first.reason, first.place.line) == (("SEC201",), ("old/**",), "Replaced in spring.", 9)
    assert (second.rules, second.paths, second.reason, second.place.line) == (("DEP401", "SEC302"), (), "Known.", 14)


def test_the_file_nearest_to_all_paths_counts() -> None:
    _write(".afscan.yaml", "profile: strict\n")
    _write("a/.afscan.yaml", "fail_on: high\n")
    _write("a/b/x.yaml", "")
    _write("c/x.yaml", "")
    assert load_config(["a/b/x.yaml", "a/b"]).path == "a/.afscan.yaml"
    assert load_config(["a/b/x.yaml", "c/x.yaml"]).path == ".afscan.yaml"
    assert load_config([]).path == ".afscan.yaml"


def test_the_search_ends_at_the_repository() -> None:
    _write(".afscan.yaml", "profile: strict\n")
    _write("inner/x.yaml", "")
    Path("inner/.git").mkdir()
    assert load_config(["inner/x.yaml"]) == Config()


@pytest.mark.parametrize("text", ["", "\n", "# a stack of its own\n---\n  # yes\n", "\ufeff# x\n"])
def test_a_file_without_keys_costs_nothing(text: str) -> None:
    _write(".afscan.yaml", text)
    assert load_config(["."]) == Config(path=".afscan.yaml", folder=".")
    code = (
        "import sys; from afscan.judge.config import load_config; load_config(['.'])\n"
        "print(sorted({'pydantic', 'yaml', 'pathspec'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("profil: strict\n", ".afscan.yaml:1: profil: no such key (did you mean profile?)"),
        ("\nprofile: loud\n", ".afscan.yaml:2: profile: input should be 'default' or 'strict'"),
        ("fail_on: [high]\n", ".afscan.yaml:1: fail_on: input should be 'low', 'medium', 'high', 'critical' or 'never'"),
        (
            "fail_on_notice: perhaps\n",
            ".afscan.yaml:1: fail_on_notice: input should be a valid boolean, unable to interpret input",
        ),
        ("ignore:\n- rules: SEC201\n", ".afscan.yaml:2: ignore.0.reason: field required"),
        ("ignore:\n- rules: SEC201\n  reason: ' '\n", ".afscan.yaml:3: ignore.0.reason: string should have at least 1 character"),
        (
            "ignore:\n- rules: []\n  reason: x\n",
            ".afscan.yaml:2: ignore.0.rules: ",
        ),
        ("ignore:\n- rule: SEC201\n  reason: x\n", "ignore.0.rule: no such key (did you mean rules?)"),
        ("exclude: 3\n", ".afscan.yaml:1: exclude: input should be a valid list"),
        ("- a\n", ".afscan.yaml:1: a configuration is a mapping of keys"),
        ("a: 1\n---\nb: 1\n", ".afscan.yaml:3: a configuration is one YAML document"),
        ("profile: [\n", ".afscan.yaml:"),
    ],
)
def test_errors_name_file_and_line(text: str, message: str) -> None:
    _write(".afscan.yaml", text)
    with pytest.raises(ConfigError) as caught:
        load_config(["."])
    assert message in str(caught.value)


def test_all_faults_at_once() -> None:
    _write(".afscan.yaml", "profile: loud\nfail_on: never\nselct: [a]\n")
    with pytest.raises(ConfigError) as caught:
        load_config(["."])
    assert [line.split(":")[1] for line in str(caught.value).splitlines()] == ["1", "3"]


def test_a_file_that_is_no_text() -> None:
    Path(".afscan.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_file(".afscan.yaml")


@pytest.mark.parametrize(
    ("pattern", "folder", "matching", "other"),
    [
        ("legacy/", "infra", "infra/legacy/a.yaml", "legacy/a.yaml"),
        ("legacy/", "infra", "infra/x/legacy/a.yaml", "infra/legacy"),
        ("/legacy", "infra", "infra/legacy/a.yaml", "infra/x/legacy/a.yaml"),
        ("*.bak", ".", "x/y.bak", "x/y.bak2"),
        ("old/**", "a b[c]", "a b[c]/old/x", "a bc/old/x"),
        ("old/*.tf", "../up", "../up/old/x.tf", "../up/new/x.tf"),
    ],
)
def test_patterns_are_relative_to_the_file(pattern: str, folder: str, matching: str, other: str) -> None:
    spec = anchored((pattern,), folder)
    assert spec.match_file(matching)
    assert not spec.match_file(other)


def test_a_pattern_can_take_back() -> None:
    excluded = Config(folder="d", exclude=("*.yaml", "!keep.yaml")).excluded()
    assert excluded is not None
    assert excluded.match_file("d/x/a.yaml")
    assert not excluded.match_file("d/x/keep.yaml")
    assert Config().excluded() is None


def _result(*paths: str) -> Result:
    rule = next(rule for rule in RULES if rule.code == "SEC201")
    findings = [make_finding(rule, Place(path, Span(1, 1, 1, 2))) for path in paths]
    return Result(rules=list(RULES), findings=findings, by_rule={"SEC201": Tally()})


def test_ignore_suppresses_with_its_reason() -> None:
    _write("deploy/.afscan.yaml", "ignore:\n- {rules: SEC-2, paths: old/**, reason: Going.}\n- {rules: DEP401, reason: Never.}\n")
    result = _result("deploy/old/a.yaml", "deploy/a.yaml")
    judge(result, load_config(["deploy"]))
    assert [finding.suppressed for finding in result.findings] == ["Going.", None]
    notice = result.notices[0]
    assert (notice.kind, notice.place.path, notice.place.line) == (NoticeKind.SUPPRESSION, "deploy/.afscan.yaml", 3)
    assert notice.reason == "This entry matches no finding: DEP401."


def test_ignore_of_an_inner_stack_counts_there_only() -> None:
    _write("inner/.afscan.yaml", "ignore:\n- {rules: container-runs-as-root, reason: Inner.}\n")
    result = _result("inner/deep/a.yaml", "a.yaml")
    judge(result, load_config(["."]))
    assert [finding.suppressed for finding in result.findings] == ["Inner.", None]


def test_idle_entries_of_a_partial_stack_are_no_news() -> None:
    _write(".afscan.yaml", "ignore:\n- {rules: SEC201, reason: x}\n")
    result = _result()
    result.complete = False
    judge(result, load_config(["."]))
    assert result.notices == []


def test_ignore_of_an_unknown_rule_is_an_error() -> None:
    _write(".afscan.yaml", "ignore:\n- rules: [SEC201, container-run-as-root]\n  reason: x\n")
    with pytest.raises(
        ConfigError,
        match=r"\.afscan\.yaml:2: no rule or control is called 'container-run-as-root' \(did you mean container-runs-as-root\?\)",
    ):
        judge(_result(), load_config(["."]))


def test_schema_accepts_what_is_accepted() -> None:
    validator = jsonschema.Draft202012Validator(config_schema())
    validator.validate(
        {"profile": "strict", "ignore": [{"rules": "SEC201", "reason": "x"}], "exclude": ["a"], "fail_on": "never"}
    )
    for wrong in ({"profil": "strict"}, {"ignore": [{"rules": ["SEC201"]}]}, {"fail_on": "loud"}):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(wrong)


def test_codes_of_an_entry() -> None:
    place = Place("f", Span(1, 1, 1, 2))
    assert "SEC201" in Ignore(("SEC-2",), (), "", place).codes()
    assert Ignore(("image-tag-latest",), (), "", place).codes() == {"DEP401"}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, 1),
        ({"fail_on": "high"}, 1),
        ({"fail_on": "critical"}, 0),
        ({"fail_on": "never"}, 0),
        ({"fail_on": "never", "fail_on_notice": True}, 0),
    ],
)
def test_threshold(options: dict[str, object], code: int) -> None:
    assert exit_code(_result("a"), **options) == code  # type: ignore[arg-type]


def test_threshold_of_the_rest() -> None:
    result = _result("a")
    result.findings[0].suppressed = "x"
    assert exit_code(result) == 0
    result.findings[0].suppressed = None
    result.findings[0].verdict = Verdict.UNKNOWN
    assert exit_code(result) == 0
    assert exit_code(result, fail_on_unknown=True) == 1
    assert exit_code(result, fail_on_unknown=True, fail_on="critical") == 0
    result.findings[0].severity = Severity.CRITICAL
    assert exit_code(result, fail_on_unknown=True, fail_on="critical") == 1
    result.errors = [InternalError("SEC201", None, "x", "T")]
    assert exit_code(result, fail_on="never") == 3

"""``afscan rules`` and ``afscan explain``."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from afscan.cli import main
from afscan.policy.controls import load_controls
from report_sample import RULES

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        code = main(words)
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("afscan.cli.catalogue.load_packs", lambda: sorted(RULES, key=lambda rule: rule.code))


def test_rules_as_a_table(run: Run, packs: None) -> None:
    code, out, _ = run("rules")
    assert code == 0
    assert out.splitlines()[:2] == [
        "CODE    CONTROL  SEVERITY  PROFILE  NAME                      WHAT IT FINDS",
        "DEP401  DEP-4    low       default  image-tag-latest          Runs as root",
    ]
    assert out.endswith("\n4 rules; afscan explain CODE tells more.\n")


def test_rules_as_json(run: Run, packs: None) -> None:
    rows = json.loads(run("rules", "--format", "json")[1])
    assert rows[2] == {
        "code": "SEC201",
        "name": "container-runs-as-root",
        "control": "SEC-2",
        "severity": "high",
        "profile": "default",
        "subjects": ["Container"],
        "platforms": ["compose", "dockerfile", "kubernetes", "terraform"],
        "needs_whole_stack": False,
        "title": "Runs as root",
        "mappings": {**next(one.mappings for one in load_controls() if one.id == "SEC-2"), "CWE": ["CWE-250"]},
    }


@pytest.mark.parametrize("word", ["SEC201", "sec201", "container-runs-as-root"])
def test_explain(run: Run, packs: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, word: str) -> None:
    for kind, text in (("fail", "# expect: SEC201\nuser: root\n"), ("pass", "user: app\n")):
        folder = tmp_path / "SEC201" / kind
        folder.mkdir(parents=True)
        (folder / "compose.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr("afscan.examples.fixtures_folder", lambda: tmp_path)
    code, out, _ = run("explain", word)
    assert code == 0
    assert out == (
        "SEC201 container-runs-as-root\nRuns as root.\n\n"
        "control   SEC-2 No containers as root\n"
        "          Every container runs as an unprivileged user, without extra privileges and apart from the host.\n"
        "severity  high\nprofile   default\njudges    Container\n"
        "on        compose, dockerfile, kubernetes, terraform\n"
        "maps to   CIS Docker 4.1, 5.4, 5.5, 5.6, 5.10, 5.13, 5.16, 5.17, 5.26, 5.31, 5.32\n"
        "maps to   CIS Kubernetes 5.2.2, 5.2.3, 5.2.4, 5.2.5, 5.2.6, 5.2.7, 5.2.9, 5.2.10, 5.2.12, 5.7.3\n"
        "maps to   NIST 800-53 AC-6, AC-6(10), CM-7\nmaps to   SOC 2 CC6.1, CC6.3, CC6.8\nmaps to   CWE-250\n"
        "\nWhy\n  It matters, because a process that is `root` owns the machine.\n"
        '\nFix\n  Compose: set `user: "10001:10001"`.\n  Dockerfile: end with `USER 10001`.\n'
        "\nFails\n  compose.yaml\n  > | user: root\n"
        "\nPasses\n  compose.yaml\n    | user: app\n"
    )


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("SEC20", "; close: SEC201"),
        ("redis-tls-of", "; close: redis-tls-off"),
        ("zzz", "; afscan rules lists them"),
    ],
)
def test_explain_unknown_rule(run: Run, packs: None, word: str, hint: str) -> None:
    code, out, err = run("explain", word)
    assert (code, out) == (2, "")
    assert err.startswith(f"afscan: no rule is called {word}{hint}")


def test_rules_take_no_paths(run: Run, packs: None) -> None:
    assert run("rules", "x")[0] == 2

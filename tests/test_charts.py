"""Helm charts that are not rendered: what they fetch, and the images that their values name."""

from pathlib import Path

import pytest

from afscan.engine import Options, scan
from afscan.model.subjects import Dependency, ImageReference
from support import interpreted, stack_of, text_at

CHART = """\
apiVersion: v2
name: shop
version: 1.0.0
dependencies:
- name: dep
  version: VERSION
  repository: https://charts.example.com
"""


@pytest.mark.parametrize(
    ("version", "pinned"),
    [
        ("'*'", False),
        ("x", False),
        ("'>= 1.2.0'", False),
        ("'>1'", False),
        ("1.2.3", True),
        ("^1.2.0", True),
        ("~1.2", True),
        ("1.x", True),
        ("'>= 1.2.0, < 2.0.0'", True),
        ("'>=1 <2'", True),
        ("1.0.0 - 1.9.0", True),
    ],
)
def test_what_a_chart_fetches(version: str, pinned: bool) -> None:
    files = {"Chart.yaml": CHART.replace("VERSION", version)}
    (dependency,) = stack_of(files).of(Dependency)
    assert (dependency.kind, dependency.name, dependency.pinned.value) == ("helm-chart", "chart dep", pinned)
    assert text_at(files, dependency.pinned.place) == version


def test_a_dependency_without_a_version_floats() -> None:
    files = {"Chart.yaml": CHART.replace("  version: VERSION\n", "")}
    (dependency,) = stack_of(files).of(Dependency)
    assert dependency.pinned.value is False
    assert dependency.pinned.place.line == 5


def test_a_chart_of_the_same_repository_is_not_fetched() -> None:
    text = CHART.replace("https://charts.example.com", "file://../dep")
    assert stack_of({"Chart.yaml": text}).of(Dependency) == []


def test_of_a_chart_alone_a_lock_file_is_not_known() -> None:
    (dependency,) = stack_of({"Chart.yaml": CHART.replace("VERSION", "'*'")}, complete=False).of(Dependency)
    assert dependency.pinned.is_unknown


@pytest.mark.parametrize(("locked", "lines"), [(False, [6]), (True, [])])
def test_a_lock_file_holds_what_a_chart_fetches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locked: bool, lines: list[int]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop").mkdir()
    Path("shop/Chart.yaml").write_text(CHART.replace("VERSION", "'*'"))
    if locked:
        Path("shop/Chart.lock").write_text("dependencies: []\n")
    result = scan(["."], Options(select=("DEP404",)))
    assert [(one.place.path, one.place.line) for one in result.findings] == [("shop/Chart.yaml", line) for line in lines]
    assert [one.place.path for one in result.notices] == ["shop/Chart.yaml"]


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("image: {repository: example.com/a, tag: latest}\n", [("example.com/a:latest", "latest")]),
        ("image: {registry: example.com, repository: a, tag: '1'}\n", [("example.com/a:1", "'1'")]),
        ("image: {repository: a, tag: ''}\n", []),
        ("image: {repository: a}\n", []),
        ("image: example.com:5000/a:latest\n", [("example.com:5000/a:latest", "example.com:5000/a:latest")]),
        ("image: a\n", []),
        ("image: a\ntag: latest\n", [("a:latest", "latest")]),
        ("sidecarImage: a:1\ninit-image: b:2\n", [("a:1", "a:1"), ("b:2", "b:2")]),
        ("image: '{{ .Values.a }}:latest'\n", []),
        ("image: true\nimages: {a: 'b:latest'}\n", []),
        ("chart: {repository: 'https://example.com', tag: latest}\n", []),
    ],
)
def test_images_that_values_name(text: str, images: list[tuple[str, str]]) -> None:
    out = interpreted(text, "chart/values.yaml")
    found = [one for one in out.subjects if isinstance(one, ImageReference)]
    assert [(one.reference.value, text_at(text, one.reference.place)) for one in found] == images


def test_latest_in_values_is_found_and_an_empty_tag_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("values.yaml").write_text("image:\n  repository: a\n  tag: latest\nother:\n  image:\n    repository: b\n    tag: ''\n")
    result = scan(["."], Options(select=("DEP401", "DEP402")))
    assert [(one.rule.code, one.place.line, one.subject) for one in result.findings] == [("DEP401", 3, "value image.tag")]

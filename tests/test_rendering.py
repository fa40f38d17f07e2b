"""Programs that render what afscan cannot: only where that is allowed, found outside of the scanned tree, with bounds."""

import os
import shutil
from pathlib import Path

import pytest

from afscan.engine import Options, scan
from afscan.files import programs
from afscan.result import Result
from test_kustomize import DEPLOYMENT

LABELS = """\
apiVersion: builtin
kind: PatchTransformer
metadata: {name: mend}
patch: '[{"op": "replace", "path": "/spec/template/spec/containers/0/securityContext", "value": {"runAsNonRoot": true, "runAsUser": 1000}}]'
target: {kind: Deployment}
"""
TREE = {
    "tree/kustomization.yaml": "resources: [deploy.yaml]\ntransformers: [t.yaml]\n",
    "tree/deploy.yaml": DEPLOYMENT.replace("example.com/api", "example.com/api:latest"),
    "tree/t.yaml": LABELS,
}
CHART = {
    "tree/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "tree/values.yaml": "root: false\n",
    "tree/templates/api.yaml": """\
{{- if true }}
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
      - name: api
        image: {{ .Values.image }}
        securityContext:
          runAsUser: 0
{{- end }}
""",
    "tree/templates/off.yaml": "{{- if .Values.off }}\nkind: Pod\n{{- end }}\n",
    "tree/templates/_helpers.tpl": '{{- define "a" }}{{ end }}\n',
}
PRINTED = """\
---
# Source: shop/templates/api.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: afscan}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
      - name: api
        image: example.com/api:latest
        securityContext:
          runAsUser: 0
"""


def put(files: dict[str, str], folder: Path) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def program(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fake program, first on the PATH."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def found(result: Result) -> list[tuple[str, str, str, int]]:
    assert not result.errors
    return [(f.rule.code, f.verdict.value, f.place.path, f.place.line) for f in result.findings]


def run(render: str | None = None) -> Result:
    return scan(["tree"], Options(select=("SEC201", "DEP401"), render=render))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not here")
def test_kustomize_completes_what_afscan_left_out(tmp_path: Path) -> None:
    put(TREE, tmp_path)
    assert found(run()) == [("DEP401", "unknown", "tree/deploy.yaml", 11), ("SEC201", "unknown", "tree/deploy.yaml", 12)]
    result = run("auto")
    assert found(result) == [("DEP401", "fail", "tree/deploy.yaml", 11)]
    assert result.notices == []
    (tmp_path / "tree/.afscan.yaml").write_text("render: auto\n")
    assert found(run()) == [("DEP401", "fail", "tree/deploy.yaml", 11)]
    assert len(found(run("never"))) == 2


def test_a_rendering_that_fails_is_noted_with_the_programs_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(TREE, tmp_path)
    program(tmp_path / "bin", "kubectl", 'printf "no\\033[31m such\\nplugin." >&2; exit 1', monkeypatch)
    result = run("auto")
    assert [one.reason for one in result.notices if "kubectl kustomize` does" in one.reason] == [
        "`kubectl kustomize` does not render this either: no [31m such plugin."
    ]
    assert {one[1] for one in found(result)} == {"unknown"}


def test_a_chart_is_only_noted_without_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(CHART, tmp_path)
    program(tmp_path / "bin", "helm", f"touch {tmp_path}/ran", monkeypatch)
    result = run()
    assert found(result) == []
    assert not (tmp_path / "ran").exists()
    assert sorted(one.place.path for one in result.notices) == sorted(set(CHART) - {"tree/templates/_helpers.tpl"})


def test_a_chart_is_judged_as_it_is_rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(CHART, tmp_path)
    (tmp_path / "printed").write_text(PRINTED)
    program(
        tmp_path / "bin", "helm", f'env > {tmp_path}/env; echo "$@" > {tmp_path}/arguments; cat {tmp_path}/printed', monkeypatch
    )
    monkeypatch.setenv("SECRET_TOKEN", "x")
    result = run("auto")
    # `image` is nowhere in the template as it is printed, `runAsUser: 0` is.
    assert found(result) == [("DEP401", "fail", "tree/templates/api.yaml", 1), ("SEC201", "fail", "tree/templates/api.yaml", 14)]
    assert all("helm template" in one.message for one in result.findings)
    assert [one.place.path for one in result.notices] == ["tree/templates/off.yaml"]
    assert (tmp_path / "arguments").read_text() == f"template afscan {tmp_path}/tree\n"
    environment = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines() if "=" in line)
    assert "SECRET_TOKEN" not in environment
    assert environment["HTTPS_PROXY"] == "http://127.0.0.1:9"
    assert environment["HOME"] != os.environ.get("HOME")
    assert not Path(environment["HOME"]).exists()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo bad values >&2; exit 1", "`helm template` does not render this chart: bad values."),
        ("exit 3", "`helm template` does not render this chart: it ended with 3."),
        ("sleep 60", "`helm template` does not render this chart: it took more than 1 seconds."),
        ("yes", "`helm template` does not render this chart: it prints more than 1 MiB."),
        (
            "printf '# Source: shop/templates/none.yaml\\nkind: Pod\\n'",
            "`helm template` renders `tree/templates/none.yaml`, which is not",
        ),
        (
            "printf '# Source: shop/templates/api.yaml\\n{{\\n'",
            "What `helm template` makes of this template cannot be read as YAML",
        ),
    ],
)
def test_a_chart_that_is_not_rendered_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str) -> None:
    put(CHART, tmp_path)
    monkeypatch.setattr(programs, "SECONDS", 1)
    monkeypatch.setattr(programs, "MAX_OUTPUT", 1024 * 1024)
    program(tmp_path / "bin", "helm", script, monkeypatch)
    result = run("auto")
    assert found(result) == []
    assert [one for one in result.notices if one.reason.startswith(reason)]


@pytest.mark.parametrize("entry", ["tree/bin", "{}/tree/bin", "."])
def test_a_program_of_the_scanned_tree_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    put(CHART, tmp_path)
    program(tmp_path / "tree/bin", "helm", f"touch {tmp_path}/ran", monkeypatch)
    monkeypatch.setenv("PATH", entry.format(tmp_path))
    result = run("auto")
    assert not (tmp_path / "ran").exists()
    assert [one for one in result.notices if "`helm` is not on the PATH" in one.reason]


def test_a_link_into_the_tree_is_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(CHART, tmp_path)
    program(tmp_path / "tree/bin", "helm", f"touch {tmp_path}/ran", monkeypatch)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/helm").symlink_to(tmp_path / "tree/bin/helm")
    monkeypatch.setenv("PATH", str(tmp_path / "outside"))
    run("auto")
    assert not (tmp_path / "ran").exists()

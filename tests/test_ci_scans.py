"""Scanners: which there are, what they look at, whether their findings fail the run."""

import pytest

from afscan.model.ci import SecurityScan
from afscan.platforms.ci.scanners import all_tools, effect, tool_of_action, tool_of_command
from support import interpreted, text_at

NAME = ".github/workflows/scan.yml"
HEAD = "on: push\njobs:\n  scan:\n    runs-on: ubuntu-24.04\n    steps:\n"


def scans(text: str, name: str = NAME) -> list[SecurityScan]:
    return [one for one in interpreted(text, name).subjects if isinstance(one, SecurityScan)]


def of_run(script: str, extra: str = "") -> list[SecurityScan]:
    lines = "".join(f"          {line}\n" for line in script.splitlines())
    return scans(f"{HEAD}      - run: |\n{lines}{extra}")


def state(scan: SecurityScan) -> object:
    return scan.gates.value if scan.gates.is_set else scan.gates.state


@pytest.mark.parametrize(
    ("uses", "inputs", "tool", "covers", "gates"),
    [
        ("aquasecurity/trivy-action@0.30.0", "image-ref: app", "Trivy", {"images"}, False),
        ("aquasecurity/trivy-action@0.30.0", "{scan-type: fs, exit-code: '1'}", "Trivy", {"dependencies", "secrets"}, True),
        ("aquasecurity/trivy-action@0.30.0", "{scan-type: config, exit-code: 0}", "Trivy", {"iac"}, False),
        (
            "aquasecurity/trivy-action@0.30.0",
            "{scan-type: fs, scanners: 'secret,misconfig', exit-code: 1}",
            "Trivy",
            {"secrets", "iac"},
            True,
        ),
        (
            "aquasecurity/trivy-action@0.30.0",
            "{scan-type: fs, trivy-config: t.yaml}",
            "Trivy",
            {"dependencies", "secrets"},
            "unknown",
        ),
        ("aquasecurity/trivy-action@0.30.0", "{exit-code: '${{ inputs.code }}'}", "Trivy", {"images"}, "unknown"),
        ("anchore/scan-action@v6", "image: app", "Grype", {"images", "dependencies"}, True),
        ("anchore/scan-action@v6", "{image: app, fail-build: false}", "Grype", {"images", "dependencies"}, False),
        ("snyk/actions/docker@0.4.0", "image: app", "Snyk", {"images"}, True),
        ("snyk/actions/node@0.4.0", "command: monitor", "Snyk", {"dependencies"}, "unset"),
        ("docker/scout-action@v1", "{command: compare, image: app}", "Docker Scout", {"images"}, "unset"),
        ("bridgecrewio/checkov-action@v12", "soft_fail: true", "Checkov", {"iac"}, False),
        ("bridgecrewio/checkov-action@v12", "soft_fail: false", "Checkov", {"iac"}, True),
        ("github/codeql-action/analyze@v3", "category: x", "CodeQL", {"code"}, "unset"),
        ("trufflesecurity/trufflehog@main", "path: ./", "TruffleHog", {"secrets"}, True),
        ("actions/dependency-review-action@v4", "warn-only: true", "dependency review", {"dependencies"}, False),
        ("docker://aquasec/trivy:0.58.0", "args: image app", "Trivy", {"images"}, False),
    ],
)
def test_actions(uses: str, inputs: str, tool: str, covers: set[str], gates: object) -> None:
    inputs = inputs if inputs.startswith("{") else "{" + inputs + "}"
    text = f"{HEAD}      - uses: {uses}\n        with: {inputs}\n"
    (found,) = scans(text)
    assert (found.tool, set(found.covers), state(found)) == (tool, covers, gates)
    assert text_at(text, found.place) == uses


@pytest.mark.parametrize(
    ("script", "tool", "covers", "gates"),
    [
        ("trivy image --exit-code 1 --severity HIGH app:1", "Trivy", {"images"}, True),
        ("trivy image app:1", "Trivy", {"images"}, False),
        ("trivy fs --exit-code=0 .", "Trivy", {"dependencies", "secrets"}, False),
        ("trivy image --exit-code 1 app || true", "Trivy", {"images"}, False),
        ("trivy image --exit-code 1 app || exit 1", "Trivy", {"images"}, "unknown"),
        ("trivy image --exit-code 1 app | tee report", "Trivy", {"images"}, False),
        ("set -o pipefail\ntrivy image --exit-code 1 app | tee report", "Trivy", {"images"}, True),
        ("set +e\ntrivy image --exit-code 1 app\necho $?", "Trivy", {"images"}, "unknown"),
        ("if ! trivy image --exit-code 1 app; then exit 1; fi", "Trivy", {"images"}, "unknown"),
        ("trivy image --exit-code $CODE app", "Trivy", {"images"}, "unknown"),
        ("docker run --rm -v $PWD:/src aquasec/trivy:0.58.0 fs --exit-code 1 /src", "Trivy", {"dependencies", "secrets"}, True),
        ("grype app:1", "Grype", {"images", "dependencies"}, False),
        ("grype app:1 --fail-on high", "Grype", {"images", "dependencies"}, True),
        ("uv run bandit -r src --exit-zero", "Bandit", {"code"}, False),
        ("python -m pip_audit -r requirements.txt", "pip-audit", {"dependencies"}, True),
        ("npx snyk iac test infra", "Snyk", {"iac"}, True),
        ("npm audit --audit-level=high \\\n  || echo found", "npm audit", {"dependencies"}, False),
        ("pipx run checkov -d . --soft-fail", "Checkov", {"iac"}, False),
        ("semgrep ci", "Semgrep", {"code"}, True),
        ("semgrep scan --config auto", "Semgrep", {"code"}, "unset"),
        ("docker scout cves app --exit-code", "Docker Scout", {"images"}, True),
        ("find . -name Dockerfile | xargs hadolint", "hadolint", {"iac"}, True),
        ("snyk monitor", "Snyk", {"dependencies"}, "unset"),
        ("afscan . --fail-on never", "afscan", {"iac", "secrets"}, False),
        ("gitleaks detect # || true", "gitleaks", {"secrets"}, True),
    ],
)
def test_commands(script: str, tool: str, covers: set[str], gates: object) -> None:
    (found,) = of_run(script)
    assert (found.tool, set(found.covers), state(found)) == (tool, covers, gates)


@pytest.mark.parametrize(
    "script",
    [
        "pip install bandit pip-audit",
        "uv tool install semgrep",
        "trivy --version",
        "npm ci && npm run build",
        "npm audit fix",
        "echo trivy image app",
        "cat > x <<EOF\ntrivy image app\nEOF",
        "# trivy image app",
        "brew install hadolint",
        "trivy image --format cyclonedx --output sbom.json app",
        "trivy fs --format=spdx-json .",
    ],
)
def test_what_is_no_scan(script: str) -> None:
    assert of_run(script) == []


def test_the_place_of_what_lets_pass() -> None:
    text = f"{HEAD}      - run: |\n          trivy image --exit-code 0 app\n          checkov -d . || true\n"
    first, second = scans(text)
    assert text_at(text, first.gates.place) == "--exit-code 0"
    assert text_at(text, second.gates.place) == "|| true"
    assert text_at(text, second.place) == "checkov -d ."
    assert first.target is not None
    assert (first.target.value, text_at(text, first.target.place)) == ("app", "app")


@pytest.mark.parametrize(
    ("extra", "gates"),
    [
        ("        continue-on-error: true\n", False),
        ("        continue-on-error: false\n", True),
        ("        continue-on-error: ${{ true }}\n", False),
        ("        continue-on-error: ${{ matrix.x }}\n", "unknown"),
        (
            "        continue-on-error: true\n        id: s\n      - if: steps.s.outcome == 'failure'\n        run: exit 1\n",
            "unset",
        ),
    ],
)
def test_steps_whose_failure_is_passed_over(extra: str, gates: object) -> None:
    (found,) = of_run("gitleaks detect", extra)
    assert state(found) == gates


def test_a_step_that_never_runs_is_no_scan() -> None:
    assert of_run("gitleaks detect", "        if: ${{ false }}\n") == []


def test_a_job_whose_failure_is_passed_over() -> None:
    text = HEAD.replace("    steps:", "    continue-on-error: true\n    steps:") + "      - run: gitleaks detect\n"
    (found,) = scans(text)
    assert state(found) is False
    assert found.gates.place.line == 5


def test_results_that_go_to_code_scanning() -> None:
    text = (
        f"{HEAD}      - uses: aquasecurity/trivy-action@0.30.0\n        with: {{format: sarif}}\n"
        "      - uses: github/codeql-action/upload-sarif@v3\n"
    )
    (found,) = scans(text)
    assert found.uploads
    other = text.replace("format: sarif", "format: table")
    assert not scans(other)[0].uploads


def test_a_list_of_components_is_no_scan() -> None:
    assert (
        scans(f"{HEAD}      - uses: aquasecurity/trivy-action@0.30.0\n        with: {{image-ref: app, format: cyclonedx}}\n")
        == []
    )


def test_a_variable_decides() -> None:
    text = f"env: {{TRIVY_EXIT_CODE: 1}}\n{HEAD}      - run: trivy image app\n"
    (found,) = scans(text)
    assert state(found) is True


def test_hooks() -> None:
    text = """\
repos:
  - repo: https://github.com/gitleaks/gitleaks
    rev: v8.21.2
    hooks: [{id: gitleaks}]
  - repo: https://github.com/PyCQA/bandit
    rev: 1.8.0
    hooks:
      - id: bandit
        args: ["-r", "--exit-zero"]
  - repo: local
    hooks:
      - {id: mine, entry: trivy config, args: ["--exit-code", "1"], language: system}
      - {id: format, entry: black, language: system}
"""
    found = scans(text, ".pre-commit-config.yaml")
    assert [(one.tool, state(one)) for one in found] == [("gitleaks", True), ("Bandit", False), ("Trivy", True)]
    assert text_at(text, found[1].gates.place) == '"--exit-zero"'
    assert text_at(text, found[1].place) == "bandit"


def test_the_table_is_whole() -> None:
    for tool in all_tools():
        assert tool["source"].startswith("http"), tool["tool"]
        assert set(tool["covers"]) <= {"images", "dependencies", "iac", "secrets", "code"}
        for kinds in (tool.get("options", {}), tool.get("inputs", {}), tool.get("variables", {})):
            assert all(effect(kind, _word(kind)) is not None or kind == "monitor" for kind in kinds.values())
    assert tool_of_action("github/codeql-action/upload-sarif") is None
    assert tool_of_command([]) is None


def _word(kind: str) -> str:
    return {"ignore": "all", "format": "json", "never": "never"}.get(kind, "1")

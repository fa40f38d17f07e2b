"""GitHub Actions: triggers, jobs, steps, images, variables, secrets, permissions, what is called; and who finds the files."""

from pathlib import Path

import pytest

from afscan.engine import Options, scan
from afscan.interpret import interpret
from afscan.join.repository import repository_of
from afscan.model.ci import ActionReference, CompositeAction, SecurityScan, Workflow, WorkflowJob, WorkflowStep
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.subjects import Connection, Credential, Dependency, ImageReference, Login, Origin
from support import interpreted, stack_of, text_at

NAME = ".github/workflows/ci.yml"
WORKFLOW = """\
name: CI
on:
  push: {branches: [main]}
  pull_request:
  schedule:
    - cron: "0 3 * * 1"
permissions: read-all
env:
  REGION: us-west-2
  API_TOKEN: ${{ secrets.API_TOKEN }}
defaults:
  run: {shell: bash, working-directory: app}
jobs:
  test:
    runs-on: [self-hosted, linux]
    permissions: {contents: read, id-token: write}
    strategy:
      matrix:
        python: ["3.11", "3.12"]
    container: python:${{ matrix.python }}-slim
    services:
      postgres:
        image: postgres:latest
        env: {POSTGRES_PASSWORD: Zk4vq9TTx1Lw}
    env:
      DATABASE_URL: postgres://postgres:Zk4vq9TTx1Lw@postgres:5432/test
    continue-on-error: ${{ matrix.experimental }}
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683
      - uses: ./.github/actions/prepare
      - uses: docker://alpine:3.20
      - name: Run it
        id: run
        if: always()
        run: |
          make check
          echo "${{ github.sha }}"
      - shell: python
        run: print("no shell")
  release:
    needs: test
    uses: ./.github/workflows/release.yml
    with: {environment: production}
  remote:
    uses: example/pipelines/.github/workflows/deploy.yml@main
"""


def one(kind, out):  # type: ignore[no-untyped-def]
    found = [subject for subject in out.subjects if type(subject) is kind]
    assert len(found) == 1
    return found[0]


def test_a_workflow_with_its_jobs_and_steps() -> None:
    out = interpreted(WORKFLOW, NAME)
    assert not out.notices
    workflow = one(Workflow, out)
    assert [trigger.value for trigger in workflow.triggers] == ["push", "pull_request", "schedule"]
    assert [text_at(WORKFLOW, trigger.place) for trigger in workflow.triggers] == ["push", "pull_request", "schedule"]
    assert workflow.on("pull_request", "merge_group")
    assert [cron.value for cron in workflow.schedules] == ["0 3 * * 1"]
    assert workflow.permissions.value == {"*": "read"}
    assert workflow.repository == ""
    test, release, remote = workflow.jobs
    assert [label.value for label in test.runs_on] == ["self-hosted", "linux"]
    assert test.permissions.value == {"contents": "read", "id-token": "write"}
    assert test.continue_on_error.is_unknown
    assert [step.key for step in test.steps] == ["", "", "", "run", ""]
    assert test.steps[3].shell.value == "bash"
    assert test.steps[3].working_directory.value == "app"
    assert test.steps[3].condition.value == "always()"
    assert release.calls is not None
    assert release.calls.workflow
    assert release.inputs["environment"].value == "production"
    assert remote.calls is not None
    assert (remote.calls.kind, remote.calls.revision_kind) == ("remote", "branch")


def test_what_steps_use() -> None:
    out = interpreted(WORKFLOW, NAME)
    found = {(ref.kind, ref.target, ref.revision_kind) for ref in out.subjects if isinstance(ref, ActionReference)}
    assert found == {
        ("remote", "actions/checkout", "commit"),
        ("local", "./.github/actions/prepare", ""),
        ("docker", "alpine:3.20", ""),
        ("local", "./.github/workflows/release.yml", ""),
        ("remote", "example/pipelines/.github/workflows/deploy.yml", "branch"),
    }
    held = {one.name: one.pinned.value for one in out.subjects if isinstance(one, Dependency)}
    assert held == {"action actions/checkout": True, "action example/pipelines/.github/workflows/deploy.yml": False}
    floating = next(one for one in out.subjects if isinstance(one, Dependency) and not one.pinned.value)
    assert text_at(WORKFLOW, floating.pinned.place) == "main"


def test_images_of_a_job_are_judged_and_those_of_its_services_are_not() -> None:
    out = interpreted(WORKFLOW, NAME)
    judged = [one for one in out.subjects if isinstance(one, ImageReference)]
    assert [one.reference.value for one in judged] == ["python:3.11-slim", "python:3.12-slim", "alpine:3.20"]
    assert [text_at(WORKFLOW, one.reference.place) for one in judged[:2]] == ['"3.11"', '"3.12"']
    job = next(one for one in out.subjects if isinstance(one, WorkflowJob))
    assert [one.reference.value for one in job.services] == ["postgres:latest"]


def test_passwords_of_throw_away_services_are_nobodys() -> None:
    out = interpreted(WORKFLOW, NAME)
    found = [one for one in out.subjects if isinstance(one, Credential)]
    assert [(one.key, one.origin) for one in found] == [("API_TOKEN", Origin.REFERENCE)]
    assert not [one for one in out.subjects if isinstance(one, Connection | Login)]


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        ("REGISTRY_TOKEN: ghp_1234567890abcdefghijABCDEFGHIJ123456", ["REGISTRY_TOKEN"]),
        ("DB_PASSWORD: Jq7vUe2mPx90Lsd", ["DB_PASSWORD"]),
        ("DATABASE_URL: postgres://app:Jq7vUe2mPx90Lsd@db.example.com/app", ["DATABASE_URL"]),
        ("DB_PASSWORD: postgres", []),
        ("SECRET_KEY: a-secret-key-for-the-tests", []),
        ("JWT_SECRET: dummy-2kd92kd02k3d", []),
        ("DATABASE_URL: postgres://app:Jq7vUe2mPx90Lsd@localhost:5432/app", []),
        ("DB_PASSWORD: ${{ env.OTHER }}", ["DB_PASSWORD"]),
    ],
)
def test_literals_in_variables(line: str, keys: list[str]) -> None:
    text = f"on: push\nenv:\n  {line}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps: [{{run: make}}]\n"
    out = interpreted(text, NAME)
    assert [one.key for one in out.subjects if isinstance(one, Credential)] == keys


def test_a_literal_in_an_input() -> None:
    text = "on: push\njobs:\n  a:\n    steps:\n      - uses: o/r@v1\n        with: {aws-secret-access-key: Jq7vUe2mPx90LsdJq7vUe2mPx90Lsd12}\n"
    (found,) = [one for one in interpreted(text, NAME).subjects if isinstance(one, Credential)]
    assert (found.place.line, found.place.column) == (6, 39)
    assert found.origin is Origin.LITERAL


@pytest.mark.parametrize("on", ["on: push", '"on": [push, pull_request]', "on:\n  push:", "'on': {push: {}}"])
def test_the_key_on_is_no_boolean(on: str) -> None:
    workflow = one(Workflow, interpreted(f"{on}\njobs:\n  a: {{runs-on: x, steps: []}}\n", "anything.yaml"))
    assert workflow.triggers[0].value == "push"
    assert workflow.repository is None


def test_scripts_are_handed_to_the_reader_of_shells() -> None:
    source = Source(NAME, WORKFLOW)
    from afscan.platforms import ci  # noqa: PLC0415
    from afscan.platforms.reading import Interpretation  # noqa: PLC0415
    from afscan.syntax import parse  # noqa: PLC0415

    source.syntax = "yaml"
    out = Interpretation()
    ci.interpret(source, parse(source).roots[0], out)
    (script,) = out.embedded
    assert (script.syntax, script.holder) == ("shell", "workflow")
    assert script.text == 'make check\necho "${______________}"\n'
    start = script.text.index("${")
    place = script.place(script.span(start, start + len("${{ github.sha }}")))
    assert text_at(WORKFLOW, place) == "${{ github.sha }}"
    assert not interpret(Source(NAME, WORKFLOW))[0].notices


def test_what_is_called_in_this_repository_is_joined() -> None:
    files = {
        NAME: WORKFLOW,
        ".github/workflows/release.yml": "on: workflow_call\njobs:\n  push: {runs-on: x, steps: [{run: docker push x}]}\n",
        ".github/actions/prepare/action.yml": (
            "name: prepare\nruns:\n  using: composite\n  steps:\n    - run: echo\n      shell: bash\n"
        ),
    }
    stack = stack_of(files)
    workflow = next(one for one in stack.of(Workflow) if one.path == NAME)
    called = workflow.jobs[1].called
    assert called is not None
    assert called.path == ".github/workflows/release.yml"
    action = workflow.jobs[0].steps[1].action
    assert isinstance(action, CompositeAction)
    assert action.using.value == "composite"
    repository = repository_of(stack)
    assert repository is not None
    assert {one.path for one in repository.workflows} == {NAME, ".github/workflows/release.yml"}
    assert [text_at(files, place) for _, place in repository.opaque] == [
        "make check",
        "example/pipelines/.github/workflows/deploy.yml@main",
    ]


def test_workflows_of_examples_belong_to_no_repository() -> None:
    outside = {"Dockerfile": "FROM scratch\n"}
    assert repository_of(stack_of({"examples/app/.github/workflows/ci.yml": WORKFLOW, **outside})) is None
    assert repository_of(stack_of({"app/.github/workflows/ci.yml": WORKFLOW, "app/Dockerfile": "FROM scratch\n"})) is not None
    assert repository_of(stack_of(outside)) is None
    assert repository_of(stack_of({"docs/ci.yml": WORKFLOW})) is None


def test_a_job_is_skipped_with_one_that_it_needs() -> None:
    text = (
        "on: push\njobs:\n"
        "  c: {needs: [b], steps: [{run: gitleaks detect}]}\n"
        "  b: {needs: a, steps: [{run: gitleaks detect}]}\n"
        "  a: {if: '${{ false }}', needs: c, steps: [{run: gitleaks detect}]}\n"
        "  d: {needs: a, if: always(), steps: [{run: gitleaks detect}]}\n"
    )
    out = interpreted(text, NAME)
    assert [job.key for job in out.subjects if isinstance(job, WorkflowJob) and job.disabled] == ["c", "b", "a"]
    assert [scan.job.key for scan in out.subjects if isinstance(scan, SecurityScan) and scan.job] == ["d"]


def test_dot_folders_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".github" / "workflows" / "ci.yml"
    file.parent.mkdir(parents=True)
    file.write_text("on: push\njobs:\n  a: {runs-on: x, steps: [{uses: o/r@master}]}\n")
    monkeypatch.chdir(tmp_path)
    result = scan(["."], Options(select=("DEP404",)))
    assert [(f.place.path, f.place.line, f.place.column) for f in result.findings] == [(NAME, 3, 38)]


@pytest.mark.parametrize(
    "text",
    [
        "on: [1, {}, [push]]\njobs: {a: 3, b: [], c: {steps: 4}, d: {steps: [1, [], {uses: {}, run: [x], env: 3, with: []}]}}\n",
        "on: push\njobs: {a: {container: [], services: 3, runs-on: {group: []}, uses: [], strategy: {matrix: {x: []}}}}\n",
        "on: push\njobs:\n  a: {container: 'x:${{ matrix.x }}', strategy: {matrix: {x: [{a: 1}, [2]]}}}\n",
        "on: push\nenv: [A]\npermissions: [x]\ndefaults: 3\njobs: {a: {env: {A: [], B: }, steps: [{run: }]}}\n",
        "on: push\njobs: {a: {steps: [{run: 'trivy " + "${{ " * 500 + "'}, {uses: '@'}, {uses: ''}, {uses: './@'}]}}\n",
        "on: push\njobs: {a: {steps: [{run: '" + "x || " * 3000 + "', shell: ' '}]}}\n",
    ],
)
def test_malformed_workflows_never_raise(text: str) -> None:
    stack = stack_of({NAME: text})
    assert len(stack.of(Workflow)) == 1


def test_wrong_types_are_noted() -> None:
    out = interpreted("on: push\njobs:\n  a: 3\n  b:\n    steps: 4\n", NAME)
    assert [(one.kind, one.place.line) for one in out.notices] == [(NoticeKind.WRONG_TYPE, 3), (NoticeKind.WRONG_TYPE, 5)]


def test_an_unfinished_workflow_is_noted() -> None:
    out = interpreted("on: push\njobs:\n  a: [\n", NAME)
    assert [one.kind for one in out.notices] == [NoticeKind.SYNTAX]


def test_a_compose_file_is_no_workflow() -> None:
    out = interpreted("services:\n  a: {image: 'x:1'}\n", "compose.yaml")
    assert not [one for one in out.subjects if isinstance(one, Workflow | WorkflowStep)]


def test_a_workflow_is_read_to_a_limit() -> None:
    steps = "".join(f"      - run: echo {number}\n" for number in range(1_000))
    jobs = "".join(f"  job{number}: *job\n" for number in range(12))
    out = interpreted(f"on: push\njobs:\n  first: &job\n    steps:\n{steps}{jobs}", NAME)
    assert [one.kind for one in out.notices] == [NoticeKind.LIMIT]
    assert sum(isinstance(one, WorkflowStep) for one in out.subjects) == 10_000


def test_more_steps_than_anybody_writes_are_noted() -> None:
    out = interpreted("on: push\njobs:\n  a:\n    steps:\n" + "      - run: x\n" * 2_001, NAME)
    assert [(one.kind, one.place.line) for one in out.notices] == [(NoticeKind.LIMIT, 2_005)]


@pytest.mark.parametrize(
    ("script", "opaque"),
    [
        ("make check", True),
        ("make ci", True),
        ("make", True),
        ("make build", False),
        ("npm ci", False),
        ("npm run build", False),
        ("npm run verify", True),
        ("uv run pytest", False),
        ("uv run tox -e py", True),
        ("poetry run python scripts/check.py", True),
        ("python -m pytest", False),
        ("./scripts/ci.sh", True),
        ("bash ci.sh", True),
        ("pre-commit run --all-files", True),
        ("npx jest", False),
        ("curl https://example.com/security-check | jq .", True),
        ("docker compose up -d", False),
        ("kubectl apply -f k8s", False),
        ("echo $X", False),
    ],
)
def test_what_may_run_a_scanner_unseen(script: str, opaque: bool) -> None:
    text = f"on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: {script}\n"
    repository = repository_of(stack_of({NAME: text}))
    assert repository is not None
    assert [text_at(text, place) for _, place in repository.opaque] == ([script.partition(" | ")[0]] if opaque else [])


@pytest.mark.parametrize(
    ("uses", "opaque"),
    [
        ("sysdiglabs/scan-action@v5", True),
        ("actions/checkout@v4", False),
        ("docker/build-push-action@v6", False),
        ("./.github/a", True),
    ],
)
def test_actions_that_may_be_scanners(uses: str, opaque: bool) -> None:
    text = f"on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: {uses}\n"
    repository = repository_of(stack_of({NAME: text}))
    assert repository is not None
    assert bool(repository.opaque) is opaque

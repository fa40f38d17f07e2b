"""Workflows joined with the scripts that they hold and call: shells, runners, schedules, scans."""

from collections.abc import Sequence

import pytest

from afscan.interpret import interpret
from afscan.join import join_all
from afscan.join.repository import repository_of
from afscan.join.scriptruns import is_scheduled
from afscan.model.backups import Backup
from afscan.model.scripts import Script
from afscan.model.source import Source
from afscan.model.stack import Stack

WORKFLOW = """name: nightly
on:
  schedule:
    - cron: "0 3 * * *"
jobs:
  save:
    runs-on: ubuntu-24.04
    steps:
      - name: dump
        run: ./infra/scripts/backup.sh
"""
BACKUP = "#!/bin/bash\nset -euo pipefail\npg_dump -h db app > dump.sql\n"


def joined(files: Sequence[tuple[str, str]]) -> Stack:
    stack = Stack("", complete=True)
    for name, text in files:
        out, read, _ = interpret(Source(name, text))
        stack.paths.append(name)
        stack.sources += read
        stack.add(out.subjects)
        stack.notices += out.notices
    join_all(stack)
    return stack


def script(stack: Stack, name: str) -> Script:
    return next(one for one in stack.of(Script) if one.file_name.endswith(name))


def steps(text: str, head: str = "") -> str:
    return f"on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n{head}    steps:\n{text}"


@pytest.mark.parametrize(
    ("head", "shell", "options"),
    [
        ("", "", ("bash", True, False)),
        ("", "        shell: bash\n", ("bash", True, True)),
        ("", "        shell: sh\n", ("sh", True, False)),
        ("", "        shell: bash {0}\n", ("bash", False, False)),
        ("", "        shell: bash -euo pipefail {0}\n", ("bash", True, True)),
        ("    defaults: {run: {shell: bash}}\n", "", ("bash", True, True)),
        ("    defaults: {run: {shell: bash}}\n", "        shell: sh\n", ("sh", True, False)),
    ],
)
def test_the_shell_of_a_step(head: str, shell: str, options: tuple[str, bool, bool]) -> None:
    stack = joined([(".github/workflows/a.yml", steps(f"      - name: x\n        run: a | b\n{shell}", head))])
    (one,) = stack.of(Script)
    assert (one.interpreter.value, one.errexit.value, one.pipefail.value) == options


def test_a_scheduled_workflow_runs_the_scripts_that_it_calls() -> None:
    stack = joined([(".github/workflows/n.yml", WORKFLOW), ("infra/scripts/backup.sh", BACKUP)])
    one = script(stack, "backup.sh")
    when = is_scheduled(stack, one)
    assert (when.value, when.place.path, when.place.line) == (True, ".github/workflows/n.yml", 4)
    assert [value.value for value in one.schedules] == ["0 3 * * *"]
    (saved,) = stack.of(Backup)
    assert saved.scheduled.value is True


@pytest.mark.parametrize(
    ("old", "new", "known"),
    [
        ("run: ./infra/scripts/backup.sh", "run: bash infra/scripts/backup.sh", True),
        ("run: ./infra/scripts/backup.sh", "run: ./backup.sh\n        working-directory: infra/scripts", True),
        ("run: ./infra/scripts/backup.sh", "run: sudo true && ./infra/scripts/backup.sh --all", True),
        ("name: dump\n", "name: dump\n        if: github.event_name == 'schedule'\n", True),
        ("name: dump\n", "name: dump\n        if: github.ref == 'refs/heads/x'\n", None),
        ("name: dump\n", "name: dump\n        if: false\n", False),
        ('schedule:\n    - cron: "0 3 * * *"', "workflow_dispatch:", False),
        ('schedule:\n    - cron: "0 3 * * *"', "push:", None),
        ("run: ./infra/scripts/backup.sh", "run: echo backup.sh", False),
    ],
)
def test_what_a_workflow_starts_by_itself(old: str, new: str, known: bool | None) -> None:
    stack = joined([(".github/workflows/n.yml", WORKFLOW.replace(old, new)), ("infra/scripts/backup.sh", BACKUP)])
    found = is_scheduled(stack, script(stack, "backup.sh"))
    assert found.value is known if known is not None else found.is_unknown


def test_a_reusable_workflow_runs_when_its_callers_do() -> None:
    called = WORKFLOW.replace('schedule:\n    - cron: "0 3 * * *"', "workflow_call:")
    caller = 'on: {schedule: [{cron: "5 5 * * *"}]}\njobs:\n  x:\n    uses: ./.github/workflows/n.yml\n'
    files = [(".github/workflows/n.yml", called), ("infra/scripts/backup.sh", BACKUP)]
    assert is_scheduled(joined(files), script(joined(files), "backup.sh")).is_unknown
    stack = joined([*files, (".github/workflows/c.yml", caller)])
    assert [value.value for value in script(stack, "backup.sh").schedules] == ["5 5 * * *"]


def test_schedules_of_gitlab_are_not_in_the_repository() -> None:
    stack = joined([(".gitlab-ci.yml", "save:\n  script:\n    - ./backup.sh\n"), ("backup.sh", BACKUP)])
    one = script(stack, "backup.sh")
    assert [runner.name for runner in one.runners] == ["pipeline .gitlab-ci.yml, job save"]
    assert "GitLab" in is_scheduled(stack, one).reason


@pytest.mark.parametrize(
    ("call", "text", "gates"),
    [
        ("./scan.sh", "#!/bin/bash\nset -e\ntrivy fs --exit-code 1 .\necho done\n", True),
        ("./scan.sh", "#!/bin/bash\ntrivy fs --exit-code 1 .\necho done\n", False),
        ("./scan.sh", "#!/bin/bash\nset -e\ntrivy fs --exit-code 1 . || true\n", False),
        ("./scan.sh", "#!/bin/bash\nset -e\ntrivy fs --exit-code 1 . || exit 3\n", None),
        ("./scan.sh", "#!/bin/bash\nset -e\ntrivy fs .\n", False),
        ("./scan.sh || true", "#!/bin/bash\nset -e\ntrivy fs --exit-code 1 .\n", False),
        ("./scan.sh | tee log", "#!/bin/bash\nset -e\ntrivy fs --exit-code 1 .\n", False),
    ],
)
def test_scans_of_a_script_that_a_workflow_runs(call: str, text: str, gates: bool | None) -> None:
    stack = joined([(".github/workflows/a.yml", steps(f"      - name: x\n        run: {call}\n")), ("scan.sh", text)])
    repository = repository_of(stack)
    assert repository is not None
    (scan,) = repository.scans
    assert (scan.tool, scan.gates.value, scan.place.path) == ("Trivy", gates, "scan.sh")
    assert repository.opaque == []


def test_scripts_that_run_what_is_not_read_stay_opaque() -> None:
    workflow = (".github/workflows/a.yml", steps("      - name: x\n        run: ./all.sh\n"))
    for text in ("#!/bin/sh\nmake all\n", "#!/bin/sh\n./other.py\n"):
        repository = repository_of(joined([workflow, ("all.sh", text)]))
        assert repository is not None
        assert [name for name, _ in repository.opaque] == ["`./all.sh`"]
    repository = repository_of(joined([workflow, ("all.sh", "#!/bin/sh\npytest\n")]))
    assert repository is not None
    assert repository.opaque == []

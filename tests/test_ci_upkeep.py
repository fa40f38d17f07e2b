"""Dependabot, Renovate, pre-commit and GitLab CI."""

import pytest

from afscan.model.ci import DependencyUpdates, PreCommitHook, SecurityScan, Workflow
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.subjects import Dependency, ImageReference
from afscan.syntax import parse
from support import interpreted, parsed, text_at


def updates(text: str, name: str) -> DependencyUpdates:
    (found,) = [one for one in interpreted(text, name).subjects if isinstance(one, DependencyUpdates)]
    return found


def test_dependabot() -> None:
    text = """\
version: 2
updates:
  - package-ecosystem: docker
    directories: [/a, /b]
    schedule: {interval: weekly}
  - package-ecosystem: pip
    directory: /
    schedule: {interval: daily}
    open-pull-requests-limit: 0
"""
    found = updates(text, ".github/dependabot.yml")
    assert found.enabled.value is True
    assert [
        (one.ecosystem.value, [d.value for d in one.directories], one.interval.value, one.disabled) for one in found.updates
    ] == [
        ("docker", ["/a", "/b"], "weekly", False),
        ("pip", ["/"], "daily", True),
    ]


def test_dependabot_of_an_old_version_is_noted() -> None:
    out = interpreted("version: 1\nupdate_configs: []\n", ".github/dependabot.yml")
    assert [(one.kind, one.place.line) for one in out.notices] == [(NoticeKind.PARTIAL, 1)]
    assert not out.subjects


@pytest.mark.parametrize(
    "text", ["version: 2\n", "version: 2\nupdates: 3\n", "version: 2\nupdates: [1, {directories: {}}]\n", "- 1\n"]
)
def test_malformed_dependabot(text: str) -> None:
    interpreted(text, "dependabot.yml")


@pytest.mark.parametrize("name", ["renovate.json", ".github/renovate.json5", ".renovaterc", ".renovaterc.json", "package.json"])
def test_renovate_by_its_names(name: str) -> None:
    inner = '{"extends": ["config:recommended"], "packageRules": [{"matchManagers": ["docker-compose"], "enabled": false}]}'
    text = f'{{"name": "x", "renovate": {inner}}}' if name == "package.json" else inner
    found = updates(text, name)
    assert found.enabled.value is True
    assert [one.value for one in found.extends] == ["config:recommended"]
    assert [(one.ecosystem.value, one.disabled) for one in found.updates] == [("docker-compose", True)]


def test_renovate_in_json5() -> None:
    text = "// ours\n{\n  extends: ['config:base', \"it's\"],\n  enabled: false, /* for now */\n  $limit: +.5e1, hex: 0x1F,\n}\n"
    found = updates(text, "renovate.json5")
    assert found.enabled.value is False
    assert [one.value for one in found.extends] == ["config:base", "it's"]
    assert text_at(text, found.extends[0].place) == "'config:base'"
    assert text_at(text, found.enabled.place) == "false"


@pytest.mark.parametrize(
    "text", ["{a: b}", "{'a': 'b}", "{a 1}", "{1a: 1}", "{a: 1 b: 2}", "{a: '\n'}", "{a: 01x}", "{", "{a: $}"]
)
def test_malformed_json5_is_a_notice(text: str) -> None:
    assert [one.kind for one in parsed(text, "json", "x.json5").notices] == [NoticeKind.SYNTAX]
    assert [one.kind for one in interpreted(text, "renovate.json5").notices] == [NoticeKind.SYNTAX]


def test_json5_escapes_keep_their_places() -> None:
    text = "{a: 'it\\'s \\u00e4 x'}"
    source = Source("x.json5", text, syntax="json")
    node = parse(source).roots[0].get("a")
    assert node is not None
    assert getattr(node, "text", "") == "it's ä x"
    assert text_at(text, node.part(7, 8)) == "x"  # type: ignore[attr-defined]


def test_plain_json_stays_strict() -> None:
    assert [one.kind for one in parsed("{a: 1}", "json", "x.json").notices] == [NoticeKind.SYNTAX]
    assert [one.kind for one in parsed("{\"a\": 'x'}", "json", "x.json").notices] == [NoticeKind.SYNTAX]


def test_a_switched_off_renovate() -> None:
    assert updates('{"extends": [":disableRenovate"]}', "renovate.json").enabled.value is False
    assert updates('{"enabledManagers": ["npm"]}', "renovate.json").managers[0].value == "npm"


def test_an_updater_in_a_workflow() -> None:
    text = "on: {schedule: [{cron: '0 1 * * *'}]}\njobs:\n  r:\n    steps:\n      - uses: renovatebot/github-action@v41\n"
    assert updates(text, ".github/workflows/renovate.yml").tool == "workflow"


PRE_COMMIT = """\
repos:
  - repo: https://github.com/astral-sh/ruff-pre-commit
    rev: v0.8.0
    hooks:
      - id: ruff
        args: [--fix]
  - repo: https://github.com/example/hooks.git
    rev: master
    hooks: [{id: mine}]
  - repo: https://github.com/example/others
    rev: some-name
    hooks: [{id: other}]
  - repo: local
    hooks: [{id: types, entry: mypy ., language: system, stages: [pre-push]}]
"""


def test_pre_commit() -> None:
    out = interpreted(PRE_COMMIT, ".pre-commit-config.yaml")
    hooks = [one for one in out.subjects if isinstance(one, PreCommitHook)]
    assert [(one.hook, one.repository.value, one.revision.value) for one in hooks][3] == ("types", "local", None)
    assert [one.value for one in hooks[3].stages] == ["pre-push"]
    assert [one.value for one in hooks[0].arguments] == ["--fix"]
    held = [one for one in out.subjects if isinstance(one, Dependency)]
    assert [(one.name, one.pinned.value) for one in held] == [
        ("pre-commit repository astral-sh/ruff-pre-commit", True),
        ("pre-commit repository example/hooks", False),
        ("pre-commit repository example/others", None),
    ]
    assert text_at(PRE_COMMIT, held[1].pinned.place) == "master"


@pytest.mark.parametrize("text", ["repos: 3\n", "repos: [1, {hooks: 3}, {repo: [], hooks: [{id: []}, 2]}]\n", "repos:\n", "{}\n"])
def test_malformed_pre_commit(text: str) -> None:
    interpreted(text, ".pre-commit-config.yaml")


GITLAB = """\
include:
  - template: Jobs/SAST.gitlab-ci.yml
  - local: ci/deploy.yml
  - project: group/pipelines
    file: /all.yml
image: python:3.12
services: [postgres:16]
stages: [test]
.hidden:
  script: [trivy image never]
scan:
  image: {name: aquasec/trivy:0.58.0, entrypoint: [""]}
  script:
    - trivy fs --exit-code 1 .
    - [trivy image app]
  allow_failure: true
test:
  image: $BUILDER
  script: pytest | tee log
"""


def test_gitlab() -> None:
    out = interpreted(GITLAB, ".gitlab-ci.yml")
    assert not out.notices
    (pipeline,) = [one for one in out.subjects if isinstance(one, Workflow)]
    assert (pipeline.system, pipeline.repository) == ("gitlab", "")
    assert [one.key for one in pipeline.jobs] == ["scan", "test"]
    assert [one.value for one in pipeline.includes] == ["ci/deploy.yml", "group/pipelines"]
    scans = [one for one in out.subjects if isinstance(one, SecurityScan)]
    assert [(one.tool, one.gates.value) for one in scans] == [("GitLab SAST", None), ("Trivy", False), ("Trivy", False)]
    assert [text_at(GITLAB, one.place) for one in scans] == [
        "Jobs/SAST.gitlab-ci.yml",
        "trivy fs --exit-code 1 .",
        "trivy image app",
    ]
    images = [one for one in out.subjects if isinstance(one, ImageReference)]
    assert [one.reference.value for one in images] == ["aquasec/trivy:0.58.0", None]


@pytest.mark.parametrize(
    "text",
    [
        "include: 3\na: {script: {x: 1}}\n",
        "a: {script: [[[[x]]], {}], image: [], allow_failure: {exit_codes: 1}}\n",
        "a: 3\n",
        "include: [{template: []}, [x]]\n",
    ],
)
def test_malformed_gitlab(text: str) -> None:
    interpreted(text, ".gitlab-ci.yml")


def test_gitlab_jobs_that_extend_others() -> None:
    text = """\
.base:
  script: [trivy fs --exit-code 1 .]
.loop: {extends: .loop2}
.loop2: {extends: [.loop, .base]}
scan: {extends: .base, stage: test}
own: {extends: .base, script: [pytest]}
again: {extends: .loop}
child: {trigger: {include: other.yml}}
borrowed:
  script:
    - !reference [.other, script]
"""
    out = interpreted(text, ".gitlab-ci.yml")
    scans = [one for one in out.subjects if isinstance(one, SecurityScan)]
    assert [one.job.key for one in scans if one.job is not None] == ["scan", "again"]
    (pipeline,) = [one for one in out.subjects if isinstance(one, Workflow)]
    assert [one.value for one in pipeline.includes] == ["trigger", "!reference"]


def test_anchors_do_not_make_hooks_or_pipelines_endless() -> None:
    hooks = "".join(f"      - id: hook{number}\n" for number in range(100))
    text = f"repos:\n  - &repository\n    repo: local\n    hooks:\n{hooks}" + "  - *repository\n" * 100
    assert [one.kind for one in interpreted(text, ".pre-commit-config.yaml").notices] == [NoticeKind.LIMIT]
    lines = "".join(f"    - echo {number}\n" for number in range(100))
    text = f"first: &job\n  script:\n{lines}" + "".join(f"job{number}: *job\n" for number in range(200))
    assert [one.kind for one in interpreted(text, ".gitlab-ci.yml").notices] == [NoticeKind.LIMIT]

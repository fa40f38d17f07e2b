"""Kustomizations in a scan: which place a finding has, which overlays are judged beside which, and what is only noted."""

from pathlib import Path

import pytest

from afscan.engine import Options, scan
from afscan.model.notice import NoticeKind
from afscan.model.subjects import ConfigEntry, Container
from afscan.platforms.kustomize.objects import Labels, Pattern, Unmatchable
from afscan.result import Result
from kustomize_cases import OVERLAYS, overlay, rendered
from support import stack_of, text_at

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
      - name: api
        image: example.com/api
        securityContext: {runAsNonRoot: false, runAsUser: 0}
"""
PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  template:
    spec:
      containers:
      - name: api
        securityContext: {runAsNonRoot: true, runAsUser: 1000}
"""


def scanned(
    files: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch, *codes: str, paths: tuple[str, ...] = (".",)
) -> Result:
    """Files scanned as a stack, with some rules only."""
    monkeypatch.chdir(folder)
    for path, text in files.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)
    result = scan(list(paths), Options(select=codes))
    assert not result.errors
    return result


def found(result: Result) -> list[tuple[str, str, int]]:
    return [(f.rule.code, f.place.path, f.place.line) for f in result.findings]


def test_values_keep_the_places_of_the_files_that_set_them() -> None:
    files = overlay(
        "images: [{name: registry.example.com/web, newTag: latest}]\nnamespace: prod\n"
        "configMapGenerator: [{name: settings, behavior: merge, files: [redis.conf], literals: ['LEVEL=debug']}]\n"
        "patches: [{path: patch.yaml}]\n"
    )
    stack = stack_of(files)
    web = next(one for one in stack.of(Container) if one.name == "Deployment web, container web")
    assert web.image is not None
    assert (web.image.place.path, text_at(files, web.image.place)) == ("k/kustomization.yaml", "latest")
    assert web.image.tag == "latest"
    assert web.workload.namespace == "prod"
    assert (web.place.path, web.run_as_non_root and web.run_as_non_root.place.path) == ("base/web.yaml", "base/web.yaml")
    entries = {one.key: (one.text.value, text_at(files, one.node.place)) for one in stack.of(ConfigEntry)}
    assert entries["LEVEL"] == ("debug", "debug")
    assert entries["redis.conf"] == (files["k/redis.conf"], files["k/redis.conf"])


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_value_of_a_rendering_stands_in_one_of_its_files(name: str) -> None:
    files = overlay(OVERLAYS[name])
    items, rendering = rendered(files)
    assert rendering.doubts == []
    assert rendering.out.notices == [] or name in {"image-no-match", "json-no-target"}
    for item in items:
        for node in item.node.walk():
            assert node is item.node or node.parent is not None
            place = node.place
            assert place.path in rendering.files
            assert place.span.end_line <= files[place.path].count("\n") + 1


def test_an_overlay_that_mends_the_base_passes_and_the_base_alone_is_not_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "base/kustomization.yaml": "resources: [deploy.yaml]\n",
        "base/deploy.yaml": DEPLOYMENT,
        "prod/kustomization.yaml": "resources: [../base]\npatches: [{path: patch.yaml}]\nimages: [{name: example.com/api, newTag: '1'}]\n",
        "prod/patch.yaml": PATCH,
    }
    result = scanned(files, tmp_path, monkeypatch, "SEC201", "DEP401", "DEP402")
    assert found(result) == []
    assert result.notices == []
    assert result.by_rule["SEC201"].passed == 1


def test_what_an_overlay_breaks_is_found_in_the_overlay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "base/kustomization.yaml": "resources: [deploy.yaml]\n",
        "base/deploy.yaml": DEPLOYMENT.replace("example.com/api", "example.com/api:1.2"),
        "dev/kustomization.yaml": "resources:\n- ../base\nimages:\n- name: example.com/api\n  newTag: latest\n",
        "prod/kustomization.yaml": "resources: [../base]\n",
    }
    result = scanned(files, tmp_path, monkeypatch, "DEP401", "SEC201")
    assert found(result) == [("SEC201", "base/deploy.yaml", 12), ("DEP401", "dev/kustomization.yaml", 5)]
    assert not any("renders" in related.message for one in result.findings for related in one.related)  # both overlays have it


def test_a_fault_that_one_overlay_mends_names_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "base/kustomization.yaml": "resources: [deploy.yaml]\n",
        "base/deploy.yaml": DEPLOYMENT,
        "dev/kustomization.yaml": "resources: [../base]\n",
        "prod/kustomization.yaml": "resources: [../base]\npatches: [{path: patch.yaml}]\n",
        "prod/patch.yaml": PATCH,
    }
    (finding,) = scanned(files, tmp_path, monkeypatch, "SEC201").findings
    assert (finding.place.path, finding.place.line) == ("base/deploy.yaml", 12)
    assert [one.place.path for one in finding.related if "renders" in one.message] == ["dev/kustomization.yaml"]


SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {selector: {app: api}, ports: [{port: 80}]}\n"


def test_overlays_of_one_base_are_not_joined() -> None:
    files = {
        "base/kustomization.yaml": "resources: [deploy.yaml]\n",
        "base/deploy.yaml": DEPLOYMENT,
        "dev/kustomization.yaml": "resources: [../base, service.yaml]\n",
        "dev/service.yaml": SERVICE,
        "prod/kustomization.yaml": "resources: [../base]\n",
        "Dockerfile": "FROM scratch\n",
    }
    from afscan.join import deployments_of  # noqa: PLC0415
    from afscan.join.services import services_of  # noqa: PLC0415
    from afscan.model.subjects import ImageBuild, Workload  # noqa: PLC0415

    stack = stack_of(files)
    parts = list(deployments_of(stack))
    assert [one.root.place.path for one in parts if one.root is not None] == ["prod/kustomization.yaml", "dev/kustomization.yaml"]
    assert [len(services_of(one.stack, workload)) for one in parts for workload in one.stack.of(Workload)] == [0, 1]
    assert [len(one.stack.of(ImageBuild)) for one in parts] == [1, 1]
    assert [[one.judges(build) for build in one.stack.of(ImageBuild)] for one in parts] == [[True], [False]]


def test_roots_that_share_nothing_are_one_stack() -> None:
    files = {
        "a/kustomization.yaml": "resources: [deploy.yaml]\n",
        "a/deploy.yaml": DEPLOYMENT,
        "b/kustomization.yaml": "resources: [service.yaml]\n",
        "b/service.yaml": SERVICE,
    }
    from afscan.join.services import services_of  # noqa: PLC0415
    from afscan.model.subjects import Workload  # noqa: PLC0415

    stack = stack_of(files)
    assert [len(services_of(stack, one)) for one in stack.of(Workload)] == [1]


@pytest.mark.parametrize(
    ("text", "kind", "at", "words"),
    [
        ("resources: [../../outside]\n", NoticeKind.UNRESOLVED, "../../outside", "outside of what is scanned"),
        ("resources: [gone.yaml]\n", NoticeKind.UNRESOLVED, "gone.yaml", "not among the files"),
        ("resources: ['https://example.com/x']\n", NoticeKind.UNRESOLVED, "'https://example.com/x'", "not fetched"),
        ("resources: [../base]\nbases: [../again]\n", NoticeKind.LIMIT, "../k", "in turn"),
        ("resources: 3\n", NoticeKind.WRONG_TYPE, "3", "should be a list"),
        ("resources: [deploy.yaml, deploy.yaml]\n", NoticeKind.UNRESOLVED, "api", "twice"),
        ("resources: [bad.yaml]\n", NoticeKind.UNRESOLVED, "bad.yaml", "cannot be read"),
        ("resources: [deploy.yaml]\npatches: [{path: gone.yaml}]\n", NoticeKind.UNRESOLVED, "gone.yaml", "not applied"),
        ("resources: [deploy.yaml]\npatches: [{}]\n", NoticeKind.WRONG_TYPE, "{}", "neither"),
        ("resources: [deploy.yaml]\nfrobnicate: 1\n", NoticeKind.PARTIAL, "frobnicate", "no field"),
        ("resources: [deploy.yaml]\ntransformers: [t.yaml]\n", NoticeKind.PARTIAL, "transformers", "--render auto"),
        ("resources: [deploy.yaml]\nhelmCharts: [{name: c}]\n", NoticeKind.PARTIAL, "helmCharts", "--render auto"),
        ("resources: [deploy.yaml]\nreplicas: [{name: no, count: 1}]\n", NoticeKind.UNRESOLVED, "no", "number of replicas"),
        ("resources: [deploy.yaml]\nimages: [{name: other}]\n", NoticeKind.UNRESOLVED, "other", "No container"),
        (
            "resources: [deploy.yaml]\nconfigMapGenerator: [{name: c, files: [gone]}]\n",
            NoticeKind.UNRESOLVED,
            "gone",
            "not among the files",
        ),
        (
            "resources: [deploy.yaml]\nconfigMapGenerator: [{name: c, behavior: merge}]\n",
            NoticeKind.UNRESOLVED,
            "{name: c, behavior: merge}",
            "no object",
        ),
        (
            "resources: [deploy.yaml]\npatches: [{target: {kind: Deployment}, patch: '[{op: remove, path: /spec/none}]'}]\n",
            NoticeKind.UNRESOLVED,
            "/spec/none",
            "not there",
        ),
        (
            "resources: [deploy.yaml]\npatches: [{target: {kind: Deployment}, patch: '[{op: add, path: spec, value: 1}]'}]\n",
            NoticeKind.UNRESOLVED,
            "spec",
            "no JSON pointer",
        ),
        (
            "resources: [deploy.yaml]\npatches: [{target: {name: '(a+)+'}, patch: '[]'}]\n",
            NoticeKind.UNRESOLVED,
            "target",
            "does not evaluate",
        ),
        ("resources: [deploy.yaml]\ncomponents: [../base]\n", NoticeKind.UNRESOLVED, "../base", "no component"),
    ],
)
def test_what_cannot_be_rendered_is_noted_where_it_is_written(text: str, kind: NoticeKind, at: str, words: str) -> None:
    files = {
        "k/kustomization.yaml": text,
        "k/deploy.yaml": DEPLOYMENT,
        "k/bad.yaml": "apiVersion: v1\nkind: [\n",
        "base/kustomization.yaml": "resources: [deploy.yaml]\n",
        "base/deploy.yaml": DEPLOYMENT.replace("api", "other"),
        "again/kustomization.yaml": "resources: [../k]\n",
    }
    items, rendering = rendered(files)
    matching = [one for one in rendering.out.notices if words in one.reason]
    assert [(one.kind, text_at(files, one.place)) for one in matching] == [(kind, at)], rendering.out.notices
    assert items or "deploy.yaml" not in text


def test_what_a_change_that_is_left_out_may_mend_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "kustomization.yaml": "resources: [deploy.yaml]\ntransformers: [t.yaml]\n",
        "deploy.yaml": DEPLOYMENT,
        "t.yaml": "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\n",
    }
    result = scanned(files, tmp_path, monkeypatch, "SEC201")
    assert [(one.verdict.value, one.place.line) for one in result.findings] == [("unknown", 12)]


def test_a_base_without_its_overlays_and_an_overlay_without_its_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "base/kustomization.yaml": "resources: [deploy.yaml]\n",
        "base/deploy.yaml": DEPLOYMENT,
        "prod/kustomization.yaml": "resources: [../base]\npatches: [{path: patch.yaml}]\n",
        "prod/patch.yaml": PATCH,
    }
    assert found(scanned(files, tmp_path, monkeypatch, "SEC201", paths=("base/deploy.yaml",))) == [
        ("SEC201", "base/deploy.yaml", 12)
    ]
    result = scanned(files, tmp_path, monkeypatch, "SEC201", paths=("prod/kustomization.yaml", "prod/patch.yaml"))
    assert found(result) == []
    assert [one.reason for one in result.notices] == ["`../base` is not among the files given; what it holds is not judged."]


def test_hostile_sizes_end_in_a_notice() -> None:
    double = "".join(f"- {{op: copy, from: /metadata, path: /metadata/x{number}}}\n" for number in range(40))
    files = {
        "k/kustomization.yaml": "resources: [deploy.yaml]\npatches: [{path: p.yaml, target: {kind: Deployment}}]\n",
        "k/deploy.yaml": DEPLOYMENT,
        "k/p.yaml": double,
    }
    _, rendering = rendered(files)
    assert {one.kind for one in rendering.out.notices} == {NoticeKind.LIMIT}
    files["k/p.yaml"] = (
        "- {op: add, path: /metadata/labels, value: []}\n" + "- {op: add, path: /metadata/labels/-, value: 1}\n" * 25_000
    )
    items, rendering = rendered(files)
    assert len(list(items[0].node.walk())) > 19_000
    assert [one.kind for one in rendering.out.notices] == [NoticeKind.LIMIT]


def test_many_patches_each_of_its_own_object() -> None:
    names = [f"d{number}" for number in range(10_000)]
    one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\n"
    files = {
        "k/kustomization.yaml": "resources: [all.yaml]\npatches: [{path: p.yaml}]\n",
        "k/all.yaml": "---\n".join(one.replace("NAME", name) for name in names),
        "k/p.yaml": "---\n".join(one.replace("NAME", name) + "data: {a: b}\n" for name in names),
    }
    items, rendering = rendered(files)
    assert rendering.out.notices == []
    assert sum(item.node.get("data", "a") is not None for item in items) == len(names)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("", "x", True),
        ("web", "web", True),
        ("web", "web2", False),
        ("^web.*$", "web2", True),
        ("a|b+", "bbb", True),
        ("(a|b)-c?", "b-", True),
        ("[a-c]+x", "abcx", True),
        ("a.c", "ac", False),
        (r"a\.c", "abc", False),
        (".*" * 50 + "x", "y" * 900, False),
    ],
)
def test_patterns(pattern: str, text: str, matches: bool) -> None:
    assert Pattern(pattern).matches(text) is matches


@pytest.mark.parametrize("pattern", ["(a+)+", "a{2}", "[", "(" * 10, "(a|b)" * 30])
def test_patterns_that_are_not_evaluated(pattern: str) -> None:
    with pytest.raises(Unmatchable):
        Pattern(pattern)


@pytest.mark.parametrize("text", ["a b", "=", "a in x", "a=b c"])
def test_label_selectors_that_are_none(text: str) -> None:
    with pytest.raises(Unmatchable):
        Labels(text)


def test_many_expressions_over_many_objects_end_in_a_notice() -> None:
    one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\n"
    files = {
        "k/kustomization.yaml": "resources: [all.yaml]\npatches:\n"
        + "- {target: {name: 'c.*x'}, patch: '[{op: remove, path: /data}]'}\n" * 2_000,
        "k/all.yaml": "---\n".join(one % number for number in range(300)),
    }
    _, rendering = rendered(files)
    assert NoticeKind.LIMIT in {one.kind for one in rendering.out.notices}


def test_a_file_without_a_suffix_that_a_generator_takes_in_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is recognised in it, yet a finding in it has its text."""
    files = {
        "kustomization.yaml": "configMapGenerator: [{name: login, envs: [login]}]\n",
        "login": "# for the database\nDATABASE_PASSWORD=hunter2-and-more\n",
    }
    result = scanned(files, tmp_path, monkeypatch, "SEC103")
    assert {(one.place.path, one.place.line) for one in result.findings} == {("login", 2)}
    assert "login" in result.texts
    assert "login" not in result.unrecognised


def test_overlays_beyond_what_can_be_joined_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("afscan.join.kustomizations.MAX_SURROUNDINGS", 0)
    files = {
        "base/kustomization.yaml": "resources: [deploy.yaml]\n",
        "base/deploy.yaml": DEPLOYMENT,
        "dev/kustomization.yaml": "resources: [../base]\n",
        "prod/kustomization.yaml": "resources: [../base]\n",
        "Dockerfile": "FROM scratch\n",
    }
    (notice,) = scanned(files, tmp_path, monkeypatch, "SEC201").notices
    assert (notice.kind, notice.place.path) == (NoticeKind.LIMIT, "dev/kustomization.yaml")
    assert "judged by itself" in notice.reason

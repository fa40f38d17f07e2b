"""Which files are found, and which stack each belongs to."""

from pathlib import Path

import pytest

from afscan.engine import Options, scan
from afscan.files.discover import Discovery, discover
from afscan.judge.config import Config


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for path in (
        "a/one.yaml",
        "a/b/two.yaml",
        "a/b/.afscan.yaml",
        "c/three.yaml",
        "c/node_modules/x.yaml",
        "c/code.py",
        "c/ignored.yaml",
    ):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("services: {}\n" if not path.endswith(".afscan.yaml") else "# a stack of its own\n")
    (tmp_path / "c/.gitignore").write_text("ignored.yaml\n")
    return tmp_path


def layout(found: Discovery) -> dict[str, tuple[bool, list[str]]]:
    return {root: (stack.complete, stack.files) for root, stack in found.stacks.items()}


def test_a_directory_is_a_whole_stack_and_a_marked_folder_one_of_its_own(tree: Path) -> None:
    assert layout(discover(["a"])) == {"a": (True, ["a/one.yaml"]), "a/b": (True, ["a/b/two.yaml"])}


def test_a_dockerfile_may_be_named_after_its_language(tree: Path) -> None:
    (tree / "c/Dockerfile.py").write_text("FROM python:3.12\n")
    found = discover(["c"])
    assert layout(found) == {"c": (True, ["c/Dockerfile.py", "c/three.yaml"])}
    assert found.foreign == ["c/code.py"]


def test_a_folder_inside_a_marked_stack_is_a_part_of_it(tree: Path) -> None:
    (tree / "a/b/deep").mkdir()
    (tree / "a/b/deep/four.yaml").write_text("services: {}\n")
    assert layout(discover(["a/b/deep"])) == {"a/b": (False, ["a/b/deep/four.yaml"])}


def test_a_single_file_is_a_part(tree: Path) -> None:
    assert layout(discover(["a/b/two.yaml"])) == {"a/b": (False, ["a/b/two.yaml"])}


@pytest.mark.parametrize(
    "paths",
    [["a", "a/one.yaml"], ["a/one.yaml", "a"], ["a/b", "a", "a/b/two.yaml"], ["a", "./a", "c/../a"], ["a", "a/b/../one.yaml"]],
)
def test_paths_that_overlap_give_each_file_once(tree: Path, paths: list[str]) -> None:
    assert layout(discover(paths)) == {"a": (True, ["a/one.yaml"]), "a/b": (True, ["a/b/two.yaml"])}


def test_a_folder_inside_a_given_folder_is_no_stack_of_its_own(tree: Path) -> None:
    (tree / "a/c/d").mkdir(parents=True)
    (tree / "a/c/d/four.yaml").write_text("services: {}\n")
    assert layout(discover(["a/c/d", "a"])) == {"a": (True, ["a/c/d/four.yaml", "a/one.yaml"]), "a/b": (True, ["a/b/two.yaml"])}
    found = discover(["c", "c/ignored.yaml", "c/."])
    assert [stack.files for stack in found.stacks.values() if stack.root == "c"] == [["c/ignored.yaml", "c/three.yaml"]]
    assert found.foreign == ["c/code.py"]


def test_two_names_of_one_file_are_one_file(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "a")
    found = discover(["../c/three.yaml", str(tree / "c/three.yaml")])
    assert [stack.files for stack in found.stacks.values()] == [["../c/three.yaml"]]


def test_a_given_link_to_nowhere_is_noted_and_the_rest_is_read(tree: Path) -> None:
    (tree / "c/gone.yaml").symlink_to("nothing.yaml")
    (tree / "c/loop.yaml").symlink_to("loop.yaml")
    found = discover(["c/gone.yaml", "c/loop.yaml", "c/three.yaml"])
    assert [notice.place.path for notice in found.notices] == ["c/gone.yaml", "c/loop.yaml"]
    assert [stack.files for stack in found.stacks.values()] == [["c/three.yaml"]]


def test_what_the_configuration_excludes_is_read_where_it_is_named(tree: Path) -> None:
    exclude = Config(exclude=("/a/", "c/three.yaml")).excluded()
    assert layout(discover(["."], exclude=exclude)) == {}
    assert layout(discover(["a"], exclude=exclude)) == {"a": (True, ["a/one.yaml"]), "a/b": (True, ["a/b/two.yaml"])}
    assert layout(discover(["c"], exclude=exclude)) == {}
    assert layout(discover(["c/three.yaml"], exclude=exclude)) == {"c": (False, ["c/three.yaml"])}


def test_a_hook_gives_changed_files_and_leaves_out_what_is_excluded(tree: Path) -> None:
    (tree / ".git").mkdir()
    found = discover(["a/one.yaml", "c/three.yaml"], context="stack", exclude=Config(exclude=("/a/",)).excluded())
    assert [(stack.files, stack.report) for stack in found.stacks.values()] == [(["c/three.yaml"], {"c/three.yaml"})]


def test_ignore_files_count_below_a_directory_but_not_for_a_named_file(tree: Path) -> None:
    assert layout(discover(["c"])) == {"c": (True, ["c/three.yaml"])}
    assert discover(["c"]).foreign == ["c/code.py"]
    named = discover(["c/ignored.yaml"])
    assert [stack.files for stack in named.stacks.values()] == [["c/ignored.yaml"]]


def test_context_reads_the_rest_and_reports_on_the_given_files(tree: Path) -> None:
    (tree / ".git").mkdir()
    found = discover(["c/three.yaml"], context="stack")
    stack = found.stacks["."]
    assert stack.complete
    assert stack.report == {"c/three.yaml"}
    assert stack.files == ["a/one.yaml", "c/three.yaml"]


def test_a_missing_path_is_an_error(tree: Path) -> None:
    with pytest.raises(FileNotFoundError):
        discover(["nowhere"])


POOLER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: pgbouncer}
spec:
  selector: {matchLabels: {app: pgbouncer}}
  template:
    metadata: {labels: {app: pgbouncer}}
    spec:
      containers:
        - {name: pgbouncer, image: "edoburu/pgbouncer:v1.24.1-p1"}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: pgbouncer}
spec:
  selector: {app: pgbouncer}
  ports: [{port: 5432}]
"""


def test_an_absence_is_judged_on_a_whole_stack_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".git").mkdir()
    Path("pooler.yaml").write_text(POOLER)
    only = Options(select=("DB103",))
    part = scan(["pooler.yaml"], only)
    assert not part.complete
    assert (part.by_rule["DB103"].not_judged, part.findings) == (1, [])
    whole = scan(["."], only)
    assert [(f.rule.code, f.place.path, f.place.line) for f in whole.findings] == [("DB103", "pooler.yaml", 3)]
    Path("service.yaml").write_text(SERVICE)
    context = scan(["pooler.yaml"], Options(select=("DB103",), context="stack"))
    assert context.complete
    assert context.findings == []
    assert context.by_rule["DB103"].passed == 1
    Path("service.yaml").write_text(SERVICE.replace("5432", "6432"))
    elsewhere = scan(["pooler.yaml"], Options(select=("DB103",), context="stack"))
    assert elsewhere.findings == []  # the fault is at the Service, which is not among the given files
    given = scan(["service.yaml"], Options(select=("DB103",), context="stack"))
    assert [(f.place.path, f.place.line) for f in given.findings] == [("service.yaml", 3)]


BASE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
        - {name: api, image: "ghcr.io/example/api:1.0"}
"""
PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  template:
    spec:
      containers:
        - name: api
          resources: {limits: {memory: 1Gi}}
"""


@pytest.mark.parametrize(("name", "verdict"), [("api", "unknown"), ("other", "fail")])
def test_a_fail_that_a_patch_may_mend_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, verdict: str
) -> None:
    """A patch that no kustomization names is not applied: what is missing from the workload that it is for may be in it."""
    monkeypatch.chdir(tmp_path)
    Path("deploy.yaml").write_text(BASE)
    Path("patch.yaml").write_text(PATCH.replace("NAME", name))
    result = scan(["."], Options(select=("DEP201",)))
    assert [(f.verdict.value, f.place.path, f.place.line) for f in result.findings] == [(verdict, "deploy.yaml", 10)]
    assert [n.place.path for n in result.notices] == ["patch.yaml"]


@pytest.mark.parametrize(("name", "lines", "noted"), [("api", [], []), ("other", [10], ["patch.yaml"])])
def test_a_patch_that_a_kustomization_names_is_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, lines: list[int], noted: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("deploy.yaml").write_text(BASE)
    Path("patch.yaml").write_text(PATCH.replace("NAME", name))
    Path("kustomization.yaml").write_text("resources: [deploy.yaml]\npatches: [{path: patch.yaml}]\n")
    result = scan(["."], Options(select=("DEP201",)))
    assert [(f.verdict.value, f.place.path, f.place.line) for f in result.findings] == [
        ("fail", "deploy.yaml", line) for line in lines
    ]
    assert [n.place.path for n in result.notices] == noted

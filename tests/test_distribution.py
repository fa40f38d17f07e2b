"""The wheel and the sdist as a user gets them, and the pre-commit hooks as pre-commit runs them."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from support import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("distribution")]


def run(*command: str | Path, cwd: Path, code: int = 0, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, built from a copy of what git knows."""
    source = tmp_path_factory.mktemp("source")
    files = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).splitlines()
    for name in files:
        if (ROOT / name).is_file():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, source, cwd=source)
    return out


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but the wheel; its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=True)
    wheel = next(built.glob("*.whl"))
    run(folder / "bin" / "pip", "install", "--quiet", "--no-deps", wheel, cwd=folder)
    own = next((folder / "lib").glob("python*/site-packages"))
    here = Path(sys.executable).parent.parent / "lib" / own.parent.name / "site-packages"
    (own / "dependencies.pth").write_text(f"{here}\n")
    return folder


def test_the_wheel_carries_what_is_needed(built: Path) -> None:
    names = zipfile.ZipFile(next(built.glob("*.whl"))).namelist()
    for wanted in (
        "afscan/py.typed",
        "afscan/platforms/images.json",
        "afscan_rules/controls.yaml",
        "afscan_rules/sec2_no_root/container_runs_as_root.py",
        "afscan_rules/fixtures/SEC201/fail/",
        "afscan_rules/reference-infra/compose.yaml",
    ):
        assert any(name == wanted or (wanted.endswith("/") and name.startswith(wanted)) for name in names), wanted
    assert {name.split("/")[0].split("-")[0] for name in names} == {"afscan", "afscan_rules"}
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        sdist = archive.getnames()
    for wanted in ("Makefile", "README.md", "LICENSE", "fixtures/as-documented/expected.json", "tests/test_distribution.py"):
        assert any(name.endswith("/" + wanted) for name in sdist), wanted


def test_the_installed_program(installed: Path, tmp_path: Path) -> None:
    program = installed / "bin" / "afscan"
    assert run(program, "--version", cwd=tmp_path).startswith("afscan ")
    (tmp_path / "compose.yaml").write_text("services:\n  cache:\n    image: redis:latest\n")
    report = run(program, "compose.yaml", "--select", "DEP401", cwd=tmp_path, code=1)
    assert "compose.yaml:3:12" in report
    explained = run(program, "explain", "SEC201", cwd=tmp_path)
    assert "Container runs as root" in explained
    assert "Fails" in explained or "fail" in explained.lower()
    own = next((installed / "lib").glob("python*/site-packages"))
    assert "0 findings" in run(program, own / "afscan_rules" / "reference-infra", cwd=tmp_path)


BAD = "services:\n  cache:\n    image: redis:latest\n"
GOOD = "# nothing is deployed yet\nservices: {}\n"


def test_pre_commit(built: Path, tmp_path: Path) -> None:
    """`pre-commit try-repo` on a scratch repository: a commit with a fault fails, a clean one passes, others' faults are not reported."""
    identity = {
        "GIT_AUTHOR_NAME": "x",
        "GIT_AUTHOR_EMAIL": "x@example.org",
        "GIT_COMMITTER_NAME": "x",
        "GIT_COMMITTER_EMAIL": "x@example.org",
    }
    identity["PRE_COMMIT_HOME"] = str(tmp_path / "cache")
    hooks, scratch = tmp_path / "afscan", tmp_path / "scratch"
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    next((tmp_path / "unpacked").iterdir()).rename(hooks)
    scratch.mkdir()
    for folder in (hooks, scratch):
        run("git", "init", "--quiet", cwd=folder)
    run("git", "add", "--all", cwd=hooks)
    run("git", "commit", "--quiet", "--message", "hooks", cwd=hooks, env=identity)
    pre_commit = Path(sys.executable).parent / "pre-commit"

    def attempt(hook: str, code: int) -> str:
        command = (sys.executable, "-m", "pre_commit", "try-repo", hooks, hook, "--verbose")
        return run(*command, cwd=scratch, code=code, env=identity)

    assert pre_commit.exists()
    (scratch / "compose.yaml").write_text(BAD)
    (scratch / "notes.txt").write_text("nothing\n")
    run("git", "add", "--all", cwd=scratch)
    failed = attempt("afscan", 1)
    assert "compose.yaml:3:12" in failed
    assert "DEP401" in failed
    run("git", "commit", "--quiet", "--message", "bad", cwd=scratch, env=identity)
    (scratch / "other").mkdir()
    (scratch / "other" / "compose.yaml").write_text(GOOD)
    run("git", "add", "--all", cwd=scratch)
    passed = attempt("afscan", 0)
    assert "DEP401" not in passed
    assert "compose.yaml:3:12" in attempt("afscan-all", 1)

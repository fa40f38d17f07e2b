"""The reference platform's files before the judges that need no server: schemas, shells."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

import machine
import reference

OURS = ("v1", "apps/v1", "batch/v1", "autoscaling/v2", "policy/v1", "networking.k8s.io/v1", "rbac.authorization.k8s.io/v1", "storage.k8s.io/v1", "scheduling.k8s.io/v1")  # fmt: skip
"""API groups whose schemas are known; what operators add is theirs to check."""


@pytest.mark.parametrize(
    ("path", "index", "manifest"), reference.manifests(), ids=lambda one: one.stem if isinstance(one, Path) else str(one)[:8]
)
def test_manifest(path: Path, index: int, manifest: Any) -> None:
    judge = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed (PyPI)")
    if manifest["apiVersion"] not in OURS:
        pytest.skip(f"{manifest['apiVersion']} {manifest['kind']} is an operator's")
    judge.validate(manifest, "1.33", strict=True)


def scripts() -> list[tuple[str, str]]:
    """Every script: files, and the texts of ConfigMaps."""
    found = [(str(path.relative_to(reference.REFERENCE)), path.read_text()) for path in sorted(reference.REFERENCE.rglob("*.sh"))]
    for path, _, manifest in reference.manifests():
        if manifest["kind"] == "ConfigMap":
            found += [(f"{path.name}: {name}", text) for name, text in manifest["data"].items() if name.endswith(".sh")]
    return found


@pytest.mark.parametrize(("name", "text"), scripts(), ids=lambda one: one if len(one) < 60 else "")
def test_script(name: str, text: str) -> None:
    done = machine.run(["shellcheck", "--severity=style", "-"], text=text)
    assert done.code == 0, done.out


def test_kustomize() -> None:
    """All manifests as one kustomization: nothing is named twice, and each is read."""
    program = machine.program("kubectl")
    with tempfile.TemporaryDirectory(prefix="afscan-") as folder:
        shutil.copytree(reference.REFERENCE / "kubernetes", folder, dirs_exist_ok=True)
        names = sorted(path.name for path in Path(folder).glob("*.yaml"))
        (Path(folder) / "kustomization.yaml").write_text(yaml.safe_dump({"resources": names}))
        done = subprocess.run([program, "kustomize", folder], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    written = [one for path, _, one in reference.manifests() if path.parent.name == "kubernetes"]
    assert len(list(yaml.safe_load_all(done.stdout))) == len(written)


def test_terraform_is_formatted() -> None:
    done = subprocess.run([machine.program("terraform"), "fmt", "-check", "-recursive", "-diff", str(reference.REFERENCE / "terraform")], capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout

"""afscan's own rendering of kustomizations beside that of ``kubectl kustomize``: both must say the same."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from kustomize_cases import OVERLAYS, normal, overlay, plain, rendered

KUBECTL = shutil.which("kubectl")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(KUBECTL is None, reason="kubectl is not here: afscan's rendering is not compared with Kustomize's own"),
]


def by_kustomize(files: dict[str, str], folder: Path) -> list[Any]:
    """What Kustomize renders the root ``k`` of some files to."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    done = subprocess.run([str(KUBECTL), "kustomize", str(folder / "k")], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


@pytest.mark.parametrize("name", OVERLAYS)
def test_renders_as_kustomize_does(name: str, tmp_path: Path) -> None:
    files = overlay(OVERLAYS[name])
    items, rendering = rendered(files)
    expected = by_kustomize(files, tmp_path)
    generated = {item.name for item in items if item.generated}
    assert normal([plain(item.node) for item in items], generated) == normal(expected, generated)
    assert not rendering.doubts

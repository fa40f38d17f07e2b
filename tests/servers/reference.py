"""The reference platform's own files, with nothing filled in but paths, hosts, ports, passwords and intervals."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from support import ROOT

REFERENCE = ROOT / "reference-infra"
PASSWORDS = {
    "AGENTFLOW_API_PASSWORD": "kX9vTq2mWz-api",
    "EXPORTER_PASSWORD": "kX9vTq2mWz-exporter",
    "POSTGRES_PASSWORD": "kX9vTq2mWz-owner",
    "REDIS_PASSWORD": "kX9vTq2mWz-redis",
}
_VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::\?[^}]*)?\}")


@cache
def compose() -> Any:
    return yaml.safe_load((REFERENCE / "compose.yaml").read_text(encoding="utf-8"))


def config(name: str, replaced: dict[str, str]) -> str:
    """A text of compose.yaml's ``configs``, interpolated as Compose does."""
    text = _VARIABLE.sub(lambda found: PASSWORDS[found[1]], compose()["configs"][name]["content"])
    return filled(text, replaced)


def config_map(file: str, name: str, key: str, replaced: dict[str, str]) -> str:
    """A text of a ConfigMap in ``kubernetes/``."""
    for one in yaml.safe_load_all((REFERENCE / "kubernetes" / file).read_text(encoding="utf-8")):
        if one["kind"] == "ConfigMap" and one["metadata"]["name"] == name:
            return filled(one["data"][key], replaced)
    raise AssertionError(f"{file} has no ConfigMap {name}")


def filled(text: str, replaced: dict[str, str]) -> str:
    """A text with these parts replaced; each must occur."""
    for old, new in replaced.items():
        assert old in text, f"{old!r} does not occur any more"
        text = text.replace(old, new)
    return text


def manifests() -> list[tuple[Path, int, Any]]:
    """Every document of the Kubernetes manifests, with its file and number."""
    found = []
    for path in sorted([*(REFERENCE / "kubernetes").glob("*.yaml"), *(REFERENCE / "gitops").glob("*.yaml")]):
        found += [(path, index, one) for index, one in enumerate(yaml.safe_load_all(path.read_text(encoding="utf-8")))]
    return found

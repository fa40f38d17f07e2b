"""The index of a rule pack: what is known of its rules before their modules are imported.

Importing 150 modules, and the joins that they ask, takes several times as long as judging a Dockerfile, which few rules are about.
``make docs`` writes ``rules.json`` into the pack, a module a line: its size and, if it is a rule, what a choice of rules and their
calling need. A module that the index does not know, or knows with another size, is imported as if there were no index; so is every
module of a pack without one, or that does not stand in a folder of its own (a zip file).
"""

import json
import os
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from afscan.policy.outcome import Severity
from afscan.policy.rule import Rule, late, registered

GENERATED = "rules.json"

_Modules = list[tuple[str, int]]
"""Names below the pack (``sec2_no_root.container_runs_as_root``) and the sizes of their files in bytes."""


def load_late(package: ModuleType) -> bool:
    """Register the rules of a pack by its index, and import what the index does not know; False where there is no index."""
    folder = os.path.dirname(package.__file__ or "")
    try:
        with open(os.path.join(folder, GENERATED), encoding="utf-8") as stream:
            known: dict[str, dict[str, Any]] = json.load(stream)
    except OSError:
        return False
    for name, size in modules_of(folder):
        module = f"{package.__name__}.{name}"
        row = known.get(name)
        if row is None or row["size"] != size:
            import_module(module)
        elif "code" in row and row["code"] not in registered:
            registered[row["code"]] = _rule(module, row)
    return True


def modules_of(folder: str) -> _Modules:
    """The modules of all folders of a pack, sorted."""
    return sorted(_modules(folder))


def _modules(folder: str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as found:
        packages = [one for one in found if one.is_dir() and one.name.isidentifier()]
    for package in packages:
        with os.scandir(package.path) as found:
            files = {one.name: one for one in found if one.name.endswith(".py")}
        if files.pop("__init__.py", None) is not None:
            for name, file in files.items():
                yield f"{package.name}.{name.removesuffix('.py')}", file.stat().st_size


def _rule(module: str, row: dict[str, Any]) -> Rule:
    return late(
        code=row["code"],
        name=row["name"],
        control=row["control"],
        severity=Severity[row["severity"].upper()],
        profile=row["profile"],
        absence=row["absence"],
        tags=tuple(row["tags"]),
        module=module,
        judges=tuple(row["judges"]),
    )


def generated_index(package: str = "afscan_rules") -> str:
    """What ``rules.json`` has to be; all modules of the pack are imported for it."""
    pack = import_module(package)
    rows = []
    for name, size in modules_of(os.path.dirname(pack.__file__ or "")):
        import_module(f"{package}.{name}")
        row: dict[str, Any] = {"size": size}
        for one in registered.values():
            if one.module == f"{package}.{name}":
                row |= {
                    "code": one.code,
                    "name": one.name,
                    "control": one.control,
                    "severity": one.severity.label,
                    "profile": one.profile,
                    "absence": one.absence,
                    "tags": one.tags,
                    "judges": one.judges,
                }
        rows.append(f"{json.dumps(name)}: {json.dumps(row)}")
    return "{\n" + ",\n".join(rows) + "\n}\n"

"""Which platforms each rule speaks of: told by its fixtures, generated into the pack's ``platforms.json`` by ``make docs``.

A rule knows subjects and no syntax, so nothing in its code says where it applies. Its fixtures do: the platforms of the subjects
that it judges there.
"""

import json
from pathlib import Path
from pkgutil import get_data

from afscan.policy.rule import PolicyError, Rule

GENERATED = "platforms.json"
_KINDS = ("fail", "pass", "unknown")


def load_platforms(package: str = "afscan_rules") -> dict[str, list[str]]:
    """By rule code the platforms on which it is proven, sorted; empty for a pack without the generated file."""
    try:
        data = get_data(package, GENERATED)
    except OSError:
        data = None
    loaded: dict[str, list[str]] = json.loads(data) if data else {}
    return loaded


def generated_platforms(rules: list[Rule], fixtures: Path) -> str:
    """What ``platforms.json`` has to be: a rule a line.

    :raises PolicyError: where a fixture cannot be scanned.
    """
    rows = [f"{json.dumps(rule.code)}: {json.dumps(sorted(_judged(rule, fixtures / rule.code)))}" for rule in rules]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def _judged(rule: Rule, folder: Path) -> set[str]:
    """The platforms of what a rule judges in its fixtures."""
    from afscan.engine import Options, scan_found  # noqa: PLC0415  (only where the file is generated)
    from afscan.files.discover import Discovery, StackFiles, discover  # noqa: PLC0415

    found: set[str] = set()
    for path in [path for kind in _KINDS if (folder / kind).is_dir() for path in sorted((folder / kind).iterdir())]:
        root = path.as_posix()
        listed = discover([root]) if path.is_dir() else Discovery(stacks={root: StackFiles(root, complete=True, files=[root])})
        for stack in listed.stacks.values():
            stack.complete = True
        result = scan_found(listed, Options(profile="strict", select=(rule.code,), evidence=True))
        if result.errors:
            raise PolicyError(f"{root}: {result.errors[0].error}")
        found |= {one.platform for one in result.findings} | {one.platform for one in result.evidence or ()}
    return found - {""}

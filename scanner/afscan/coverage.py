"""What afscan reads and joins, and which platforms each rule speaks of, as generated pages and data tell it.

Which platforms a rule speaks of is told by its fixtures and generated into the pack's ``platforms.json`` by ``make docs``.

A rule knows subjects and no syntax, so nothing in its code says where it applies. Its fixtures do: the platforms of the subjects
that it judges there.
"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from pkgutil import get_data

import afscan.join
import afscan.platforms
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


def platforms_page() -> str:
    """What is read, joined and noted, by platform; the joins by what their modules say of themselves."""
    syntaxes: dict[str, list[str]] = {}
    for syntax, platforms in afscan.platforms.BY_SYNTAX.items():
        for platform in platforms:
            syntaxes.setdefault(platform, []).append(syntax)
    rows = json.loads(get_data("afscan.platforms", "coverage.json") or b"[]")
    missing = syntaxes.keys() ^ {row["platform"] for row in rows}
    if missing:
        raise PolicyError(f"coverage.json and the platforms differ in {', '.join(sorted(missing))}")
    lines = [
        "# What afscan reads\n",
        "Everything is also read where it stands in something else: ConfigMap and Secret entries, Compose `configs`, heredocs, Markdown.",
        "What is not read is a located notice, never a pass.\n",
        "| platform | syntaxes | what is read | what is joined | what is a notice |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        parsers = ", ".join(syntaxes[row["platform"]])
        lines.append(f"| {row['title']} | {parsers} | {row['read']} | {row['joined']} | {row['notices']} |")
    lines += ["\n## The joins\n", "| module | what it connects |", "|---|---|"]
    lines += [f"| `{name}` | {_plain(title)} |" for name, title in _joins()]
    return "\n".join(lines) + "\n"


def _joins() -> Iterator[tuple[str, str]]:
    """The modules of ``afscan.join`` with the first paragraph of what they say of themselves."""
    folder = Path(str(afscan.join.__file__)).parent
    for path in sorted(folder.rglob("*.py")):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        name = path.relative_to(folder).with_suffix("").as_posix().removesuffix("/__init__")
        if said and name != "__init__":
            yield name, " ".join(said.split("\n\n", 1)[0].split())


def _plain(text: str) -> str:
    """A docstring's line as Markdown."""
    return text.replace("``", "`").replace(":mod:", "").replace("|", "\\|")

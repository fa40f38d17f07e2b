"""Write docs/semantics.md: the facts that the tests in this folder show, from their marks. `--check` only compares."""

import ast
import sys
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "semantics.md"
VERSIONS = {
    "Redis": "7.0.15",
    "PgBouncer": "1.18.0",
    "PostgreSQL": "15.18",
    "psql": "15.18",
    "pg_dump": "15.18",
    "Prometheus": "2.42.0",
    "Alertmanager": "0.25.0",
    "Bash": "5.2",
}
"""On which versions the facts were shown last."""

HEAD = """\
# What the servers really do

Each of these facts is shown by a real server in a test. Where a rule can be asked about the very same files, the test asks it, too, and
both must agree; elsewhere the rules that lean on the fact are named. `make test-servers` runs them. This page is made from the tests' marks: `python tests/servers/semantics.py`.

| product | fact | rules | shown by | on |
|---|---|---|---|---|
"""

LEARNED = (HERE / "learned.md").read_text(encoding="utf-8")


def facts() -> list[tuple[str, str, list[str], str]]:
    """(product, fact, rules, test) of every mark, in the order of files and tests."""
    found = []
    for path in sorted(HERE.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
                if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "fact":
                    product, text, rules = (ast.literal_eval(one) for one in mark.args)
                    found.append((product, text, rules, f"{path.name}::{node.name}"))
    return found


def page() -> str:
    """The whole page."""
    rows = [
        f"| {product} | {text.replace('|', chr(92) + '|')} | {', '.join(rules) or '-'} | `{test}` | {VERSIONS[product]} |"
        for product, text, rules, test in facts()
    ]
    return HEAD + "\n".join(rows) + "\n\n" + LEARNED


def main() -> int:
    """Write the page, or compare it."""
    if "--check" in sys.argv:
        return 0 if PAGE.read_text(encoding="utf-8") == page() else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

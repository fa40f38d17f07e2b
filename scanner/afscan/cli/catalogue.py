"""``afscan rules`` and ``afscan explain CODE``: what the rules are, from their own docstrings and fixtures."""

import json
import sys
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, NoReturn

import typer

from afscan.cli.terminal import complain, wants_color, width_of, write
from afscan.coverage import load_platforms
from afscan.examples import Example, examples_of
from afscan.judge.threshold import USAGE
from afscan.policy.controls import Control, load_controls
from afscan.policy.registry import load_packs
from afscan.policy.rule import PolicyError, Rule

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)

_PLATFORMS = {"pgbouncer": "PgBouncer", "postgres": "PostgreSQL", "sql": "SQL", "neo4j": "Neo4j", "any": "Everywhere"}


class Format(StrEnum):
    """Forms of the list."""

    TEXT = "text"
    JSON = "json"


@app.command("rules", epilog="To scan a folder called rules, write ./rules.")
def list_rules(form: Annotated[Format, typer.Option("--format", help="Form of the list.")] = Format.TEXT) -> None:
    """List the rules."""
    rules = _rules()
    if form is Format.JSON:
        controls, platforms = {one.id: one for one in load_controls()}, load_platforms()
        rows = ",\n  ".join(json.dumps(_row(rule, controls.get(rule.control), platforms)) for rule in rules)
        write(f"[\n  {rows}\n]\n".encode(), prose=False)
        return
    columns = [(r.code, r.control, r.severity.label, r.profile, r.name, r.title) for r in rules]
    heads = ("CODE", "CONTROL", "SEVERITY", "PROFILE", "NAME", "WHAT IT FINDS")
    widths = [max(len(row[i]) for row in [heads, *columns]) for i in range(len(heads))]
    room = width_of(sys.stdout)
    lines = []
    for row in [heads, *columns]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        lines.append(line if room is None or len(line) <= room else line[: room - 3] + "...")
    lines += ["", f"{len(rules)} rules; afscan explain CODE tells more."]
    write(("\n".join(lines) + "\n").encode())


def _row(rule: Rule, control: Control | None, platforms: dict[str, list[str]]) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "control": rule.control,
        "severity": rule.severity.label,
        "profile": rule.profile,
        "subjects": [kind.__name__ for kind in rule.kinds],
        "platforms": platforms.get(rule.code, []),
        "needs_whole_stack": rule.absence,
        "title": rule.title,
        "mappings": {
            **(control.mappings if control is not None else {}),
            "CWE": [tag for tag in rule.tags if tag.startswith("CWE-")],
        },
    }


@app.command("explain")
def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="A rule's code or name: SEC201.")],
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour (as with NO_COLOR).")] = False,
) -> None:
    """Tell why a rule exists, what to write instead, and show examples."""
    rules = _rules()
    rule = next((rule for rule in rules if code.upper() == rule.code or code.lower() == rule.name), None)
    if rule is None:
        names = [name for one in rules for name in (one.code, one.name)]
        close = get_close_matches(code.upper(), names, 3) or get_close_matches(code.lower(), names, 3)
        _stop(f"no rule is called {code}" + (f"; close: {', '.join(close)}" if close else "; afscan rules lists them"))
    control = next((one for one in load_controls() if one.id == rule.control), None)
    bold = ("\x1b[1m", "\x1b[0m") if wants_color(sys.stdout, forbidden=no_color) else ("", "")
    write("".join(_explained(rule, control, bold)).encode())


def _explained(rule: Rule, control: Control | None, bold: tuple[str, str]) -> list[str]:
    """The page of a rule, in pieces."""
    on, off = bold
    kinds = ", ".join(kind.__name__ for kind in rule.kinds)
    pieces = [f"{on}{rule.code} {rule.name}{off}\n{rule.title}.\n\n"]
    if control is not None:
        pieces.append(f"control   {control.id} {control.title}\n          {control.text}\n")
    pieces.append(f"severity  {rule.severity.label}\nprofile   {rule.profile}\njudges    {kinds}\n")
    platforms = load_platforms().get(rule.code)
    if platforms:
        pieces.append(f"on        {', '.join(platforms)}\n")
    mapped = [f"{name} {', '.join(ids)}" for name, ids in (control.mappings if control is not None else {}).items() if ids]
    pieces += [f"maps to   {one}\n" for one in [*mapped, ", ".join(rule.tags)] if one]
    if rule.absence:
        pieces.append("needs     the whole stack: with some of its files only, it is not judged\n")
    if rule.why:
        pieces.append(f"\n{on}Why{off}\n{_indented(rule.why)}\n")
    if rule.fixes:
        fixes = "\n".join(f"{_PLATFORMS.get(name, name.capitalize())}: {text}" for name, text in rule.fixes.items())
        pieces.append(f"\n{on}Fix{off}\n{_indented(fixes)}\n")
    for title, kind in (("Fails", "fail"), ("Passes", "pass")):
        example = next(examples_of(rule.code, kind), None)
        if example is not None:
            pieces.append(f"\n{on}{title}{off}\n{_example(example)}")
    return pieces


def _example(example: Example) -> str:
    pieces = []
    for name in example.files:
        lines = [f"  {'>' if found else ' '} | {line}".rstrip() for line, found in example.lines(name)]
        pieces.append("\n".join([f"  {name}", *lines, ""]))
    return "".join(pieces)


def _indented(text: str, indent: str = "  ") -> str:
    return "\n".join((indent + line).rstrip() for line in text.splitlines())


def _rules() -> list[Rule]:
    try:
        return load_packs()
    except PolicyError as error:
        _stop(str(error))


def _stop(message: str) -> NoReturn:
    complain(f"afscan: {message}")
    raise typer.Exit(USAGE)

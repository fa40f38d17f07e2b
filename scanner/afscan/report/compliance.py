"""The compliance view: what became of each control, by which rules, on which subjects, with the place of every verdict.

A control is *met* only where some subject was judged, none failed, is unknown or was left unjudged, and no file was left unread.
One whose rules found no subject is *not applicable*, one that nothing refutes but not all proves is *not proven*: neither is a pass.
"""

import json
from collections import defaultdict
from enum import StrEnum
from typing import Any

from afscan import __version__
from afscan.model.notice import NoticeKind
from afscan.model.place import Place
from afscan.model.record import field, record
from afscan.policy.controls import Control
from afscan.policy.outcome import Verdict
from afscan.policy.rule import Rule
from afscan.report.lines import escape
from afscan.result import Result, Tally


class State(StrEnum):
    """What became of a control."""

    MET = "met"
    VIOLATED = "violated"
    NOT_PROVEN = "not proven"
    NOT_APPLICABLE = "not applicable"
    NO_RULE = "no rule"


@record(slots=True)
class Item:
    """One verdict with its place. ``message`` is a finding's, empty for a pass; ``suppressed`` the reason somebody gave."""

    verdict: Verdict
    place: Place
    subject: str
    message: str = ""
    suppressed: str | None = None


@record(slots=True)
class RuleView:
    """What one rule found out: how many subjects got which verdict, and the items in the order of places."""

    rule: Rule
    tally: Tally
    items: list[Item] = field(default_factory=list)

    def of(self, *verdicts: Verdict) -> list[Item]:
        """The items with one of these verdicts."""
        return [item for item in self.items if item.verdict in verdicts]


@record(slots=True)
class ControlView:
    """What became of one control. ``why`` says what keeps it from being met, as a sentence; empty where it is met."""

    control: Control
    state: State
    why: str
    tally: Tally
    rules: list[RuleView]


def views(result: Result) -> list[ControlView]:
    """All controls, in their order. The result must have been made with evidence."""
    items: dict[str, list[Item]] = defaultdict(list)
    for finding in result.findings:
        items[finding.rule.code].append(
            Item(finding.verdict, finding.place, finding.subject, finding.message, finding.suppressed)
        )
    for one in result.evidence or ():
        items[one.rule.code].append(Item(one.verdict, one.place, one.subject))
    unread = len({notice for notice in result.notices if notice.kind is not NoticeKind.SUPPRESSION})
    found = []
    for control in result.controls:
        rules = [
            RuleView(rule, result.by_rule[rule.code], sorted(items[rule.code], key=lambda i: (i.place, i.verdict, i.subject)))
            for rule in result.rules
            if rule.control == control.id
        ]
        tally = result.by_control.get(control.id) or Tally()
        state, why = _state(tally, rules, unread=unread)
        found.append(ControlView(control, state, why, tally, rules))
    return found


def _state(tally: Tally, rules: list[RuleView], *, unread: int) -> tuple[State, str]:
    if not rules:
        return State.NO_RULE, "No rule of this run serves it."
    failed = [one for view in rules for one in view.of(Verdict.FAIL)]
    unknown = sum(view.tally.unknown for view in rules)
    unjudged = [view.rule.code for view in rules if view.tally.not_judged]
    if failed or tally.failed:
        accepted = sum(one.suppressed is not None for one in failed)
        return State.VIOLATED, f"{_count(len(failed), 'finding')}" + (f", {accepted} of them suppressed." if accepted else ".")
    if unknown:
        return State.NOT_PROVEN, f"{_count(unknown, 'verdict')} could not be reached."
    if unjudged:
        return State.NOT_PROVEN, f"{', '.join(unjudged)} need the whole stack, and a part of it was given."
    if not tally.passed:
        return State.NOT_APPLICABLE, "No rule found anything to judge."
    if unread:
        return State.NOT_PROVEN, f"{_count(unread, 'notice')} of what was not read: it may hold what these rules judge."
    return State.MET, ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def render(form: str, result: Result, *, color: bool = False, width: int | None = None, verbose: int = 0) -> bytes:
    """The view as UTF-8.

    :param form: ``controls-text``, ``controls-json`` or ``controls-markdown``.
    :param verbose: 1 lists every place, otherwise three of each verdict of a rule (text alone).
    """
    found = views(result)
    if form == "controls-json":
        return (json.dumps(document(result, found), indent=1) + "\n").encode("ascii")
    if form == "controls-markdown":
        return _markdown(result, found).encode("utf-8", "replace")
    return _text(result, found, color=color, width=width, verbose=verbose).encode("utf-8", "replace")


def document(result: Result, found: list[ControlView]) -> dict[str, Any]:
    """The view as plain values."""
    return {
        "version": __version__,
        "profile": result.profile,
        "complete": result.complete,
        "controls": [
            {
                "id": view.control.id,
                "title": view.control.title,
                "text": view.control.text,
                "mappings": view.control.mappings,
                "state": str(view.state),
                "why": view.why,
                "subjects": _tally(view.tally),
                "rules": [_rule(one) for one in view.rules],
            }
            for view in found
        ],
        "notices": [
            {"path": one.place.path, "line": one.place.line, "reason": one.reason}
            for one in sorted(set(result.notices), key=lambda n: (n.place, n.kind, n.reason))
        ],
        "unrecognised": sorted(result.unrecognised),
    }


def _tally(tally: Tally) -> dict[str, int]:
    return {
        "passed": tally.passed,
        "failed": tally.failed,
        "unknown": tally.unknown,
        "not_applicable": tally.not_applicable,
        "not_judged": tally.not_judged,
    }


def _rule(view: RuleView) -> dict[str, Any]:
    return {
        "code": view.rule.code,
        "name": view.rule.name,
        "subjects": _tally(view.tally),
        "evidence": [
            {
                "verdict": str(item.verdict),
                "path": item.place.path,
                "line": item.place.line,
                "column": item.place.column,
                "subject": item.subject,
                "message": item.message,
                "suppressed": item.suppressed,
            }
            for item in view.items
        ],
    }


_SHOWN = (
    (Verdict.FAIL, "fails"),
    (Verdict.UNKNOWN, "unknown"),
    (Verdict.NOT_JUDGED, "not judged: needs the whole stack"),
    (Verdict.PASS, "passes"),
)
_STYLES = {State.MET: "32", State.VIOLATED: "31", State.NOT_PROVEN: "33"}
_FEW = 3


def _text(result: Result, found: list[ControlView], *, color: bool, width: int | None, verbose: int) -> str:
    lines: list[str] = []
    for view in found:
        style = _STYLES.get(view.state) if color else None
        state = f"\x1b[{style}m{view.state}\x1b[0m" if style else str(view.state)
        lines += [f"{view.control.id}  {view.control.title}: {state}" + (f"  ({view.why.rstrip('.')})" if view.why else "")]
        for one in view.rules:
            lines += _rule_lines(one, verbose)
        lines.append("")
    counted = [f"{sum(view.state is state for view in found)} {state}" for state in State]
    lines.append(", ".join(one for one in counted if not one.startswith("0 ")) + f" (profile {result.profile}).")
    for notice in sorted(set(result.notices), key=lambda n: (n.place, n.kind, n.reason)):
        lines.append(f"not read: {escape(notice.place.path)}:{notice.place.line}: {escape(notice.reason)}")
    if result.unrecognised:
        lines.append(f"{_count(len(result.unrecognised), 'file')} of no known kind.")
    return (
        "\n".join(line if width is None or len(line) <= width or "\x1b" in line else line[: width - 3] + "..." for line in lines)
        + "\n"
    )


def _rule_lines(view: RuleView, verbose: int) -> list[str]:
    """One rule: its tally, and the places of each verdict."""
    tally = view.tally
    judged = tally.passed + tally.failed + tally.unknown
    if not judged and not tally.not_judged:
        return [f"  {view.rule.code} {view.rule.name}: nothing to judge"]
    lines = [f"  {view.rule.code} {view.rule.name}: {tally.passed} of {judged} passed"]
    for verdict, word in _SHOWN:
        own = view.of(verdict)
        shown = own if verbose or verdict is Verdict.FAIL else own[:_FEW]
        for item in shown:
            note = f" (suppressed: {escape(item.suppressed)})" if item.suppressed is not None else ""
            lines.append(f"    {word}  {escape(item.place.path)}:{item.place.line}  {escape(item.subject)}{note}")
        if len(own) > len(shown):
            lines.append(f"    {word}  and {len(own) - len(shown)} more")
    return lines


def _markdown(result: Result, found: list[ControlView]) -> str:
    lines = [
        f"# Controls\n\nafscan {__version__}, profile {result.profile}"
        + ("." if result.complete else "; only some files of the stack were given.")
        + "\n",
        "| control | title | state | passed | failed | unknown | not judged |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {v.control.id} | {_cell(v.control.title)} | {v.state} | {v.tally.passed} | {v.tally.failed} | {v.tally.unknown} "
        f"| {v.tally.not_judged} |"
        for v in found
    ]
    for view in found:
        lines += [f"\n## {view.control.id} {view.control.title}: {view.state}\n\n{view.control.text}\n"]
        if view.why:
            lines.append(f"{view.why}\n")
        mapped = [f"{name} {', '.join(ids)}" for name, ids in view.control.mappings.items() if ids]
        if mapped:
            lines.append(f"Serves {'; '.join(mapped)}.\n")
        if any(one.items for one in view.rules):
            lines += ["| rule | verdict | place | subject |", "|---|---|---|---|"]
        for one in view.rules:
            for item in one.items:
                verdict = f"{item.verdict}" + (f" (suppressed: {_cell(item.suppressed)})" if item.suppressed is not None else "")
                place = f"`{_cell(item.place.path)}:{item.place.line}`"
                lines.append(f"| {one.rule.code} {one.rule.name} | {verdict} | {place} | {_cell(item.subject)} |")
    if result.notices:
        lines.append("\n## Not read\n")
        lines += [
            f"- `{_cell(one.place.path)}:{one.place.line}`: {_cell(one.reason)}"
            for one in sorted(set(result.notices), key=lambda n: (n.place, n.kind, n.reason))
        ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """A text within a table or list of Markdown."""
    return escape(text).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")

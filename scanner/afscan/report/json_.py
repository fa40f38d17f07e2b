"""The report for programs. Its form is published as a JSON schema: :mod:`afscan.report.schema`."""

import json
from typing import Any

from afscan import __version__
from afscan.model.notice import Notice
from afscan.model.place import Place
from afscan.result import Finding, InternalError, Result


def document(result: Result) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "version": __version__,
        "profile": result.profile,
        "complete": result.complete,
        "findings": [_finding(finding) for finding in result.findings],
        "controls": _controls(result),
        "not_judged": sorted(code for code, tally in result.by_rule.items() if tally.not_judged),
        "notices": [_notice(notice) for notice in sorted(set(result.notices), key=lambda n: (n.place, n.kind, n.reason))],
        "unrecognised": sorted(result.unrecognised),
        "errors": [_error(error) for error in result.errors],
        "summary": {
            "files": result.files,
            "sources": result.sources,
            "subjects": result.subjects,
            "rules": len(result.rules),
            "seconds": round(result.seconds, 3),
        },
    }


def render(result: Result) -> bytes:
    """The report as ASCII JSON: one line per item of a list, so that two reports can be compared by line."""
    encode = json.JSONEncoder(ensure_ascii=True).encode
    parts = []
    for key, value in document(result).items():
        if isinstance(value, list) and value:
            items = ",\n    ".join(map(encode, value))
            parts.append(f'  "{key}": [\n    {items}\n  ]')
        else:
            parts.append(f'  "{key}": {encode(value)}')
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode("ascii")


def _finding(finding: Finding) -> dict[str, Any]:
    rule = finding.rule
    return {
        "rule": rule.code,
        "name": rule.name,
        "control": rule.control,
        "severity": finding.severity.label,
        "verdict": str(finding.verdict),
        **_place(finding.place),
        "subject": finding.subject,
        "message": finding.message,
        "remedy": finding.remedy,
        "related": [
            {
                "path": related.place.path,
                "line": related.place.span.line,
                "end_line": related.place.span.end_line,
                "message": related.message,
            }
            for related in finding.related
        ],
        "suppressed": finding.suppressed,
    }


def _place(place: Place) -> dict[str, Any]:
    span = place.span
    return {
        "path": place.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _controls(result: Result) -> list[dict[str, Any]]:
    rows = []
    for control in result.controls:
        tally = result.by_control.get(control.id)
        rows.append(
            {
                "id": control.id,
                "title": control.title,
                "passed": tally.passed if tally else 0,
                "failed": tally.failed if tally else 0,
                "unknown": tally.unknown if tally else 0,
                "not_applicable": tally.not_applicable if tally else 0,
            }
        )
    return rows


def _notice(notice: Notice) -> dict[str, Any]:
    return {"kind": str(notice.kind), **_place(notice.place), "reason": notice.reason}


def _error(error: InternalError) -> dict[str, Any]:
    place = error.place
    return {
        "rule": error.rule,
        "path": place.path if place is not None else None,
        "line": place.line if place is not None else None,
        "subject": error.subject,
        "error": error.error,
    }

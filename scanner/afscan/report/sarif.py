"""SARIF 2.1.0 as GitHub's code scanning reads it.

Active fails are results. Unknown verdicts and suppressed findings are not: code scanning would open an alert for each. Their
numbers are in the run's properties, and the JSON report has all of them.
"""

import json
from typing import Any

import sarif_om as om

from afscan import __version__
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Place, Span
from afscan.model.source import Source
from afscan.policy.outcome import Verdict
from afscan.report.fingerprints import SubjectPrints, line_hashes
from afscan.report.lines import masked
from afscan.report.sarif_objects import plain
from afscan.report.sarif_rules import LEVELS, NOTICES_URL, PROJECT_URL, Catalogue, pascal, sentence
from afscan.report.uris import Uris
from afscan.result import Finding, InternalError, Result

MAX_RESULTS = 25_000
"""GitHub rejects a run with more."""

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_CONTEXT = 2
_SNIPPET = 2_000

_NOTICES = {
    NoticeKind.UNREADABLE: "A file could not be read.",
    NoticeKind.TOO_LARGE: "A file or line is too large to be read.",
    NoticeKind.BINARY: "A file is binary.",
    NoticeKind.ENCODING: "A file's encoding is not known.",
    NoticeKind.SYNTAX: "A file has a syntax error.",
    NoticeKind.TEMPLATED: "A template has to be rendered before it can be judged.",
    NoticeKind.DUPLICATE_KEY: "A key is written twice.",
    NoticeKind.WRONG_TYPE: "A value has the wrong type.",
    NoticeKind.LIMIT: "A limit was reached.",
    NoticeKind.UNRESOLVED: "A reference could not be followed.",
    NoticeKind.PARTIAL: "A source was read only in part.",
    NoticeKind.SUPPRESSION: "A suppression has no effect.",
}
_ERROR = "error/internal-error"
_NOT_PASSED = "What it concerns is not judged, or only in part: it counts neither as passed nor as failed."


def render(result: Result) -> bytes:
    """The report as UTF-8."""
    log = _Log(result).log()
    return (json.dumps(plain(log), ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "replace")


class _Log:
    def __init__(self, result: Result) -> None:
        self.result = result
        self.uris = Uris()
        self.catalogue = Catalogue(result.rules, result.controls)
        self.hashes: dict[str, list[str]] = {}
        self.prints = SubjectPrints()

    def log(self) -> om.SarifLog:
        active = [finding for finding in self.result.findings if finding.active]
        kept, dropped = _limited(active)
        results = [self._result(finding) for finding in kept]
        notifications = [
            self._notice(notice) for notice in sorted(set(self.result.notices), key=lambda n: (n.place, n.kind, n.reason))
        ]
        notifications += [self._error(error) for error in self.result.errors]
        if dropped:
            reason = f"There are {len(active):,} findings; the {len(dropped):,} of the lowest severity are left out here."
            notifications.append(self._notice(Notice(NoticeKind.LIMIT, dropped[0].place, reason)))
        run = om.Run(
            tool=om.Tool(driver=self._driver()),
            invocations=[
                om.Invocation(execution_successful=not self.result.errors, tool_execution_notifications=notifications),
            ],
            taxonomies=self.catalogue.taxonomies(),
            results=results,
            column_kind="unicodeCodePoints",
            original_uri_base_ids={
                name: om.ArtifactLocation(description=om.Message(text=text)) for name, text in self.uris.bases.items()
            },
            properties=self._properties(),
        )
        return om.SarifLog(schema_uri=_SCHEMA, version="2.1.0", runs=[run])

    def _driver(self) -> om.ToolComponent:
        kinds = {notice.kind for notice in self.result.notices} | {NoticeKind.LIMIT}
        notifications = [_descriptor(f"notice/{kind}", text) for kind, text in _NOTICES.items() if kind in kinds]
        notifications.append(_descriptor(_ERROR, "Something went wrong inside afscan."))
        return om.ToolComponent(
            name="afscan",
            full_name=f"afscan {__version__}",
            version=__version__,
            semantic_version=__version__,
            information_uri=PROJECT_URL,
            short_description=om.MultiformatMessageString(text="Scans the files that describe a platform."),
            rules=self.catalogue.descriptors(),
            notifications=notifications,
            supported_taxonomies=self.catalogue.supported(),
        )

    def _properties(self) -> dict[str, Any]:
        findings = self.result.findings
        return {
            "profile": self.result.profile,
            "complete": self.result.complete,
            "unknown": sum(f.verdict is Verdict.UNKNOWN and f.suppressed is None for f in findings),
            "suppressed": sum(f.suppressed is not None for f in findings),
            "notJudged": sorted(code for code, tally in self.result.by_rule.items() if tally.not_judged),
        }

    def _result(self, finding: Finding) -> om.Result:
        text = sentence(finding.message).replace("](", "] (")
        related = []
        for number, one in enumerate(finding.related, 1):
            location = self._location(one.place)
            location.id = number
            location.message = om.Message(text=sentence(one.message))
            related.append(location)
            name = f"{one.place.path}:{one.place.line}".replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
            text += f" See [{name}]({number}): {sentence(one.message).replace('](', '] (')}"
        path = self.uris.of(finding.place.path)[0]
        prints = {"afscan/subject/v1": self.prints.of((finding.rule.code, path, finding.subject))}
        line_hash = self._line_hash(finding.place)
        if line_hash is not None:
            prints["primaryLocationLineHash"] = line_hash
        return om.Result(
            rule_id=finding.rule.code,
            rule_index=self.catalogue.index.get(finding.rule.code, -1),
            level=LEVELS[finding.severity],
            message=om.Message(text=text),
            locations=[self._location(finding.place)],
            related_locations=related or None,
            partial_fingerprints=prints,
            properties={"subject": finding.subject, "severity": finding.severity.label, "remedy": finding.remedy},
        )

    def _line_hash(self, place: Place) -> str | None:
        source = self.result.texts.get(place.path)
        if source is None:
            return None
        if place.path not in self.hashes:
            self.hashes[place.path] = line_hashes(source.text)
        hashes = self.hashes[place.path]
        return hashes[place.line - 1] if place.line <= len(hashes) else None

    def _location(self, place: Place, *, with_text: bool = True) -> om.Location:
        uri, base = self.uris.of(place.path)
        span = _seen(place.span)
        region = om.Region(start_line=span.line, start_column=span.column, end_line=span.end_line, end_column=span.end_column)
        context = None
        source = self.result.texts.get(place.path) if with_text else None
        if source is not None:
            region.snippet = om.ArtifactContent(text=self._text(source, span, span))
            context = self._context(source, span)
        return om.Location(
            physical_location=om.PhysicalLocation(
                artifact_location=om.ArtifactLocation(uri=uri, uri_base_id=base), region=region, context_region=context
            )
        )

    def _context(self, source: Source, span: Span) -> om.Region | None:
        """The whole lines around a span; None where they would be no more than the span itself."""
        first = max(1, span.line - _CONTEXT)
        last = max(span.end_line, min(span.end_line + _CONTEXT, len(source.line_starts)))
        while last > span.end_line and not source.line(last):
            last -= 1
        end = len(source.line(last)) + 1
        if (first, 1) == (span.line, span.column) and (last, end) <= (span.end_line, span.end_column):
            return None
        around = Span(first, 1, last, max(end, span.end_column if last == span.end_line else 1))
        text = self._text(source, around, span)
        return om.Region(
            start_line=first,
            start_column=1,
            end_line=last,
            end_column=around.end_column,
            snippet=om.ArtifactContent(text=text),
        )

    def _text(self, source: Source, span: Span, about: Span) -> str:
        """The text of a span with its secrets masked, and with an end where it is very long. ``about``: what is reported."""
        spans = self.result.secrets.get(source.path, ())
        lines = []
        for number in range(span.line, min(span.end_line, span.line + 40) + 1):
            start = span.column if number == span.line else 1
            end = span.end_column if number == span.end_line else len(source.line(number)) + 1
            lines.append(masked(source, number, start, end, spans, about=about))
        return "\n".join(lines)[:_SNIPPET]

    def _notice(self, notice: Notice) -> om.Notification:
        return om.Notification(
            message=om.Message(text=sentence(notice.reason)),
            level="warning",
            descriptor=om.ReportingDescriptorReference(id=f"notice/{notice.kind}"),
            # Without the text: of what was not read nobody knows where its secrets stand.
            locations=[self._location(notice.place, with_text=False)],
        )

    def _error(self, error: InternalError) -> om.Notification:
        cause = error.error.strip().splitlines()[-1:] or ["no details"]
        text = sentence(f"afscan failed in {error.rule} on {error.subject}; it is not judged: {cause[0]}")
        rule = self.catalogue.index.get(error.rule)
        return om.Notification(
            message=om.Message(text=text),
            level="error",
            descriptor=om.ReportingDescriptorReference(id=_ERROR),
            associated_rule=om.ReportingDescriptorReference(id=error.rule, index=rule) if rule is not None else None,
            locations=[self._location(error.place)] if error.place is not None else None,
        )


def _seen(span: Span) -> Span:
    """A span that is not empty: a reader has to show something."""
    if (span.end_line, span.end_column) > (span.line, span.column):
        return span
    return Span(span.line, span.column, span.line, span.column + 1)


def _descriptor(name: str, text: str) -> om.ReportingDescriptor:
    """What a kind of notification is."""
    return om.ReportingDescriptor(
        id=name,
        name=pascal(name.rpartition("/")[2]),
        short_description=om.MultiformatMessageString(text=text),
        full_description=om.MultiformatMessageString(text=f"{text} {_NOT_PASSED}"),
        help=om.MultiformatMessageString(text=f"{text} {_NOT_PASSED}", markdown=f"{text} {_NOT_PASSED}"),
        help_uri=NOTICES_URL,
    )


def _limited(findings: list[Finding]) -> tuple[list[Finding], list[Finding]]:
    """The findings that fit into a run and those that do not: the lowest severities give way."""
    if len(findings) <= MAX_RESULTS:
        return findings, []
    ranked = sorted(range(len(findings)), key=lambda index: (-findings[index].severity, index))
    kept = set(ranked[:MAX_RESULTS])
    return [findings[index] for index in sorted(kept)], [findings[index] for index in sorted(ranked[MAX_RESULTS:])]

"""The report for people: every finding with its lines, then the controls, then what was not read."""

from collections.abc import Iterator
from itertools import groupby

from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Place
from afscan.policy.outcome import Severity, Verdict
from afscan.report.lines import escape, excerpt
from afscan.result import Finding, Result

PLAIN_WIDTH = 120
"""Columns for source lines where there is no terminal. Prose is then not wrapped."""

_STYLES = {
    "critical": "1;31",
    "high": "31",
    "medium": "33",
    "low": "36",
    "bold": "1",
    "dim": "2",
    "good": "32",
    "unknown": "35",
}

_KINDS = {  # in the order of the report; suppressions come last, under a heading of their own
    NoticeKind.UNREADABLE: "cannot be read",
    NoticeKind.TOO_LARGE: "too large",
    NoticeKind.BINARY: "binary",
    NoticeKind.ENCODING: "unknown encoding",
    NoticeKind.SYNTAX: "syntax errors",
    NoticeKind.TEMPLATED: "templates",
    NoticeKind.DUPLICATE_KEY: "duplicate keys",
    NoticeKind.WRONG_TYPE: "values of the wrong type",
    NoticeKind.LIMIT: "limits reached",
    NoticeKind.UNRESOLVED: "references not followed",
    NoticeKind.PARTIAL: "partly read",
    NoticeKind.SUPPRESSION: "",
}


def render(
    result: Result,
    *,
    color: bool = False,
    width: int | None = None,
    verbose: int = 0,
    quiet: bool = False,
    with_unknown: bool = False,
) -> str:
    """The whole report; empty where a quiet one has nothing to say.

    :param width: columns of the terminal; None writes each sentence on one line.
    :param verbose: from 1 on, unknown verdicts, suppressed findings and unrecognised files are listed, not only counted.
    :param quiet: active findings only.
    :param with_unknown: unknown verdicts are shown among the findings (where they fail the run).
    """
    return _Text(result, color, width, verbose, with_unknown).report(quiet)


class _Text:
    def __init__(self, result: Result, color: bool, width: int | None, verbose: int, with_unknown: bool) -> None:
        self.result = result
        self.with_unknown = with_unknown
        self.color = color
        self.width = max(width, 40) if width else None
        self.verbose = verbose
        self.lines: list[str] = []

    def report(self, quiet: bool) -> str:
        failed = [f for f in self.result.findings if f.active]
        self._findings([f for f in self.result.findings if f.active or (self.with_unknown and _is_unknown(f))])
        if not quiet:
            if self.verbose and not self.with_unknown:
                self._listed("Unknown verdicts", [f for f in self.result.findings if _is_unknown(f)])
            if self.verbose:
                self._listed("Suppressed", [f for f in self.result.findings if f.suppressed is not None])
            self._controls()
            self._not_told()
            self._notices()
            self._unrecognised()
            self._summary(failed)
        return "\n".join(self.lines).lstrip("\n") + "\n" if self.lines else ""

    def _style(self, style: str, text: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.color and text else text

    def _heading(self, text: str) -> None:
        self.lines += ["", self._style("bold", text)]

    def _prose(self, text: str, indent: str, first: str | None = None) -> None:
        """A sentence, wrapped where there is a terminal. ``first`` replaces the indent of the first line."""
        lead = indent if first is None else first
        text = escape(text)
        if self.width is None or len(lead) + len(text) <= self.width:
            self.lines.append(lead + text)
            return
        line = ""
        for word in text.split(" "):
            if line and len(lead) + len(line) + 1 + len(word) > self.width:
                self.lines.append(lead + line)
                line, lead = word, indent
            else:
                line = f"{line} {word}" if line else word
        self.lines.append(lead + line)

    def _findings(self, findings: list[Finding]) -> None:
        for path, group in groupby(findings, key=lambda f: f.place.path):
            own = list(group)
            self._heading(f"{escape(path)} ({len(own)} finding{'s' * (len(own) != 1)})")
            for finding in own:
                self._finding(finding)

    def _listed(self, title: str, findings: list[Finding]) -> None:
        if findings:
            self._heading(f"{title} ({len(findings)})")
        for finding in findings:
            self._finding(finding)

    def _finding(self, finding: Finding) -> None:
        word = finding.severity.label if finding.verdict is Verdict.FAIL else "unknown"
        rule = finding.rule
        at = f"{escape(_at(finding.place))}:{finding.place.column}"
        self.lines += ["", f"{at}  {self._style(word, word)}  {self._style('bold', rule.code)} {rule.name}"]
        self._snippet(finding.place, word)
        self._prose(finding.message, "  ")
        if finding.suppressed is not None:
            self._prose(f"suppressed: {finding.suppressed}", "    ", "  ")
        if finding.remedy:
            self._prose(f"fix: {finding.remedy}", "    ", "  ")
        for related in finding.related:
            self._prose(f"see {_at(related.place)}: {related.message}", "    ", "  ")

    def _snippet(self, place: Place, style: str) -> None:
        source = self.result.texts.get(place.path)
        if source is None or place.line > len(source.line_starts):
            return
        number = str(place.line)
        gutter = max(len(number), 4)
        room = (self.width or PLAIN_WIDTH) - gutter - 3
        line, column, count = excerpt(source, place.span, self.result.secrets.get(place.path, ()), room)
        if not line:
            return
        bar = self._style("dim", "|")
        self.lines.append(f"{self._style('dim', number.rjust(gutter))} {bar} {line}")
        self.lines.append(f"{' ' * gutter} {bar} {' ' * column}{self._style(style, '^' * count)}")

    def _controls(self) -> None:
        rows = self.result.controls
        if not rows:
            return
        served = {rule.control for rule in self.result.rules}
        title_width = min(max(len(control.title) for control in rows), (self.width or 100) - 46)
        self._heading(f"{'Control'.ljust(8 + title_width)}   passed   failed  unknown     n.a.")
        for control in rows:
            title = control.title if len(control.title) <= title_width else control.title[: title_width - 3] + "..."
            start = f"{control.id.ljust(6)}  {title.ljust(title_width)}"
            tally = self.result.by_control.get(control.id)
            if control.id not in served or tally is None:
                self.lines.append(f"{start}   {self._style('dim', 'no rule in this run')}")
                continue
            style = "high" if tally.failed else "unknown" if tally.unknown else "good" if tally.passed else "dim"
            figures = (tally.passed, tally.failed, tally.unknown, tally.not_applicable)
            counted = "".join(f"{figure:9d}" for figure in figures)
            self.lines.append(self._style(style, start) + counted)
        counted = "Counted by subjects: containers, images, connections, servers and so on."
        if any(finding.suppressed is not None for finding in self.result.findings):
            counted += " What is suppressed counts as failed."
        self.lines.append(self._style("dim", counted))

    def _not_told(self) -> None:
        """Verdicts that are neither pass nor fail, by rule."""
        unknown: dict[str, int] = {}
        for finding in self.result.findings:
            if _is_unknown(finding):
                key = f"{finding.rule.code} {finding.rule.name}"
                unknown[key] = unknown.get(key, 0) + 1
        if unknown and not self.verbose and not self.with_unknown:
            self._heading(f"Unknown: neither passed nor failed ({sum(unknown.values())}; -v shows each)")
            self.lines += [f"  {key}: {count}" for key, count in sorted(unknown.items())]
        waiting = [code for code, tally in sorted(self.result.by_rule.items()) if tally.not_judged]
        if waiting:
            self._heading("Not judged: partial stack")
            self._prose(f"Only some files of the stack were given, and these rules need all of them: {', '.join(waiting)}.", "  ")

    def _notices(self) -> None:
        notices = sorted(set(self.result.notices), key=lambda n: (list(_KINDS).index(n.kind), n.place, n.reason))
        idle = [notice for notice in notices if notice.kind is NoticeKind.SUPPRESSION]
        unread = notices[: len(notices) - len(idle)]
        if unread:
            self._heading(f"Not read, or only in part ({len(unread)})")
        for kind, group in groupby(unread, key=lambda n: n.kind):
            self.lines.append(f"  {_KINDS[kind]}")
            for notice in group:
                self._prose(_noticed(notice), "      ", "    ")
        if idle:
            self._heading(f"Suppressions without effect ({len(idle)})")
        for notice in idle:
            self._prose(_noticed(notice), "    ", "  ")

    def _unrecognised(self) -> None:
        paths = sorted(self.result.unrecognised)
        if not paths:
            return
        what = "1 file is nothing" if len(paths) == 1 else f"{len(paths)} files are nothing"
        if self.verbose:
            self._heading(f"{what} that afscan reads")
            self.lines += [f"  {escape(path)}" for path in paths]
        else:
            self.lines += ["", f"{what} that afscan reads (-v lists them)."]

    def _summary(self, failed: list[Finding]) -> None:
        result = self.result
        by_severity = [(s, sum(f.severity is s for f in failed)) for s in sorted(Severity, reverse=True)]
        parts = ", ".join(self._style(s.label, f"{count} {s.label}") for s, count in by_severity if count)
        head = f"{_counted(len(failed), 'finding')}{f': {parts}' if parts else ''}"
        suppressed = sum(f.suppressed is not None for f in result.findings)
        unknown = sum(map(_is_unknown, result.findings))
        notices = len(set(result.notices))
        extra = [f"{unknown} unknown"] * bool(unknown) + [f"{suppressed} suppressed"] * bool(suppressed)
        extra += [_counted(notices, "notice")] * bool(notices)
        self.lines += ["", self._style("bold", "; ".join([head, *extra]) + ".")]
        if result.errors:
            error = f"{_counted(len(result.errors), 'error')} inside afscan: what they concern is not judged."
            self.lines.append(self._style("critical", error))
        if not result.sources:
            self.lines.append("Nothing was judged: no file here was recognised and read.")
        self.lines.append(
            f"{_counted(result.files, 'file')}, {_counted(result.sources, 'source')}, {_counted(result.subjects, 'subject')}, "
            f"{_counted(len(result.rules), 'rule')} (profile {result.profile}) in {result.seconds:.2f} s."
        )


def _is_unknown(finding: Finding) -> bool:
    return finding.verdict is Verdict.UNKNOWN and finding.suppressed is None


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _at(place: Place) -> str:
    return f"{place.path}:{place.line}"


def _noticed(notice: Notice) -> str:
    return f"{_at(notice.place)}:{notice.place.column}: {notice.reason}"


def internal_errors(result: Result, *, verbose: int) -> Iterator[str]:
    """Lines for standard error about what went wrong inside afscan: rule, file and cause; the traceback with ``verbose``."""
    for error in result.errors:
        where = f" on {_at(error.place)}" if error.place is not None else ""
        lines = error.error.strip().splitlines()
        yield escape(f"afscan: internal error in {error.rule}{where} ({error.subject}): {lines[-1] if lines else 'no details'}")
        if verbose:
            yield from (f"  {escape(line)}" for line in lines)
    if result.errors:
        yield "afscan: this is a fault of afscan or of a rule pack, not of your files; what it concerns is not judged."

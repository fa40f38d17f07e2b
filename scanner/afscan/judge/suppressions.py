"""Suppressions written as comments: ``afscan: ignore SEC201, DEP401 -- reason``.

A comment at the end of a line speaks of that line, a comment on a line of its own of the next line that is no comment.
``afscan: ignore-file SEC201 -- reason`` in the comments at the top speaks of the whole file. Rules are named by code or by name,
and the reason is required: whatever is malformed suppresses nothing and is noted, as is what matches no finding.
"""

import re
from collections.abc import Collection, Iterator

from afscan.model.notice import Notice, NoticeKind
from afscan.model.patterns import pattern
from afscan.model.place import Place, Span
from afscan.model.record import field, record
from afscan.model.source import Source
from afscan.result import Finding

_DIRECTIVE = pattern(r"(?:^|(?<=\s))(#+|//|--|;+|<!--|/\*)[ \t]*afscan:[ \t]*(ignore[^\s,]*)(.*)$")
_WORD = pattern(r"[^\s,]+")
_COMMENT_LINE = pattern(r"\s*(?:#|//|--|;|<!--|/\*|\*|\Z)")

_TRAILING = {
    "yaml": ("#",),
    "hcl": ("#", "//", "/*"),
    "sql": ("--",),
    "markdown": ("#", "//", "--", ";", "<!--", "/*"),
}
"""Comment signs that may follow something on a line. The other syntaxes have whole-line comments only: Dockerfile, redis.conf
and PgBouncer's files would take the comment for a part of the value."""

_OWN_LINE = {"dockerfile": ("#",), "redisconf": ("#",), "ini": (";", "#"), "userlist": (";",), "sql": ("--",)}
"""Comment signs on a line of their own, where not all are allowed: YAML, HCL and Markdown hold texts of other syntaxes."""


@record(slots=True)
class Suppression:
    """One comment. ``line`` is the line that it speaks of, None for the whole file; ``used`` are the codes that it suppressed."""

    place: Place
    line: int | None
    codes: tuple[str, ...]
    reason: str
    used: set[str] = field(default_factory=set)

    def covers(self, finding: Finding) -> bool:
        """Whether it speaks of a finding of its file."""
        return finding.rule.code in self.codes and (self.line is None or self.line == finding.place.line)


def suppressions_of(source: Source, known: dict[str, str]) -> tuple[list[Suppression], list[Notice]]:
    """The suppressions in a file and what is wrong with those that are malformed.

    :param source: an outer file.
    :param known: codes of all rules by lower-case code and by name.
    """
    found: list[Suppression] = []
    notices: list[Notice] = []
    if "afscan:" not in source.text:
        return found, notices
    for number, match in _directives(source):
        place = Place(source.path, Span(number, match.start(1) + 1, number, len(source.line(number).rstrip()) + 1))
        alone = not source.line(number)[: match.start(1)].strip()
        problem, codes, reason = _read(match, source.syntax or "", alone, known)
        line: int | None = number
        if not problem and match[2] == "ignore-file":
            line = None
            if not _is_on_top(source, number):
                problem = "`ignore-file` has to stand in the comments at the top of the file"
        elif alone:
            line = _line_below(source, number, match[1])
        if problem:
            notices.append(Notice(NoticeKind.SUPPRESSION, place, f"This suppresses nothing: {problem}."))
        else:
            found.append(Suppression(place, line, codes, reason))
    return found, notices


def unused(suppressions: list[Suppression], judged: Collection[str]) -> Iterator[Notice]:
    """A notice for each rule of a suppression that matched no finding.

    :param judged: codes of the rules that judged everything in this run; of others nothing can be said.
    """
    for suppression in suppressions:
        idle = [code for code in suppression.codes if code not in suppression.used and code in judged]
        if idle:
            where = "in this file" if suppression.line is None else f"on line {suppression.line}"
            reason = f"This suppression matches nothing: there is no finding of {', '.join(idle)} {where}."
            yield Notice(NoticeKind.SUPPRESSION, suppression.place, reason)


def _directives(source: Source) -> "Iterator[tuple[int, re.Match[str]]]":
    """Line number and match of every suppression comment."""
    position = source.text.find("afscan:")
    while position >= 0:
        number = source.position(position)[0]
        match = _DIRECTIVE.search(source.line(number))
        if match is not None:
            yield number, match
        starts = source.line_starts
        if number >= len(starts):
            return
        position = source.text.find("afscan:", starts[number])


def _read(match: "re.Match[str]", syntax: str, alone: bool, known: dict[str, str]) -> tuple[str, tuple[str, ...], str]:
    """What is wrong with a directive (empty if nothing), the rules' codes and the reason."""
    sign = match[1][:1] if match[1][:1] in "#;" else match[1]
    rest = match[3].rstrip()
    for end in ("-->", "*/"):
        rest = rest.removesuffix(end).rstrip()
    words, dashes, reason = rest.partition("--")
    allowed = _OWN_LINE.get(syntax, (sign,)) if alone else _TRAILING.get(syntax, ())
    if match[2] not in ("ignore", "ignore-file"):
        return f"`{match[2]}` is neither `ignore` nor `ignore-file`", (), ""
    if sign not in allowed:
        return "a comment has to stand on a line of its own here, above the line it speaks of", (), ""
    named = _WORD.findall(words)
    if not named:
        return "it names no rule", (), ""
    strange = [word for word in named if word.lower() not in known]
    if strange:
        return f"no rule is called {', '.join(strange)}", (), ""
    if not dashes or not reason.strip():
        return "it gives no reason (`-- reason` after the rules)", (), ""
    return "", tuple(dict.fromkeys(known[word.lower()] for word in named)), reason.strip()


def _line_below(source: Source, number: int, sign: str) -> int:
    """The line that a comment on a line of its own speaks of: the next one that is no comment itself (other tools have theirs)."""
    below = number + 1
    while below < len(source.line_starts) and source.line(below).lstrip().startswith(sign):
        below += 1
    return below


def _is_on_top(source: Source, number: int) -> bool:
    """Whether only comments, blank lines and a document's start stand above a line."""
    return all(
        _COMMENT_LINE.match(line) or line.strip() == "---" or line.startswith("%") for line in map(source.line, range(1, number))
    )

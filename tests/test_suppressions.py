"""Suppressions in comments: what they speak of, and that the malformed and the idle are told."""

import pytest

from afscan.judge import judge
from afscan.judge.config import Config
from afscan.judge.suppressions import suppressions_of
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Place, Span
from afscan.model.source import Source
from afscan.policy.outcome import Verdict
from afscan.policy.rule import registered
from afscan.result import Result, Tally
from report_sample import RULES, make_finding, sample

KNOWN = {rule.code.lower(): rule.code for rule in RULES} | {rule.name: rule.code for rule in RULES}


def _read(text: str, syntax: str = "yaml") -> tuple[list[tuple[int | None, tuple[str, ...], str]], list[tuple[int, int, str]]]:
    found, notices = suppressions_of(Source("f", text, syntax=syntax), KNOWN)
    assert all(notice.kind is NoticeKind.SUPPRESSION for notice in notices)
    return [(s.line, s.codes, s.reason) for s in found], [(n.place.line, n.place.column, n.reason) for n in notices]


@pytest.mark.parametrize(
    ("syntax", "text", "expected"),
    [
        ("yaml", "user: root  # afscan: ignore SEC201 -- legacy\n", (1, ("SEC201",), "legacy")),
        ("yaml", "# afscan: ignore SEC201, DEP401 -- two -- dashes\nuser: root\n", (2, ("SEC201", "DEP401"), "two -- dashes")),
        ("yaml", "a:\n  #afscan:ignore sec201 dep401 -- x\n  b: 1\n", (3, ("SEC201", "DEP401"), "x")),
        ("yaml", "x: 1\n# afscan: ignore container-runs-as-root -- by name\ny: 2", (3, ("SEC201",), "by name")),
        ("hcl", "a = 1 // afscan: ignore SEC101 -- x\n", (1, ("SEC101",), "x")),
        ("hcl", "/* afscan: ignore SEC101 -- x */\na = 1\n", (2, ("SEC101",), "x")),
        ("sql", "GRANT ALL; -- afscan: ignore SEC101 -- migration\n", (1, ("SEC101",), "migration")),
        ("ini", "[pgbouncer]\n; afscan: ignore SEC101 -- x\nauth_type = md5\n", (3, ("SEC101",), "x")),
        ("redisconf", "# afscan: ignore SEC302 -- x\nport 6379\n", (2, ("SEC302",), "x")),
        ("dockerfile", "FROM a:b\n# afscan: ignore DEP401 -- x\nUSER 0\n", (3, ("DEP401",), "x")),
        ("markdown", "<!-- afscan: ignore DEP401 -- x -->\ntext\n", (2, ("DEP401",), "x")),
        ("yaml", "  conf: |\n    ; afscan: ignore SEC101 -- in a ConfigMap\n    a = b\n", (3, ("SEC101",), "in a ConfigMap")),
        ("yaml", "# about\n---\n# afscan: ignore-file DEP401 -- all of it\na: 1\n", (None, ("DEP401",), "all of it")),
    ],
)
def test_forms(syntax: str, text: str, expected: tuple[int | None, tuple[str, ...], str]) -> None:
    assert _read(text, syntax) == ([expected], [])


def test_comments_above_each_other_speak_of_the_same_line() -> None:
    text = "# afscan: ignore SEC201 -- one\r\n# afscan: ignore DEP401 -- two\r\nimage: a\r\n"
    assert _read(text)[0] == [(3, ("SEC201",), "one"), (3, ("DEP401",), "two")]


@pytest.mark.parametrize(
    ("syntax", "text", "notice"),
    [
        ("yaml", "a: 1 # afscan: ignore SEC201\n", (1, 6, "it gives no reason (`-- reason` after the rules)")),
        ("yaml", "a: 1 # afscan: ignore SEC201 --  \n", (1, 6, "it gives no reason (`-- reason` after the rules)")),
        ("yaml", "a: 1 # afscan: ignore SEC999 -- x\n", (1, 6, "no rule is called SEC999")),
        ("yaml", "a: 1 # afscan: ignore SEC2 -- a prefix is no rule\n", (1, 6, "no rule is called SEC2")),
        ("yaml", "a: 1 # afscan: ignore -- everything\n", (1, 6, "it names no rule")),
        ("yaml", "a: 1 # afscan: ignores SEC201 -- x\n", (1, 6, "`ignores` is neither `ignore` nor `ignore-file`")),
        (
            "yaml",
            "a: 1\n# afscan: ignore-file SEC201 -- x\n",
            (2, 1, "`ignore-file` has to stand in the comments at the top of the file"),
        ),
        (
            "dockerfile",
            "USER 0 # afscan: ignore SEC201 -- x\n",
            (1, 8, "a comment has to stand on a line of its own here, above the line it speaks of"),
        ),
    ],
)
def test_malformed(syntax: str, text: str, notice: tuple[int, int, str]) -> None:
    line, column, reason = notice
    assert _read(text, syntax) == ([], [(line, column, f"This suppresses nothing: {reason}.")])


@pytest.mark.parametrize(
    "text", ["afscan: ignore SEC201 -- x\n", "a#afscan: ignore SEC201 -- x\n", "# see afscan: it ignores", ""]
)
def test_what_is_no_comment_is_left_alone(text: str) -> None:
    assert _read(text) == ([], [])


def _result(text: str, *places: tuple[int, str]) -> Result:
    rules = {rule.code: rule for rule in RULES}
    result = Result(rules=list(RULES), texts={"f": Source("f", text, syntax="yaml")})
    result.by_rule = {code: Tally() for code in rules}
    result.findings = [make_finding(rules[code], Place("f", Span(line, 1, line, 2))) for line, code in places]
    return result


def test_findings_keep_their_reason_and_stay() -> None:
    text = "# afscan: ignore-file DEP401 -- file\na: 1 # afscan: ignore SEC201 -- line\nb: 1\n"
    result = _result(text, (2, "SEC201"), (2, "SEC101"), (3, "SEC201"), (3, "DEP401"))
    result.findings[0].verdict = Verdict.UNKNOWN
    judge(result, Config())
    assert [finding.suppressed for finding in result.findings] == ["line", None, None, "file"]
    assert result.notices == []


def test_idle_suppressions_are_noted() -> None:
    text = "# afscan: ignore-file DEP401 -- file\na: 1 # afscan: ignore SEC201, SEC101 -- line\n"
    result = _result(text, (2, "SEC201"))
    judge(result, Config())
    assert [(notice.place.line, notice.reason) for notice in result.notices] == [
        (1, "This suppression matches nothing: there is no finding of DEP401 in this file."),
        (2, "This suppression matches nothing: there is no finding of SEC101 on line 2."),
    ]


def test_nothing_is_called_idle_that_was_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    for rule in RULES:
        monkeypatch.setitem(registered, rule.code, rule)
    text = "a: 1 # afscan: ignore SEC201 -- line\n"
    unselected = _result(text)
    unselected.rules = []
    partial = _result(text)
    partial.by_rule["SEC201"] = Tally(not_judged=1)
    unread = _result(text)
    unread.notices = [Notice(NoticeKind.SYNTAX, Place("f", Span(1, 1, 1, 2)), "Broken.")]
    unreported = _result(text)
    for result, reported in ((partial, None), (unread, None), (unreported, {"other"})):
        before = list(result.notices)
        judge(result, Config(), reported)
        assert result.notices == before
    judge(unselected, Config())
    assert unselected.notices == []


def test_the_first_reason_stays() -> None:
    result = sample()
    path = "deploy/compose.yaml"
    result.texts[path] = Source(path, "# afscan: ignore-file DEP401 -- another\n" + result.texts[path].text, syntax="yaml")
    judge(result, Config())
    assert result.findings[0].suppressed == "Pinned by the registry."

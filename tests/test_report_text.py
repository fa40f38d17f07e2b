"""The report for people: whole outputs, and exact columns of carets."""

import subprocess
import sys

import pytest

from afscan.model.place import Span
from afscan.model.source import Source
from afscan.policy.outcome import Related
from afscan.report import render as render_bytes
from afscan.report.lines import escape, excerpt, hidden_in, masked
from afscan.report.text import internal_errors, render
from afscan.result import InternalError, Result
from report_sample import ROOT_RULE, at, make_finding, sample

WHOLE = """\
deploy/compose.yaml (2 findings)

deploy/compose.yaml:4:11  high  SEC201 container-runs-as-root
   4 |     user: root
     |           ^^^^
  Service api runs as root: the Compose file says so.
  fix: set `user: "10001:10001"`.
  see deploy/Dockerfile [old]:2: The image says otherwise.

deploy/compose.yaml:6:17  critical  SEC101 secret-literal-in-config
   6 |       PASSWORD: ********
     |                 ^^^^^^^^
  `PASSWORD` holds a literal credential.
  fix: set `user: "10001:10001"`.

Control                                passed   failed  unknown     n.a.
SEC-1   No secrets in files                 2        1        0        0
SEC-2   No containers as root               0        1        1        3
DB-2    No database without a backup   no rule in this run
Counted by subjects: containers, images, connections, servers and so on. What is suppressed counts as failed.

Unknown: neither passed nor failed (1; -v shows each)
  SEC201 container-runs-as-root: 1

Not judged: partial stack
  Only some files of the stack were given, and these rules need all of them: SEC302.

Not read, or only in part (2)
  syntax errors
    deploy/compose.yaml:8:1: A tab is no indentation.
  templates
    deploy/chart.yaml:1:1: This is a template: it has to be rendered first.

1 file is nothing that afscan reads (-v lists them).

2 findings: 1 critical, 1 high; 1 unknown; 1 suppressed; 2 notices.
3 files, 2 sources, 7 subjects, 4 rules (profile default) in 0.25 s.
"""


def test_whole_report() -> None:
    assert render(sample()) == WHOLE


def test_quiet_shows_findings_only() -> None:
    quiet = render(sample(), quiet=True)
    assert quiet == WHOLE[: WHOLE.index("\nControl")]
    assert render(Result(), quiet=True) == ""


def test_verbose_lists_what_is_only_counted() -> None:
    report = render(sample(), verbose=1)
    assert "Unknown verdicts (1)\n\ndeploy/compose.yaml:8:2  unknown  SEC201 container-runs-as-root\n" in report
    assert "   8 |     build: .\n     |     ^^^^^^^^\n" in report, "a tab is four columns wide"
    assert "  suppressed: Pinned by the registry.\n" in report
    assert "1 file is nothing that afscan reads\n  deploy/notes.txt\n" in report
    assert "-v shows each" not in report


def test_unknown_among_the_findings_where_it_fails_the_run() -> None:
    report = render(sample(), quiet=True, with_unknown=True)
    assert "deploy/compose.yaml (3 findings)" in report
    assert "deploy/compose.yaml:8:2  unknown  SEC201" in report


def test_nothing_read_is_not_called_clean() -> None:
    assert "Nothing was judged: no file here was recognised and read." in render(Result(files=2))


def test_colour_marks_and_nothing_else() -> None:
    coloured = render(sample(), color=True)
    assert "\x1b[31m^^^^\x1b[0m" in coloured
    for code in ("0", "1", "2", "31", "1;31", "33", "36", "32", "35"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == WHOLE


def test_prose_is_wrapped_on_a_terminal() -> None:
    report = render(sample(), width=60)
    prose = [line for line in report.splitlines() if line.startswith("  ")]
    assert max(map(len, prose)) <= 60
    assert "  Only some files of the stack were given, and these rules\n  need all of them: SEC302.\n" in report


def test_nothing_that_a_terminal_would_obey() -> None:
    evil = "x\x1b[2J\x07\u202egnp\u200b"
    path = f"a{evil}.yaml"
    result = Result(rules=[ROOT_RULE], texts={path: Source(path, f"user: {evil}\n")}, unrecognised=[evil])
    related = (Related(at(evil, 1, 1, 1, 2), evil),)
    result.findings = [make_finding(ROOT_RULE, at(path, 1, 7, 1, 9), message=evil, related=related, remedy=evil)]
    result.errors = [InternalError(evil, at(path, 1, 1, 1, 2), evil, evil)]
    report = render(result, verbose=1) + "\n".join(internal_errors(result, verbose=1))
    assert not set(report) & set("\x1b\x07\u202e\u200b")
    assert "   1 | user: x\\x1b[2J\\x07\\u202egnp\\u200b\n     |       ^^^^^\n" in report


def test_undecodable_file_names_do_not_break_the_report() -> None:
    result = Result(unrecognised=["caf\udce9.txt"])
    assert b"caf\\udce9.txt" in render_bytes("text", result, verbose=1)


@pytest.mark.parametrize(
    ("line", "columns", "shown", "start", "count"),
    [
        ("user: root", (7, 11), "user: root", 6, 4),
        ("\tuser: root", (8, 12), "    user: root", 10, 4),
        ("a\tuser: root", (9, 13), "a   user: root", 10, 4),
        ("名前: root", (5, 9), "名前: root", 6, 4),
        ("e\u0301x: root", (6, 10), "e\u0301x: root", 4, 4),
        ("x: ", (4, 4), "x:", 3, 1),
        ("x: abc", (4, 99), "x: abc", 3, 3),
    ],
)
def test_columns_of_the_caret(line: str, columns: tuple[int, int], shown: str, start: int, count: int) -> None:
    source = Source("f", line + "\n")
    assert excerpt(source, Span(1, columns[0], 1, columns[1]), (), 80) == (shown, start, count)


def test_long_lines_are_cut_around_the_span() -> None:
    line = "a" * 500 + "SPAN" + "b" * 500
    text, start, count = excerpt(Source("f", line), Span(1, 501, 1, 505), (), 60)
    assert text[start : start + count] == "SPAN"
    assert text.startswith("... a")
    assert text.endswith("b ...")
    assert len(text) <= 60


def test_first_line_of_a_long_span_is_marked() -> None:
    source = Source("f", "key: |\n  one\n  two\n")
    assert excerpt(source, Span(1, 6, 3, 6), (), 60) == ("key: |", 5, 1)


def test_secrets_are_masked_in_every_line() -> None:
    source = Source("f", "a: hunter2 b\nkey: |\n  BEGIN\n  AAAA\nend: AAAA\n")
    spans = [Span(1, 4, 1, 11), Span(3, 3, 4, 7)]
    assert masked(source, 1, 1, 13, spans, about=Span(1, 1, 1, 2)) == "a: ******** b"
    assert masked(source, 1, 6, 13, spans, about=Span(1, 1, 1, 2)) == "******** b"
    assert masked(source, 1, 1, 8, spans, about=Span(1, 1, 1, 2)) == "a: ********"
    assert masked(source, 3, 1, 8, spans, about=Span(1, 1, 1, 2)) == "  ********"
    assert masked(source, 4, 1, 7, spans, about=Span(1, 1, 1, 2)) == "  ********"
    assert masked(source, 5, 1, 10, spans, about=Span(1, 1, 1, 2)) == "end: AAAA"
    assert hidden_in("abcdef", 1, [Span(1, 2, 1, 4), Span(1, 3, 1, 5)]) == [(1, 4)]
    assert excerpt(source, Span(1, 12, 1, 13), spans, 60) == ("a: ******** b", 12, 1)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  DB_PASSWORD: hunter22", "  DB_PASSWORD: ********"),
        ("  password: 'two words' # why", "  password: ******** # why"),
        ('LABEL api-key="x1y2z3"', "LABEL api-key=********"),
        ("""  app.json: '{"password": "hunter22"}'""", """  app.json: '{"password": ********}'"""),
        ('{"name":"DB_PASSWORD","value":"hunter22"}', '{"name":"DB_PASSWORD","value":********}'),
        ('"{\\"name\\":\\"A_TOKEN\\",\\"value\\":\\"hunter22\\"}"', '"{\\"name\\":\\"A_TOKEN\\",\\"value\\":********}"'),
        ("CREATE USER a PASSWORD 'hunter22';", "CREATE USER a PASSWORD ********;"),
        ("    requirepass hunter22", "    requirepass ********"),
        ("curl --oauth2-bearer hunter22 http://x", "curl --oauth2-bearer ******** http://x"),
        ('args: ["--password", "hunter22"]', 'args: ["--password", "********"]'),
        ('value: "Bearer abc.def-123"', 'value: "Bearer ********"'),
        ("url: redis://:hunter22@redis:6379", "url: redis://:********@redis:6379"),
        ('users: "admin:$$apr1$$Zq19abcd$$abcdefghijk"', 'users: "admin:********"'),
        ("    MIIEpAIBAAKCAQEA7Zq6sB0Qm3v1Yx9k2Hc4Ld8NfPgRt5Uw", "    ********"),
        ("  key: AKIA1Q2W3E4R5T6Y7U8I", "  key: ********"),
        ("  password: ${DB_PASSWORD:?}", "  password: ${DB_PASSWORD:?}"),
        ("  password: var.db_password", "  password: ********"),
        ("  secretName: tls-certificate", "  secretName: tls-certificate"),
        ("  secretKeyRef: {name: app, key: password}", "  secretKeyRef: {name: app, key: password}"),
        ("automountServiceAccountToken: false", "automountServiceAccountToken: false"),
        ("    image: registry.example.org/app@sha256:" + "0a" * 32, "    image: registry.example.org/app@sha256:" + "0a" * 32),
    ],
)
def test_what_looks_like_a_secret_is_masked_around_a_finding(line: str, shown: str) -> None:
    source = Source("f", f"{line}\nelse\n")
    assert masked(source, 1, 1, len(line) + 1, (), about=Span(2, 1, 2, 5)) == shown
    assert excerpt(source, Span(1, 1, 1, len(line) + 1), (), 120) == (line, 0, len(line)), "what is reported is known to be none"


def test_what_a_finding_points_at_is_not_guessed_about() -> None:
    source = Source("f", "token: abcdef secret: ghijkl\n")
    assert excerpt(source, Span(1, 8, 1, 14), (), 120) == ("token: abcdef secret: ********", 7, 6)


def test_a_secret_in_a_long_line_stays_masked_where_it_is_cut() -> None:
    line = "x" * 100 + "s" * 1000 + "y" * 10
    source = Source("f", line)
    text, _, _ = excerpt(source, Span(1, 1101, 1, 1105), [Span(1, 101, 1, 1101)], 60)
    assert "s" not in text
    assert "********yyyy" in text


def test_escape_leaves_what_prints() -> None:
    assert escape("日本 é -") == "日本 é -"
    assert escape("a\nb\u00a0\U000e0001") == "a\\nb\\xa0\\U000e0001"


def test_internal_errors_name_rule_and_file() -> None:
    error = InternalError("SEC201", at("a.yaml", 3, 1, 3, 2), "service x", "Traceback ...\n  File\nValueError: no\n")
    brief = list(internal_errors(Result(errors=[error]), verbose=0))
    assert brief[0] == "afscan: internal error in SEC201 on a.yaml:3 (service x): ValueError: no"
    assert len(brief) == 2
    assert "  Traceback ..." in list(internal_errors(Result(errors=[error]), verbose=1))
    assert "1 error inside afscan: what they concern is not judged." in render(Result(errors=[error]))


def test_scanning_and_text_import_nothing_heavy() -> None:
    code = (
        "import sys; import afscan.cli.scan, afscan.engine, afscan.report.text, afscan.judge\n"
        "print(sorted({'pydantic', 'rich', 'hcl2', 'sarif_om', 'dockerfile_parse'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

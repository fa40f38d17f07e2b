"""Dotenv files: every form of an entry at its exact place, the secrets in them, and what expands to what."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.files.recognise import syntax_of
from afscan.model.node import Mapping, Opaque, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.subjects import Connection, Credential, DotenvFile, Origin
from afscan.platforms.dotenv import entries_of, is_known
from support import interpreted, parsed, stack_of, text_at


def root_of(text: str) -> Mapping:
    root = parsed(text, "dotenv", ".env").roots[0]
    assert isinstance(root, Mapping)
    return root


def entries(text: str) -> dict[str, str]:
    return {name: node.text for name, node in root_of(text).entries.items() if isinstance(node, Scalar)}


@pytest.mark.parametrize(
    ("line", "value", "written"),
    [
        ("A=b", "b", "b"),
        ("  A = b c  ", "b c", "b c"),
        ("export A=b", "b", "b"),
        ("A: b", "b", "b"),
        ("A=b # comment", "b", "b"),
        ("A=b#c", "b#c", "b#c"),
        ("A='b # c'", "b # c", "'b # c'"),
        ('A="b # c" # comment', "b # c", '"b # c"'),
        ("A='b\\'c\\n'", "b'c\\n", "'b\\'c\\n'"),
        ('A="b\\"c\\n\\td\\\\"', 'b"c\n\td\\', '"b\\"c\\n\\td\\\\"'),
        ('A="\\$x \\0101 \\q"', "$$x A \\q", '"\\$x \\0101 \\q"'),
        ("A=b=c", "b=c", "b=c"),
        ("A.b-c[0]=d", "d", "d"),
        ("A=ü é", "ü é", "ü é"),
    ],
)
def test_forms_of_an_entry(line: str, value: str, written: str) -> None:
    text = f"# head\n\n{line}\nZ=1\n"
    root = root_of(text)
    node = next(iter(root.entries.values()))
    assert isinstance(node, Scalar)
    assert node.text == value
    assert text_at(text, node.place) == written
    assert root.entries["Z"].place.line == 4


@pytest.mark.parametrize("line", ["A=", "A=  ", "A= # comment", "A=''"])
def test_empty_values(line: str) -> None:
    assert entries(line + "\nB=1") == {"A": "", "B": "1"}


def test_values_of_several_lines() -> None:
    text = "KEY=\"first\nsecond\"\r\nNEXT='a\nb'\nLAST=1"
    root = root_of(text)
    assert entries(text) == {"KEY": "first\nsecond", "NEXT": "a\nb", "LAST": "1"}
    key = root.entries["KEY"]
    assert isinstance(key, Scalar)
    assert text_at(text, key.part(6, 12)) == "second"
    assert text_at(text, root.keys["NEXT"].place) == "NEXT"


def test_lines_that_are_none_are_noted_and_the_others_read() -> None:
    text = "A=1\nnot an entry\n=x\n?b=2\nC=3\n"
    found = parsed(text, "dotenv", ".env")
    assert [(one.kind, text_at(text, one.place)) for one in found.notices] == [
        (NoticeKind.SYNTAX, "not an entry"),
        (NoticeKind.SYNTAX, "=x"),
        (NoticeKind.SYNTAX, "?b=2"),
    ]
    assert entries(text) == {"A": "1", "C": "3"}


def test_an_open_quote_is_a_notice_at_its_line() -> None:
    text = 'A="open\nB=2\n'
    found = parsed(text, "dotenv", ".env")
    assert [text_at(text, one.place) for one in found.notices] == ['"open']
    root = root_of(text)
    assert isinstance(root.entries["A"], Opaque)
    assert entries(text) == {"B": "2"}


def test_a_name_alone_is_passed_on() -> None:
    root = root_of("A\nexport B\nC=1")
    assert [isinstance(node, Opaque) for node in root.entries.values()] == [True, True, False]
    known = entries_of(root, {"A": "x"}.get)
    assert known["A"].value.value == "x"
    assert known["B"].value.reason == "`B` is passed on from the environment"


PLAIN = st.text(
    st.characters(blacklist_characters="\n\r\"'#$\\`", blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), max_size=12
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.from_regex(r"[A-Z][A-Z0-9_]{0,8}", fullmatch=True), PLAIN, max_size=6), st.data())
def test_what_is_written_is_read_again(values: dict[str, str], data: st.DataObject) -> None:
    forms = st.sampled_from(["{}={}", 'export {}="{}"', "{} = '{}'", "{}={} # note"])
    text = "".join(
        data.draw(forms).format(name, value) + data.draw(st.sampled_from(["\n", "\r\n"])) for name, value in values.items()
    )
    assert entries(text) == values


@settings(max_examples=200, deadline=None)
@given(st.text("A= \n\r\t#'\"\\$:x{}", max_size=60))
def test_any_text_is_taken_and_every_place_lies_in_it(text: str) -> None:
    found = parsed(text, "dotenv", ".env")
    root = root_of(text)
    for node in (*root.entries.values(), *root.keys.values()):
        text_at(text, node.place)
        assert node.place.span.end_line <= len(root.source.line_starts)
    assert all(one.kind is NoticeKind.SYNTAX for one in found.notices)


@pytest.mark.parametrize(
    ("name", "text", "syntax"),
    [
        (".env", "A=1", "dotenv"),
        ("deploy/.env.production", "# c\n\nexport A=1", "dotenv"),
        ("app.env", "A: 1", "dotenv"),
        ("app.env", "", "dotenv"),
        ("app.env", "hello world", None),
        (".env.example", "A=1", "dotenv"),
        (".env.template", "A=1", None),
        (".env.tpl", "A=1", None),
        (".env.sh", "A=1", "shell"),
        (".env.vault", "DOTENV_VAULT=x", None),
        (".env", "#!/bin/sh\nA=1", "shell"),
        (".env.json", "{}", "json"),
        ("environment", "A=1", None),
    ],
)
def test_what_is_taken_for_a_dotenv_file(name: str, text: str, syntax: str | None) -> None:
    assert syntax_of(name, text) == syntax


SECRET = "9fK2xLq7Zt4WmB8sVn3R"


def test_secrets_in_a_dotenv_file() -> None:
    text = (
        f"DB_USER=app\nDB_PASSWORD={SECRET}\nAPI_TOKEN='{SECRET}'\nDATABASE_URL=postgres://app:{SECRET}@db/x\n"
        "REDIS_PASSWORD=${OTHER}\nSMTP_PASSWORD=\nJWT_SECRET=changeme\nMAIL_PASSWORD=encrypted:BDqDBibm4wsYqMpC\nLEVEL=info\n"
    )
    out = interpreted(text, "deploy/.env")
    found = [one for one in out.subjects if isinstance(one, Credential)]
    assert [(one.key, text_at({"deploy/.env": text}, one.value.place), one.origin) for one in found] == [
        ("DB_PASSWORD", SECRET, Origin.LITERAL),
        ("API_TOKEN", f"'{SECRET}'", Origin.LITERAL),
        ("DATABASE_URL", SECRET, Origin.LITERAL),
        ("REDIS_PASSWORD", "${OTHER}", Origin.INTERPOLATED),
        ("SMTP_PASSWORD", "SMTP_PASSWORD", Origin.EMPTY),
        ("JWT_SECRET", "changeme", Origin.PLACEHOLDER),
        ("MAIL_PASSWORD", "encrypted:BDqDBibm4wsYqMpC", Origin.REFERENCE),
    ]
    assert {(one.platform, one.holder) for one in found} == {("dotenv", "file")}
    assert found[0].user == "app"
    assert found[2].in_url
    assert [one.directory for one in out.subjects if isinstance(one, DotenvFile)] == ["deploy"]
    assert not out.notices


@pytest.mark.parametrize("name", [".env.example", "example.env", ".env.local.sample", "dev.dist.env"])
def test_an_example_holds_no_secrets(name: str) -> None:
    subjects = interpreted(f"DB_PASSWORD={SECRET}\nAPI_URL=http://api\n", name).subjects
    assert [type(one) for one in subjects] == [DotenvFile]


def test_connections_of_entries_that_nobody_reads_are_emitted_once() -> None:
    env = "API_URL=http://api.example.org\nOTHER_URL=http://other.example.org\n"
    alone = stack_of({".env": env})
    assert [one.host.value for one in alone.of(Connection)] == ["api.example.org", "other.example.org"]
    read = stack_of({".env": env, "compose.yaml": "services: {a: {image: x, environment: {URL: '${API_URL}'}}}"})
    assert sorted((one.platform, one.host.value or "") for one in read.of(Connection)) == [
        ("compose", "api.example.org"),
        ("dotenv", "other.example.org"),
    ]


def test_expansion() -> None:
    root = root_of("A=1\nB=${A}2\nC='${A}'\nD=\"$B ${E:-e}\"\nF=${MISSING}x\nG=${MISSING}\nH=$$A\nI=a${\n")
    found = entries_of(root, {"A": "outer"}.get)
    values = {name: (entry.value.value, entry.origin, is_known(entry)) for name, entry in found.items()}
    assert values == {
        "A": ("1", Origin.LITERAL, True),
        "B": ("outer2", Origin.INTERPOLATED, True),
        "C": ("${A}", Origin.PLACEHOLDER, True),
        "D": ("outer2 e", Origin.INTERPOLATED, True),
        "F": ("${MISSING}x", Origin.INTERPOLATED, False),
        "G": (None, Origin.INTERPOLATED, False),
        "H": ("$A", Origin.PLACEHOLDER, True),
        "I": (None, Origin.INTERPOLATED, False),
    }


def test_raw_values_are_taken_as_they_stand() -> None:
    root = root_of("A='x'\nB = \"y\" # z\nC=${A}")
    found = entries_of(root, lambda name: "never", raw=True)
    assert {name: entry.value.value for name, entry in found.items()} == {"A": "'x'", "B": ' "y" # z', "C": "${A}"}

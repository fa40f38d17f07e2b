"""SQL: how a script is split, and which passwords it holds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.model.node import Scalar
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.sql import SqlScript
from afscan.model.subjects import Credential, Origin
from afscan.syntax import parse
from support import interpreted, parsed, text_at


def statements(text: str) -> list[list[str]]:
    result = parsed(text, "sql")
    assert not result.notices
    return [[token.text for token in statement.items] for statement in result.roots[0].items]


def tags(text: str) -> list[tuple[str, str]]:
    return [(token.tag, token.text) for statement in parsed(text, "sql").roots[0].items for token in statement.items]


def credentials(text: str) -> list[Credential]:
    out = interpreted(text, "init.sql")
    assert not out.notices
    assert all(isinstance(subject, Credential | SqlScript) for subject in out.subjects)
    return [subject for subject in out.subjects if isinstance(subject, Credential)]


def credential(text: str) -> Credential:
    (found,) = credentials(text)
    assert (found.platform, found.holder, found.kind) == ("sql", "sql", "password")
    return found


# ---------------------------------------------------------------- the syntax


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a 1; b;; c", [["a", "1"], ["b"], ["c"]]),
        ("a -- ; b\nc; /* ; /* ; */ ; */ d", [["a", "c"], ["d"]]),
        ("a 'x;''y'; b", [["a", "x;'y"], ["b"]]),
        ("a E'x\\';\\n\\x41\\u00e9\\101'; b", [["a", "x';\nAéA"], ["b"]]),
        ('a "x;""y"; b', [["a", 'x;"y'], ["b"]]),
        ("a $$x;$y$$; b $t$ $$;$$ $t$", [["a", "x;$y"], ["b", " $$;$$ "]]),
        ("a$b$c $1", [["a$b$c", "$", "1"]]),
        ("x::text := .5e3", [["x", "::", "text", ":=", ".5e3"]]),
        ("COPY t (a) FROM stdin;\nit's; data\n\\.\nb;", [["COPY", "t", "(", "a", ")", "FROM", "stdin"], ["b"]]),
        ("\\copy t from stdin\nit's; data\n\\.\nb;", [["\\copy", "t", "from", "stdin"], ["b"]]),
        ("\\connect app -\nb;", [["\\connect", "app", "-"], ["b"]]),
        ("\\set pw 'it''s\\n' x\nb;", [["\\set", "pw", "it's\n", "x"], ["b"]]),
        ("SELECT 1 \\gexec\nb;", [["SELECT", "1"], ["\\gexec"], ["b"]]),
        ("a \\echo it's\n b;", [["\\echo", "it", "'", "s"], ["a", "b"]]),
        ("a \\; b \\\\ c;", [["a"], ["b", "c"]]),
        ("# it's MySQL\na;", [["a"]]),
        (
            "CREATE RULE r AS ON INSERT TO t DO (a; b); c",
            [["CREATE", "RULE", "r", "AS", "ON", "INSERT", "TO", "t", "DO", "(", "a", ";", "b", ")"], ["c"]],
        ),
        (
            "CREATE FUNCTION f() BEGIN ATOMIC a; CASE x END; END; b",
            [["CREATE", "FUNCTION", "f", "(", ")", "BEGIN", "ATOMIC", "a", ";", "CASE", "x", "END", ";", "END"], ["b"]],
        ),
        ("BEGIN; a; END; b", [["BEGIN"], ["a"], ["END"], ["b"]]),
        ("a (; b", [["a", "(", ";", "b"]]),
        ("", []),
    ],
)
def test_statements(text, expected):
    assert statements(text) == expected


def test_kinds_of_tokens():
    assert tags("a 'b' \"c\" :d :'e' $$f$$ 7 + `g`") == [
        ("word", "a"),
        ("string", "b"),
        ("identifier", "c"),
        ("variable", ":d"),
        ("variable", ":'e'"),
        ("body", "f"),
        ("number", "7"),
        ("operator", "+"),
        ("identifier", "g"),
    ]


def test_places():
    text = "-- é\nALTER ROLE \"A b\"\r\n  PASSWORD E'p\\'w' ;\nx"
    first, second = parsed(text, "sql").roots[0].items
    assert text_at(text, first.place) == text[text.index("ALTER") : text.index(" ;")]
    assert [text_at(text, token.place) for token in first.items] == ["ALTER", "ROLE", '"A b"', "PASSWORD", "E'p\\'w'"]
    password = first.items[-1]
    assert isinstance(password, Scalar)
    assert password.text == "p'w"
    assert text_at(text, password.part(1, 2)) == "\\'"
    assert text_at(text, password.part(2, 3)) == "w"
    assert second.place.line == 4


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a; b 'x\ny", "string"),
        ("a; b E'x\\'", "string"),
        ('a; b "x', "quoted name"),
        ("a; b $t$ x $$", "dollar-quoted string"),
        ("a; b /* /* */", "comment"),
    ],
)
def test_what_never_ends_is_located_and_the_statements_before_it_are_kept(text, what):
    result = parsed(text, "sql")
    assert [[token.text for token in statement.items] for statement in result.roots[0].items] == [["a"]]
    (notice,) = result.notices
    assert (notice.kind, notice.place.line) == (NoticeKind.SYNTAX, 1)
    assert notice.place.column in (6, 7)
    assert notice.reason == f"The {what} that begins here never ends; this statement and what follows are not read."


def test_rows_of_an_insert_are_not_kept():
    (insert, _) = parsed("INSERT INTO t (a) VALUES " + "(1, 'x;')," * 500 + "(2, 'y'); b", "sql").roots[0].items
    assert len(insert.items) == 64
    (insert, after) = parsed("INSERT INTO t VALUES " + "(1, 'x;')," * 500 + "(2, 'y'); CREATE ROLE a", "sql").roots[0].items
    assert len(insert.items) == 64
    assert [token.text for token in after.items] == ["CREATE", "ROLE", "a"]


PIECES = [
    "a",
    " ",
    "\n",
    "'",
    "''",
    '"',
    "$$",
    "$t$",
    "E'",
    "\\",
    "\\set x ",
    ";",
    "--",
    "/*",
    "*/",
    ":'v'",
    ":v",
    "::",
    "COPY t FROM STDIN",
]
PIECES += ["CREATE ROLE ", "PASSWORD ", "\\.", "`", "#", "1", "é", "DO ", "U&'"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_any_text_is_read_without_an_error_and_every_place_lies_in_it(text):
    source = Source("x.sql", text, syntax="sql")
    last = len(source.line_starts)
    for node in parse(source).roots[0].walk():
        assert (1, 1) <= node.span[:2] <= node.span[2:]
        assert node.span.end_line <= last
        if isinstance(node, Scalar) and node.text:
            assert node.part(0, len(node.text)).span[:2] >= node.span[:2]
    interpreted(text, "x.sql")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*PIECES, "(", ")", "BEGIN ATOMIC ", "CREATE FUNCTION ", "\r\n"]), max_size=25).map("".join))
def test_the_tokens_stand_in_order_and_what_is_between_them_is_no_token(text):
    source = Source("x.sql", text, syntax="sql")
    result = parse(source)
    tokens = sorted((node.span for node in result.roots[0].walk() if isinstance(node, Scalar)), key=lambda span: span[:2])
    ends = [(1, 1), *(span[2:] for span in tokens)]
    assert all(end <= span[:2] for end, span in zip(ends, tokens, strict=False))
    if result.notices or "COPY" in text or r"\copy" in text or "INSERT" in text:
        return
    rebuilt, at = "", 0
    for span in tokens:
        start, end = source.offset(*span[:2]), source.offset(*span[2:])
        between = text[at:start]
        rebuilt, at = rebuilt + between + text[start:end], end
        assert not between.strip(" \t\r\n\f\v;\\") or between.lstrip(" \t\r\n;\\").startswith(("--", "#", "/*", "."))
    assert text.startswith(rebuilt)


# ---------------------------------------------------------------- the platform


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("CREATE USER app WITH PASSWORD 'hunter22';", "app"),
        ("create role App login encrypted password 'hunter22' connection limit 5;", "app"),
        ("ALTER ROLE \"App\" PASSWORD 'hunter22';", "App"),
        ("ALTER USER app VALID UNTIL 'infinity' PASSWORD $$hunter22$$;", "app"),
        ("CREATE ROLE app\n  LOGIN -- note\n  PASSWORD E'hunter22'\n;", "app"),
    ],
)
def test_a_literal_password(text, role):
    found = credential(text)
    assert (found.name, found.user, found.key, found.reader) == (f"sql role {role}", role, "PASSWORD", "postgres")
    assert (found.origin, found.value.value) == (Origin.LITERAL, "hunter22")
    assert "hunter22" in text_at(text, found.value.place)
    assert text_at(text, found.value.place)[-1] in "'$"


@pytest.mark.parametrize(
    ("password", "origin"),
    [
        ("", Origin.EMPTY),
        ("md5" + "0a" * 16, Origin.HASH),
        ("md5" + "0A" * 16, Origin.LITERAL),
        ("SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy", Origin.HASH),
        ("SCRAM-SHA-256$4096:salt", Origin.LITERAL),
        ("<password>", Origin.PLACEHOLDER),
        ("${DB_PASSWORD}", Origin.PLACEHOLDER),
        ("{{ db_password }}", Origin.PLACEHOLDER),
        ("changeme", Origin.PLACEHOLDER),
        ("your-password-here", Origin.PLACEHOLDER),
        ("secure_password", Origin.LITERAL),
        ("a<b>c$d", Origin.LITERAL),
    ],
)
def test_forms_of_a_password(password, origin):
    found = credential(f"CREATE ROLE app PASSWORD '{password}';")
    assert found.origin is origin
    assert found.value.value == password


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("CREATE ROLE app PASSWORD :'pw';", ":'pw'"),
        ("CREATE ROLE app PASSWORD :pw;", ":pw"),
        ("CREATE ROLE app PASSWORD ${PW};", "${PW}"),
        ("\\set pw `cat /run/secrets/pw`\nCREATE ROLE app PASSWORD :'pw';", ":'pw'"),
        ("\\set pw x\n\\getenv pw PW\nCREATE ROLE app PASSWORD :'pw';", ":'pw'"),
    ],
)
def test_an_interpolated_password_is_not_known(text, written):
    found = credential(text)
    assert found.origin is Origin.INTERPOLATED
    assert found.value.is_unknown
    assert text_at(text, found.value.place) == written


def test_a_variable_that_the_script_sets_is_the_literal():
    text = "\\set pw 'hunter22'\nCREATE ROLE app PASSWORD :'pw';\n"
    found = credential(text)
    assert (found.origin, found.value.value) == (Origin.LITERAL, "hunter22")
    assert text_at(text, found.value.place) == "'hunter22'"
    assert text_at(text, found.place) == ":'pw'"


@pytest.mark.parametrize(
    "text",
    [
        "CREATE ROLE app PASSWORD NULL;",
        "CREATE ROLE app LOGIN;",
        'CREATE ROLE "password";',
        "ALTER ROLE app SET password_encryption = 'md5';",
        "SELECT 'CREATE ROLE app PASSWORD ''x'';';",
        "-- CREATE ROLE app PASSWORD 'x';",
        "INSERT INTO t VALUES ('host=a password=b');",
        "COPY t FROM stdin;\nCREATE ROLE app PASSWORD 'x';\n\\.\n",
        "CREATE TABLE users (password text DEFAULT 'x');",
    ],
)
def test_no_credential(text):
    assert credentials(text) == []


def test_roles_in_a_do_block_have_places_in_the_script():
    text = (
        "DO $$\nBEGIN\n  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') THEN\n"
        "    CREATE ROLE app LOGIN PASSWORD 'hunter22';\n  END IF;\n"
        "  EXECUTE 'ALTER ROLE audit PASSWORD ''hunter33''';\nEND\n$$ LANGUAGE plpgsql;\n"
    )
    app, audit = credentials(text)
    assert (app.user, app.value.value, text_at(text, app.value.place)) == ("app", "hunter22", "'hunter22'")
    assert (audit.user, audit.value.value, text_at(text, audit.value.place)) == ("audit", "hunter33", "''hunter33''")


def test_a_function_in_another_language_is_no_sql():
    assert credentials("CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS $$\nit's\n$$;") == []


def test_statements_that_gexec_runs_are_sql():
    text = "SELECT 'CREATE ROLE app PASSWORD ''hunter22''' WHERE NOT EXISTS (SELECT 1) \\gexec\n"
    found = credential(text)
    assert (found.user, found.value.value, text_at(text, found.value.place)) == ("app", "hunter22", "''hunter22''")


def test_mysql():
    found = credential("CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED WITH caching_sha2_password BY 'hunter22';")
    assert (found.user, found.key, found.reader, found.value.value) == ("app", "IDENTIFIED BY", "mysql", "hunter22")


def test_a_user_mapping():
    text = "CREATE USER MAPPING FOR CURRENT_USER SERVER other OPTIONS (user 'remote', password 'hunter22');"
    found = credential(text)
    assert (found.name, found.user, found.value.value) == ("sql user mapping remote", "remote", "hunter22")
    assert text_at(text, found.value.place) == "'hunter22'"


def test_a_connection_string():
    text = "CREATE SUBSCRIPTION s CONNECTION 'host=db user=rep password=hunter22 dbname=app' PUBLICATION p;"
    found = credential(text)
    assert (found.user, found.value.value, found.origin) == ("rep", "hunter22", Origin.LITERAL)
    assert text_at(text, found.value.place) == "hunter22"

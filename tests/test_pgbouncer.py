"""pgbouncer.ini and userlist.txt: their dialect, places, secrets and logins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afscan.model.node import Mapping, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.subjects import ConfigFile, Credential, Login, Origin, PgBouncer, PoolerDatabase
from afscan.platforms.pgbouncer import database, secret_form, users
from afscan.platforms.pgbouncerserver import Effective, authentication, connections, databases, section_of, server
from afscan.syntax.ini import connect_string
from support import interpreted, parsed, text_at

INI = """\
;; the pooler in front of orders
[databases]
orders = host=orders-db port=5433 dbname=orders user=postgres password='it''s a Secret' pool_size=30
* = host = fallback-db

# how clients come in
[pgbouncer]
listen_addr = 0.0.0.0
listen_port = 6432
auth_type = SCRAM-SHA-256
auth_file = /etc/pgbouncer/userlist.txt
pool_mode = transaction
max_client_conn = 500 ; many
server_tls_sslmode = verify-full
server_reset_query = DISCARD ALL
"""

USERLIST = """\
; who may come in
"orders_api" "kX9vTq2mWz"
"reader" "md50123456789abcdef0123456789abcdef" a comment
"quo""ted" "a""b"
"nobody" ""
"""


def file_of(text: str, name: str = "pgbouncer.ini") -> ConfigFile:
    return next(one for one in interpreted(text, name).subjects if isinstance(one, ConfigFile))


def pooler(text: str) -> PgBouncer:
    file = file_of(text)
    effective = Effective(file.settings, section_of(file))
    lines = databases(file.settings)
    return server(effective, name="x", node=file.node, container=None, files=[file], lines=lines, users=[])


def value_of(text: str, section: int, item: int) -> Scalar:
    node = parsed(text, "ini", "pgbouncer.ini").roots[0].get(section, item)
    assert isinstance(node, Scalar)
    return node


def test_sections_and_pairs_with_their_spans() -> None:
    root = parsed(INI, "ini").roots[0]
    assert isinstance(root, Sequence)
    assert [section.key.text for section in root.items if section.key is not None] == ["databases", "pgbouncer"]
    assert text_at(INI, root.items[1].head) == "[pgbouncer]"
    value = value_of(INI, 1, 2)
    assert value.key is not None
    assert (value.key.text, value.text) == ("auth_type", "SCRAM-SHA-256")
    assert text_at(INI, value.place) == "SCRAM-SHA-256"
    assert text_at(INI, value.key.place) == "auth_type"


def test_a_value_runs_to_the_end_of_its_line() -> None:
    assert value_of(INI, 1, 5).text == "500 ; many"
    assert value_of('[pgbouncer]\nlogfile = "x"  \r\n', 0, 0).text == '"x"'


def test_empty_and_quoted_keys() -> None:
    text = '[pgbouncer]\nunix_socket_dir =\n[databases]\n"my ""db" = host=a\n'
    assert value_of(text, 0, 0).text == ""
    key = value_of(text, 1, 0).key
    assert key is not None
    assert key.text == 'my "db'


def test_lines_that_pgbouncer_refuses_are_noted() -> None:
    text = "[pgbouncer]\nlisten_port 6432\npool_mode = session\n[broken\n"
    result = parsed(text, "ini", "pgbouncer.ini")
    assert [(one.kind, one.place.line) for one in result.notices] == [(NoticeKind.SYNTAX, 2), (NoticeKind.SYNTAX, 4)]
    assert text_at(text, result.notices[0].place) == "listen_port 6432"
    assert value_of(text, 0, 0).text == "session"


def test_other_programs_files_are_left_alone() -> None:
    text = "[databases]\nmain\n  user: x\n"
    assert not parsed(text, "ini", "app.cfg").notices
    assert not [one for one in interpreted("[databases]\nmain = sqlite\n", "app.ini").subjects if isinstance(one, ConfigFile)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host=a port=1", {"host": "a", "port": "1"}),
        ("host = a   port= 1 ", {"host": "a", "port": "1"}),
        ("password='a b' user=u", {"password": "a b", "user": "u"}),
        ("password='it''s'", {"password": "it's"}),
        ("password=a'b", {"password": "a'b"}),
        ("", {}),
    ],
)
def test_connect_strings(text: str, expected: dict[str, str]) -> None:
    parts = connect_string(value_of(f"[databases]\nx = {text}\n", 0, 0))
    assert parts is not None
    assert {key: node.text for key, node in parts.entries.items() if isinstance(node, Scalar)} == expected


@pytest.mark.parametrize("text", ["host", "host=", "password='open", "password=''", "=x"])
def test_connect_strings_that_pgbouncer_refuses(text: str) -> None:
    assert connect_string(value_of(f"[databases]\nx = {text}\n", 0, 0)) is None
    out = interpreted(f"[databases]\nx = {text}\n[pgbouncer]\nauth_type = md5\n", "pgbouncer.ini")
    assert [(one.kind, one.place.line) for one in out.notices] == [(NoticeKind.SYNTAX, 2)]


def test_the_parts_of_a_connect_string_have_places() -> None:
    parts = connect_string(value_of(INI, 0, 0))
    assert isinstance(parts, Mapping)
    assert text_at(INI, parts.entries["host"].place) == "orders-db"
    assert text_at(INI, parts.keys["password"].place) == "password"
    password = parts.entries["password"]
    assert isinstance(password, Scalar)
    assert password.text == "it's a Secret"
    assert text_at(INI, password.place) == "'it''s a Secret'"
    assert text_at(INI, password.part(5, 13)) == "a Secret"


def test_settings_are_named_by_section() -> None:
    names = [one.name for one in file_of(INI).settings]
    assert names[:5] == ["%section", "databases.orders", "databases.*", "%section", "pgbouncer.listen_addr"]


def test_a_database_line() -> None:
    line = database(file_of(INI).settings[1])
    assert isinstance(line, PoolerDatabase)
    assert (line.name, line.host.value, line.port.value, line.pool_size.value) == ("orders", "orders-db", 5433, 30)
    assert line.pool_mode.is_unset
    assert line.pool_mode.place.line == 3


def test_typed_settings() -> None:
    found = pooler(INI)
    assert (found.listen_port.value, found.pool_mode.value, found.auth_type.value) == (6432, "transaction", "scram-sha-256")
    assert found.max_client_connections.is_unknown
    assert found.client_tls.is_unset
    assert text_at(INI, found.client_tls.place) == "[pgbouncer]"
    assert [line.name for line in found.databases] == ["orders", "*"]


@pytest.mark.parametrize(
    ("line", "state", "value"),
    [
        ("auth_type = any", "set", False),
        ("auth_type = TRUST", "set", False),
        ("auth_type = md5", "set", True),
        ("auth_type = plain", "set", True),
        ("pool_mode = session", "set", True),
        ("auth_type = hba", "unknown", None),
        ("auth_type = ${AUTH_TYPE}", "unknown", None),
    ],
)
def test_who_is_asked(line: str, state: str, value: bool | None) -> None:
    text = f"[pgbouncer]\n{line}\n"
    found = pooler(text)
    asked = authentication(found, found.client_tls.node)
    assert (asked.required.state, asked.required.value) == (state, value)
    if state == "set" and not value:
        assert text_at(text, asked.required.place).lower() in ("any", "trust")


@pytest.mark.parametrize(
    ("mode", "state", "value"),
    [
        ("server_tls_sslmode = require", "set", True),
        ("server_tls_sslmode = verify-ca", "set", True),
        ("server_tls_sslmode = prefer", "set", False),
        ("server_tls_sslmode = disable", "set", False),
        ("server_tls_sslmode = ${MODE}", "unknown", None),
        ("pool_mode = session", "set", False),
    ],
)
def test_connections_to_the_server(mode: str, state: str, value: bool | None) -> None:
    text = f"[databases]\na = host=db1 port=5433\nb = host=/var/run/postgresql\nc = dbname=x\n[pgbouncer]\n{mode}\n"
    found = list(connections(pooler(text)))
    assert [(one.host.value, one.port.value, one.scheme, one.product) for one in found] == [
        ("db1", 5433, "postgresql", "postgres")
    ]
    assert (found[0].secure.state, found[0].secure.value) == (state, value)
    assert text_at(text, found[0].url.place) == "host=db1 port=5433"


def test_secrets_and_logins_of_the_ini() -> None:
    out = interpreted(INI, "pgbouncer.ini")
    secrets = [one for one in out.subjects if isinstance(one, Credential)]
    assert [(one.key, one.value.value, one.user, one.origin, one.reader) for one in secrets] == [
        ("password", "it's a Secret", "postgres", Origin.LITERAL, "pgbouncer")
    ]
    logins = [one for one in out.subjects if isinstance(one, Login)]
    assert [(one.user.value, one.superuser, one.product) for one in logins] == [("postgres", True, "postgres")]


def test_users_of_a_userlist() -> None:
    root = parsed(USERLIST, "userlist", "userlist.txt").roots[0]
    found = users(root)
    assert [(one.user, one.secret.value, one.form) for one in found] == [
        ("orders_api", "kX9vTq2mWz", "plain"),
        ("reader", "md50123456789abcdef0123456789abcdef", "md5"),
        ('quo"ted', 'a"b', "plain"),
        ("nobody", "", "empty"),
    ]
    assert text_at(USERLIST, found[0].secret.place) == '"kX9vTq2mWz"'
    secret = found[2].secret.node
    assert isinstance(secret, Scalar)
    assert text_at(USERLIST, secret.part(1, 3)) == '""b'


def test_secrets_of_a_userlist() -> None:
    secrets = [one for one in interpreted(USERLIST, "infra/userlist.txt").subjects if isinstance(one, Credential)]
    assert [(one.user, one.origin) for one in secrets] == [
        ("orders_api", Origin.LITERAL),
        ("reader", Origin.HASH),
        ('quo"ted', Origin.LITERAL),
        ("nobody", Origin.EMPTY),
    ]


def test_a_broken_userlist_ends_where_pgbouncer_stops() -> None:
    text = '"a" "b"\nc d\n"e" "f"\n'
    result = parsed(text, "userlist", "userlist.txt")
    assert [user.user for user in users(result.roots[0])] == ["a"]
    assert [(one.kind, one.place.line) for one in result.notices] == [(NoticeKind.SYNTAX, 2)]


@pytest.mark.parametrize(
    ("secret", "form"),
    [
        ("", "empty"),
        ("md50123456789abcdef0123456789abcdef", "md5"),
        ("md5<hash_of_password>", "plain"),
        ("SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy", "scram"),
        ("hunter2", "plain"),
    ],
)
def test_forms_of_secrets(secret: str, form: str) -> None:
    assert secret_form(secret) == form


@given(st.text(alphabet="ab \"'\n\r\t#;[]=%é", max_size=60))
def test_no_text_breaks_the_parsers(text: str) -> None:
    for syntax in ("ini", "userlist"):
        source = Source("pgbouncer.ini", text, syntax=syntax)
        for node in parsed(text, syntax, "pgbouncer.ini").roots[0].walk():
            start = source.offset(node.span.line, node.span.column)
            end = source.offset(node.span.end_line, node.span.end_column)
            assert 0 <= start <= end <= len(text)
            if isinstance(node, Scalar) and node.plain:
                assert text[start:end] == node.text
                connect_string(node)

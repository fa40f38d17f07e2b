"""postgresql.conf and pg_hba.conf: what they say, where it stands, and whom a list of records lets in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.files.recognise import syntax_of
from afscan.model.node import Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.subjects import ConfigFile, Credential, HbaRule, Origin
from afscan.platforms.hbamatching import PLAIN, SOCKET, TLS, admitting, deciding, is_local
from support import interpreted, parsed, text_at

CONF = """\
# made by hand
listen_addresses = '*'   # all
SSL on
shared_buffers=128MB#comment
log_line_prefix = 'a''b\\'c\\n\\061 # x'
my.setting = -1.5e3
include_dir 'conf.d'
work_mem = 4MB
Work_Mem = 8MB
"""


def values(text: str) -> list[tuple[str, str]]:
    root = parsed(text, "postgresconf").roots[0]
    return [(item.key.text, item.text) for item in root.children() if isinstance(item, Scalar) and item.key is not None]


def test_parameters_and_their_places() -> None:
    root = parsed(CONF, "postgresconf").roots[0]
    assert isinstance(root, Sequence)
    assert values(CONF) == [
        ("listen_addresses", "*"),
        ("SSL", "on"),
        ("shared_buffers", "128MB"),
        ("log_line_prefix", "a'b'c\n1 # x"),
        ("my.setting", "-1.5e3"),
        ("include_dir", "conf.d"),
        ("work_mem", "4MB"),
        ("Work_Mem", "8MB"),
    ]
    assert [text_at(CONF, item.place) for item in root.items][:4] == ["'*'", "on", "128MB", "'a''b\\'c\\n\\061 # x'"]
    assert root.items[1].key is not None
    assert text_at(CONF, root.items[1].key.place) == "SSL"
    prefix = root.items[3]
    assert isinstance(prefix, Scalar)
    assert [text_at(CONF, prefix.part(at, at + 1)) for at in (0, 1, 3, 5, 6)] == ["a", "''", "\\'", "\\n", "\\061"]
    assert root.head.line == 2


@pytest.mark.parametrize(
    "line",
    [
        "work_mem = ",
        "= 3",
        "foo,bar = 1",
        "search_path = a, b",
        "password_encryption = ${METHOD}",
        "log_statement = 'all",
        "listen_addresses = *",
        "a.b.c = 1",
        "name-with-dash = 1",
        "effective_cache_size = 1.5GB",
        "port = 5432 extra",
        "deadlock_timeout = 1 s",
    ],
)
def test_what_postgresql_refuses_is_noted(line: str) -> None:
    text = f"ssl = on\n  {line}\nport = 5432\n"
    found = parsed(text, "postgresconf")
    assert [(notice.kind, text_at(text, notice.place)) for notice in found.notices] == [(NoticeKind.SYNTAX, line.strip())]
    assert values(text) == [("ssl", "on"), ("port", "5432")]


def test_the_password_of_a_replica() -> None:
    text = "primary_conninfo = 'host=db user=replica password=''s3cr et'' sslmode=require'\nssl = off\n"
    found = [one for one in interpreted(text, "postgresql.auto.conf").subjects if isinstance(one, Credential)]
    assert [(one.key, one.value.value, one.origin, one.reader) for one in found] == [
        ("password", "s3cr et", Origin.LITERAL, "postgres")
    ]
    assert text_at(text, found[0].value.place) == "s3cr et"


HBA = """\
# TYPE  DATABASE  USER  ADDRESS  METHOD
local   all       all            peer
host    all,"all" +ops, @admins  10.1.2.3 255.255.0.0  md5 # old
hostssl app \\
    "o'r ""x"" y" samenet scram-sha-256 clientcert=verify-full map="a b"
include_if_exists more.conf
"""


def rules(text: str) -> list[HbaRule]:
    return [one for one in interpreted(text, "pg_hba.conf").subjects if isinstance(one, HbaRule)]


def test_records_and_their_places() -> None:
    out = interpreted(HBA, "pg_hba.conf")
    assert not out.notices
    local, host, tls = rules(HBA)
    assert (local.type.value, local.address.is_unset, local.method.value) == ("local", True, "peer")
    assert [word.value for word in host.databases] == ["all", "all"]
    assert [isinstance(word.node, Scalar) and word.node.plain for word in host.databases] == [True, False]
    assert [text_at(HBA, word.place) for word in (*host.databases, *host.users)] == ["all", '"all"', "+ops", "@admins"]
    assert (host.address.value, host.mask.value, host.method.value, host.options) == ("10.1.2.3", "255.255.0.0", "md5", {})
    assert [text_at(HBA, value.place) for value in (host.type, host.address, host.mask, host.method)] == [
        "host",
        "10.1.2.3",
        "255.255.0.0",
        "md5",
    ]
    assert (tls.place.line, tls.users[0].value, tls.method.place.line) == (4, 'o\'r "x" y', 5)
    assert text_at(HBA, tls.users[0].place) == '"o\'r ""x"" y"'
    assert {name: value.value for name, value in tls.options.items()} == {"clientcert": "verify-full", "map": "a b"}
    assert text_at(HBA, tls.options["clientcert"].place) == "verify-full"
    file = next(one for one in out.subjects if isinstance(one, ConfigFile))
    assert (file.product, [one.order for one in (local, host, tls)]) == ("postgres-hba", [0, 1, 2])
    assert [(one.name, one.value.value) for one in file.settings] == [("include_if_exists", "more.conf")]


@pytest.mark.parametrize(
    ("record", "at"),
    [
        ("Host all all all md5", "Host"),
        ("host all all all MD5", "MD5"),
        ("host all all 10.0.0.0/33 md5", "10.0.0.0/33"),
        ("host all all 10.0.0.0/255.0.0.0 md5", "10.0.0.0/255.0.0.0"),
        ("host all all example.com/24 md5", "example.com/24"),
        ("host all all 10.0.0.1 md5 x=y", "md5"),
        ("host all all a,b md5", "b"),
        ("host all all all peer", "peer"),
        ("host all all all cert", "cert"),
        ("host all all all md5 loose", "loose"),
        ("host all all", "host all all"),
        ("local all", "local all"),
        ("include a b", "include"),
    ],
)
def test_records_that_postgresql_refuses(record: str, at: str) -> None:
    text = f"local all all trust\n{record}\n"
    out = interpreted(text, "pg_hba.conf")
    assert [(notice.kind, text_at(text, notice.place)) for notice in out.notices] == [(NoticeKind.SYNTAX, at)]
    assert [rule.type.value for rule in rules(text)] == ["local"]


def test_the_secrets_of_a_record() -> None:
    text = "host all all all ldap ldapserver=ldap.internal ldapbindpasswd=kX9vTq2mWz\n"
    found = [one for one in interpreted(text, "pg_hba.conf").subjects if isinstance(one, Credential)]
    assert [(one.key, one.value.value, text_at(text, one.value.place)) for one in found] == [
        ("ldapbindpasswd", "kX9vTq2mWz", "kX9vTq2mWz")
    ]


@pytest.mark.parametrize(
    ("name", "text", "syntax"),
    [
        ("postgresql.conf", "", "postgresconf"),
        ("infra/postgresql-primary.conf", "x = 1\n", "postgresconf"),
        ("postgresql.conf.sample", "#ssl = off\n", "postgresconf"),
        ("pg_hba.conf", "", "pghba"),
        ("custom.pg_hba.conf", "", "pghba"),
        ("tuning.conf", "shared_buffers = 4GB\nwork_mem = 64MB\n", "postgresconf"),
        ("infra/postgres/conf.d/tls.conf", "ssl = on\n", "postgresconf"),
        ("tls.conf", "ssl = on\n", None),
        ("block-1", "# memory\nshared_buffers = '4GB'\nmax_wal_size 2GB\npgaudit.log = 'ddl'\n", "postgresconf"),
        ("access.conf", "local all all peer\nhostssl all all all scram-sha-256\n", "pghba"),
        ("pool_hba.conf.txt", "local all all trust\n", None),
        ("infra/pgpool.conf", "listen_addresses = '*'\nport = 9999\nnum_init_children = 32\nlog_connections = on\n", None),
        ("redis.conf", "maxmemory 1gb\nport 6379\n", "redisconf"),
        ("nginx.conf", "worker_processes 1;\nevents { }\n", None),
        ("my.conf", "max_connections = 100\nport = 3306\n", None),
    ],
)
def test_what_is_recognised(name: str, text: str, syntax: str | None) -> None:
    assert syntax_of(name, text) == syntax


def test_configuration_in_documents_and_config_maps() -> None:
    document = "# Setup\n\n```ini\nshared_buffers = 4GB\nwork_mem = 64MB\n```\n\n```\nhost all all 0.0.0.0/0 md5\n```\n"
    files = [one for one in interpreted(document, "README.md").subjects if isinstance(one, ConfigFile)]
    assert [one.product for one in files] == ["postgres", "postgres-hba"]
    assert text_at(document, files[0].settings[1].value.place) == "64MB"
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  custom.conf: |\n    ssl = off\n    work_mem = 4MB\n    wal_level = replica\n"
    files = [one for one in interpreted(config, "c.yaml").subjects if isinstance(one, ConfigFile)]
    assert [one.product for one in files] == ["postgres"]
    assert text_at(config, files[0].settings[0].value.place) == "off"


# ---------------------------------------------------------------- who gets in


def admitted(text: str, transport: str = PLAIN) -> list[str]:
    return [text_at(text, rule.place) for rule in admitting(rules(text), transport)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host all all 0.0.0.0/0 scram-sha-256", [1]),
        ("local all all trust\nhost all all 127.0.0.1/32 trust\nhost all all ::1/128 trust\nhost all all samehost md5", []),
        ("host all all localhost md5\nhost all all 127.0.0.0/8 md5", []),
        ("hostssl all all all scram-sha-256\nhostgssenc all all all gss", []),
        ("hostnossl all all all reject\nhost all all all scram-sha-256", []),
        ("hostnossl all all 0.0.0.0/0 reject\nhost all all all scram-sha-256", [2]),
        ("hostnossl all all 0.0.0.0/0 reject\nhostnossl all all ::/0 reject\nhost all all all scram-sha-256", []),
        ("hostnossl all all 10.0.0.0/8 reject\nhost all all 10.2.0.0/16 md5", []),
        ("hostnossl all all 10.2.0.0/16 reject\nhost all all 10.0.0.0/8 md5", [2]),
        ("hostnossl app all all reject\nhost app,other all all md5", [2]),
        ("hostnossl app all all reject\nhostnossl other all all reject\nhost app,other all all md5", []),
        ("hostnossl all all all reject\nhost replication all all md5", [2]),
        ("hostnossl replication,all all all reject\nhost replication all all md5", []),
        ('hostnossl "all" all all reject\nhost all all all md5', [2]),
        ("hostnossl all +ops all reject\nhost all all all md5", [2]),
        ("hostnossl all all .example.com reject\nhost all all .example.com md5\nhost all all db.example.com md5", [3]),
        ("hostnossl all all 10.1.0.0 255.255.0.0 reject\nhost all all 10.1.0.0 255.255.255.0 md5", []),
        ("host all all 10.0.0.0/8 md5\nhost all all 10.1.0.0/16 md5", [1]),
        ("hostssl all all all reject\nhost all all all md5", [2]),
        ("hostnogssenc all all all md5\nhost all all samenet md5", [1]),
    ],
)
def test_which_records_let_remote_clients_in_without_tls(text: str, expected: list[int]) -> None:
    assert admitted(text) == [text.split("\n")[line - 1] for line in expected]


def test_tls_clients_meet_other_records() -> None:
    text = "hostnossl all all all reject\nhost all all all md5\nhostssl all all all trust"
    assert admitted(text, TLS) == ["host all all all md5"]


def test_which_record_decides() -> None:
    text = (
        "local all all peer\nhost all +ops 10.0.0.0/8 trust\nhost sameuser all samenet md5\n"
        "hostssl app app 10.0.0.0/8 cert\nhost all all all reject\nhost all all all trust"
    )
    found = rules(text)

    def methods(**connection: str) -> list[str | None]:
        return [rule.method.value for rule in deciding(found, **connection)]

    assert methods(transport=SOCKET, database="app", user="app") == ["peer"]
    assert methods(transport=PLAIN, database="app", user="app", address="10.1.1.1") == ["trust", "md5", "reject"]
    assert methods(transport=TLS, database="app", user="app", address="10.1.1.1") == ["trust", "md5", "cert"]
    assert methods(transport=PLAIN, database="app", user="web", address="192.168.1.1") == ["reject"]
    assert methods(transport=PLAIN, database="replication", user="x", address="10.1.1.1") == []


WORDS = {
    "type": st.sampled_from(("host", "hostssl", "hostnossl", "local", "hostgssenc", "hostnogssenc")),
    "name": st.lists(st.sampled_from(("all", "a", "b", "replication", '"all"')), min_size=1, max_size=2).map(",".join),
    "address": st.sampled_from(
        ("all", "0.0.0.0/0", "::/0", "10.0.0.0/8", "10.128.0.0/9", "10.1.1.1/32", "127.0.0.1/32", "::1/128")
    ),
    "method": st.sampled_from(("reject", "md5", "trust")),
}


@st.composite
def lists(draw: st.DrawFn) -> str:
    lines = []
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(WORDS["type"])
        address = "" if kind == "local" else draw(WORDS["address"])
        lines.append(f"{kind} {draw(WORDS['name'])} {draw(WORDS['name'])} {address} {draw(WORDS['method'])}")
    return "\n".join(lines)


@settings(max_examples=60, deadline=None)
@given(lists(), st.sampled_from((PLAIN, TLS)), st.sampled_from(("a", "b", "c", "replication")), st.sampled_from(("a", "b", "c")))
def test_whoever_gets_in_does_so_by_a_record_that_admits(text: str, transport: str, database: str, user: str) -> None:
    found = rules(text)
    let_in = admitting(found, transport)
    assert not any(is_local(rule) or rule.method.value == "reject" for rule in let_in)
    for address in ("10.1.1.1", "10.200.0.1", "192.168.1.1", "fe80::1"):
        decides = deciding(found, transport=transport, database=database, user=user, address=address)
        assert len(decides) <= 1  # nothing in these lists is unsure
        assert all(rule in let_in or rule.method.value == "reject" for rule in decides)

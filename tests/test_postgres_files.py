"""PostgreSQL's files joined with containers: which of them a server reads, and what then counts."""

import pytest

from afscan.model.notice import NoticeKind
from afscan.model.stack import Stack
from afscan.model.subjects import Authentication, ConfigFile, IgnoredSetting, Postgres
from support import stack_of, text_at

MAIN = """\
listen_addresses = '*'
ssl = on
max_connections = 200
password_encryption = md5
include_dir 'conf.d'
include_if_exists 'local.conf'
max_connections = 300
"""
HBA = """\
local   all all           trust
host    all all 127.0.0.1/32 trust
hostssl all all all       scram-sha-256
"""
ETC = "-c config_file=/etc/postgresql/postgresql.conf"


def compose(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip().split("\n"))
    return f"services:\n  db:\n{lines}"


def one(stack: Stack) -> Postgres:
    found = stack.of(Postgres)
    assert len(found) == 1, found
    return found[0]


def asked(stack: Stack) -> list[tuple[str, bool | None]]:
    return [(found.required.state, found.required.value) for found in stack.of(Authentication)]


def test_the_file_that_the_command_line_names() -> None:
    body = (
        f"image: postgres:16\ncommand: {ETC} -c max_connections=50\nvolumes: ['./pg/custom.conf:/etc/postgresql/postgresql.conf']"
    )
    files = {"deploy/compose.yaml": compose(body), "deploy/pg/custom.conf": MAIN.replace("include", "#include")}
    found = one(stack_of(files))
    assert (found.tls.value, found.max_connections.value, found.password_encryption.value) == (True, 50, "md5")
    assert (found.tls.place.path, text_at(files, found.tls.place)) == ("deploy/pg/custom.conf", "on")
    assert text_at(files, found.max_connections.place) == "max_connections=50"
    assert found.reserved_connections.is_unset
    assert (found.reserved_connections.place.path, found.reserved_connections.place.line) == ("deploy/pg/custom.conf", 1)
    assert found.remote is not None
    assert found.remote.value is True
    assert [file.name for file in found.files] == ["deploy/pg/custom.conf"]
    assert not found.unread


def test_includes_are_followed_in_their_places() -> None:
    files = {
        "compose.yaml": compose(f"image: postgres:16\ncommand: {ETC}\nvolumes: ['./pg:/etc/postgresql']"),
        "pg/postgresql.conf": MAIN,
        "pg/conf.d/20-late.conf": "ssl = off\nwork_mem = 8MB\n",
        "pg/conf.d/10-early.conf": "ssl = on\nmax_connections = 250\nwork_mem = 4MB\n",
        "pg/conf.d/notes.txt": "ssl = on\nwork_mem = 99MB\n",
        "pg/local.conf": "password_encryption = 'scram-sha-256'\nwork_mem = 16MB\n",
    }
    stack = stack_of(files)
    found = one(stack)
    assert (found.tls.value, found.max_connections.value, found.password_encryption.value) == (False, 300, "scram-sha-256")
    assert (found.tls.place.path, text_at(files, found.tls.place)) == ("pg/conf.d/20-late.conf", "off")
    assert found.password_encryption.place.path == "pg/local.conf"
    assert found.setting("work_mem").value == "16MB"
    assert [file.name for file in found.files] == [
        "pg/postgresql.conf",
        "pg/conf.d/10-early.conf",
        "pg/conf.d/20-late.conf",
        "pg/local.conf",
    ]
    assert not stack.of(IgnoredSetting)
    assert not stack.notices


def test_an_include_that_is_not_here_leaves_nothing_certain_before_it() -> None:
    files = {
        "compose.yaml": compose(f"image: postgres:16\ncommand: {ETC}\nvolumes: ['./p.conf:/etc/postgresql/postgresql.conf']"),
        "p.conf": "ssl = on\ninclude 'tls.conf'\nmax_connections = 300\nshared_buffers = 1GB\n",
    }
    stack = stack_of(files)
    found = one(stack)
    assert (found.tls.state, found.tls.reason) == ("unknown", "`include tls.conf` comes later and may set it")
    assert text_at(files, found.tls.place) == "on"
    assert found.max_connections.value == 300
    assert found.password_encryption.is_unknown
    assert [(notice.kind, text_at(files, notice.place)) for notice in stack.notices] == [(NoticeKind.UNRESOLVED, "'tls.conf'")]


def test_a_file_that_may_be_absent_is_absent_in_a_complete_stack() -> None:
    files = {
        "compose.yaml": compose(f"image: postgres:16\ncommand: {ETC}\nvolumes: ['./pg:/etc/postgresql']"),
        "pg/postgresql.conf": "ssl = on\ninclude_if_exists 'local.conf'\n",
    }
    assert one(stack_of(files)).tls.value is True
    assert one(stack_of(files, complete=False)).tls.is_unknown


def test_files_that_include_each_other() -> None:
    files = {
        "postgresql.conf": "ssl = on\ninclude 'a.conf'\n",
        "a.conf": "include 'postgresql.conf'\nwork_mem = 1MB\nwal_level = replica\n",
    }
    found = one(stack_of(files))
    assert (found.tls.value, found.setting("work_mem").value) == (True, "1MB")


def test_the_data_directory_and_its_automatic_file() -> None:
    body = """
image: postgres:17
command: -c log_connections=on
environment: {PGDATA: /data/pg}
volumes:
  - ./postgresql.conf:/data/pg/postgresql.conf
  - ./postgresql.auto.conf:/data/pg/postgresql.auto.conf
"""
    files = {
        "compose.yaml": compose(body),
        "postgresql.conf": "ssl = off\nmax_connections = 10\n",
        "postgresql.auto.conf": "ssl = 'on'\nlog_connections = 'off'\n",
    }
    found = one(stack_of(files))
    assert (found.tls.value, found.tls.place.path) == (True, "postgresql.auto.conf")
    assert (found.max_connections.value, found.setting("log_connections").value) == (10, "on")
    assert found.remote is not None
    assert (found.remote.value, found.remote.place.path) == (False, "postgresql.conf")


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ("image: postgres:16\nvolumes: ['./postgresql.conf:/var/lib/postgresql/data/postgresql.conf']", True),
        ("image: postgres:18\nvolumes: ['./postgresql.conf:/var/lib/postgresql/18/docker/postgresql.conf']", True),
        ("image: postgres:16\nvolumes: ['./postgresql.conf:/usr/share/postgresql/postgresql.conf.sample']", True),
        ("image: postgres:16\ncommand: postgres -D /srv\nvolumes: ['./:/srv']", True),
        ("image: postgres:16\nvolumes: ['./postgresql.conf:/etc/postgresql/postgresql.conf']", False),
        ("image: postgres:16\nvolumes: ['./:/etc/postgresql']", False),
        ("image: bitnami/postgresql:16\nvolumes: ['./postgresql.conf:/bitnami/postgresql/conf/postgresql.conf']", True),
        ("image: bitnami/postgresql:16\nvolumes: ['./:/opt/bitnami/postgresql/conf']", True),
        ("image: bitnami/postgresql:16\nvolumes: ['./postgresql.conf:/bitnami/postgresql/conf/conf.d/x.conf']", True),
    ],
)
def test_where_images_look(body: str, read: bool) -> None:
    files = {"compose.yaml": compose(body), "postgresql.conf": "listen_addresses = '*'\nssl = on\n"}
    stack = stack_of(files)
    found = one(stack)
    assert found.tls.value is (True if read else None)
    assert found.container is not None
    ignored = [(one.setting, one.protection, one.why) for one in stack.of(IgnoredSetting)]
    if read:
        assert not ignored
        assert found.tls.place.path == "postgresql.conf"
    else:
        assert found.tls.is_unset
        assert [row[1] for row in ignored] == ["TLS"]
        assert "never reads this path" in ignored[0][2]


def test_a_mounted_file_replaces_what_bitnami_makes_of_the_environment() -> None:
    body = """
image: bitnami/postgresql:16
environment: {POSTGRESQL_ENABLE_TLS: 'yes', POSTGRESQL_PASSWORD_ENCRYPTION: md5, POSTGRESQL_EXTRA_FLAGS: '-c work_mem=2MB'}
volumes: ['./p:/bitnami/postgresql/conf']
"""
    files = {"compose.yaml": compose(body), "p/postgresql.conf": "listen_addresses = '*'\ninclude_dir = 'conf.d'\n"}
    files["p/conf.d/memory.conf"] = "work_mem = 1MB\nshared_buffers = 1GB\n"
    found = one(stack_of(files))
    assert (found.tls.state, found.password_encryption.value) == ("unset", "md5")
    assert (found.setting("work_mem").value, found.setting("shared_buffers").value) == ("2MB", "1GB")
    without = one(stack_of({"compose.yaml": files["compose.yaml"]}))
    assert without.tls.value is True


def test_a_config_map() -> None:
    text = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: conf, namespace: shop}
data:
  postgresql.conf: |
    listen_addresses = '*'
    ssl = on
    hba_file = '/etc/postgresql/pg_hba.conf'
  pg_hba.conf: |
    hostssl all all all scram-sha-256
    host all app 10.0.0.0/8 md5
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
      - name: postgres
        image: postgres:16
        args: [-c, config_file=/etc/postgresql/postgresql.conf]
        volumeMounts: [{name: conf, mountPath: /etc/postgresql}]
      volumes: [{name: conf, configMap: {name: conf}}]
"""
    stack = stack_of({"db.yaml": text})
    found = one(stack)
    assert found.tls.value is True
    assert text_at(text, found.tls.place) == "on"
    assert [text_at(text, rule.place) for rule in found.plaintext_rules] == ["host all app 10.0.0.0/8 md5"]
    assert [text_at(text, method.place) for method in found.hba_methods] == ["scram-sha-256", "md5"]
    assert found.records_known is not None
    assert found.records_known.value is True
    assert asked(stack) == [("set", True)]
    assert not stack.of(IgnoredSetting)


HBA_BODY = """
image: postgres:16
command: -c ssl=on -c hba_file=/etc/pg_hba.conf
volumes: ['./pg_hba.conf:/etc/pg_hba.conf']
environment: {POSTGRES_HOST_AUTH_METHOD: trust}
"""


@pytest.mark.parametrize(
    ("hba", "expected", "at"),
    [
        (HBA, [("set", True)], None),
        (HBA + "host all all 10.0.0.0/8 trust\n", [("set", False)], "trust"),
        (HBA + "hostnossl all all 10.0.0.0/8 trust\nhost all all 192.168.0.0/16 trust\n", [("set", False)] * 2, "trust"),
        ("hostssl all all all trust clientcert=verify-full\n", [("set", True)], None),
        ("hostssl all all all trust\n", [("set", False)], "trust"),
        ("host all all all reject\nhost all all all trust\n", [("set", True)], None),
        ("include more.conf\nhost all all all trust\n", [("unknown", None)], "more.conf"),
        ("host all all all trust\ninclude more.conf\n", [("set", False)], "trust"),
    ],
)
def test_whom_a_server_trusts_by_its_own_list(hba: str, expected: list[tuple[str, bool | None]], at: str | None) -> None:
    files = {"compose.yaml": compose(HBA_BODY), "pg_hba.conf": hba}
    stack = stack_of(files)
    assert asked(stack) == expected
    assert one(stack).host_auth_method.is_unset
    if at is not None:
        assert text_at(files, stack.of(Authentication)[0].required.place) == at
    if len(expected) > 1:
        assert len({found.name for found in stack.of(Authentication)}) == len(expected)


def test_a_list_that_is_not_read_decides_nothing() -> None:
    stack = stack_of({"compose.yaml": compose(HBA_BODY)})
    assert asked(stack) == [("unknown", None)]
    assert one(stack).records_known is not None
    assert not one(stack).plaintext_rules


def test_a_list_in_the_wrong_place_is_ignored() -> None:
    body = """
image: postgres:16
command: -c config_file=/etc/postgresql/postgresql.conf
volumes:
  - ./postgresql.conf:/etc/postgresql/postgresql.conf
  - ./pg_hba.conf:/etc/postgresql/pg_hba.conf
"""
    files = {"compose.yaml": compose(body), "postgresql.conf": "listen_addresses = '*'\nssl = on\n", "pg_hba.conf": HBA}
    stack = stack_of(files)
    assert [(text_at(files, found.place), found.protection, found.instead) for found in stack.of(IgnoredSetting)] == [
        ("./pg_hba.conf:/etc/postgresql/pg_hba.conf", "the access control in it", "`-c hba_file=...` on the command line")
    ]
    assert asked(stack) == [("set", True)]
    assert one(stack).records_known is not None
    files["postgresql.conf"] += "hba_file = '/etc/postgresql/pg_hba.conf'\n"
    stack = stack_of(files)
    assert not stack.of(IgnoredSetting)
    assert len(one(stack).records) == 3


def test_records_of_included_lists() -> None:
    files = {
        "compose.yaml": compose("image: postgres:16\ncommand: -c hba_file=/hba/pg_hba.conf\nvolumes: ['./hba:/hba']"),
        "hba/pg_hba.conf": "hostnossl all all all reject\ninclude_dir list.d\nhost all all all md5\n",
        "hba/list.d/a.conf": "local all all peer\nhost all ops 10.0.0.0/8 trust\n",
    }
    found = one(stack_of(files))
    assert [rule.type.value for rule in found.records] == ["hostnossl", "local", "host", "host"]
    assert not found.plaintext_rules
    assert [method.value for method in found.hba_methods] == ["trust", "md5"]


# ---------------------------------------------------------------- files that no container reads


def test_files_on_their_own() -> None:
    files = {
        "infra/postgresql.conf": "ssl = on\ninclude_dir 'conf.d'\n",
        "infra/conf.d/tls.conf": "ssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'\nssl = off\n",
        "infra/pg_hba.conf": HBA + "host all all all password\n",
    }
    stack = stack_of(files)
    found = one(stack)
    assert (found.container, found.partial, found.tls.value, found.remote) == (None, False, False, None)
    assert found.tls.place.path == "infra/conf.d/tls.conf"
    assert [text_at(files, rule.method.place) for rule in found.plaintext_rules] == ["password"]
    assert asked(stack) == [("set", True)]
    assert {file.name for file in found.files} == set(files)


def test_a_piece_of_a_configuration_says_nothing_of_the_rest() -> None:
    stack = stack_of({"infra/postgres/conf.d/memory.conf": "shared_buffers = 4GB\nwork_mem = 8MB\n"})
    found = one(stack)
    assert (found.partial, found.tls.state, found.max_connections.state) == (True, "unknown", "unknown")
    assert not stack.of(Authentication)


def test_a_list_on_its_own() -> None:
    files = {"pg_hba.conf": "local all all trust\nhost all all 0.0.0.0/0 trust\n"}
    stack = stack_of(files)
    found = one(stack)
    assert (found.partial, found.tls.state) == (True, "unknown")
    assert [(text_at(files, a.required.place), a.required.value) for a in stack.of(Authentication)] == [("trust", False)]
    assert [rule.order for rule in found.plaintext_rules] == [1]


def test_compose_completes_its_configs() -> None:
    text = """\
services:
  db:
    image: postgres:16
    command: -c config_file=/pg.conf -c hba_file=/hba.conf
    configs: [{source: conf, target: /pg.conf}, {source: hba, target: /hba.conf}]
configs:
  conf:
    content: |
      listen_addresses = '*'
      ssl = ${PG_SSL}
      work_mem = 4MB
      shared_buffers = 1GB
  hba:
    content: |
      hostssl all all all ${METHOD}
      host all all all trust
"""
    stack = stack_of({"compose.yaml": text})
    found = one(stack)
    assert (found.tls.state, text_at(text, found.tls.place)) == ("unknown", "${PG_SSL}")
    assert asked(stack) == [("unknown", None)]
    assert not stack.notices


@pytest.mark.parametrize(
    "files",
    [
        {"postgresql.conf": "include 'postgresql.conf'\n" * 500},
        {f"c{i}.conf": f"work_mem = 1MB\nwal_level = replica\ninclude 'c{i + 1}.conf'\n" for i in range(200)},
        {"pg_hba.conf": "".join(f"host d{i} all 10.{i // 256}.{i % 256}.0/24 md5\n" for i in range(3000))},
        {"pg_hba.conf": "".join(f"host all all 10.{i // 256}.{i % 256}.0/24 md5\n" for i in range(3000))},
        {"pg_hba.conf": f"host {','.join(f'd{i}' for i in range(3000))} {','.join(f'u{i}' for i in range(3000))} all md5\n" * 5},
        {"pg_hba.conf": "host all all " + "\\\n" * 20_000 + "all md5\n"},
        {"pg_hba.conf": 'host "' + '""' * 50_000},
        {"pg_hba.conf": "include_dir .\n" * 300},
        {"postgresql.conf": "ssl = '" + "''" * 50_000 + "\nssl = " + "." * 50_000 + "\n"},
        {"x.conf": "work_mem " * 30_000 + "\n" + "shared_buffers = 1\n" * 5000},
    ],
)
def test_hostile_files_do_no_harm(files: dict[str, str]) -> None:
    stack = stack_of(files)
    assert all(found.place.line >= 1 for found in stack.of(ConfigFile))
    assert all(len(found.plaintext_rules) <= len(found.records) for found in stack.of(Postgres))


def test_a_sample_in_which_all_is_commented_out() -> None:
    found = one(stack_of({"postgresql.conf": "# ssl = off\n#port = 5432\n"}))
    assert (found.partial, found.tls.state) == (True, "unknown")

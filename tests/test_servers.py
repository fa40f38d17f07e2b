"""Effective servers: files, environment and command lines of whole stacks, joined."""

from typing import TypeVar

import pytest

from afscan.model.neo4j import Neo4j
from afscan.model.notice import NoticeKind
from afscan.model.stack import Stack
from afscan.model.subjects import (
    Authentication,
    Connection,
    Credential,
    IgnoredSetting,
    Origin,
    PgBouncer,
    Postgres,
    Qdrant,
    RedisServer,
    Server,
    Subject,
)
from support import stack_of, text_at

Files = dict[str, str]
S = TypeVar("S", bound=Subject)


def one(stack: Stack, kind: type[S]) -> S:
    found = stack.of(kind)
    assert len(found) == 1
    return found[0]


def asked(stack: Stack) -> tuple[str, bool | None]:
    required = one(stack, Authentication).required
    return required.state, required.value


def compose(service: str, body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip("\n").split("\n"))
    return f"services:\n  {service}:\n{lines}"


REDIS_CONF = """\
# sessions
port 6379
requirepass kX9vTq2mWz
maxmemory 256mb
tls-cert-file /tls/cert.pem
"""

REDIS_COMPOSE = compose(
    "sessions",
    """
image: redis:7-alpine
command: redis-server /usr/local/etc/redis/redis.conf --port 0 --tls-port 6379
volumes:
  - ./redis/redis.conf:/usr/local/etc/redis/redis.conf:ro
""",
)

CLUSTER = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: sessions-config, namespace: shop}
data:
  redis.conf: |
    # settings
    cluster-enabled yes
    requirepass kX9vTq2mWz
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: sessions, namespace: shop}
spec:
  selector: {matchLabels: {app: sessions}}
  template:
    metadata: {labels: {app: sessions}}
    spec:
      containers:
      - name: redis
        image: redis:7-alpine
        command: [redis-server, /usr/local/etc/redis/redis.conf]
        args: ["--port", "0"]
        volumeMounts:
        - {name: conf, mountPath: /usr/local/etc/redis}
      volumes:
      - name: conf
        configMap: {name: sessions-config}
"""

# ---------------------------------------------------------------- Redis


def test_the_command_line_overrides_the_file() -> None:
    files = {"deploy/docker-compose.yml": REDIS_COMPOSE, "deploy/redis/redis.conf": REDIS_CONF}
    stack = stack_of(files)
    found = one(stack, RedisServer)
    assert (found.port.value, found.tls_port.value, found.max_memory.value) == (0, 6379, 256 * 2**20)
    assert (found.port.place.path, text_at(files, found.port.place)) == ("deploy/docker-compose.yml", "0")
    assert text_at(files, found.tls_port.place) == "6379"
    assert found.settings["port"].layer == "command-line"
    assert found.password.place.path == "deploy/redis/redis.conf"
    assert found.tls_cluster.place == found.tls_replication.place
    assert (found.tls_cluster.place.path, found.tls_cluster.place.line) == ("deploy/redis/redis.conf", 2)
    assert found.container is not None
    assert not found.unread
    assert asked(stack) == ("set", True)


def test_a_file_that_no_command_line_names_is_not_read() -> None:
    text = REDIS_COMPOSE.replace("    command: redis-server /usr/local/etc/redis/redis.conf --port 0 --tls-port 6379\n", "")
    files = {"docker-compose.yml": text, "redis/redis.conf": REDIS_CONF}
    stack = stack_of(files)
    found = one(stack, RedisServer)
    assert found.password.is_unset
    assert not found.files
    assert asked(stack) == ("set", False)
    ignored = one(stack, IgnoredSetting)
    assert (ignored.setting, ignored.protection) == ("/usr/local/etc/redis/redis.conf", "the password")
    assert text_at(files, ignored.place).startswith("./redis/redis.conf:")


def test_a_mounted_file_that_is_not_in_the_stack_leaves_settings_unknown() -> None:
    stack = stack_of({"docker-compose.yml": REDIS_COMPOSE})
    found = one(stack, RedisServer)
    assert found.port.value == 0
    assert found.password.is_unknown
    assert "redis/redis.conf" in found.unread
    assert asked(stack) == ("unknown", None)


def test_a_file_that_nobody_mounts_is_a_server_of_its_own() -> None:
    stack = stack_of({"infra/redis.conf": REDIS_CONF})
    found = one(stack, RedisServer)
    assert found.container is None
    assert (found.name, found.unread) == ("infra/redis.conf", "")
    assert found.tls_port.is_unset
    assert asked(stack) == ("set", True)


def test_a_file_of_users_is_no_server() -> None:
    assert not stack_of({"infra/redis.conf": "user a on >x ~* +@all\nuser b off\n"}).of(Server)


def test_a_config_map_mounted_as_a_folder() -> None:
    files = {"sessions.yaml": CLUSTER}
    stack = stack_of(files)
    found = one(stack, RedisServer)
    assert (found.cluster.value, found.port.value, found.password.value) == (True, 0, "kX9vTq2mWz")
    assert text_at(files, found.password.place) == "kX9vTq2mWz"
    assert text_at(files, found.port.place) == '"0"'
    assert found.tls_port.place.line == 7


def test_a_config_map_entry_mounted_by_sub_path_and_items() -> None:
    text = CLUSTER.replace(
        "{name: conf, mountPath: /usr/local/etc/redis}", "{name: conf, mountPath: /etc/r.conf, subPath: my.conf}"
    )
    text = text.replace("{name: sessions-config}\n", "{name: sessions-config, items: [{key: redis.conf, path: my.conf}]}\n")
    text = text.replace("/usr/local/etc/redis/redis.conf", "/etc/r.conf")
    assert one(stack_of({"a.yaml": text}), RedisServer).cluster.value is True


def test_a_config_map_of_another_namespace_is_another_one() -> None:
    text = CLUSTER.replace("sessions-config, namespace: shop", "sessions-config, namespace: other")
    stack = stack_of({"a.yaml": text})
    mounted = [found for found in stack.of(RedisServer) if found.container is not None]
    assert len(mounted) == 1
    assert "ConfigMap `sessions-config`" in mounted[0].unread
    assert mounted[0].password.is_unknown


@pytest.mark.parametrize(
    ("command", "state"),
    [
        ('redis-server --requirepass "$$SESSIONS_PASSWORD"', "literal"),
        ("""sh -c 'exec redis-server --requirepass "$$SESSIONS_PASSWORD" --port 0'""", "shell"),
        ("redis-server --requirepass ${SESSIONS_PASSWORD}", "interpolated"),
        ("redis-server --requirepass kX9vTq2mWz", "literal"),
        ('redis-server --requirepass ""', "empty"),
    ],
)
def test_passwords_on_a_compose_command_line(command: str, state: str) -> None:
    text = compose("sessions", f"image: redis:7\ncommand: {command}\nenvironment:\n  SESSIONS_PASSWORD: ${{PASS}}")
    stack = stack_of({"docker-compose.yml": text})
    found = one(stack, RedisServer)
    assert found.password.is_unknown is (state in ("shell", "interpolated"))
    assert asked(stack) == ("set", state != "empty")
    assert found.port.or_else(-1) == (0 if state == "shell" else -1)


def kubernetes(container: str) -> str:
    lines = "".join(f"        {line}\n" for line in container.strip("\n").split("\n"))
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: it}\nspec:\n  selector: {matchLabels: {app: it}}\n  template:\n"
        "    metadata: {labels: {app: it}}\n    spec:\n      containers:\n      - name: it\n" + lines
    )


@pytest.mark.parametrize(
    ("container", "password"),
    [
        ('args: ["--requirepass", "$(PASS)"]\nenv: [{name: PASS, valueFrom: {secretKeyRef: {name: s, key: p}}}]', None),
        ('args: ["--requirepass", "$(PASS)"]\nenv: [{name: PASS, value: kX9vTq2mWz}]', "kX9vTq2mWz"),
        ('args: ["--requirepass", "$PASS"]\nenv: [{name: PASS, value: kX9vTq2mWz}]', "$PASS"),
        ('command: [sh, -c, "redis-server --requirepass ${PASS}"]\nenv: [{name: PASS, value: kX9vTq2mWz}]', "kX9vTq2mWz"),
        ("command: [sh, -c, 'redis-server --requirepass \"$(cat /run/pass)\"']", None),
        ("command: [sh, -c]\nargs:\n- |\n  set -e\n  exec redis-server \\\n    --requirepass kX9vTq2mWz\n", "kX9vTq2mWz"),
    ],
)
def test_passwords_on_a_kubernetes_command_line(container: str, password: str | None) -> None:
    files = {"a.yaml": kubernetes("image: redis:7\n" + container)}
    stack = stack_of(files)
    found = one(stack, RedisServer)
    assert found.password.value == password
    assert found.password.is_unknown is (password is None)
    assert asked(stack) == ("set", True)
    if "|" in container:
        assert text_at(files, found.password.place) == "kX9vTq2mWz"


def test_an_unknown_start_script_makes_absences_unknown() -> None:
    body = "image: redis:7\ncommand: /start-redis.sh\nvolumes: ['./redis.conf:/etc/redis.conf']"
    stack = stack_of({"docker-compose.yml": compose("sessions", body), "redis.conf": "port 6379\ntcp-backlog 5\n"})
    found = one(stack, RedisServer)
    assert found.unread == "the container runs `/start-redis.sh`"
    assert found.port.value == 6379
    assert found.password.is_unknown


def test_an_included_file_counts_where_it_is_included() -> None:
    files = {
        "docker-compose.yml": compose("s", "image: redis:7\ncommand: redis-server /r/redis.conf\nvolumes: ['./r:/r']"),
        "r/redis.conf": "port 6379\nrequirepass first-Pass1\ninclude /r/tls.conf\nappendonly yes\n",
        "r/tls.conf": "tls-port 6379\nport 0\ntls-cert-file /a\n",
    }
    stack = stack_of(files)
    found = one(stack, RedisServer)
    assert (found.port.value, found.tls_port.value) == (0, 6379)
    assert found.port.place.path == "r/tls.conf"
    assert [file.name for file in found.files] == ["r/redis.conf", "r/tls.conf"]
    assert not found.unread


def test_an_include_that_is_not_here_makes_earlier_settings_unknown() -> None:
    text = "port 6379\ninclude /etc/redis/more.conf\nappendonly yes\n"
    stack = stack_of({"redis.conf": text})
    found = one(stack, RedisServer)
    assert found.port.is_unknown
    assert found.setting("appendonly").value == "yes"
    assert asked(stack) == ("unknown", None)
    assert [(notice.kind, notice.place.line) for notice in stack.notices] == [(NoticeKind.UNRESOLVED, 2)]


def test_the_users_of_an_acl_file() -> None:
    files = {
        "docker-compose.yml": compose("s", "image: redis:7\ncommand: redis-server /r/redis.conf\nvolumes: ['./r:/r']"),
        "r/redis.conf": "port 6379\naclfile /r/users.acl\nappendonly yes\n",
        "r/users.acl": "user default off\nuser app on >kX9vTq2mWz ~* +@all\n",
    }
    stack = stack_of(files)
    assert asked(stack) == ("set", True)
    assert one(stack, RedisServer).default_user_off.value is True


@pytest.mark.parametrize(
    ("environment", "expected", "port"),
    [
        ("REDIS_PASSWORD: kX9vTq2mWz", ("set", True), None),
        ("REDIS_PASSWORD: ${PASS}\n  REDIS_PORT_NUMBER: 6380", ("set", True), 6380),
        ("REDIS_PASSWORD_FILE: /run/secrets/p", ("set", True), None),
        ('ALLOW_EMPTY_PASSWORD: "yes"', ("set", False), None),
        ("REDIS_PASSWORD: kX9vTq2mWz\n  REDIS_TLS_ENABLED: 'yes'", ("set", True), 0),
        ("REDIS_AOF_ENABLED: 'yes'", ("unknown", None), None),
    ],
)
def test_bitnami_reads_its_environment(environment: str, expected: tuple[str, bool | None], port: int | None) -> None:
    stack = stack_of({"docker-compose.yml": compose("s", f"image: bitnami/redis:7.2\nenvironment:\n  {environment}")})
    assert asked(stack) == expected
    assert one(stack, RedisServer).port.value == port
    assert not stack.of(IgnoredSetting)


def test_the_official_image_reads_no_password_variable() -> None:
    files = {"docker-compose.yml": compose("s", "image: redis:7\nenvironment:\n  REDIS_PASSWORD: kX9vTq2mWz")}
    stack = stack_of(files)
    ignored = one(stack, IgnoredSetting)
    assert (ignored.setting, ignored.protection) == ("REDIS_PASSWORD", "the password")
    assert text_at(files, ignored.place) == "kX9vTq2mWz"
    assert asked(stack) == ("set", False)


@pytest.mark.parametrize(
    "body",
    [
        "command: sh -c 'redis-server --requirepass $$REDIS_PASSWORD'",
        "healthcheck:\n  test: redis-cli -a $$REDIS_PASSWORD ping\ncommand: redis-server --requirepass ${PASS}",
        "command: redis-server --requirepass ${REDIS_PASSWORD}",
    ],
)
def test_a_password_variable_that_is_used_is_not_ignored(body: str) -> None:
    text = compose("s", f"image: redis:7\nenvironment:\n  REDIS_PASSWORD: ${{PASS}}\n{body}")
    assert not stack_of({"docker-compose.yml": text}).of(IgnoredSetting)


@pytest.mark.parametrize(
    ("body", "expected", "password"),
    [
        ("image: redis/redis-stack-server:7.4.0-v0\nenvironment: {REDIS_ARGS: '--requirepass kX9vTq2mWz'}", True, "kX9vTq2mWz"),
        ("image: redis/redis-stack-server:7.4.0-v0", False, None),
        ("image: valkey/valkey:8\nenvironment: {VALKEY_EXTRA_FLAGS: '--port 0 --requirepass kX9vTq2mWz'}", True, "kX9vTq2mWz"),
    ],
)
def test_images_that_take_arguments_from_a_variable(body: str, expected: bool, password: str | None) -> None:
    files = {"docker-compose.yml": compose("s", body)}
    stack = stack_of(files)
    assert asked(stack) == ("set", expected)
    found = one(stack, RedisServer)
    assert found.password.value == password
    if password:
        assert text_at(files, found.password.place) == password


def test_a_file_that_the_image_is_built_with() -> None:
    files = {
        "docker-compose.yml": compose("s", "build: ./redis"),
        "redis/Dockerfile": 'FROM redis:7-alpine\nCOPY my.conf /r/redis.conf\nCMD ["redis-server", "/r/redis.conf"]\n',
        "redis/my.conf": REDIS_CONF,
    }
    stack = stack_of(files)
    found = one(stack, RedisServer)
    assert found.container is not None
    assert found.password.place.path == "redis/my.conf"
    assert not found.unread


def test_compose_expands_its_inline_configs() -> None:
    text = (
        compose("s", "image: redis:7\ncommand: redis-server /r.conf\nconfigs: [{source: r, target: /r.conf}]")
        + "configs:\n  r:\n    content: |\n      port 0\n      requirepass ${PASS}\n      tls-port 6379\n"
    )
    stack = stack_of({"docker-compose.yml": text})
    found = one(stack, RedisServer)
    assert (found.port.value, found.tls_port.value) == (0, 6379)
    assert found.password.is_unknown
    assert asked(stack) == ("set", True)


def test_files_of_a_markdown_document() -> None:
    text = """\
# Sessions

```yaml
# docker-compose.yml
services:
  sessions:
    image: redis:7
    command: redis-server /r/redis.conf
    volumes: ["./infra/redis.conf:/r/redis.conf"]
```

```conf
# infra/redis.conf
maxmemory 1gb
requirepass ${PASS}
```
"""
    files = {"docs/PLATFORM.md": text}
    stack = stack_of(files)
    found = one(stack, RedisServer)
    assert found.container is not None
    assert found.password.value == "${PASS}"
    assert text_at(files, found.password.place) == "${PASS}"


def test_jobs_and_clients_are_no_servers() -> None:
    text = compose("backup", "image: redis:7\ncommand: redis-cli -h sessions bgsave")
    assert not stack_of({"docker-compose.yml": text}).of(Server)


FILLED_IN = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: sessions-auth, namespace: shop}
spec:
  target:
    name: sessions-auth
    template:
      data:
        users.acl: |
          user default off
          user app on >{{ .app_password }} ~* +@all -@dangerous
          user admin on >kX9vTq2mWz ~* +@all
---
"""


def test_an_acl_file_that_an_operator_fills_in() -> None:
    text = FILLED_IN + CLUSTER.replace("requirepass kX9vTq2mWz", "aclfile /auth/users.acl").replace(
        "      volumes:\n", "      volumes:\n      - {name: auth, secret: {secretName: sessions-auth}}\n"
    ).replace("        volumeMounts:\n", "        volumeMounts:\n        - {name: auth, mountPath: /auth}\n")
    files = {"a.yaml": text}
    stack = stack_of(files)
    assert asked(stack) == ("set", True)
    found = one(stack, RedisServer)
    assert found.default_user_off.value is True
    secrets = {one.user: one for one in stack.of(Credential)}
    assert (secrets["app"].origin, secrets["admin"].origin) == (Origin.REFERENCE, Origin.LITERAL)
    assert text_at(files, secrets["app"].value.place) == "{{ .app_password }}"
    assert {one.holder for one in secrets.values()} == {"secret"}


# ---------------------------------------------------------------- PgBouncer

POOLER = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: pooler}
data:
  pgbouncer.ini: |
    [databases]
    orders = host=orders-db port=5432
    [pgbouncer]
    listen_port = 5432
    auth_type = md5
    auth_file = /etc/pgbouncer/userlist.txt
    pool_mode = transaction
  userlist.txt: |
    "orders_api" "md5<hash>"
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pooler}
spec:
  replicas: 2
  selector: {matchLabels: {app: pooler}}
  template:
    metadata: {labels: {app: pooler}}
    spec:
      containers:
      - name: pgbouncer
        image: pgbouncer/pgbouncer:1.23
        volumeMounts: [{name: config, mountPath: /etc/pgbouncer}]
      volumes:
      - name: config
        configMap: {name: pooler}
"""


def test_a_pooler_with_its_config_map_and_users() -> None:
    files = {"pooler.yaml": POOLER}
    stack = stack_of(files)
    found = one(stack, PgBouncer)
    assert (found.listen_port.value, found.pool_mode.value) == (5432, "transaction")
    assert [(user.user, user.form) for user in found.users] == [("orders_api", "plain")]
    assert text_at(files, found.client_tls.place) == "[pgbouncer]"
    assert asked(stack) == ("set", True)
    connection = one(stack, Connection)
    assert (connection.host.value, connection.secure.value, connection.container) == ("orders-db", False, found.container)
    assert text_at(files, connection.place) == "host=orders-db port=5432"


def test_a_file_that_an_operator_fills_in() -> None:
    filled = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: pooler-auth}
spec:
  target:
    template:
      data:
        pgbouncer.ini: |
          [databases]
          orders = host=orders-db user=orders_api password={{ .orders }} pool_size=5
          [pgbouncer]
          auth_type = scram-sha-256
          auth_file = /etc/pgbouncer/userlist.txt
        userlist.txt: |
          "orders_api" "{{ .orders }}"
          "reader" "kX9vTq2mWz"
---
"""
    deployment = POOLER[POOLER.index("apiVersion: apps/v1") :]
    text = filled + deployment.replace("configMap: {name: pooler}", "secret: {secretName: pooler-auth}")
    found = one(stack_of({"a.yaml": text}), PgBouncer)
    assert [(line.password.is_unknown, line.pool_size.value) for line in found.databases] == [(True, 5)]
    assert [(user.user, user.secret.is_unknown, user.form) for user in found.users] == [
        ("orders_api", True, "unknown"),
        ("reader", False, "plain"),
    ]


def test_an_include_that_is_not_here_makes_all_before_it_and_absences_unknown() -> None:
    text = "[databases]\n* = host=db\n[pgbouncer]\npool_mode = session\n%include /etc/pgbouncer/tls.ini\nmax_client_conn = 7\n"
    stack = stack_of({"pgbouncer.ini": text})
    found = one(stack, PgBouncer)
    assert found.client_tls.is_unknown
    assert found.pool_mode.reason == "`%include /etc/pgbouncer/tls.ini` comes later and may set it"
    assert found.max_client_connections.value == 7
    (notice,) = stack.notices
    assert (notice.kind, text_at(text, notice.place)) == (NoticeKind.UNRESOLVED, "/etc/pgbouncer/tls.ini")


def test_an_include_of_pgbouncers_is_followed_once_and_its_file_is_no_pooler_of_its_own() -> None:
    files = {
        "p/pgbouncer.ini": "[pgbouncer]\npool_mode = session\nauth_type = md5\n%include parts/more.ini\n%include pgbouncer.ini\n",
        "p/parts/more.ini": "[databases]\nshop = host=db\n[pgbouncer]\npool_mode = transaction\n",
    }
    stack = stack_of(files)
    found = one(stack, PgBouncer)
    assert [line.name for line in found.databases] == ["shop"]
    assert found.setting("pgbouncer.auth_type").is_unknown  # behind it stands what takes in itself
    assert [text_at(files, notice.place) for notice in stack.notices] == ["pgbouncer.ini"]


def test_what_initdb_writes_into_its_file_and_what_the_command_line_says_over_it() -> None:
    text = (
        "services:\n  db:\n    image: postgres:16\n    command: ['-c', 'work_mem=${MEM}', '-c', 'port=5433']\n"
        "    environment:\n      POSTGRES_INITDB_ARGS: -c max_connections=50 --set=port=5555 --auth-host=scram-sha-256\n"
    )
    found = one(stack_of({"compose.yaml": text}), Postgres)
    assert (found.max_connections.value, found.setting("port").value) == (50, "5433")
    assert text_at(text, found.max_connections.place) == "max_connections=50"
    assert found.setting("work_mem").is_unknown
    assert found.setting("auth_host").is_unset


def test_bitnamis_variables_are_settings() -> None:
    text = (
        "services:\n  db:\n    image: bitnami/postgresql:16\n    environment:\n      POSTGRESQL_LOG_CONNECTIONS: 'yes'\n"
        "      POSTGRESQL_PGAUDIT_LOG: ddl\n"
    )
    found = one(stack_of({"compose.yaml": text}), Postgres)
    assert (found.setting("log_connections").value, found.setting("pgaudit.log").value) == ("yes", "ddl")


def test_userlists_beside_a_file() -> None:
    files = {
        "infra/pgbouncer.ini": "[databases]\n* = host=db\n[pgbouncer]\nauth_file = /etc/pgbouncer/userlist.txt\n",
        "infra/userlist.txt": '"a" "kX9vTq2mWz"\n',
        "other/userlist.txt": '"b" "kX9vTq2mWz"\n',
    }
    assert [user.user for user in one(stack_of(files), PgBouncer).users] == ["a"]


@pytest.mark.parametrize(
    ("body", "expected", "port", "host"),
    [
        ("image: edoburu/pgbouncer:1.23\nenvironment: {DB_HOST: db, AUTH_TYPE: trust}", ("set", False), 5432, "db"),
        ("image: edoburu/pgbouncer:1.23\nenvironment: {DB_HOST: db}", ("set", True), 5432, "db"),
        (
            "image: edoburu/pgbouncer:1.23\nenvironment: {DATABASE_URL: 'postgres://u:p@db:5433/x', LISTEN_PORT: '6432'}",
            ("set", True),
            6432,
            "db",
        ),
        ("image: pgbouncer/pgbouncer:1.23\nenvironment: {DATABASES_HOST: db}", ("set", False), None, "db"),
        (
            "image: pgbouncer/pgbouncer:1.23\nenvironment: {DATABASES_HOST: db, PGBOUNCER_AUTH_TYPE: scram-sha-256}",
            ("set", True),
            None,
            "db",
        ),
        ("image: bitnami/pgbouncer:1.23\nenvironment: {POSTGRESQL_HOST: db, PGBOUNCER_PORT: '7000'}", ("set", True), 7000, "db"),
        ("image: example.org/own/pgbouncer:1\nenvironment: {DB_HOST: db}", ("unknown", None), None, None),
    ],
)
def test_images_that_write_the_file(body: str, expected: tuple[str, bool | None], port: int | None, host: str | None) -> None:
    stack = stack_of({"docker-compose.yml": compose("pooler", body)})
    found = one(stack, PgBouncer)
    assert asked(stack) == expected
    assert found.listen_port.value == port
    assert [line.host.value for line in found.databases] == ([host] if host else [])
    assert found.client_tls.is_unknown is (host is None)


def test_the_path_on_the_command_line() -> None:
    files = {
        "docker-compose.yml": compose(
            "pooler",
            "image: edoburu/pgbouncer:1.23\ncommand: pgbouncer -u postgres /conf/p.ini\nvolumes: ['./p.ini:/conf/p.ini']",
        ),
        "p.ini": "[databases]\n* = host=db\n[pgbouncer]\nauth_type = any\n",
    }
    stack = stack_of(files)
    assert asked(stack) == ("set", False)
    assert text_at(files, one(stack, Authentication).place) == "any"


# ---------------------------------------------------------------- Qdrant

QDRANT_FILE = "service:\n  http_port: 6333\n  grpc_port: 6334\napi_key: ${KEY}\nenable_tls: true\n"
QDRANT = "image: qdrant/qdrant:v1.12\nvolumes: ['./qdrant.yaml:/qdrant/config/production.yaml']"


def test_a_misplaced_key_protects_nobody() -> None:
    stack = stack_of({"docker-compose.yml": compose("vectors", QDRANT), "qdrant.yaml": QDRANT_FILE})
    found = one(stack, Qdrant)
    assert found.api_key.is_unset
    assert (found.api_key.place.path, found.api_key.place.line) == ("qdrant.yaml", 1)
    assert asked(stack) == ("set", False)
    assert {one.setting: one.protection for one in stack.of(IgnoredSetting)} == {"api_key": "the API key", "enable_tls": "TLS"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ("QDRANT__SERVICE__API_KEY: kX9vTq2mWzL0", ("set", True)),
        ("QDRANT__SERVICE__API_KEY: ${KEY}", ("set", True)),
        ('QDRANT__SERVICE__API_KEY: ""', ("set", False)),
        ("QDRANT__SERVICE__HTTP_PORT: 6333", ("set", False)),
    ],
)
def test_the_environment_overrides_qdrants_file(environment: str, expected: tuple[str, bool]) -> None:
    text = compose("vectors", f"{QDRANT}\nenvironment:\n  {environment}")
    stack = stack_of({"docker-compose.yml": text, "qdrant.yaml": QDRANT_FILE})
    assert asked(stack) == expected
    protections = {one.setting: one.protection for one in stack.of(IgnoredSetting)}
    assert protections == {"api_key": None if expected[1] else "the API key", "enable_tls": "TLS"}


def test_tls_by_environment() -> None:
    text = compose(
        "vectors", "image: qdrant/qdrant:v1.12\nenvironment:\n  QDRANT__SERVICE__ENABLE_TLS: 'true'\n  QDRANT__TLS__CERT: /c"
    )
    found = one(stack_of({"docker-compose.yml": text}), Qdrant)
    assert (found.tls.value, found.certificate.value) == (True, "/c")
    assert found.settings["service.enable_tls"].layer == "environment"


def test_unread_environments_and_files_make_qdrant_unknown() -> None:
    text = kubernetes("image: qdrant/qdrant:v1.12\nenvFrom: [{secretRef: {name: vectors}}]")
    assert asked(stack_of({"a.yaml": text})) == ("unknown", None)
    assert asked(stack_of({"docker-compose.yml": compose("vectors", QDRANT)})) == ("unknown", None)


def test_a_folder_of_qdrant_files_need_not_hold_all_of_them() -> None:
    files = {
        "docker-compose.yml": compose("vectors", "image: qdrant/qdrant:v1.12\nvolumes: ['./q:/qdrant/config']"),
        "q/production.yaml": "service:\n  http_port: 6333\n  grpc_port: 6334\n  api_key: first-Key-1\n",
        "q/local.yaml": "service:\n  grpc_port: 6334\n  http_port: 6333\n  api_key: second-Key-2\n",
        "q/staging.yaml": "service:\n  http_port: 6333\n  grpc_port: 6334\n  api_key: third-Key-3\n",
    }
    stack = stack_of(files)
    mounted = [found for found in stack.of(Qdrant) if found.container is not None]
    assert [found.api_key.value for found in mounted] == ["second-Key-2"]
    assert not mounted[0].unread
    files["docker-compose.yml"] += "    environment: {RUN_MODE: staging}\n"
    files.pop("q/local.yaml")
    mounted = [found for found in stack_of(files).of(Qdrant) if found.container is not None]
    assert [found.api_key.value for found in mounted] == ["third-Key-3"]


def test_a_config_path_comes_last() -> None:
    body = f"{QDRANT[:-2]}', './mine.yaml:/mine.yaml']\ncommand: ['./qdrant', '--config-path', '/mine.yaml']"
    files = {
        "docker-compose.yml": compose("vectors", body),
        "qdrant.yaml": QDRANT_FILE,
        "mine.yaml": "service:\n  http_port: 1\n  grpc_port: 2\n  api_key: kX9vTq2mWzL0\n",
    }
    found = one(stack_of(files), Qdrant)
    assert found.api_key.value == "kX9vTq2mWzL0"


def test_a_variable_with_one_underscore_is_not_qdrants() -> None:
    text = compose("vectors", "image: qdrant/qdrant:v1.12\nenvironment:\n  QDRANT_API_KEY: kX9vTq2mWzL0")
    ignored = one(stack_of({"docker-compose.yml": text}), IgnoredSetting)
    assert (ignored.setting, ignored.instead, ignored.protection) == ("QDRANT_API_KEY", "QDRANT__SERVICE__API_KEY", "the API key")


# ---------------------------------------------------------------- PostgreSQL and others


def test_postgres_by_its_command_line() -> None:
    body = "image: postgres:16\ncommand: postgres -c ssl=on -c max_connections=200 --password-encryption=md5 -N 300"
    files = {"docker-compose.yml": compose("db", body)}
    stack = stack_of(files)
    found = one(stack, Postgres)
    assert (found.tls.value, found.max_connections.value, found.password_encryption.value) == (True, 300, "md5")
    assert text_at(files, found.tls.place) == "ssl=on"
    assert found.reserved_connections.is_unset
    assert asked(stack) == ("set", True)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("image: postgres:16\nenvironment: {POSTGRES_HOST_AUTH_METHOD: trust}", ("set", False)),
        ("image: postgres:16\nenvironment: {POSTGRES_HOST_AUTH_METHOD: scram-sha-256}", ("set", True)),
        ("image: postgres:16\nenvironment: {POSTGRES_PASSWORD: '${PASS}'}", ("set", True)),
        ("image: postgres:16\ncommand: -c hba_file=/etc/pg_hba.conf", ("unknown", None)),
        ("image: postgres:16\nenv_file: .env", ("unknown", None)),
        ("image: bitnami/postgresql:16\nenvironment: {ALLOW_EMPTY_PASSWORD: 'yes'}", ("set", False)),
    ],
)
def test_who_postgres_asks(body: str, expected: tuple[str, bool | None]) -> None:
    assert asked(stack_of({"docker-compose.yml": compose("db", body)})) == expected


def test_what_the_postgres_image_does_not_read() -> None:
    body = """
image: postgres:16
environment:
  POSTGRES_USER: orders
  POSTGRES_PASSWORD_FILE: /run/secrets/p
  POSTGRES_SHARED_BUFFERS: 256MB
  POSTGRES_SSL: "on"
  POSTGRES_MULTIPLE_DATABASES: a,b
volumes:
  - ./conf:/etc/postgresql/conf.d
  - ./certs:/etc/postgresql/certs
"""
    files = {"docker-compose.yml": compose("db", body)}
    found = stack_of(files).of(IgnoredSetting)
    assert [(one.setting, one.protection) for one in found] == [
        ("POSTGRES_SHARED_BUFFERS", None),
        ("POSTGRES_SSL", "TLS"),
        ("/etc/postgresql/conf.d", None),
    ]
    assert text_at(files, found[0].place) == "256MB"
    assert text_at(files, found[2].place) == "./conf:/etc/postgresql/conf.d"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "environment: {POSTGRES_SSL: 'on', POSTGRES_SSL_CERT_FILE: /x}",
            {"POSTGRES_SSL": "TLS", "POSTGRES_SSL_CERT_FILE": None},
        ),
        ("environment: {POSTGRES_SSL_CERT_FILE: /x}", {"POSTGRES_SSL_CERT_FILE": "TLS"}),
        ("environment: {POSTGRES_SSL: 'off'}", {"POSTGRES_SSL": None}),
        ("environment: {POSTGRES_SSL: 'on'}\ncommand: -c ssl=on", {"POSTGRES_SSL": None}),
        ("environment: {POSTGRES_MAX_CONNECTIONS: 50}", {"POSTGRES_MAX_CONNECTIONS": None}),
        ("environment: {POSTGRES_LOG_CONNECTIONS: 'on'}", {"POSTGRES_LOG_CONNECTIONS": "the connection log"}),
        ("environment: {POSTGRES_LOG_CONNECTIONS: 'on'}\ncommand: -c log_connections=on", {"POSTGRES_LOG_CONNECTIONS": None}),
    ],
)
def test_what_is_lost_with_a_variable_that_postgres_does_not_read(body: str, expected: dict[str, str | None]) -> None:
    found = stack_of({"docker-compose.yml": compose("db", "image: postgres:16\n" + body)}).of(IgnoredSetting)
    assert {one.setting: one.protection for one in found} == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("environment: {REDIS_TLS_ENABLED: 'yes'}", "TLS"),
        ("environment: {REDIS_TLS_ENABLED: 'no'}", None),
        ("environment: {REDIS_TLS_ENABLED: ''}", None),
        ("environment: {REDIS_TLS_ENABLED: 'yes'}\ncommand: redis-server --tls-port 6380", None),
        ("environment: {REDIS_TLS_ENABLED: 'yes'}\ncommand: redis-server --tls-port 0", "TLS"),
    ],
)
def test_what_is_lost_with_a_variable_that_redis_does_not_read(body: str, expected: str | None) -> None:
    (found,) = stack_of({"docker-compose.yml": compose("cache", "image: redis:7.4\n" + body)}).of(IgnoredSetting)
    assert found.protection == expected


def test_a_configuration_file_of_ones_own_is_read_by_postgres_alone() -> None:
    body = """
image: postgres:16
command: -c config_file=/etc/postgresql/postgresql.conf
volumes: ["./p.conf:/etc/postgresql/postgresql.conf"]
"""
    stack = stack_of({"docker-compose.yml": compose("db", body)})
    assert one(stack, Postgres).tls.is_unknown
    assert not stack.of(IgnoredSetting)


def test_alter_system_in_init_scripts() -> None:
    files = {
        "docker-compose.yml": compose("db", "image: postgres:16\nvolumes: ['./init:/docker-entrypoint-initdb.d']"),
        "init/01.sql": "-- ALTER SYSTEM SET ssl = on;\nALTER SYSTEM SET max_connections = 250;\n",
        "other/02.sql": "ALTER SYSTEM SET max_connections = 999;\n",
    }
    found = one(stack_of(files), Postgres)
    assert found.max_connections.value == 250
    assert text_at(files, found.max_connections.place) == "250"
    assert found.tls.is_unset


@pytest.mark.parametrize(
    ("image", "environment", "expected"),
    [
        ("neo4j:5", "NEO4J_AUTH: none", ("set", False)),
        ("neo4j:5", "NEO4J_AUTH: neo4j/${PASS}", ("set", True)),
        ("neo4j:5", "NEO4J_dbms_security_auth__enabled: 'false'", ("set", False)),
        ("neo4j:5", "X: y", ("set", True)),
        ("grafana/grafana:11.0.0", "GF_AUTH_ANONYMOUS_ENABLED: 'true'", ("set", False)),
        ("grafana/grafana:11.0.0", "GF_SECURITY_ADMIN_PASSWORD: admin", ("set", False)),
        ("grafana/grafana:11.0.0", "GF_SECURITY_ADMIN_PASSWORD: ${PASS}", ("set", True)),
        ("grafana/grafana:11.0.0", "GF_SECURITY_ADMIN_PASSWORD__FILE: /run/secrets/g", ("set", True)),
        ("grafana/grafana:11.0.0", "X: y", ("set", False)),
        ("elasticsearch:8.14.0", "xpack.security.enabled: 'false'", ("set", False)),
        ("elasticsearch:8.14.0", "X: y", ("set", True)),
        ("elasticsearch:7.17.0", "X: y", ("set", False)),
        ("elasticsearch:latest", "X: y", ("unknown", None)),
        ("mysql:8.4", "MYSQL_ALLOW_EMPTY_PASSWORD: 'no'", ("set", False)),
        ("mysql:8.4", "MYSQL_ROOT_PASSWORD: ${PASS}", ("set", True)),
        ("mysql:8.4", "MYSQL_ROOT_PASSWORD: ${PASS}\n  MYSQL_ALLOW_EMPTY_PASSWORD: 'yes'", ("set", True)),
        ("mongo:7", "MONGO_INITDB_ROOT_USERNAME: root", ("set", True)),
        ("mongo:7", "X: y", ("set", False)),
        ("rabbitmq:3.13", "X: y", ("set", True)),
        ("minio/minio:latest", "X: y", ("set", False)),
    ],
)
def test_servers_that_are_known_by_their_image(image: str, environment: str, expected: tuple[str, bool | None]) -> None:
    stack = stack_of({"docker-compose.yml": compose("it", f"image: {image}\nenvironment:\n  {environment}")})
    assert asked(stack) == expected


def test_variables_from_elsewhere_make_defaults_unknown() -> None:
    for image in ("grafana/grafana:11.0.0", "mongo:7", "elasticsearch:7.17.0"):
        stack = stack_of({"a.yaml": kubernetes(f"image: {image}\nenvFrom: [{{secretRef: {{name: s}}}}]")})
        assert asked(stack) == ("unknown", None)


def test_a_config_map_and_a_secret_as_environment() -> None:
    given = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {POSTGRES_HOST_AUTH_METHOD: trust}\n---\n"
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {QDRANT__SERVICE__API_KEY: kX9vTq2mWzL0}\n---\n"
    )
    text = given + kubernetes("image: postgres:16\nenvFrom: [{configMapRef: {name: c}}]")
    stack = stack_of({"a.yaml": text})
    assert asked(stack) == ("set", False)
    assert text_at({"a.yaml": text}, one(stack, Authentication).place) == "trust"
    text = given + kubernetes("image: qdrant/qdrant:v1.12\nenvFrom: [{secretRef: {name: s}}]")
    assert asked(stack_of({"a.yaml": text})) == ("set", True)
    text = given + kubernetes("image: qdrant/qdrant:v1.12\nenvFrom: [{secretRef: {name: c}}]")
    assert asked(stack_of({"a.yaml": text})) == ("unknown", None)


def test_neo4j_settings_by_their_own_names() -> None:
    text = compose("graph", "image: neo4j:5\nenvironment:\n  NEO4J_server_bolt_tls__level: REQUIRED")
    found = one(stack_of({"docker-compose.yml": text}), Neo4j)
    assert found.setting("server.bolt.tls_level").value == "REQUIRED"


def test_odd_inputs_do_no_harm() -> None:
    for body in (
        "image: redis:7\ncommand: []",
        "image: redis:7\ncommand: ['']",
        "image: redis:7\ncommand: ['redis-server', '--']",
        "image: redis:7\ncommand: [sh, -c]",
        "image: redis:7\nvolumes: ['/', './x:/']",
        "image: pgbouncer/pgbouncer\ncommand: -u",
        "image: postgres\ncommand: postgres -c",
        "image: qdrant/qdrant\ncommand: ./qdrant --config-path",
    ):
        assert len(stack_of({"docker-compose.yml": compose("it", body)}).of(Server)) == 1


LAYERS = {
    "q/config.yaml": "service: {http_port: 6333, grpc_port: 6334, enable_tls: false, jwt_rbac: false}\ntelemetry_disabled: false\n",
    "q/production.json": '{"service": {"http_port": 6333, "grpc_port": 6334, "enable_tls": true}}',
    "q/local.yaml": "service: {http_port: 6333, grpc_port: 6334, jwt_rbac: true, read_only_api_key: rT7pLs4nQw}\n",
    "q/mine.yaml": "service: {http_port: 6333, grpc_port: 6334, verify_https_client_certificate: true}\ntelemetry_disabled: true\n",
}


@pytest.mark.parametrize(
    ("extra", "tls", "jwt", "clients", "telemetry"),
    [
        ("", True, True, None, False),
        ("environment: {RUN_MODE: staging}", False, True, None, False),
        ("environment: {QDRANT__SERVICE__ENABLE_TLS: 'false', QDRANT__TELEMETRY_DISABLED: '1'}", False, True, None, True),
        ("command: ['./qdrant', '--config-path', '/qdrant/config/mine.yaml']", True, True, True, True),
        ("command: ['./qdrant', '--config-path=config/mine.yaml']", True, True, True, True),
    ],
)
def test_the_layers_of_qdrant(extra: str, tls: bool, jwt: bool, clients: bool | None, telemetry: bool) -> None:
    body = f"image: qdrant/qdrant:v1.12\nvolumes: ['./q:/qdrant/config']\n{extra}".rstrip()
    files = {"docker-compose.yml": compose("vectors", body), **LAYERS}
    if "mine" not in extra:
        del files["q/mine.yaml"]
    if "staging" in extra:
        del files["q/production.json"]
    stack = stack_of(files)
    found = one(stack, Qdrant)
    assert (found.tls.value, found.jwt_rbac.value, found.verify_clients.value) == (tls, jwt, clients)
    assert (found.telemetry_disabled.value, found.read_only_api_key.value) == (telemetry, "rT7pLs4nQw")
    assert asked(stack) == ("set", True)


def test_a_configuration_of_qdrant_in_another_language_is_not_known() -> None:
    body = "image: qdrant/qdrant:v1.12\nvolumes: ['./production.toml:/qdrant/config/production.toml']"
    files = {"docker-compose.yml": compose("vectors", body), "production.toml": "[service]\nenable_tls = true\n"}
    stack = stack_of(files)
    assert one(stack, Qdrant).tls.is_unknown
    assert asked(stack) == ("unknown", None)

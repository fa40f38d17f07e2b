"""What settings say: credentials, connections and logins, with the place of each part."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.model.node import Opaque, Scalar
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.model.subjects import Connection, Credential, Login, Origin
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.variables import describe_setting, origin_of
from afscan.platforms.variables.shellwords import statements
from support import interpreted, text_at


class Said:
    """What came out, by type."""

    def __init__(self, text: str, out: Interpretation) -> None:
        self.text = text
        self.credentials = [one for one in out.subjects if isinstance(one, Credential)]
        self.connections = [one for one in out.subjects if isinstance(one, Connection)]
        self.logins = [one for one in out.subjects if isinstance(one, Login)]

    def at(self, value: Value[object]) -> str:
        return text_at(self.text, value.place)

    def credential(self, key: str) -> Credential:
        (found,) = (one for one in self.credentials if one.key == key)
        return found

    def connection(self, setting: str) -> Connection:
        (found,) = (one for one in self.connections if one.name.endswith(", " + setting))
        return found


def setting(name: str, text: str, *, expands: bool = False, origin: Origin | None = None) -> Said:
    """One setting ``name=text`` of a file."""
    line = f"{name}={text}"
    source = Source("x.env", line)
    node = Scalar(source, Span(1, len(name) + 2, 1, len(line) + 1), text)
    out = Interpretation()
    given_origin = origin or origin_of(text, expands=expands)
    describe_setting(name, Value.of(text, node), given_origin, owner="app", platform="compose", holder="file", out=out)
    return Said(line, out)


def pod(*environment: str, image: str = "app:1", args: str = "") -> Said:
    """A Deployment's container with these ``NAME=value`` variables."""
    env = "".join(
        f'\n        - {{name: {name}, value: "{value}"}}' for name, _, value in (one.partition("=") for one in environment)
    )
    text = f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: api}}
spec:
  template:
    spec:
      containers:
      - name: main
        image: {image}
        env: {"" if env else "[]"}{env}
{args}"""
    return Said(text, interpreted(text, "api.yaml"))


def test_a_secret_by_its_name() -> None:
    said = setting("DB_PASSWORD", "hunter2")
    (one,) = said.credentials
    assert (one.name, one.key, one.kind, one.origin, one.holder) == (
        "app, DB_PASSWORD",
        "DB_PASSWORD",
        "password",
        Origin.LITERAL,
        "file",
    )
    assert said.at(one.value) == "hunter2"
    assert not said.connections


def test_a_reference_is_a_credential_too() -> None:
    assert setting("DB_PASSWORD", "vault:secret/db").credential("DB_PASSWORD").origin is Origin.REFERENCE


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MAX_TOKENS", "4096"),
        ("PASSWORD_ENABLED", "true"),
        ("USE_TOKEN", "yes"),
        ("AUTH_TOKEN", "https://idp/token"),
        ("JWT_SECRET", "HS256"),
        ("LOG_LEVEL", "debug"),
        ("IMAGE", "registry.example.net/app@sha256:" + "ab" * 32),
    ],
)
def test_what_is_no_secret(name: str, text: str) -> None:
    assert not setting(name, text).credentials


def test_a_secret_by_its_shape_at_its_own_characters() -> None:
    secret = "glpat-" + "Zq8vR2mXw5Kt9LbNcYpH"
    said = setting("CURL_HEADER", f"PRIVATE-TOKEN: {secret}")
    (one,) = said.credentials
    assert (one.kind, said.at(one.value)) == ("token", secret)


def test_the_password_in_a_url_at_its_own_characters() -> None:
    said = setting("DATABASE_URL", "postgresql://app:s3cr%40t@db:5432/x")
    (one,) = said.credentials
    assert (one.in_url, one.user, one.origin, one.value.value) == (True, "app", Origin.LITERAL, "s3cr@t")
    assert said.at(one.value) == "s3cr%40t"
    (connection,) = said.connections
    assert (connection.product, connection.host.value, connection.port.value, connection.secure.value) == (
        "postgres",
        "db",
        5432,
        False,
    )
    assert said.at(connection.host) == "db"
    assert said.at(connection.secure) == "postgresql"
    assert said.at(connection.url) == "postgresql://app:s3cr%40t@db:5432/x"
    assert connection.url.value == "postgresql://app:***@db:5432/x"
    (login,) = said.logins
    assert (login.product, login.user.value, login.superuser, said.at(login.user)) == ("postgres", "app", False, "app")


def test_the_parameter_that_turns_encryption_off() -> None:
    said = setting("DATABASE_URL", "postgresql://db/x?a=b&sslmode=disable")
    assert said.at(said.connections[0].secure) == "disable"


def test_an_interpolated_url_keeps_what_is_certain() -> None:
    said = setting("REDIS_URL", "redis://:${PW}@${HOST}:6379/0", expands=True)
    (connection,) = said.connections
    assert connection.secure.value is False
    assert connection.host.is_unknown
    assert said.at(connection.host) == "${HOST}"
    assert said.credentials[0].origin is Origin.INTERPOLATED
    assert said.credentials[0].value.is_unknown


def test_a_literal_password_beside_an_interpolated_host() -> None:
    said = setting("URL", "redis://:geheim-Wort@${HOST}:6379", expands=True)
    assert (said.credentials[0].origin, said.at(said.credentials[0].value)) == (Origin.LITERAL, "geheim-Wort")


def test_an_interpolation_that_nobody_expands() -> None:
    said = setting("URL", "redis://:${PW}@redis:6379")
    assert said.credentials[0].origin is Origin.PLACEHOLDER


@pytest.mark.parametrize("user", ["postgres", "POSTGRES"])
def test_superusers(user: str) -> None:
    assert setting("URL", f"postgres://{user}:x@db/x").logins[0].superuser


def test_redis_without_a_user_is_no_login() -> None:
    assert not setting("URL", "redis://:pw@r").logins
    assert setting("URL", "redis://default:pw@r").logins[0].superuser


def test_a_list_of_urls() -> None:
    said = setting("ENDPOINTS", "http://a:1,https://b:2")
    assert [(one.host.value, one.secure.value) for one in said.connections] == [("a", False), ("b", True)]


def test_secrets_in_a_query() -> None:
    said = setting("WEBHOOK", "https://hooks.internal/x?channel=a&token=Zq8vR2mXw5Kt9LbN")
    (one,) = said.credentials
    assert (one.kind, one.in_url, said.at(one.value)) == ("token", True, "Zq8vR2mXw5Kt9LbN")


@pytest.mark.parametrize("name", ["CORS_ORIGINS", "OIDC_ISSUER", "HTTP_PROXY", "DESCRIPTION"])
def test_urls_that_are_no_connection(name: str) -> None:
    assert not setting(name, "http://a.internal:8080").connections


def test_neo4j_auth_holds_user_and_password() -> None:
    said = setting("NEO4J_AUTH", "neo4j/geheimes-Wort")
    (one,) = said.credentials
    assert (one.user, one.value.value, said.at(one.value)) == ("neo4j", "geheimes-Wort", "geheimes-Wort")
    assert not setting("NEO4J_AUTH", "none").credentials


def test_an_expression_still_tells_scheme_and_host() -> None:
    text = '"redis://:${var.token}@cache.internal:6379"'
    node = Opaque(Source("main.tf", text), Span(1, 1, 1, len(text) + 1), text, "`var.token` is not known")
    out = Interpretation()
    value = Value.unknown(node, node.reason)
    describe_setting("url", value, Origin.REFERENCE, owner="x", platform="terraform", holder="terraform", out=out)
    said = Said(text, out)
    assert (said.connections[0].host.value, said.connections[0].secure.value) == ("cache.internal", False)
    assert said.credentials[0].origin is Origin.INTERPOLATED


def test_settings_of_one_prefix_are_one_connection() -> None:
    said = pod(
        "DB_TYPE=postgres",
        "DB_HOST=db:6432",
        "DB_USER=postgres",
        "DB_PASSWORD=x-geheim-1",
        "DB_SSLMODE=disable",
        "DB_POOL_SIZE=5",
    )
    (one,) = said.connections
    assert (one.product, one.host.value, one.port.value, one.secure.value, one.pooled.value) == (
        "postgres",
        "db",
        6432,
        False,
        True,
    )
    assert said.at(one.secure) == '"disable"'
    assert said.at(one.pooled) == '"5"'
    assert one.user.value == "postgres"
    assert said.credential("DB_PASSWORD").user == "postgres"
    (login,) = said.logins
    assert (login.product, login.superuser, login.administrative) == ("postgres", True, False)


@pytest.mark.parametrize(
    ("settings", "pooled", "shown"),
    [
        (("DB_POOL_MIN=0", "DB_POOL_MAX=10"), True, '"10"'),
        (("DB_POOL_MAX=10", "DB_POOL_MIN=0"), True, '"10"'),
        (("DB_POOL_MIN=0",), True, '"0"'),
        (("DB_MAX_OVERFLOW=0", "DB_POOL_SIZE=0"), False, None),
    ],
)
def test_a_least_size_of_0_turns_no_pool_off(settings: tuple[str, ...], pooled: bool, shown: str | None) -> None:
    said = pod("DB_HOST=db", "DB_PORT=5432", *settings)
    one = said.connection("DB_HOST")
    assert one.pooled.value is pooled
    assert shown is None or said.at(one.pooled) == shown


def test_encryption_is_unset_where_no_setting_decides() -> None:
    one = pod("PGHOST=pg", "PGUSER=app").connection("PGHOST")
    assert (one.product, one.secure.is_unset, one.pooled.is_unset) == ("postgres", True, True)
    assert pod("REDIS_HOST=r", "REDIS_TLS=true").connection("REDIS_HOST").secure.value is True
    assert pod("QDRANT_HOST=q", "QDRANT_PORT=6333").connection("QDRANT_HOST").port.value == 6333


def test_a_switch_beside_a_url_counts() -> None:
    assert pod("DATABASE_URL=postgres://db/x", "PGSSLMODE=require").connection("DATABASE_URL").secure.value is True
    assert pod("DATABASE_URL=postgres://db/x", "REDIS_TLS=true").connection("DATABASE_URL").secure.value is False


def test_user_and_password_beside_a_url() -> None:
    said = pod("NEO4J_URI=bolt://n:7687", "NEO4J_USER=neo4j", "NEO4J_PASSWORD=geheimes-Wort")
    assert said.connection("NEO4J_URI").user.value == "neo4j"
    assert said.credential("NEO4J_PASSWORD").user == "neo4j"
    assert said.logins[0].superuser


def test_the_servers_own_bootstrap_user_is_no_application() -> None:
    said = pod("POSTGRES_USER=agentflow", "POSTGRES_PASSWORD=x-geheim-1", image="docker.io/library/postgres:16")
    assert (said.logins[0].administrative, said.logins[0].superuser) == (True, True)
    assert (said.credential("POSTGRES_PASSWORD").reader, said.credential("POSTGRES_PASSWORD").user) == ("postgres", "agentflow")
    assert not said.connections
    client = pod("POSTGRES_HOST=db", "POSTGRES_USER=agentflow", image="postgres:16")
    assert (client.logins[0].administrative, client.logins[0].superuser) == (False, False)


def test_hosts_that_are_no_target() -> None:
    said = pod(
        "REDIS_HOST=0.0.0.0", "DB_HOST=/var/run/postgresql", "MYSQL_ROOT_HOST=%", "QDRANT__SERVICE__HOST=::", "SMTP_HOST=mail"
    )
    assert not said.connections


def test_the_exporters_data_source() -> None:
    said = pod("DATA_SOURCE_NAME=postgresql://exporter:x-geheim-1@db:5432/x?sslmode=disable")
    assert said.at(said.credentials[0].value) == "x-geheim-1"
    assert said.connections[0].secure.value is False
    split = pod("DATA_SOURCE_URI=db:5432/x?sslmode=disable", "DATA_SOURCE_USER=postgres", "DATA_SOURCE_PASS=x-geheim-1")
    one = split.connection("DATA_SOURCE_URI")
    assert (one.host.value, split.at(one.host), split.at(one.secure)) == ("db", "db", "disable")
    assert split.logins[0].superuser
    assert split.credential("DATA_SOURCE_PASS").user == "postgres"


def test_options_of_a_command_line() -> None:
    said = pod(image="redis:7", args='        args: ["--requirepass", "geheim-Wort", "--port", "0", "--masterauth", "${X}"]\n')
    one = said.credential("requirepass")
    assert (one.holder, one.reader, one.origin, said.at(one.value)) == (
        "command-line",
        "redis",
        Origin.LITERAL,
        '"geheim-Wort"'[1:-1],
    )
    assert said.credential("masterauth").origin is Origin.PLACEHOLDER  # Kubernetes expands $(X) only, Redis nothing


def test_shell_text() -> None:
    script = """        command: ["sh", "-ec"]
        args:
        - |
          # see http://docs.internal, redis-cli -a nothing
          export PGPASSWORD=geheim-1
          PGPASSWORD="$DB_PASSWORD" pg_dump -h db -U postgres app > /tmp/x
          redis-cli -a "$REDIS_PASSWORD" ping && redis-cli -a 'lit eral' ping
          curl -u admin:geheim-2 "http://grafana:3000/api"; echo http://nobody
          mysqldump -uroot -pgeheim-3 x
          app --token-file /x --api-key=${KEY} --db=postgres://u:geheim-4@db/x
"""
    said = pod(args=script)
    found = [(one.key, one.origin.value, said.at(one.value)) for one in said.credentials]
    assert found == [
        ("PGPASSWORD", "literal", "geheim-1"),
        ("-a", "interpolated", "$REDIS_PASSWORD"),
        ("-a", "literal", "lit eral"),
        ("-u", "literal", "geheim-2"),
        ("-p", "literal", "geheim-3"),
        ("api-key", "interpolated", "${KEY}"),
        ("db", "literal", "geheim-4"),
    ]
    assert {one.holder for one in said.credentials} == {"command-line"}
    assert [one.host.value for one in said.connections] == ["grafana", "db"]
    assert said.at(said.connections[0].url) == "http://grafana:3000/api"
    assert [(one.product, one.user.value) for one in said.logins] == [
        ("postgres", "postgres"),
        ("mysql", "root"),
        ("postgres", "u"),
    ]


def test_an_empty_password_in_a_heredoc_is_none() -> None:
    script = """        command: ["sh", "-ec"]
        args:
        - |
          mysql <<EOF
          CHANGE MASTER TO MASTER_PASSWORD='', MASTER_HOST='db';
          ALTER USER x PASSWORD='geheim-1';
          EOF
"""
    said = pod(args=script)
    assert [(one.key, said.at(one.value)) for one in said.credentials] == [("PASSWORD", "geheim-1")]


def test_a_command_that_is_one_string() -> None:
    text = """services:
  r:
    image: redis:7
    command: redis-server --requirepass geheim-Wort --port 0 --masterauth ${X:-geheim-2}
"""
    said = Said(text, interpreted(text, "docker-compose.yml"))
    assert said.at(said.credential("requirepass").value) == "geheim-Wort"
    assert said.credential("masterauth").origin is Origin.INTERPOLATED


def test_a_default_in_compose_is_placed_within_its_variable() -> None:
    text = """services:
  api:
    image: api
    environment:
      - DATABASE_URL=postgres://app:${PW:-geheim-Wort}@${DB:-db}/x?sslmode=disable
      - CACHE=redis://:geheim-2@cache:6379/0
"""
    said = Said(text, interpreted(text, "docker-compose.yml"))
    first, second = said.credentials
    assert (first.origin, said.at(first.value)) == (Origin.INTERPOLATED, "geheim-Wort")
    assert (second.origin, said.at(second.value)) == (Origin.LITERAL, "geheim-2")
    assert said.at(said.connection("CACHE").secure) == "redis"


def test_shell_words() -> None:
    text = 'a \'b c\' d\\ e "f${g h}"; i=$(j "k") | l # m\nn'
    assert [[word.text for word in words] for words in statements(text)] == [
        ["a", "b c", "d e", "f${g h}"],
        ['i=$(j "k")'],
        ["l"],
        ["n"],
    ]
    assert all(0 <= word.start < word.end <= len(text) for words in statements(text) for word in words)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["DB_PASSWORD", "DATABASE_URL", "NEO4J_AUTH", "X", "DB_HOST"]),
    st.text(alphabet="ab1:/@?#[]{}$=&;,. '\"\\\n-é", max_size=50).map(lambda text: text.replace("\n", " ")),
    st.booleans(),
)
def test_no_text_raises_and_every_place_is_in_the_file(name: str, text: str, expands: bool) -> None:
    said = setting(name, "redis://" + text, expands=expands)
    values: list[Value[str]] = [one.value for one in said.credentials] + [one.user for one in said.logins]
    for connection in said.connections:
        values += [connection.url, connection.host, connection.user, connection.password]
    for value in values:
        span = value.place.span
        assert (span.line, span.end_line) == (1, 1)
        assert 1 <= span.column <= span.end_column <= len(said.text) + 1


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab-=:/$(){}'\"\\ ;|&<>#\n", max_size=60))
def test_shell_words_never_raise(text: str) -> None:
    for words in statements(text):
        for word in words:
            assert 0 <= word.start < word.end <= len(text)

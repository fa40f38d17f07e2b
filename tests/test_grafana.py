"""Grafana: grafana.ini as Go reads it, the environment over it, the command line over that, and provisioning."""

import pytest

from afscan.model.grafana import DashboardProvider, Datasource, Grafana, GrafanaAlerting
from afscan.model.notice import NoticeKind
from afscan.model.stack import Stack
from afscan.model.subjects import Authentication, ConfigFile, Connection, Credential, Origin, Setting
from afscan.platforms.grafanaserver import variable_of
from support import interpreted, parsed, stack_of, text_at

INI = """\
; who may see what
app_mode = production

[server]
protocol = https
cert_file = /etc/grafana/tls/tls.crt   ; mounted
cert_key = "/etc/grafana/tls/tls.key"

[security]
admin_user = keeper
admin_password = $__file{/run/secrets/grafana}
cookie_secure = true

[auth.anonymous]
enabled = false

[smtp]
password = \"\"\"pa;ss#word-9\"\"\"

[database]
type = postgres
host = db:5432
user = grafana
password = ${DATABASE_PASSWORD}
ssl_mode = verify-full
"""

COMPOSE = """\
services:
  dashboards:
    image: grafana/grafana:11.3.0
    volumes:
      - ./grafana/grafana.ini:/etc/grafana/grafana.ini:ro
"""

PROVISIONED = """\
apiVersion: 1
datasources:
  - name: Prometheus
    type: prometheus
    url: http://prometheus:9090
    basicAuth: true
    basicAuthUser: grafana
    jsonData:
      tlsSkipVerify: true
    secureJsonData:
      basicAuthPassword: $PROMETHEUS_PASSWORD
  - name: Orders
    type: postgres
    url: pgbouncer:6432
    user: reader
    jsonData:
      sslmode: disable
    secureJsonData:
      password: kX9vTq2mWzL0
  - name: Logs
    type: loki
    url: ${LOKI_URL}
"""

ALERTING = """\
apiVersion: 1
contactPoints:
  - orgId: 1
    name: on-call
    receivers:
      - uid: one
        type: webhook
        settings:
          url: https://alerts.example.org/hook
          password: kX9vTq2mWzL0
policies:
  - orgId: 1
    receiver: on-call
    routes:
      - receiver: nobody
        object_matchers: [[severity, '=', critical]]
        routes:
          - receiver: on-call
            matchers: [team="db"]
"""


def one(stack: Stack) -> Grafana:
    found = stack.of(Grafana)
    assert len(found) == 1
    return found[0]


def asked(stack: Stack) -> tuple[str, bool | None]:
    found = stack.of(Authentication)
    assert len(found) == 1
    return found[0].required.state, found[0].required.value


def settings(text: str) -> dict[str, Setting]:
    file = next(one for one in interpreted(text, "grafana/grafana.ini").subjects if isinstance(one, ConfigFile))
    return {one.name: one for one in file.settings}


def test_a_file_is_read_as_go_reads_it() -> None:
    found = settings(INI)
    assert found["server.cert_file"].value.value == "/etc/grafana/tls/tls.crt"
    assert found["server.cert_key"].value.value == "/etc/grafana/tls/tls.key"
    assert found["smtp.password"].value.value == "pa;ss#word-9"
    assert found["app_mode"].value.value == "production"
    assert text_at(INI, found["server.cert_file"].value.place) == "/etc/grafana/tls/tls.crt"
    assert (found["server.protocol"].value.place.span.line, found["server.protocol"].value.place.span.column) == (5, 12)
    assert text_at(INI, found["auth.anonymous.enabled"].key_place) == "enabled"


def test_quotes_alone_protect_no_comment() -> None:
    root = parsed('[a]\nb = "x#y"\nc: `u;v`\nd=\'w\'\ne = """one\ntwo"""\nf =\n', "goini", "grafana.ini").roots[0]
    values = {value.key.text: value.text for value in root.get(0).children()}  # type: ignore[union-attr]
    assert values == {"b": '"x', "c": "u;v", "d": "w", "e": "one\ntwo", "f": ""}


def test_secrets_of_a_file_by_where_they_come_from() -> None:
    found = {one.name.partition(",")[0]: one for one in interpreted(INI, "grafana.ini").subjects if isinstance(one, Credential)}
    assert {name: one.origin for name, one in found.items()} == {
        "[security] of grafana.ini": Origin.REFERENCE,
        "[smtp] of grafana.ini": Origin.LITERAL,
        "[database] of grafana.ini": Origin.INTERPOLATED,
    }


def test_the_effective_server_of_a_file() -> None:
    stack = stack_of({"compose.yaml": COMPOSE, "grafana/grafana.ini": INI})
    server = one(stack)
    assert (server.protocol.value, server.admin_user.value, server.cookie_secure.value) == ("https", "keeper", True)
    assert (server.anonymous.value, server.embedding.state, server.min_tls.state) == (False, "unset", "unset")
    assert server.admin_password.is_unknown
    assert asked(stack) == ("set", True)
    database = stack.of(Connection)[0]
    assert (database.host.value, database.port.value, database.secure.value, database.product) == ("db", 5432, True, "postgres")


@pytest.mark.parametrize(
    ("lines", "anonymous", "expected"),
    [
        ([], False, ("set", True)),
        (["environment: {GF_AUTH_ANONYMOUS_ENABLED: 'true'}"], True, ("set", False)),
        (["environment: {GF_SECURITY_ADMIN_PASSWORD: admin}"], False, ("set", False)),
        (["environment: {GF_SECURITY_ADMIN_PASSWORD__FILE: /run/secrets/x}"], False, ("set", True)),
        (["environment: {GF_AUTH_ANONYMOUS_ENABLED: ''}"], False, ("set", True)),
        (["command: ['cfg:auth.anonymous.enabled=true']"], True, ("set", False)),
        (
            ["command: ['cfg:auth.anonymous.enabled=false']", "environment: {GF_AUTH_ANONYMOUS_ENABLED: 'true'}"],
            False,
            ("set", True),
        ),
        (["command: ['cfg:default.auth.anonymous.enabled=true']"], False, ("set", True)),
    ],
)
def test_precedence(lines: list[str], anonymous: bool, expected: tuple[str, bool]) -> None:
    compose = COMPOSE + "".join(f"    {line}\n" for line in lines)
    stack = stack_of({"compose.yaml": compose, "grafana/grafana.ini": INI})
    assert one(stack).anonymous.value is anonymous
    assert asked(stack) == expected


@pytest.mark.parametrize(
    ("ini", "variables", "expected"),
    [
        ("[security]\nadmin_password = ${PW}\n", "PW: admin", ("set", False)),
        ("[security]\nadmin_password = $__env{PW}\n", "PW: kX9vTq2mWzL0", ("set", True)),
        ("[security]\nadmin_password = $__env{OTHER}\n", "PW: admin", ("set", True)),
        ("[security]\ndisable_initial_admin_creation = true\n", "PW: admin", ("set", True)),
        ("[auth]\ndisable_login_form = true\n[auth.basic]\nenabled = false\n", "PW: admin", ("set", True)),
        ("[auth]\ndisable_login_form = true\n", "PW: admin", ("set", False)),
        ("[users]\nallow_sign_up = false\n", "PW: admin", ("set", False)),
    ],
)
def test_who_is_let_in(ini: str, variables: str, expected: tuple[str, bool]) -> None:
    compose = f"{COMPOSE}    environment: {{{variables}}}\n"
    stack = stack_of({"compose.yaml": compose, "grafana/grafana.ini": ini})
    assert asked(stack) == expected


def test_a_value_of_the_environment_is_placed_where_it_is_written() -> None:
    files = {
        "compose.yaml": f"{COMPOSE}    environment: {{PW: admin}}\n",
        "grafana/grafana.ini": "[security]\nadmin_password = ${PW}\n",
    }
    place = stack_of(files).of(Authentication)[0].place
    assert text_at(files, place) == "admin"
    assert place.path == "compose.yaml"


def test_another_path_and_a_file_that_is_not_here() -> None:
    compose = (
        "services:\n  g:\n    image: grafana/grafana:11.3.0\n    environment: {GF_PATHS_CONFIG: /g/own.ini}\n"
        "    volumes: ['./own.ini:/g/own.ini']\n"
    )
    own = "[auth.anonymous]\nenabled = true\n[security]\nadmin_password = x\n"
    assert one(stack_of({"compose.yaml": compose, "own.ini": own})).anonymous.value is True
    stack = stack_of({"compose.yaml": compose})
    assert one(stack).anonymous.is_unknown
    assert asked(stack) == ("unknown", None)


def test_a_file_that_nobody_mounts_is_judged_on_what_it_says() -> None:
    assert asked(stack_of({"grafana.ini": "[auth.anonymous]\nenabled = true\n"})) == ("set", False)
    assert asked(stack_of({"grafana.ini": "[users]\nallow_sign_up = false\n"})) == ("unknown", None)


@pytest.mark.parametrize(
    ("name", "variable"),
    [("auth.anonymous.enabled", "GF_AUTH_ANONYMOUS_ENABLED"), ("security.admin_password", "GF_SECURITY_ADMIN_PASSWORD")],
)
def test_variables(name: str, variable: str) -> None:
    assert variable_of(name) == variable


def test_data_sources_and_their_connections() -> None:
    name = "provisioning/datasources/all.yaml"
    subjects = interpreted(PROVISIONED, name).subjects
    sources = [one for one in subjects if isinstance(one, Datasource)]
    assert [(one.kind.value, one.verify_off.value, one.basic_auth.value) for one in sources] == [
        ("prometheus", True, True),
        ("postgres", None, None),
        ("loki", None, None),
    ]
    assert sources[2].url.is_unknown
    connections = [one for one in subjects if isinstance(one, Connection)]
    assert [(one.host.value, one.port.value, one.secure.value) for one in connections[:2]] == [
        ("prometheus", 9090, False),
        ("pgbouncer", 6432, False),
    ]
    assert text_at(PROVISIONED, connections[0].url.place) == "http://prometheus:9090"
    assert text_at(PROVISIONED, connections[1].secure.place) == "disable"
    secrets = [(one.key, one.origin) for one in subjects if isinstance(one, Credential)]
    assert secrets == [("basicAuthPassword", Origin.INTERPOLATED), ("password", Origin.LITERAL)]


def test_alerting_and_dashboard_providers() -> None:
    subjects = interpreted(ALERTING, "provisioning/alerting/all.yaml").subjects
    alerting = next(one for one in subjects if isinstance(one, GrafanaAlerting))
    assert {name: one.integrations for name, one in alerting.contact_points.items()} == {"on-call": ["webhook"]}
    root = alerting.policies[0]
    assert (root.receiver.value, root.routes[0].matchers) == ("on-call", ['severity="critical"'])
    assert root.routes[0].routes[0].matchers == ['team="db"']
    assert text_at(ALERTING, root.routes[0].receiver.place) == "nobody"
    assert [one.key for one in subjects if isinstance(one, Credential)] == ["password"]
    text = "apiVersion: 1\nproviders:\n  - name: all\n    type: file\n    options: {path: /var/lib/grafana/dashboards}\n"
    provider = next(one for one in interpreted(text, "dashboards.yaml").subjects if isinstance(one, DashboardProvider))
    assert provider.path.value == "/var/lib/grafana/dashboards"


@pytest.mark.parametrize("text", ["[server\nprotocol = http\n", "[server]\nnonsense\n", "[server]\nx = `never closed\n"])
def test_what_grafana_cannot_read_is_noted(text: str) -> None:
    assert [one.kind for one in interpreted(text, "grafana.ini").notices] == [NoticeKind.SYNTAX]


@pytest.mark.parametrize(
    "text",
    ["", "[", "[]", "[a]\n=b", "[a]\n`=`", '[a]\nb="""', "[a]\n" + 'b="""\n' * 3000, "\ufeff[server]\na=b", "[a]\nb=${${${}}}"],
)
def test_odd_files_do_no_harm(text: str) -> None:
    stack_of({"grafana.ini": text})


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: 1\ndatasources: [1, [], {}, {name: [], url: {}, jsonData: x, secureJsonData: [a]}]\n",
        "apiVersion: 1\npolicies: [{routes: [{object_matchers: [[a], 1, [a, b, [c]]]}]}, x]\n",
        "apiVersion: 1\ncontactPoints: [{receivers: {}}, {name: {}, receivers: [{settings: []}]}]\n",
        "apiVersion: 1\npolicies:\n  - &a {routes: [*a]}\n",
    ],
)
def test_odd_provisioning_does_no_harm(text: str) -> None:
    stack_of({"provisioning/x.yaml": text})


@pytest.mark.parametrize(
    ("name", "text"),
    [("tool.ini", "[dashboards]\njust words\n"), ("php.ini", "[PHP]\nengine = On\n"), ("x.ini", "[snapshots]\nkeep = 3\n")],
)
def test_files_that_are_not_grafana(name: str, text: str) -> None:
    out = interpreted(text, name)
    assert not out.subjects
    assert not out.notices


def test_whatever_is_secure_is_secret_but_certificates() -> None:
    text = (
        "apiVersion: 1\ndatasources:\n  - name: a\n    type: loki\n    secureJsonData:\n"
        "      httpHeaderValue1: Bearer kX9vTq2mWzL0rT7p\n      tlsCACert: $__file{/tls/ca.crt}\n      httpHeaderValue2: $TOKEN\n"
    )
    found = [one for one in interpreted(text, "datasources.yaml").subjects if isinstance(one, Credential)]
    assert [(one.key, one.origin) for one in found] == [
        ("httpHeaderValue1", Origin.LITERAL),
        ("httpHeaderValue2", Origin.INTERPOLATED),
    ]
    assert text_at(text, found[0].value.place) == "Bearer kX9vTq2mWzL0rT7p"

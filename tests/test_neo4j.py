"""Neo4j: neo4j.conf, its names of two generations, the image's environment, and what becomes of them together."""

import pytest

from afscan.model.neo4j import Neo4j
from afscan.model.notice import NoticeKind
from afscan.model.stack import Stack
from afscan.model.subjects import Authentication, ConfigFile, Credential, Setting
from afscan.platforms.neo4j import canonical, variable_setting
from afscan.platforms.neo4jserver import host_of, memory
from support import interpreted, parsed, stack_of, text_at

FIVE = """\
# the graph
server.default_listen_address=0.0.0.0
server.bolt.tls_level=REQUIRED
dbms.ssl.policy.bolt.enabled=true
server.http.enabled = false
server.https.enabled=true
dbms.ssl.policy.https.enabled=true
server.memory.heap.max_size=2g
server.memory.pagecache.size=512m
server.bolt.thread_pool_max_size=200
db.logs.query.enabled=info
dbms.security.procedures.unrestricted=apoc.*,gds.*
"""

FOUR = """\
dbms.default_listen_address=0.0.0.0
dbms.connector.bolt.tls_level=OPTIONAL
dbms.connector.http.enabled=true
dbms.connector.https.enabled=false
dbms.memory.heap.max_size=1G
dbms.memory.pagecache.size=2G
dbms.security.auth_enabled=false
metrics.prometheus.enabled=true
causal_clustering.initial_discovery_members=a:5000,b:5000
"""

COMPOSE = """\
services:
  graph:
    image: neo4j:5.26.0
    volumes:
      - ./graph/neo4j.conf:/conf/neo4j.conf:ro
    environment:
"""

POD = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: graph-config, namespace: shop}
data:
  neo4j.conf: |
    # of the graph
    server.bolt.tls_level=OPTIONAL
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: graph, namespace: shop}
spec:
  selector: {matchLabels: {app: graph}}
  template:
    metadata: {labels: {app: graph}}
    spec:
      containers:
        - name: neo4j
          image: neo4j:5.26.0-enterprise
          env:
            - name: NEO4J_AUTH
              valueFrom: {secretKeyRef: {name: graph, key: auth}}
          volumeMounts: [{name: config, mountPath: /conf}]
      volumes: [{name: config, configMap: {name: graph-config}}]
"""


def one(stack: Stack) -> Neo4j:
    found = stack.of(Neo4j)
    assert len(found) == 1
    return found[0]


def asked(stack: Stack) -> tuple[str, bool | None]:
    found = stack.of(Authentication)
    assert len(found) == 1
    return found[0].required.state, found[0].required.value


def settings(text: str) -> dict[str, Setting]:
    file = next(one for one in interpreted(text, "graph/neo4j.conf").subjects if isinstance(one, ConfigFile))
    return {one.name: one for one in file.settings}


def test_a_file_is_read_with_exact_places() -> None:
    found = settings(FIVE)
    assert found["server.http.enabled"].value.value == "false"
    assert found["server.http.enabled"].value.place.span[:2] == (5, 23)
    assert text_at(FIVE, found["server.http.enabled"].key_place) == "server.http.enabled"
    assert text_at(FIVE, found["dbms.security.procedures.unrestricted"].value.place) == "apoc.*,gds.*"


def test_what_version_five_says() -> None:
    stack = stack_of({"graph/neo4j.conf": FIVE})
    graph = one(stack)
    assert (graph.bolt_tls.value, graph.bolt_policy.value, graph.http.value, graph.https.value) == ("REQUIRED", True, False, True)
    assert (graph.heap.value, graph.page_cache.value, graph.bolt_threads.value) == (2 * 2**30, 512 * 2**20, 200)
    assert (graph.query_log.value, graph.unrestricted.value) == ("INFO", "apoc.*,gds.*")
    assert graph.cluster.is_unset
    assert asked(stack) == ("set", True)


def test_what_version_four_says_under_its_own_names() -> None:
    stack = stack_of({"conf/neo4j.conf": FOUR})
    graph = one(stack)
    assert (graph.bolt_tls.value, graph.http.value, graph.https.value) == ("OPTIONAL", True, False)
    assert (graph.heap.value, graph.page_cache.value) == (2**30, 2 * 2**30)
    assert (graph.prometheus.value, graph.cluster.value) == (True, True)
    assert text_at(FOUR, graph.cluster.place) == "a:5000,b:5000"
    assert asked(stack) == ("set", False)
    assert text_at(FOUR, stack.of(Authentication)[0].place) == "false"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dbms.connector.bolt.listen_address", "server.bolt.listen_address"),
        ("dbms.connectors.default_listen_address", "server.default_listen_address"),
        ("dbms.logs.query.enabled", "db.logs.query.enabled"),
        ("dbms.transaction.concurrent.maximum", "db.transaction.concurrent.maximum"),
        ("dbms.config.strict_validation", "server.config.strict_validation.enabled"),
        ("dbms.ssl.policy.bolt.enabled", "dbms.ssl.policy.bolt.enabled"),
        ("server.metrics.prometheus.enabled", "server.metrics.prometheus.enabled"),
    ],
)
def test_names(name: str, expected: str) -> None:
    assert canonical(name) == expected


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("NEO4J_server_memory_heap_max__size", "server.memory.heap.max_size"),
        ("NEO4J_dbms_connector_bolt_tls__level", "dbms.connector.bolt.tls_level"),
        ("NEO4J_AUTH", None),
        ("NEO4J_ACCEPT_LICENSE_AGREEMENT", None),
        ("NEO4J_apoc_export_file_enabled", None),
        ("NEO4JX_server_x", None),
        ("server_x", None),
    ],
)
def test_variables(variable: str, expected: str | None) -> None:
    assert variable_setting(variable) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("512m", 512 * 2**20),
        ("4G", 4 * 2**30),
        ("2.00GiB", 2 * 2**30),
        ("1024", 1024.0),
        ("1t", 2.0**40),
        ("much", None),
        ("", None),
    ],
)
def test_memory(text: str, expected: float | None) -> None:
    assert memory(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("127.0.0.1:7687", "127.0.0.1"), ("[::1]:7687", "::1"), ("0.0.0.0", "0.0.0.0"), (":7687", ""), ("localhost", "localhost")],
)
def test_hosts(text: str, expected: str) -> None:
    assert host_of(text) == expected


@pytest.mark.parametrize(
    ("variables", "tls", "how"),
    [
        ("", "REQUIRED", ("set", True)),
        ("      NEO4J_server_bolt_tls__level: DISABLED\n", "DISABLED", ("set", True)),
        # an old name counts where nobody writes the new one, and the file does
        ("      NEO4J_dbms_connector_bolt_tls__level: optional\n", "REQUIRED", ("set", True)),
        ("      NEO4J_AUTH: none\n", "REQUIRED", ("set", False)),
        ("      NEO4J_AUTH: neo4j/${PASSWORD}\n", "REQUIRED", ("set", True)),
        ("      NEO4J_AUTH_FILE: /run/secrets/auth\n", "REQUIRED", ("set", True)),
        ("      NEO4J_dbms_security_auth__enabled: 'false'\n      NEO4J_AUTH: neo4j/x\n", "REQUIRED", ("set", False)),
    ],
)
def test_the_environment_comes_after_the_file(variables: str, tls: str, how: tuple[str, bool]) -> None:
    compose = COMPOSE + (variables or "      NEO4J_EDITION: docker_compose\n")
    stack = stack_of({"compose.yaml": compose, "graph/neo4j.conf": FIVE})
    assert one(stack).bolt_tls.value == tls
    assert asked(stack) == how


def test_the_new_name_wins_in_any_layer() -> None:
    both = "server.bolt.tls_level=REQUIRED\ndbms.connector.bolt.tls_level=DISABLED\n"
    assert one(stack_of({"neo4j.conf": both})).bolt_tls.value == "REQUIRED"
    compose = COMPOSE + "      NEO4J_dbms_connector_bolt_tls__level: REQUIRED\n"
    stack = stack_of({"compose.yaml": compose, "graph/neo4j.conf": FOUR})
    assert one(stack).bolt_tls.value == "REQUIRED"


def test_a_password_does_not_turn_on_what_the_file_turns_off() -> None:
    compose = COMPOSE + "      NEO4J_AUTH: neo4j/${PASSWORD}\n"
    stack = stack_of({"compose.yaml": compose, "graph/neo4j.conf": FOUR})
    assert asked(stack) == ("set", False)
    assert stack.of(Authentication)[0].place.path == "graph/neo4j.conf"


def test_a_config_map_is_the_file_and_a_secret_the_password() -> None:
    files = {"graph.yaml": POD}
    stack = stack_of(files)
    graph = one(stack)
    assert graph.bolt_tls.value == "OPTIONAL"
    assert text_at(files, graph.bolt_tls.place) == "OPTIONAL"
    assert (graph.bolt_tls.place.span.line, graph.bolt_tls.place.span.column) == (7, 27)
    assert asked(stack) == ("set", True)
    assert graph.bolt_listen.value == "0.0.0.0"


def test_a_file_that_is_not_here_makes_absences_unknown() -> None:
    compose = COMPOSE + "      NEO4J_AUTH: neo4j/${PASSWORD}\n"
    stack = stack_of({"compose.yaml": compose})
    graph = one(stack)
    assert graph.bolt_tls.is_unknown
    assert "graph/neo4j.conf" in graph.bolt_tls.reason
    assert asked(stack) == ("unknown", None)


def test_a_connector_without_a_host_takes_the_default_address() -> None:
    text = "server.default_listen_address=127.0.0.1\nserver.bolt.listen_address=:7688\nserver.http.listen_address=0.0.0.0:7474\n"
    graph = one(stack_of({"neo4j.conf": text}))
    assert (graph.bolt_listen.value, graph.http_listen.value) == ("127.0.0.1", "0.0.0.0:7474")


@pytest.mark.parametrize(
    ("body", "expected"),
    [("NEO4J_PASSWORD: ${P}", ("set", True)), ("NEO4J_HOST: x", ("set", False)), ("NEO4J_PASSWORD_FILE: /s", ("set", True))],
)
def test_bitnami_has_a_password_that_everybody_knows(body: str, expected: tuple[str, bool]) -> None:
    text = f"services:\n  graph:\n    image: bitnami/neo4j:5\n    environment:\n      {body}\n"
    stack = stack_of({"compose.yaml": text})
    assert asked(stack) == expected
    assert one(stack).bolt_tls.is_unknown


def test_secrets_and_commands_in_the_file() -> None:
    text = (
        "dbms.security.ldap.authorization.system_password=kX9vTq2mWzL0\n"
        "dbms.ssl.policy.bolt.private_key_password=$(cat /run/secrets/key)\n"
    )
    found = [one for one in interpreted(text, "neo4j.conf").subjects if isinstance(one, Credential)]
    assert [one.key for one in found] == [
        "dbms.security.ldap.authorization.system_password",
        "dbms.ssl.policy.bolt.private_key_password",
    ]
    assert text_at(text, found[0].value.place) == "kX9vTq2mWzL0"
    assert found[1].value.is_unknown


def test_continued_lines_keep_their_places() -> None:
    text = "a.b=one\\\n   two\nserver.bolt.tls_level=REQUIRED # not a comment\r\n  c = d  \n"
    root = parsed(text, "properties", "neo4j.conf").roots[0]
    values = list(root.children())
    assert [value.text for value in values] == ["onetwo", "REQUIRED # not a comment", "d"]  # type: ignore[attr-defined]
    assert values[0].part(3, 6).span[:2] == (2, 4)  # type: ignore[attr-defined]
    assert values[2].place.span == (4, 7, 4, 8)


@pytest.mark.parametrize("text", ["server.bolt.tls_level", "=x\nserver.bolt.tls_level=OPTIONAL", "nonsense here\nserver.a=b"])
def test_lines_that_are_no_settings_are_noted(text: str) -> None:
    out = interpreted(text, "neo4j.conf")
    assert [(one.kind, one.place.span.line) for one in out.notices] == [(NoticeKind.SYNTAX, 1)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\\",
        "a=\\",
        "\\\n\\\n\\",
        "=" * 5000,
        "a=b\\" * 2000,
        "\ufeffserver.a=b",
        "server.a=\0\x1b",
        "\\\r\n" * 500,
        "#\\\nserver.a=b",
    ],
)
def test_odd_inputs_do_no_harm(text: str) -> None:
    stack_of({"neo4j.conf": text})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("neo4j-proxy.conf", "server {\n  listen 80;\n}\n"),
        ("application.properties", "server.port=8080\nserver.http2.enabled=true\nspring.datasource.url=jdbc:x\n"),
        ("my.conf", "server.bolt.tls_level REQUIRED\n"),
    ],
)
def test_files_that_are_not_neo4j(name: str, text: str) -> None:
    out = interpreted(text, name)
    assert not [one for one in out.subjects if isinstance(one, ConfigFile)]
    assert not out.notices

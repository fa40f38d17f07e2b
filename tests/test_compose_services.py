"""Compose services as workloads and containers: values and exact places."""

import pytest

from afscan.model.notice import NoticeKind
from afscan.model.subjects import Container, ImageReference, Origin, Probe, PublishedPort, Subject, Workload
from afscan.model.value import Value
from afscan.platforms.compose import project
from afscan.platforms.reading import Interpretation
from support import composed, text_at


def read(text: str, name: str = "compose.yaml") -> Interpretation:
    return composed(text, name)


def containers(out: Interpretation) -> dict[str, Container]:
    return {subject.name: subject for subject in out.subjects if isinstance(subject, Container)}


def service(body: str, name: str = "compose.yaml") -> tuple[Container, Interpretation, str]:
    """One service ``api`` with an image and these lines."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    text = f"services:\n  api:\n    image: app:1\n{lines}"
    out = read(text, name)
    return containers(out)["service api"], out, text


def only(out: Interpretation, kind: type[Subject]) -> list[Subject]:
    return [subject for subject in out.subjects if isinstance(subject, kind)]


def shown(text: str, value: "Value[object]") -> tuple[str, object, str]:
    return value.state, value.value, text_at(text, value.place)


def test_what_nobody_writes_is_unset_at_the_service() -> None:
    container, out, text = service("")
    for value in (
        container.command,
        container.arguments,
        container.user,
        container.privileged,
        container.privilege_escalation,
        container.capabilities,
        container.read_only_root,
        container.memory_limit,
        container.cpu_limit,
        container.memory_request,
        container.cpu_request,
        container.liveness,
    ):
        assert shown(text, value) == ("unset", None, "api")
    assert container.readiness is None
    assert container.run_as_non_root is None
    assert container.seccomp is None
    assert not out.notices
    workload = container.workload
    assert (workload.name, workload.kind, workload.namespace, workload.networks, workload.aliases) == (
        "service api",
        "service",
        "",
        ["default"],
        ["api"],
    )
    assert workload.replicas.is_unset
    assert workload.containers == [container]


def test_the_fields_of_a_service_and_their_places() -> None:
    container, out, text = service(
        "user: 1000:1000\n"
        "privileged: true\n"
        'read_only: "yes"\n'
        "cap_add: [NET_ADMIN, cap_sys_time]\n"
        "cap_drop:\n  - ALL\n"
        'security_opt: ["seccomp=unconfined", "no-new-privileges:true"]\n'
        "network_mode: host\n"
        "pid: service:db\n"
        "command: app --listen '0.0.0.0 8000'\n"
        'entrypoint: ["/init", "--"]\n'
        "container_name: agent-api"
    )
    assert shown(text, container.user) == ("set", "1000", "1000:1000")
    assert shown(text, container.privileged) == ("set", True, "true")
    assert shown(text, container.read_only_root) == ("set", True, '"yes"')
    assert [value.value for value in container.capabilities_added] == ["NET_ADMIN", "SYS_TIME"]
    assert [shown(text, value) for value in container.capabilities_dropped] == [("set", "ALL", "ALL")]
    assert text_at(text, container.capabilities.place) == "cap_drop"
    assert shown(text, container.privilege_escalation) == ("set", False, '"no-new-privileges:true"')
    assert container.seccomp is not None
    assert shown(text, container.seccomp) == ("set", "Unconfined", '"seccomp=unconfined"')
    assert [(one.kind, one.shared.value) for one in container.host_namespaces] == [("network", True), ("pid", False)]
    assert container.arguments.value == ["app", "--listen", "0.0.0.0 8000"]
    assert container.command.value == ["/init", "--"]
    assert container.program() == ["/init", "--", "app", "--listen", "0.0.0.0 8000"]
    assert container.workload.aliases == ["api", "agent-api"]
    assert container.workload.networks == []
    assert not out.notices


@pytest.mark.parametrize(
    ("written", "state", "value"),
    [
        ('"no-new-privileges"', "set", False),
        ('"no-new-privileges=true"', "set", False),
        ('"no-new-privileges:false"', "set", True),
        ('"no-new-privileges:${NNP}"', "unknown", None),
        ('"no-new-privileges:${NNP:-true}"', "set", False),
        ('"apparmor:unconfined"', "unset", None),
    ],
)
def test_privilege_escalation(written: str, state: str, value: bool | None) -> None:
    container, _, _ = service(f"security_opt: [{written}]")
    assert (container.privilege_escalation.state, container.privilege_escalation.value) == (state, value)


@pytest.mark.parametrize(
    ("written", "state", "value"),
    [
        ("root", "set", "root"),
        ("0", "set", "0"),
        ('"0:0"', "set", "0"),
        ('"${UID:-1000}:${GID:-1000}"', "set", "1000"),
        ('"${UID}:${GID}"', "unknown", None),
        ('""', "unset", None),
        ('":1000"', "unknown", None),
    ],
)
def test_the_user_without_its_group(written: str, state: str, value: str | None) -> None:
    container, _, _ = service(f"user: {written}")
    assert (container.user.state, container.user.value) == (state, value)


@pytest.mark.parametrize(
    ("body", "memory", "cpus"),
    [
        ("mem_limit: 512m\ncpus: 0.5", 536870912.0, 0.5),
        ("deploy: {resources: {limits: {memory: 2G, cpus: '1.50'}}}", 2147483648.0, 1.5),
        ("deploy: {resources: {limits: {memory: 2G}}}\nmem_limit: 1g", 2147483648.0, None),
        ("cpu_quota: 50000", None, 0.5),
        ("cpu_quota: 50000\ncpu_period: 25000", None, 2.0),
        ("mem_limit: ${MEMORY:-64mb}", 67108864.0, None),
    ],
)
def test_limits(body: str, memory: float | None, cpus: float | None) -> None:
    container, out, _ = service(body)
    assert (container.memory_limit.value, container.cpu_limit.value) == (memory, cpus)
    assert not out.notices


def test_a_limit_of_zero_is_no_limit_and_says_so_where_it_stands() -> None:
    container, _, text = service(
        "deploy:\n  resources:\n    limits:\n      memory: 0\n    reservations: {memory: 1g, cpus: '0.1'}"
    )
    assert shown(text, container.memory_limit) == ("unset", None, "0")
    assert (container.memory_request.value, container.cpu_request.value) == (1073741824.0, 0.1)


@pytest.mark.parametrize(
    ("body", "kind", "command", "place"),
    [
        ('healthcheck: {test: ["CMD", "curl", "-f", "x"]}', "exec", ["curl", "-f", "x"], "test"),
        ('healthcheck: {test: ["CMD-SHELL", "curl $$URL || exit 1"]}', "exec", ["/bin/sh", "-c", "curl $URL || exit 1"], "test"),
        ("healthcheck:\n  test: curl -f ${URL}", "exec", ["/bin/sh", "-c", "curl -f ${URL}"], "curl -f ${URL}"),
        ('healthcheck: {test: ["NONE"]}', "none", None, "test"),
        ("healthcheck: {disable: true}", "none", None, "true"),
    ],
)
def test_health_checks(body: str, kind: str, command: list[str] | None, place: str) -> None:
    container, out, text = service(body)
    probe = container.liveness.value
    assert isinstance(probe, Probe)
    assert probe.kind == kind
    assert (probe.command.value if probe.command is not None else None) == command
    assert text_at(text, container.liveness.place) == place
    assert not out.notices


def test_timings_alone_leave_the_health_check_to_the_image() -> None:
    assert service("healthcheck: {interval: 5s}")[0].liveness.is_unset
    container, out, text = service('healthcheck: {test: ["curl", "x"]}')
    assert container.liveness.is_unknown
    assert [(notice.kind, text_at(text, notice.place)) for notice in out.notices] == [(NoticeKind.WRONG_TYPE, "test")]


def test_environment_as_map() -> None:
    container, out, text = service(
        "environment:\n"
        "  PLAIN: value\n"
        "  PORT: 8080\n"
        "  PASSED:\n"
        "  SECRET: ${SECRET}\n"
        "  WEAK: ${WEAK:-changeit}\n"
        "  URL: postgres://app:${PASSWORD:?set it}@db:5432/app\n"
        '  EMPTY: ""\n'
        "  DOLLAR: a$$b"
    )
    found = container.environment
    assert list(found) == ["PLAIN", "PORT", "PASSED", "SECRET", "WEAK", "URL", "EMPTY", "DOLLAR"]
    assert shown(text, found["PLAIN"].value) == ("set", "value", "value")
    assert found["PORT"].value.value == "8080"
    assert found["PASSED"].value.is_unknown
    assert text_at(text, found["PASSED"].value.place) == "PASSED"
    assert (found["SECRET"].value.state, found["SECRET"].value.reason) == ("unknown", "`${SECRET}` comes from the environment")
    assert (found["WEAK"].value.value, found["WEAK"].origin) == ("changeit", Origin.INTERPOLATED)
    assert found["URL"].value.value == "postgres://app:${PASSWORD:?set it}@db:5432/app"
    assert [found[name].origin for name in ("PASSED", "SECRET", "URL")] == [Origin.INTERPOLATED] * 3
    assert found["EMPTY"].origin == Origin.EMPTY
    assert (found["DOLLAR"].value.value, found["PLAIN"].origin) == ("a$b", Origin.LITERAL)
    assert not out.notices


def test_environment_as_list() -> None:
    container, _, text = service(
        "environment:\n  - A=1=2\n  - PASSED\n  - B=${B}\n  - 'C=${C:-x}y'\n  - D=\n  - ${E}=1\n  - A=last"
    )
    found = container.environment
    assert shown(text, found["A"].value) == ("set", "last", "last")
    assert found["PASSED"].value.is_unknown
    assert (found["B"].value.state, text_at(text, found["B"].value.place)) == ("unknown", "${B}")
    assert (found["C"].value.value, text_at(text, found["C"].value.place)) == ("xy", "${C:-x}y")
    assert (found["D"].value.value, found["D"].origin) == ("", Origin.EMPTY)
    assert [value.state for value in container.environment_from] == ["unknown"]
    assert "E" not in found


def test_env_files_are_unknown_sources() -> None:
    container, _, text = service("env_file:\n  - .env\n  - path: other.env\n    required: false")
    assert [shown(text, value) for value in container.environment_from] == [
        ("unknown", None, ".env"),
        ("unknown", None, "other.env"),
    ]
    assert [value.state for value in service("env_file: .env")[0].environment_from] == ["unknown"]


def test_a_malformed_reference_is_a_syntax_notice_at_its_part() -> None:
    container, out, text = service("environment: {A: 'x ${1} y'}\nuser: ${")
    assert [(notice.kind, text_at(text, notice.place)) for notice in out.notices] == [
        (NoticeKind.SYNTAX, "${"),
        (NoticeKind.SYNTAX, "${1}"),
    ]
    assert container.environment["A"].value.is_unknown
    assert container.user.is_unknown


def test_images() -> None:
    text = "services:\n  a: {image: 'redis:${TAG:-latest}'}\n  b: {image: 'postgres:${TAG}'}\n  c: {build: ., image: me/c:1}\n"
    first, second, third = only(read(text), ImageReference)
    assert isinstance(first, ImageReference)
    assert isinstance(second, ImageReference)
    assert isinstance(third, ImageReference)
    assert (first.tag, text_at(text, first.reference.place)) == ("latest", "'redis:${TAG:-latest}'")
    assert second.reference.is_unknown
    assert (second.repository, second.tag) == ("postgres", None)
    assert (third.built_here, first.built_here) == (True, False)
    assert read("services: {a: {image: '${IMAGE}'}}").subjects
    assert [
        container.image.repository
        for container in containers(read("services: {a: {image: '${HOST}/app:1'}}")).values()
        if container.image
    ] == [""]


def test_commands_with_variables() -> None:
    assert service("command: redis-server --requirepass ${PASSWORD:?no} --port 0")[0].arguments.value == [
        "redis-server",
        "--requirepass",
        "${PASSWORD}",
        "--port",
        "0",
    ]
    assert service("command: redis-server ${EXTRA}")[0].arguments.is_unknown
    assert service('command: ["redis-server", "${EXTRA}"]')[0].arguments.value == ["redis-server", "${EXTRA}"]
    assert service("command: []")[0].arguments.value == []
    assert service("command:")[0].arguments.is_unset
    container, out, text = service('command: say "open')
    assert container.arguments.is_unknown
    assert [(notice.kind, text_at(text, notice.place)) for notice in out.notices] == [(NoticeKind.SYNTAX, 'say "open')]


def test_builds() -> None:
    text = (
        "services:\n"
        "  short: {build: ./api}\n"
        "  long:\n    build:\n      context: ..\n      dockerfile: docker/Dockerfile.api\n      target: prod\n"
        "      args: {VERSION: 1, TOKEN: '${TOKEN}'}\n"
        "  here: {build: {}}\n"
        "  remote: {build: https://github.com/x/y.git}\n"
        "  variable: {build: '${DIR}'}\n"
        "  wrong: {build: [x]}\n"
    )
    found = containers(read(text, "deploy/dev/compose.yaml"))
    builds = {name.removeprefix("service "): container.build for name, container in found.items()}
    assert all(build is not None for build in builds.values())
    paths = {name: (build.context.value, build.dockerfile.value) for name, build in builds.items() if build is not None}
    assert paths == {
        "short": ("deploy/dev/api", "deploy/dev/api/Dockerfile"),
        "long": ("deploy", "deploy/docker/Dockerfile.api"),
        "here": ("deploy/dev", "deploy/dev/Dockerfile"),
        "remote": ("https://github.com/x/y.git", None),
        "variable": (None, None),
        "wrong": (None, None),
    }
    long, short = builds["long"], builds["short"]
    assert long is not None
    assert short is not None
    assert long.target.value == "prod"
    assert short.target.is_unset
    assert text_at({"deploy/dev/compose.yaml": text}, long.dockerfile.place) == "docker/Dockerfile.api"
    assert {name: value.value for name, value in long.arguments.items()} == {"VERSION": "1", "TOKEN": None}
    assert found["service short"].image is None


def test_an_inline_dockerfile_is_a_source_of_its_own() -> None:
    text = "services:\n  a:\n    build:\n      dockerfile_inline: |\n        FROM alpine:${TAG:-3}\n        USER $$APP\n"
    out = read(text)
    source = out.embedded[0]
    build = containers(out)["service a"].build
    assert build is not None
    assert (source.syntax, source.holder, source.text) == ("dockerfile", "heredoc", "FROM alpine:3\nUSER $APP\n")
    assert build.dockerfile.value == source.name
    start = source.text.index("USER")
    assert text_at(text, source.place(source.span(start, start + 4))) == "USER"
    start = source.text.index("alpine:3")
    assert text_at(text, source.place(source.span(start, start + 6))) == "alpine"


def test_configs_are_embedded_under_the_name_of_the_file_they_become() -> None:
    text = (
        "services:\n  redis:\n    image: redis:7\n    configs:\n      - source: settings\n        target: /etc/redis/redis.conf\n"
        "      - plain\n      - from_file\n"
        "configs:\n  settings:\n    content: |\n      requirepass ${PASSWORD:?set it}\n      port 0\n"
        "  plain: {content: x}\n  from_file: {file: ./infra/redis.conf}\n"
    )
    out = read(text, "dev/compose.yaml")
    assert [(source.name, source.owner, source.holder) for source in out.embedded] == [
        ("/etc/redis/redis.conf", "settings", "compose-config"),
        ("/plain", "plain", "compose-config"),
    ]
    source = out.embedded[0]
    assert source.text == "requirepass ${PASSWORD}\nport 0\n"
    start = source.text.index("port 0")
    assert text_at({"dev/compose.yaml": text}, source.place(source.span(start, start + 6))) == "port 0"
    mounts = containers(out)["service redis"].mounts
    assert [(mount.kind, mount.source.value, mount.target.value, mount.read_only) for mount in mounts] == [
        ("compose-config", "settings", "/etc/redis/redis.conf", True),
        ("compose-config", "plain", "/plain", True),
        ("host", "dev/infra/redis.conf", "/from_file", True),
    ]


@pytest.mark.parametrize(
    ("item", "kind", "source", "target", "read_only"),
    [
        ("data:/data", "volume", "data", "/data", False),
        ("./conf:/etc/app:ro", "host", "dev/conf", "/etc/app", True),
        ("../shared:/x", "host", "shared", "/x", False),
        ("/var/run/docker.sock:/var/run/docker.sock", "host", "/var/run/docker.sock", "/var/run/docker.sock", False),
        ("~/.aws:/root/.aws:ro,z", "host", "~/.aws", "/root/.aws", True),
        ("C:\\data:/data", "host", "C:\\data", "/data", False),
        ("/data", "volume", None, "/data", False),
        ("'${DIR:-./data}:/data'", "host", "dev/data", "/data", False),
        ("'${DIR}:/data'", "host", None, "/data", False),
        ("{type: bind, source: conf, target: /c, read_only: true}", "host", "dev/conf", "/c", True),
        ("{type: volume, source: data, target: /d}", "volume", "data", "/d", False),
        ("{type: tmpfs, target: /t}", "empty", None, "/t", False),
        ("bound:/b", "host", "/etc", "/b", False),
    ],
)
def test_volumes(item: str, kind: str, source: str | None, target: str, read_only: bool) -> None:
    text = (
        f"services:\n  api:\n    image: app:1\n    volumes:\n      - {item}\n"
        "volumes:\n  data:\n  bound: {driver_opts: {type: none, o: 'bind,ro', device: /etc}}\n"
    )
    out = read(text, "dev/compose.yaml")
    mounts = containers(out)["service api"].mounts
    assert [(mount.kind, mount.source.value, mount.target.value, mount.read_only) for mount in mounts] == [
        (kind, source, target, read_only)
    ]
    assert text_at({"dev/compose.yaml": text}, mounts[0].node.place) == item
    assert not out.notices


def test_other_mounts() -> None:
    container, _, _ = service(
        "tmpfs: /run:size=64m\nuse_api_socket: true\nsecrets:\n  - db\n"
        "  - {source: key, target: app.key}\n  - {source: pem, target: /etc/pem}"
    )
    assert [(mount.kind, mount.source.value, mount.target.value) for mount in container.mounts] == [
        ("empty", None, "/run"),
        ("compose-secret", "db", "/run/secrets/db"),
        ("compose-secret", "key", "/run/secrets/app.key"),
        ("compose-secret", "pem", "/etc/pem"),
        ("host", "/var/run/docker.sock", "/var/run/docker.sock"),
    ]


def test_a_malformed_volume_is_a_notice() -> None:
    container, out, text = service("volumes:\n  - aa::bb\n  - [x]")
    assert not container.mounts
    assert [(notice.kind, text_at(text, notice.place)) for notice in out.notices] == [
        (NoticeKind.WRONG_TYPE, "aa::bb"),
        (NoticeKind.WRONG_TYPE, "[x]"),
    ]


def test_networks_labels_and_scale() -> None:
    container, _, _ = service(
        "networks:\n  back: {aliases: [cache, api]}\n  front:\nlabels: [a=1, b]\ndeploy: {replicas: 3, mode: replicated}"
    )
    workload = container.workload
    assert (workload.networks, workload.aliases) == (["back", "front"], ["api", "cache"])
    assert workload.labels == {"a": "1"}
    assert workload.replicas.value == 3
    assert service("scale: 2\ndeploy: {replicas: 3}")[0].workload.replicas.value == 2
    assert service("deploy: {mode: global}")[0].workload.fleet


def test_what_runs_to_completion() -> None:
    out = read(
        "services:\n"
        "  migrate: {image: app:1}\n"
        "  api:\n    image: app:1\n    depends_on:\n"
        "      migrate: {condition: service_completed_successfully}\n      db: {condition: service_healthy}\n"
        "  db: {image: app:1, restart: 'no'}\n"
        "  job: {image: app:1, deploy: {mode: replicated-job}}\n"
        "  never: {image: app:1, restart: no, deploy: {restart_policy: {condition: none}}}\n"
    )
    found = [subject.name for subject in only(out, Workload) if isinstance(subject, Workload) and subject.runs_to_completion]
    assert found == ["service migrate", "service job", "service never"]


def test_merge_keys_and_extension_fields() -> None:
    text = (
        "x-base: &base\n  user: '1000'\n  x-note: 1\nservices:\n  a:\n    <<: *base\n    image: app:1\n"
        "  b:\n    <<: *base\n    image: app:2\n"
    )
    found = containers(read(text))
    assert [shown(text, container.user) for container in found.values()] == [("set", "1000", "'1000'")] * 2
    assert [text_at(text, container.place) for container in found.values()] == ["a", "b"]


def test_extends_in_the_same_file() -> None:
    text = (
        "services:\n"
        "  base:\n    image: app:1\n    user: '1000'\n    command: one\n    ports: ['80:80']\n    environment: {A: 1, B: 1}\n"
        "    volumes: ['first:/x']\n    deploy: {resources: {limits: {memory: 1g}}}\n"
        "  api:\n    extends: {service: base}\n    command: two\n    ports: ['81:81']\n    environment: [B=2, C=3]\n"
        "    volumes: ['second:/x']\n    deploy: {resources: {limits: {cpus: 1}}}\n"
        "  other:\n    extends: api\n    ports: !reset []\n    user: !reset null\n"
    )
    out = read(text)
    found = containers(out)
    api = found["service api"]
    assert (api.image.reference.value if api.image else None, api.arguments.value) == ("app:1", ["two"])
    assert {name: variable.value.value for name, variable in api.environment.items()} == {"A": "1", "B": "2", "C": "3"}
    assert (api.memory_limit.value, api.cpu_limit.value) == (1073741824.0, 1.0)
    assert [mount.source.value for mount in api.mounts] == ["second"]
    assert text_at(text, api.place) == "api"
    assert shown(text, api.user) == ("set", "1000", "'1000'")
    ports = [(port.container.name, port.host_port.value) for port in out.subjects if isinstance(port, PublishedPort)]
    assert ports == [("service base", "80"), ("service api", "80"), ("service api", "81")]
    assert shown(text, found["service other"].user) == ("unset", None, "other")
    assert not out.notices


def test_extends_from_another_file_makes_absences_unknown() -> None:
    text = (
        "services:\n  a:\n    image: app:1\n    extends:\n      file: common.yaml\n      service: base\n"
        "  b:\n    extends: {file: common.yaml, service: base}\n"
    )
    out = read(text)
    container = containers(out)["service a"]
    assert list(containers(out)) == ["service a"]
    assert [(notice.kind, text_at(text, notice.place)) for notice in out.notices] == [(NoticeKind.PARTIAL, "extends")] * 2
    for value in (
        container.user,
        container.memory_limit,
        container.liveness,
        container.capabilities,
        container.privilege_escalation,
    ):
        assert value.is_unknown
    assert [value.state for value in container.environment_from] == ["unknown"]


def test_extends_that_leads_nowhere_or_around_in_a_circle() -> None:
    out = read(
        "services:\n  a: {extends: b, image: x:1}\n  b: {extends: a}\n  c: {extends: none, image: x:1}\n"
        "  d: {extends: [x], image: x:1}\n"
    )
    assert {notice.kind for notice in out.notices} == {NoticeKind.UNRESOLVED, NoticeKind.WRONG_TYPE}
    assert containers(out)["service c"].user.is_unknown
    chain = "".join(f"  s{i}: {{extends: s{i + 1}}}\n" for i in range(200)) + "  s200: {image: x:1}\n"
    assert read("services:\n" + chain).notices


def test_a_service_without_image_and_build_is_no_container() -> None:
    text = "services:\n  api:\n    ports: ['80:80']\n  empty:\n  db: {image: postgres:16, ports: ['5432:5432']}\n"
    out = read(text, "compose.prod.yaml")
    assert list(containers(out)) == ["service db"]
    assert containers(out)["service db"].user.is_unset
    found = [(notice.kind, text_at({"compose.prod.yaml": text}, notice.place)) for notice in out.notices]
    assert sorted(found) == [(NoticeKind.PARTIAL, "api"), (NoticeKind.PARTIAL, "empty")]


def test_an_override_file_proves_what_it_says_and_no_absence() -> None:
    container, out, _ = service("ports: ['5432:5432']\nmem_limit: 1g", "docker-compose.override.yml")
    assert len(only(out, PublishedPort)) == 1
    assert container.memory_limit.value == 1073741824.0
    assert container.user.is_unknown
    assert container.cpu_limit.is_unknown


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("services: []", ["services"]),
        ("services: {a: 3}", ["3"]),
        ("[a, b]", ["[a, b]"]),
        ("services: {a: {image: [x]}}", ["image"]),
        ("services: {a: {image: x, ports: {}}}", ["ports"]),
        ("services: {a: {image: x, environment: 3}}", ["3"]),
        ("services: {a: {image: x, environment: {A: {}}}}", ["A"]),
        ("services: {a: {image: x, deploy: 3}}", ["3"]),
        ("services: {a: {image: x, healthcheck: 3}}", ["3"]),
        ("services: {a: {image: x, cap_drop: ALL}}", ["ALL"]),
        ("services: {a: {image: x, security_opt: x}}", ["x"]),
        ("services: {a: {image: x, privileged: maybe}}", ["maybe"]),
        ("services: {a: {image: x, mem_limit: much}}", ["much"]),
        (
            "services: {a: {image: x, networks: 1, volumes: 2, tmpfs: {}, env_file: {}, command: {}}}",
            ["1", "command", "env_file", "2", "tmpfs"],
        ),
        ("services: {a: {image: x}}\nvolumes: []\nconfigs: 3", ["volumes", "3"]),
        ("other: 1", ["other: 1"]),
    ],
)
def test_wrong_types_are_notices_and_nothing_is_guessed(text: str, places: list[str]) -> None:
    out = read(text)
    assert [text_at(text, notice.place) for notice in out.notices] == places
    assert {notice.kind for notice in out.notices} == {NoticeKind.WRONG_TYPE}
    for container in containers(out).values():
        unread = {
            "deploy": container.memory_limit,
            "cap_drop": container.capabilities,
            "security_opt": container.privilege_escalation,
        }
        assert all(value.is_unknown == (f"{key}:" in text) for key, value in unread.items() if "mem_limit" not in text)


def test_services_that_share_much_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "MAX_ENTRIES", 1000)
    variables = "".join(f"      V{number}: x\n" for number in range(97))
    heirs = "".join(f"  s{number}: {{extends: base}}\n" for number in range(20))
    text = f"services:\n  base:\n    image: x:1\n    environment:\n{variables}{heirs}"
    out = read(text)
    assert [(notice.kind, text_at(text, notice.place)) for notice in out.notices] == [(NoticeKind.LIMIT, "s9")]
    assert len(containers(out)) == 10


def test_an_override_of_replicas_counts() -> None:
    container, _, _ = service("deploy: {replicas: 3}", "compose.override.yaml")
    assert container.workload.replicas.value == 3

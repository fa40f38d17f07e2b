"""What health checks ask for, what images carry, and on which ports containers listen."""

import pytest

from afscan.join.health import health_check_of, orchestrated
from afscan.join.listening import listening
from afscan.join.localimages import is_local
from afscan.join.probing import programs_of, targets_of
from afscan.join.programs import carries, stage_carries
from afscan.model.subjects import Container, ImageBuild, ImageReference, Probe
from support import interpreted, stack_of, text_at

SERVICE = """\
services:
  one:
    image: {image}
"""


def compose(image: str, more: str = "") -> tuple[Container, str]:
    text = SERVICE.format(image=image) + "".join(f"    {line}\n" for line in more.splitlines())
    return stack_of({"compose.yaml": text}).of(Container)[0], text


def checked(test: str) -> Probe:
    container, _ = compose("redis:7.4-alpine", f"healthcheck:\n  test: {test}")
    probe = container.liveness.value
    assert probe is not None
    return probe


@pytest.mark.parametrize(
    ("test", "programs"),
    [
        ("[CMD, curl, -f, http://localhost]", ["curl"]),
        ("curl -f http://localhost || exit 1", ["/bin/sh", "curl"]),
        ("redis-cli -e ping | grep -q PONG", ["/bin/sh", "redis-cli"]),
        ("wget -q http://localhost || curl -f http://localhost", ["/bin/sh"]),
        ("command -v curl && curl http://localhost", ["/bin/sh"]),
        ('"$$CHECK --now"', ["/bin/sh"]),
        ("[NONE]", []),
    ],
)
def test_programs_that_a_check_needs(test: str, programs: list[str]) -> None:
    assert programs_of(checked(test)) == programs


@pytest.mark.parametrize(
    ("test", "target"),
    [
        ("[CMD, curl, -fsS, 'http://localhost:6333/readyz?x=1']", ("http", 6333, "/readyz")),
        ("[CMD, curl, -s, 'http://localhost:6333/readyz']", ("http", 6333, None)),
        ("curl --fail https://127.0.0.1/health || exit 1", ("https", 443, "/health")),
        ("wget -qO- localhost:8080", ("http", 8080, "/")),
        ("bash -c ':> /dev/tcp/127.0.0.1/6333'", ("tcp", 6333, None)),
        ("[CMD, bash, -c, 'exec 3<>/dev/tcp/localhost/5432']", ("tcp", 5432, None)),
        ("redis-cli -e --tls -p 6380 ping", ("rediss", 6380, None)),
        ("redis-cli -h localhost ping", ("redis", 6379, None)),
        ("pg_isready -U $$POSTGRES_USER -d shop -p 5433", ("postgres", 5433, None)),
    ],
)
def test_where_a_check_connects_to(test: str, target: tuple[str, int, str | None]) -> None:
    found = targets_of(checked(test), set())
    assert [(one.speaks, one.port, one.path) for one in found] == [target]


@pytest.mark.parametrize(
    "test",
    [
        "curl -f http://api:8000/health",
        "curl --unix-socket /run/app.sock http://localhost/health",
        "[CMD, curl, -H, 'Host: localhost:80', 'http://api/']",
        "redis-cli -h redis ping",
        "redis-cli -h$$HOSTNAME ping",
        "redis-cli -u redis://localhost:7000 ping",
        "redis-cli -p $$PORT ping",
        "pg_isready -d postgres://localhost:5433/shop",
        "bash -c ':> /dev/tcp/api/80'",
        "python check.py http://localhost:1",
        "wget http://localhost:1 && wget http://localhost:2",
    ],
)
def test_where_it_cannot_be_told(test: str) -> None:
    assert targets_of(checked(test), set()) == []


def test_pg_isready_without_a_port_follows_the_environment() -> None:
    probe = checked("pg_isready")
    assert [one.port for one in targets_of(probe, set())] == [5432]
    assert targets_of(probe, {"PGPORT"}) == []


@pytest.mark.parametrize(
    ("image", "more", "program", "carried"),
    [
        ("qdrant/qdrant:v1.15.4", "", "curl", False),
        ("qdrant/qdrant:v1.15.4", "", "/usr/bin/curl", False),
        ("qdrant/qdrant:v1.15.4", "", "bash", True),
        ("ghcr.io/example/app:1", "", "curl", None),
        ("qdrant/qdrant:v1.15.4", "volumes: [./curl:/usr/bin/curl]", "curl", None),
        ("qdrant/qdrant:v1.15.4", "volumes: [./bin:/usr/local/bin]", "curl", None),
        ("qdrant/qdrant:v1.15.4", "volumes: [./tools:/tools]", "/tools/curl", None),
        ("qdrant/qdrant:v1.15.4", "environment: {PATH: /tools}", "curl", None),
        ("qdrant/qdrant:v1.15.4", "volumes: [./storage:/qdrant/storage]", "curl", False),
    ],
)
def test_programs_of_an_image(image: str, more: str, program: str, carried: bool | None) -> None:
    assert carries(compose(image, more)[0], program) is carried


@pytest.mark.parametrize(
    ("lines", "carried"),
    [
        ("RUN apt-get update && apt-get install -y libpq5", False),
        ("RUN apt-get install -y libcurl4-openssl-dev", False),
        ("RUN A=1 && if [ -n x ]; then useradd app; fi", False),
        ("COPY . /app", False),
        ("COPY bin/app /usr/local/bin/app", False),
        ("RUN apt-get install -y curl", None),
        ("RUN ./install.sh", None),
        ("RUN $INSTALL", None),
        ("COPY curl /opt/", None),
        ("COPY --from=tools /usr/bin /usr/local/bin/", None),
        ("COPY rootfs/ /", None),
        ("ENV PATH=/opt/tools:$PATH\nCOPY tools /opt/tools", None),
    ],
)
def test_programs_of_a_dockerfile(lines: str, carried: bool | None) -> None:
    build = next(
        one for one in interpreted(f"FROM python:3.12-slim\n{lines}\n", "Dockerfile").subjects if isinstance(one, ImageBuild)
    )
    assert stage_carries(build.stages[-1], "curl") is carried


def test_what_an_earlier_stage_installs_counts_only_for_those_built_on_it() -> None:
    text = "FROM debian:12 AS base\nRUN apt-get install -y curl\nFROM base AS a\nFROM debian:12-slim AS b\nFROM scratch AS c\n"
    build = next(one for one in interpreted(text, "Dockerfile").subjects if isinstance(one, ImageBuild))
    assert [stage_carries(stage, "curl") for stage in build.stages] == [None, None, False, False]


@pytest.mark.parametrize(
    ("lines", "carried"),
    [
        ("FROM debian:12-slim AS t\nRUN useradd app\n", False),
        ("FROM debian:12-slim AS t\nRUN apt-get install -y curl\n", None),
        ("FROM ghcr.io/example/tools:1 AS t\n", None),
    ],
)
def test_programs_that_are_copied_from_another_stage(lines: str, carried: bool | None) -> None:
    text = f"{lines}FROM python:3.12-slim\nENV PATH=/opt/t/bin:$PATH\nCOPY --from=t /opt/t /opt/t\n"
    build = next(one for one in interpreted(text, "Dockerfile").subjects if isinstance(one, ImageBuild))
    assert stage_carries(build.stages[-1], "curl", build.stages) is carried
    assert stage_carries(build.stages[-1], "curl") is None


@pytest.mark.parametrize(
    ("image", "more", "ports"),
    [
        ("redis:7.4", "", {6379: "redis"}),
        ("redis:7.4", "command: redis-server --port 0 --tls-port 6380", {6380: "rediss"}),
        ("redis:7.4", "command: redis-server --cluster-enabled yes", {6379: "redis", 16379: ""}),
        ("qdrant/qdrant:v1.15.4", "", {6333: "http", 6334: "", 6335: ""}),
        ("qdrant/qdrant:v1.15.4", "environment: {QDRANT__SERVICE__ENABLE_TLS: 'true'}", {6333: "https", 6334: "", 6335: ""}),
        ("postgres:16.10", "", {5432: "postgres"}),
        ("postgres:16.10", "command: -p 5433", {5433: "postgres"}),
        ("postgres:16.10", "environment: {PGPORT: '5434'}", {5434: "postgres"}),
        ("bitnami/postgresql:16", "environment: {POSTGRESQL_PORT_NUMBER: '5435'}", {5435: "postgres"}),
        ("nginx:1.29", "", {80: ""}),
    ],
)
def test_ports(image: str, more: str, ports: dict[int, str]) -> None:
    text = SERVICE.format(image=image) + (f"    {more}\n" if more else "")
    stack = stack_of({"compose.yaml": text})
    found = listening(stack, stack.of(Container)[0])
    assert found is not None
    assert (found.ports, found.unknown) == (ports, "")


@pytest.mark.parametrize(
    "more",
    [
        "command: nginx -c /etc/nginx/other.conf",
        "volumes: [./site.conf:/etc/nginx/conf.d/default.conf]",
        "environment: {NGINX_PORT: '8080'}",
        "env_file: settings.env",
    ],
)
def test_ports_of_an_image_that_is_configured_are_not_known(more: str) -> None:
    stack = stack_of({"compose.yaml": SERVICE.format(image="nginx:1.29") + f"    {more}\n"})
    assert listening(stack, stack.of(Container)[0]) is None


@pytest.mark.parametrize(
    ("image", "more"),
    [
        ("redis:7.4", "command: redis-server --port ${PORT}"),
        ("redis:7.4", "command: redis-server /etc/redis/redis.conf"),
        ("ghcr.io/example/redis:7", "restart: always"),
        ("ghcr.io/example/qdrant:1", "environment: {QDRANT__SERVICE__GRPC_PORT: '6334'}"),
    ],
)
def test_an_unknown_port_is_said_to_be_so(image: str, more: str) -> None:
    text = SERVICE.format(image=image) + f"    {more}\n"
    stack = stack_of({"compose.yaml": text})
    found = listening(stack, stack.of(Container)[0])
    assert found is not None
    assert found.unknown


def test_the_place_that_decides_a_port() -> None:
    text = SERVICE.format(image="redis:7.4") + "    command: redis-server --port 6380\n"
    stack = stack_of({"compose.yaml": text})
    found = listening(stack, stack.of(Container)[0])
    assert found is not None
    assert text_at(text, found.because[6380]) == "6380"


def test_health_checks_are_inherited_from_stage_to_stage() -> None:
    text = "FROM debian:12 AS a\nHEALTHCHECK CMD true\nFROM a AS b\nFROM b AS c\nHEALTHCHECK NONE\nFROM debian:12 AS d\n"
    build = next(one for one in interpreted(text, "Dockerfile").subjects if isinstance(one, ImageBuild))
    found = [health_check_of(stage) for stage in build.stages]
    assert [one.value.kind if one.value is not None else None for one in found] == ["exec", "exec", "none", None]


POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: one}\nspec:\n  containers:\n  - {name: one, image: 'one:1'}\n"


def test_who_watches_the_containers() -> None:
    dockerfile = {"Dockerfile": "FROM debian:12\n"}
    assert orchestrated(stack_of(dockerfile)) is False
    assert orchestrated(stack_of(dockerfile, complete=False)) is None
    assert orchestrated(stack_of({**dockerfile, "pod.yaml": POD})) is True
    assert orchestrated(stack_of({**dockerfile, "compose.yaml": SERVICE.format(image="redis:7")})) is False
    assert orchestrated(stack_of({**dockerfile, "templates/pod.yaml": "{{- if .Values.on }}\n" + POD + "{{- end }}\n"})) is None


def test_images_that_are_built_here() -> None:
    text = """\
services:
  api: {build: ., image: "shop:latest"}
  worker: {image: shop}
  other: {image: "shop:2"}
"""
    stack = stack_of({"compose.yaml": text, "pod.yaml": POD.replace("one:1", "shop:latest")})
    found = {(image.platform, image.reference.value): is_local(stack, image) for image in stack.of(ImageReference)}
    assert found == {
        ("compose", "shop:latest"): True,
        ("compose", "shop"): True,
        ("compose", "shop:2"): False,
        ("kubernetes", "shop:latest"): False,
    }


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("one", (None, None)),
        ("host:5000/one", (None, None)),
        ("host:5000/one:1.2", ("1.2", None)),
        ("one@sha256:ab", (None, "sha256:ab")),
        ("one:1.2@sha256:ab", ("1.2", "sha256:ab")),
        ("${R}/one", (None, None)),
        ("${R}/one:latest", ("latest", None)),
        ("${R}one:latest", ("latest", None)),
        ("${R}one", None),
        ("one:${T}", None),
        ("${ONE}", None),
        ("one:1@${D}", None),
    ],
)
def test_version_of_an_image(image: str, version: tuple[str | None, str | None] | None) -> None:
    container, _ = compose(image)
    assert container.image is not None
    assert container.image.version == version

"""Compose projects: override files, overlays, include, extends across files, dotenv files: values and exact places."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.engine import Options, scan
from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.stack import Stack
from afscan.model.subjects import Connection, Container, Credential, Origin, PublishedPort, RedisServer, Workload, overlay_of
from afscan.model.value import Value
from afscan.platforms.compose.library import Library
from afscan.platforms.compose.merging import Merger
from afscan.platforms.compose.reading import Context, Layer, Scope, nothing_known, present
from afscan.platforms.reading import Interpretation
from support import parsed, stack_of, text_at

Files = dict[str, str]


def containers(stack: Stack) -> dict[str, Container]:
    """By name; those that an overlay changes as ``name @ overlay``."""
    return {
        one.name.removeprefix("service ") + (f" @ {overlay_of(one)}" if overlay_of(one) else ""): one
        for one in stack.of(Container)
    }


def shown(files: Files, value: "Value[object] | None") -> tuple[str, object, str, str]:
    assert value is not None
    return value.state, value.value, value.place.path, text_at(files, value.place)


def notices(files: Files, stack: Stack) -> list[tuple[NoticeKind, str, str]]:
    return sorted((one.kind, one.place.path, text_at(files, one.place)) for one in stack.notices)


BASE = """\
services:
  api:
    image: app:1
    user: "1000"
    command: one
    ports: ["80:80"]
    environment: {A: base, B: base}
    volumes: ["first:/x", "kept:/y"]
    healthcheck: {test: [CMD, a], interval: 5s}
"""
OVER = """\
services:
  api:
    command: two
    ports: ["81:81", "80:80"]
    environment: [B=over, C=over]
    volumes: ["second:/x"]
    healthcheck: {test: [CMD, b]}
    mem_limit: 1g
"""


@pytest.mark.parametrize(
    ("base", "over"),
    [
        ("compose.yaml", "compose.override.yaml"),
        ("docker-compose.yml", "docker-compose.override.yml"),
        ("infra/docker-compose.yaml", "infra/compose.override.yml"),
    ],
)
def test_the_override_file_is_merged_over_the_base_by_itself(base: str, over: str) -> None:
    files = {base: BASE, over: OVER}
    stack = stack_of(files)
    assert list(containers(stack)) == ["api"]
    api = containers(stack)["api"]
    assert (api.place.path, text_at(files, api.place)) == (base, "api")
    assert shown(files, api.user) == ("set", "1000", base, '"1000"')
    assert shown(files, api.arguments) == ("set", ["two"], over, "two")
    assert shown(files, api.memory_limit) == ("set", 1073741824.0, over, "1g")
    assert shown(files, api.cpu_limit) == ("unset", None, base, "api")
    assert {name: shown(files, one.value)[1:] for name, one in api.environment.items()} == {
        "A": ("base", base, "base"),
        "B": ("over", over, "over"),
        "C": ("over", over, "over"),
    }
    assert [(mount.source.value, mount.node.place.path) for mount in api.mounts] == [("second", over), ("kept", base)]
    ports = [(one.host_port.value, one.place.path, text_at(files, one.place)) for one in stack.of(PublishedPort)]
    assert ports == [("80", over, '"80:80"'), ("81", over, '"81:81"')]
    probe = api.liveness.value
    assert probe is not None
    assert probe.command is not None
    assert probe.command.value == ["b"]
    assert api.liveness.place.path == over
    assert not stack.notices


def test_reset_and_override_tags() -> None:
    over = "services:\n  api:\n    ports: !override ['81:81']\n    user: !reset null\n    environment:\n      A: !reset null\n    volumes: !reset []\n"
    files = {"compose.yaml": BASE, "compose.override.yaml": over}
    stack = stack_of(files)
    api = containers(stack)["api"]
    assert [one.host_port.value for one in stack.of(PublishedPort)] == ["81"]
    assert shown(files, api.user) == ("unset", None, "compose.override.yaml", "user")
    assert not api.mounts
    removed = stack_of({"compose.yaml": BASE, "compose.override.yaml": "services:\n  api: !reset null\n  b: {image: x}\n"})
    assert list(containers(removed)) == ["b"]


def test_null_in_an_override_passes_a_variable_on_and_changes_nothing_else() -> None:
    files = {
        "compose.yaml": BASE,
        "compose.override.yaml": "services:\n  api:\n    user:\n    command:\n    environment:\n      A:\n",
    }
    api = containers(stack_of(files))["api"]
    assert api.user.value == "1000"
    assert api.arguments.is_unset
    assert shown(files, api.environment["A"].value) == ("unknown", None, "compose.override.yaml", "A")


def test_fields_in_several_forms_are_brought_together() -> None:
    base = "services:\n  api:\n    build: ./api\n    networks: [back]\n    tmpfs: /a\n    env_file: a.env\n    logging: {driver: x, options: {a: 1}}\n"
    over = "services:\n  api:\n    build: {target: prod}\n    networks: {front: {aliases: [web]}}\n    tmpfs: [/b, /a]\n    env_file: [b.env]\n"
    files = {"app/compose.yaml": base, "app/compose.override.yaml": over, "app/a.env": "A=1\nB=1\n", "app/b.env": "B=2\n"}
    api = containers(stack_of(files))["api"]
    assert api.build is not None
    assert shown(files, api.build.context)[1:] == ("app/api", "app/compose.yaml", "./api")
    assert shown(files, api.build.target)[1:] == ("prod", "app/compose.override.yaml", "prod")
    assert (api.workload.networks, api.workload.aliases) == (["back", "front"], ["api", "web"])
    assert [mount.target.value for mount in api.mounts] == ["/a", "/b"]
    assert {name: one.value.value for name, one in api.environment.items()} == {"A": "1", "B": "2"}


def test_a_service_that_the_override_alone_has_stands_there() -> None:
    files = {"compose.yaml": BASE, "compose.override.yaml": "services:\n  debug: {image: tools:1}\n  api:\n"}
    stack = stack_of(files)
    debug = containers(stack)["debug"]
    assert shown(files, debug.memory_limit) == ("unset", None, "compose.override.yaml", "debug")
    assert list(containers(stack)) == ["api", "debug"]
    assert not stack.notices


def test_an_override_without_its_base_stays_a_notice() -> None:
    files = {"compose.override.yaml": "services:\n  api: {ports: ['1:1']}\n  db: {image: postgres:16}\n"}
    stack = stack_of(files)
    assert list(containers(stack)) == ["db"]
    assert containers(stack)["db"].memory_limit.is_unknown
    assert notices(files, stack) == [(NoticeKind.PARTIAL, "compose.override.yaml", "api")]


PROD = """\
services:
  api:
    privileged: true
    user: !reset null
    ports: ["443:443"]
  extra:
    image: extra:1
"""


def test_an_overlay_is_judged_beside_its_base_and_reported_where_it_differs() -> None:
    files = {"docker-compose.yml": BASE, "docker-compose.override.yml": OVER, "docker-compose.prod.yml": PROD}
    stack = stack_of(files)
    found = containers(stack)
    assert list(found) == ["api", "api @ docker-compose.prod.yml", "extra"]
    plain, merged = found["api"], found["api @ docker-compose.prod.yml"]
    assert plain.privileged.is_unset
    assert shown(files, merged.privileged) == ("set", True, "docker-compose.prod.yml", "true")
    assert shown(files, merged.user) == ("unset", None, "docker-compose.prod.yml", "user")
    assert merged.arguments.value == ["one"]  # -f base -f overlay: the override file is not merged then
    assert shown(files, merged.memory_limit) == ("unset", None, "docker-compose.yml", "api")
    assert [(one.host_port.value, overlay_of(one)) for one in stack.of(PublishedPort)] == [
        ("80", ""),
        ("81", ""),
        ("443", "docker-compose.prod.yml"),
    ]
    assert not stack.notices


def scanned(files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *codes: str) -> "list[tuple[str, str, int]]":
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    result = scan(["."], Options(select=codes, profile="strict"))
    assert not result.errors
    return [(f.rule.code, f.place.path, f.place.line) for f in result.findings if f.active]


def test_findings_of_an_overlay_are_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"docker-compose.yml": BASE, "docker-compose.prod.yml": PROD}
    assert scanned(files, tmp_path, monkeypatch, "SEC204", "DEP201") == [
        ("SEC204", "docker-compose.prod.yml", 3),
        ("DEP201", "docker-compose.prod.yml", 6),
        ("DEP201", "docker-compose.yml", 2),
    ]


def test_what_an_overlay_repairs_stays_a_finding_of_the_base_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over = "services:\n  api: {mem_limit: 1g}\n"
    found = scanned({"compose.yaml": BASE, "compose.prod.yaml": over}, tmp_path, monkeypatch, "DEP201")
    assert found == [("DEP201", "compose.yaml", 2)]
    found = scanned({"compose.yaml": BASE, "compose.override.yaml": over}, tmp_path, monkeypatch, "DEP201")
    assert found == []


def test_a_server_as_an_overlay_makes_it() -> None:
    base = "services:\n  cache: {image: 'redis:7'}\n  api: {image: app:1, environment: {REDIS_URL: 'redis://cache:6379'}}\n"
    over = "services:\n  cache:\n    command: redis-server --port 0 --tls-port 6379\n"
    files = {"compose.yaml": base, "compose.tls.yaml": over}
    stack = stack_of(files)
    servers = {overlay_of(one): (one.port.value, one.tls_port.value) for one in stack.of(RedisServer)}
    assert servers == {"": (None, None), "compose.tls.yaml": (0, 6379)}
    assert [overlay_of(one) for one in stack.of(Connection)] == [""]


def test_files_that_stand_alone_are_projects_of_their_own() -> None:
    prod = "services:\n  api: {image: app:2}\n"
    stack = stack_of({"docker-compose.yml": BASE, "docker-compose.prod.yml": prod, "other/compose.yaml": prod})
    found = [(one.place.path, overlay_of(one), one.user.state) for one in stack.of(Container)]
    assert sorted(found) == [
        ("docker-compose.prod.yml", "", "unset"),
        ("docker-compose.yml", "", "set"),
        ("other/compose.yaml", "", "unset"),
    ]


def test_an_overlay_of_a_base_with_another_name() -> None:
    files = {"docker-compose.base.yml": BASE, "docker-compose.dev.yml": "services:\n  api: {privileged: true}\n"}
    assert list(containers(stack_of(files))) == ["api", "api @ docker-compose.dev.yml"]
    two = files | {"docker-compose.alt.yml": BASE}
    stack = stack_of(two)
    assert notices(two, stack) == [(NoticeKind.PARTIAL, "docker-compose.dev.yml", "api")]


def test_compose_file_of_the_folder_decides() -> None:
    files = {
        ".env": "COMPOSE_FILE=docker-compose.yml:docker-compose.prod.yml\n",
        "docker-compose.yml": BASE,
        "docker-compose.prod.yml": PROD,
    }
    found = containers(stack_of(files))
    assert list(found) == ["api", "extra"]
    assert found["api"].privileged.value is True


def test_include_in_both_forms() -> None:
    main = """\
name: shop
include:
  - sub/compose.yaml
  - path: [../lib/db.yaml, ./db.more.yaml]
    project_directory: ../data
    env_file: [vars.env]
services:
  api: {image: 'app:${TAG:-0}', environment: {PROJECT: '${COMPOSE_PROJECT_NAME}'}}
"""
    files = {
        "app/compose.yaml": main,
        "app/.env": "TAG=1\n",
        "app/vars.env": "DB=16\nTAG=9\n",
        "app/sub/compose.yaml": "services:\n  web: {image: 'web:${TAG}-${SUB}', volumes: ['./w:/w']}\n",
        "app/sub/.env": "SUB=sub\nTAG=8\n",
        "lib/db.yaml": "services:\n  db: {image: 'postgres:${DB}', volumes: ['./d:/d']}\n",
        "app/db.more.yaml": "services:\n  db: {privileged: true, mem_limit: 1g}\n",
    }
    stack = stack_of(files)
    found = containers(stack)
    assert sorted(found) == ["api", "db", "web"]
    images = {name: one.image.reference.value for name, one in found.items() if one.image is not None}
    assert images == {"api": "app:1", "web": "web:1-sub", "db": "postgres:16"}
    assert [found[name].mounts[0].source.value for name in ("web", "db")] == ["app/sub/w", "data/d"]
    assert shown(files, found["db"].privileged) == ("set", True, "app/db.more.yaml", "true")
    assert found["db"].place.path == "lib/db.yaml"
    assert found["api"].environment["PROJECT"].value.value == "shop"
    assert {one.project for one in stack.of(Workload)} == {"shop"}
    assert not stack.notices


def test_an_override_of_the_including_project_changes_included_services() -> None:
    files = {
        "compose.yaml": "include: [sub/compose.yaml]\nservices: {}\n",
        "sub/compose.yaml": "services:\n  web: {image: 'web:1'}\n",
        "compose.override.yaml": "services:\n  web: {user: '5'}\n",
        "sub/compose.override.yaml": "services:\n  web: {user: '6'}\n",
    }
    stack = stack_of(files)
    users = {name: one.user.value for name, one in containers(stack).items()}
    assert users == {"web": "5", "web @ sub/compose.override.yaml": "6"}
    assert not stack.notices


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("gone.yaml", "is not among the files that were read"),
        ("../../elsewhere.yaml", "lies outside the scanned folder"),
        ("/etc/compose.yaml", "lies outside the scanned folder"),
        ("oci://example.org/app:1", "is fetched from elsewhere"),
        ("https://github.com/a/b.git", "is fetched from elsewhere"),
        ("${WHERE}/compose.yaml", "`${WHERE}` comes from the environment"),
    ],
)
def test_what_cannot_be_followed_is_noted_at_its_place(path: str, why: str) -> None:
    text = f"include:\n  - {path}\nservices:\n  a:\n    image: x\n    extends:\n      file: {path}\n      service: b\n"
    files = {"app/compose.yaml": text}
    stack = stack_of(files)
    assert [(one.kind, text_at(files, one.place), why in one.reason) for one in stack.notices] == [
        (NoticeKind.UNRESOLVED, path, True)
    ] * 2
    assert containers(stack)["a"].user.is_unknown
    part = stack_of(files, complete=False)
    assert notices(files, part) == [(NoticeKind.PARTIAL, "app/compose.yaml", "extends")]
    assert containers(part)["a"].user.is_unknown


def test_files_that_include_each_other() -> None:
    files = {
        "a.compose.yaml": "include: [b.compose.yaml]\nservices:\n  a: {image: x}\n",
        "b.compose.yaml": "include:\n  - a.compose.yaml\nservices:\n  b: {image: x}\n",
    }
    stack = stack_of(files)
    assert sorted(containers(stack)) == ["a", "b"]
    assert notices(files, stack) == [(NoticeKind.LIMIT, "b.compose.yaml", "a.compose.yaml")]


def test_a_service_that_is_also_included_is_a_conflict() -> None:
    files = {"compose.yaml": "include: [b.yml]\nservices:\n  a: {image: x}\n", "b.yml": "services:\n  a: {image: y}\n"}
    stack = stack_of(files)
    assert [one.image.reference.value for one in stack.of(Container) if one.image is not None] == ["x"]
    assert notices(files, stack) == [(NoticeKind.PARTIAL, "compose.yaml", "a")]


def test_extends_from_another_file() -> None:
    files = {
        "app/compose.yaml": "services:\n  api:\n    extends: {file: ../common/base.yaml, service: base}\n    image: 'app:${TAG}'\n",
        "app/.env": "TAG=3\n",
        "common/base.yaml": (
            "services:\n  root:\n    user: '7'\n    volumes: ['./c:/c']\n  base:\n    extends: root\n    privileged: true\n"
            "    environment: {T: '${TAG}'}\n  other: {image: 'o:1'}\n"
        ),
    }
    stack = stack_of(files)
    found = containers(stack)
    assert sorted(found) == ["api", "other"]
    api = found["api"]
    assert shown(files, api.privileged) == ("set", True, "common/base.yaml", "true")
    assert shown(files, api.user) == ("set", "7", "common/base.yaml", "'7'")
    assert shown(files, api.memory_limit) == ("unset", None, "app/compose.yaml", "api")
    assert api.mounts[0].source.value == "common/c"
    assert api.environment["T"].value.value == "3"
    assert not stack.notices


def test_extends_across_files_in_a_circle_or_to_nothing() -> None:
    files = {
        "a.compose.yaml": "services:\n  a:\n    image: x\n    extends: {file: b.compose.yaml, service: b}\n",
        "b.compose.yaml": (
            "services:\n  b:\n    image: x\n    extends: {file: a.compose.yaml, service: a}\n"
            "  c:\n    image: x\n    extends: {file: a.compose.yaml, service: none}\n"
        ),
    }
    stack = stack_of(files)
    found = containers(stack)
    assert list(found) == ["c"]  # the other two exist to be extended
    assert found["c"].user.is_unknown
    assert (NoticeKind.UNRESOLVED, "b.compose.yaml", "extends") in notices(files, stack)


def test_env_files() -> None:
    text = """\
services:
  api:
    image: app:1
    env_file:
      - a.env
      - {path: b.env, required: false}
      - {path: raw.env, format: raw}
      - {path: gone.env, required: false}
    environment: {OWN: own, SHARED: own}
"""
    files = {
        "app/compose.yaml": text,
        "app/.env": "OUTER=outer\n",
        "app/a.env": "A=a\nSHARED=file\nURL=redis://${HOST:-cache}/${OUTER}/${OWN}/${A}\n",
        "app/b.env": "A=b\n",
        "app/raw.env": "RAW='$x'\n",
    }
    stack = stack_of(files)
    api = containers(stack)["api"]
    values = {name: (one.value.value, one.value.place.path, one.shared) for name, one in api.environment.items()}
    assert values == {
        "A": ("b", "app/b.env", True),
        "SHARED": ("own", "app/compose.yaml", False),
        "URL": ("redis://cache/outer/own/a", "app/a.env", True),
        "RAW": ("'$x'", "app/raw.env", True),
        "OWN": ("own", "app/compose.yaml", False),
    }
    assert [shown(files, one)[2:] for one in api.environment_from] == [("app/compose.yaml", "gone.env")]
    connections = [(one.host.value, one.container is api, one.place.path) for one in stack.of(Connection)]
    assert connections == [("cache", True, "app/a.env")]
    assert not stack.notices


SECRET = "9fK2xLq7Zt4WmB8sVn3R"


def test_a_secret_in_a_dotenv_file_is_reported_there_alone() -> None:
    files = {
        ".env": f"DB_PASSWORD={SECRET}\n",
        "compose.yaml": (
            "services:\n  a: {image: x, env_file: .env}\n  b: {image: x, env_file: [.env]}\n"
            "  c: {image: x, environment: {DB_PASSWORD: '${DB_PASSWORD}', P: '${DB_PASSWORD}'}}\n"
            "  d: {image: x, environment: [DB_PASSWORD]}\n"
        ),
    }
    stack = stack_of(files)
    found = [(one.place.path, one.origin, one.platform) for one in stack.of(Credential)]
    assert sorted(found) == [
        (".env", Origin.LITERAL, "dotenv"),
        ("compose.yaml", Origin.INTERPOLATED, "compose"),
        ("compose.yaml", Origin.INTERPOLATED, "compose"),
    ]
    for name in "abcd":
        assert containers(stack)[name].environment["DB_PASSWORD"].value.value == SECRET


def test_the_secret_rule_names_the_line_of_the_dotenv_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        ".env": f"# local\nDB_PASSWORD={SECRET}\nDB_URL=postgres://app:{SECRET}@db/app\n",
        ".env.example": f"DB_PASSWORD={SECRET}\n",
        "compose.yaml": "services:\n  a: {image: 'x:1', env_file: .env, environment: {X: '${DB_PASSWORD}'}}\n",
    }
    assert scanned(files, tmp_path, monkeypatch, "SEC101", "SEC105") == [("SEC101", ".env", 2), ("SEC105", ".env", 3)]


def test_values_of_the_projects_dotenv_file() -> None:
    files = {
        "compose.yaml": (
            "services:\n  a:\n    image: ${IMAGE:?}\n    user: ${ID}\n    ports: ['${BIND}:5432:5432']\n"
            "    environment:\n      URL: postgres://u:${PW}@h/${NAME}\n      LIST: a${MISSING}${ID}\n      EMPTY: ${NONE-x}\n"
        ),
        ".env": "IMAGE=app:latest\nID=0\nBIND=127.0.0.1\nPW=pw\nNAME=n\nNONE=\n",
    }
    stack = stack_of(files)
    a = containers(stack)["a"]
    assert a.image is not None
    assert shown(files, a.image.reference) == ("set", "app:latest", "compose.yaml", "${IMAGE:?}")
    assert a.user.value == "0"
    assert [one.host_ip.value for one in stack.of(PublishedPort)] == ["127.0.0.1"]
    values = {name: (one.value.value, one.origin) for name, one in a.environment.items()}
    assert values == {
        "URL": ("postgres://u:pw@h/n", Origin.INTERPOLATED),
        "LIST": ("a${MISSING}0", Origin.INTERPOLATED),
        "EMPTY": ("", Origin.INTERPOLATED),
    }


def test_what_a_dotenv_file_gives_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("afscan.platforms.compose.library.MAX_GIVEN", 25)
    variables = ", ".join(f"V{i}: '${{X}}'" for i in range(4))
    files = {".env": "X=0123456789\n", "compose.yaml": f"services: {{a: {{image: x, environment: {{{variables}}}}}}}"}
    a = containers(stack_of(files))["a"]
    assert [one.value.state for one in a.environment.values()] == ["set", "set", "unknown", "unknown"]


def test_services_of_every_profile_are_judged() -> None:
    stack = stack_of({"compose.yaml": "services:\n  a: {image: x, profiles: [debug]}\n  b: {image: x, profiles: []}\n"})
    assert list(containers(stack)) == ["a", "b"]


def test_configs_of_an_override_reach_the_server() -> None:
    files = {
        "compose.yaml": "services:\n  cache:\n    image: redis:7\n    command: redis-server /redis.conf\n    configs: [{source: c, target: /redis.conf}]\n",
        "compose.override.yaml": "configs:\n  c:\n    content: |\n      port 0\n      tls-port 6379\n",
    }
    server = stack_of(files).of(RedisServer)[0]
    assert shown(files, server.port) == ("set", 0, "compose.override.yaml", "0")
    assert shown(files, server.tls_port) == ("set", 6379, "compose.override.yaml", "6379")


def test_the_documents_of_one_file_are_merged() -> None:
    files = {"compose.yaml": "services:\n  a: {image: x}\n---\nservices:\n  a: {user: '5'}\n"}
    stack = stack_of(files)
    assert [one.user.value for one in stack.of(Container)] == ["5"]


def test_blocks_of_a_document_belong_together() -> None:
    text = (
        "```yaml\n# docker-compose.yml\n" + BASE + "```\n\n```yaml\n# docker-compose.override.yml\n" + OVER + "```\n"
        "\n```yaml\nservices:\n  api:\n    ports: ['1:1']\n```\n"
    )
    files = {"docs/guide.md": text, "docs/docker-compose.yml": "services:\n  api: {image: y}\n"}
    stack = stack_of(files)
    found = [(one.place.path, one.user.value, one.arguments.value) for one in stack.of(Container)]
    assert sorted(found, key=str) == [("docs/docker-compose.yml", None, None), ("docs/guide.md", "1000", ["two"])]
    assert notices(files, stack) == [(NoticeKind.PARTIAL, "docs/guide.md", "api")]


# ---------------------------------------------------------------- merging against a naive reference

SCALARS = st.sampled_from(["a", "b", "1", 2, None])
NAMES = st.sampled_from(["A", "B", "C"])
PORTS = st.one_of(
    st.sampled_from(["80:80", "0.0.0.0:80:80/tcp", "127.0.0.1:80:80", "81:80", "80"]),
    st.fixed_dictionaries({"target": st.sampled_from([80, "80"]), "published": st.sampled_from([80, "81"])}),
)
VOLUMES = st.one_of(
    st.sampled_from(["aa:/x", "bb:/x:ro", "/x", "./c:/y"]),
    st.fixed_dictionaries({"type": st.just("bind"), "target": st.sampled_from(["/x", "/y"])}),
)
PAIRS = st.one_of(
    st.dictionaries(NAMES, SCALARS, max_size=3), st.lists(st.sampled_from(["A=1", "A=2", "B", "C=x=y"]), max_size=3)
)
SERVICES = st.fixed_dictionaries(
    {},
    optional={
        "user": SCALARS,
        "command": st.one_of(SCALARS, st.lists(st.sampled_from(["x", "y"]), max_size=2)),
        "entrypoint": st.lists(st.sampled_from(["x", "y"]), max_size=2),
        "healthcheck": st.dictionaries(st.sampled_from(["test", "interval"]), SCALARS, max_size=2),
        "deploy": st.dictionaries(NAMES, st.one_of(SCALARS, st.dictionaries(NAMES, SCALARS, max_size=2)), max_size=2),
        "ports": st.lists(PORTS, max_size=3),
        "volumes": st.lists(VOLUMES, max_size=3),
        "cap_add": st.lists(st.sampled_from(["X", "Y"]), max_size=2, unique=True),
        "security_opt": st.lists(st.sampled_from(["x", "y"]), max_size=2),
        "environment": PAIRS,
        "labels": PAIRS,
        "dns": st.one_of(st.just("1.1.1.1"), st.lists(st.sampled_from(["1.1.1.1", "8.8.8.8"]), max_size=2, unique=True)),
        "networks": st.one_of(
            st.lists(st.sampled_from(["n", "m"]), max_size=2, unique=True),
            st.dictionaries(st.sampled_from(["n", "m"]), st.none(), max_size=2),
        ),
        "build": st.one_of(
            st.sampled_from([".", "./a"]), st.dictionaries(st.sampled_from(["context", "target"]), st.just("t"), max_size=2)
        ),
        "logging": st.fixed_dictionaries(
            {}, optional={"driver": st.sampled_from(["x", "y"]), "options": st.dictionaries(NAMES, st.just("o"), max_size=2)}
        ),
    },
)


def pairs(value: object) -> dict[str, object]:
    """A mapping or list of pairs as one mapping; None is passed on."""
    if isinstance(value, dict):
        return {name: None if one is None else str(one) for name, one in value.items()}
    assert isinstance(value, list)
    return {item.partition("=")[0]: item.partition("=")[2] if "=" in item else None for item in value}


def port_key(item: object) -> object:
    if isinstance(item, dict):
        return ("", str(item["published"]), str(item["target"]))
    parts = str(item).removesuffix("/tcp").split(":")
    parts = [""] * (3 - len(parts)) + parts
    return ("" if parts[0] == "0.0.0.0" else parts[0], parts[1], parts[2])


def volume_key(item: object) -> object:
    return item["target"] if isinstance(item, dict) else next(part for part in str(item).split(":") if part.startswith("/"))


def joined(base: list[object], over: list[object], key: object) -> list[object]:
    assert callable(key)
    found: dict[object, object] = {}
    for item in (*base, *over):
        found[key(item)] = item
    return list(found.values())


def naive(base: dict[str, object], over: dict[str, object]) -> dict[str, object]:
    """The rules of the Compose Specification on plain values, field by field."""
    merged = dict(base)
    for name, new in over.items():
        old = base.get(name)
        if name not in base or name in ("command", "entrypoint"):
            merged[name] = new
        elif new is None:
            continue
        elif old is None:
            merged[name] = new
        elif name in ("environment", "labels"):
            merged[name] = pairs(old) | pairs(new)
        elif name == "networks":
            merged[name] = dict.fromkeys(old) | dict.fromkeys(new)  # type: ignore[call-overload]
        elif name == "build":
            merged[name] = ({"context": old} if isinstance(old, str) else dict(old)) | (
                {"context": new} if isinstance(new, str) else new
            )  # type: ignore[call-overload,operator]
        elif name in ("ports", "volumes"):
            merged[name] = joined(old, new, port_key if name == "ports" else volume_key)  # type: ignore[arg-type]
        elif name in ("cap_add", "dns"):
            lists = [value if isinstance(value, list) else [value] for value in (old, new)]
            merged[name] = joined(lists[0], lists[1], str)
        elif name == "security_opt":
            merged[name] = [*old, *new]  # type: ignore[misc]
        elif name == "healthcheck":
            assert isinstance(old, dict)
            assert isinstance(new, dict)
            kept = {key: value for key, value in new.items() if value is not None or key == "test" or key not in old}
            merged[name] = old | kept
        elif name == "logging":
            assert isinstance(old, dict)
            assert isinstance(new, dict)
            apart = "driver" in old and "driver" in new and old["driver"] != new["driver"]
            merged[name] = new if apart else {**old, **new, **_options(old, new)}
        elif isinstance(old, dict) and isinstance(new, dict):
            merged[name] = naive(old, new)
        else:
            merged[name] = new
    return merged


def _options(old: dict[str, object], new: dict[str, object]) -> dict[str, object]:
    both = [one["options"] for one in (old, new) if "options" in one]
    return {"options": {key: value for one in both for key, value in one.items()}} if both else {}  # type: ignore[attr-defined]


def plain(node: Node, name: str = "") -> object:
    """A merged node as a plain value, in the form in which the reference gives it."""
    if name in ("environment", "labels") and isinstance(node, Sequence):
        found: dict[str, object] = {}
        for item in node.items:
            found |= pairs(plain(item.holder.entries["layer"])) if isinstance(item, Layer) else pairs([plain(item)])
        return found
    if isinstance(node, Mapping):
        value: dict[str, object] = {key: plain(child) for key, child in node.entries.items()}
        return pairs(value) if name in ("environment", "labels") else value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.value if node.plain else node.text


def normal(service: dict[str, object]) -> dict[str, object]:
    """The reference's result with pairs in one form, also where nothing was merged."""
    return {
        name: pairs(value) if name in ("environment", "labels") and value is not None else value
        for name, value in service.items()
    }


@settings(max_examples=300, deadline=None)
@given(SERVICES, SERVICES)
def test_merging_agrees_with_a_naive_reference(base: dict[str, object], over: dict[str, object]) -> None:
    nodes = [parsed(json.dumps(one), "json", name).roots[0] for one, name in ((base, "a.json"), (over, "b.json"))]
    first, second = nodes
    assert isinstance(first, Mapping)
    assert isinstance(second, Mapping)
    context = Context(Interpretation(), Scope("", nothing_known), Library([], [], root="", complete=True))
    merged = Merger(context).overridden(first, second)
    values = {name: plain(node, name) for name, node in merged.entries.items()}
    expected = normal(naive(base, over))
    assert values == expected
    originals = {id(node) for root in nodes for node in root.walk()}
    scalars = [node for node in merged.walk() if isinstance(node, Scalar) and present(node) is not None]
    assert all(id(node) in originals for node in scalars)


# ---------------------------------------------------------------- whatever the files hold

LINES = st.sampled_from(
    [
        "include: [compose.b.yaml, sub/compose.yaml]",
        "include:\n  - path: [sub/compose.yaml, compose.override.yaml]\n    project_directory: ${X}\n    env_file: [.env, 3]",
        "include: {a: b}",
        "services:",
        "  a: {image: 'x:${X}', env_file: [.env, {path: sub/.env, format: raw}]}",
        "  a: !reset null",
        "  a: !override {build: .}",
        "  a:",
        "  b: {extends: {file: sub/compose.yaml, service: a}, ports: !reset [], volumes: [{target: /x}, '${X}:/x']}",
        "  b: {extends: {file: compose.yaml, service: b}, environment: [X, Y=1], build: {args: [A]}}",
        "  c: {extends: a, ports: [80, {target: '${X}'}, [1]], networks: [a, {b: c}], depends_on: [a]}",
        "  c: {extends: {file: [x], service: 3}, environment: {X: , Y: {}}, labels: 3, healthcheck: [1]}",
        "  x-d: 3",
        "volumes: {a: , b: 3}",
        "configs: {a: {content: 'x ${X}'}, b: !reset null}",
        "name: ${X}",
        "X=$Y\nY=${X}\nCOMPOSE_FILE=compose.b.yaml:${X}:compose.yaml",
        "X='a",
        "---",
        "- a",
    ]
)
NAMES_OF_FILES = ("compose.yaml", "compose.override.yaml", "compose.b.yaml", ".env", "sub/compose.yaml", "sub/.env")


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES_OF_FILES), st.lists(LINES, max_size=6).map("\n".join), max_size=6), st.booleans())
def test_nothing_that_files_hold_makes_it_fail_or_leaves_them(files: Files, complete: bool) -> None:
    stack = stack_of(files, complete=complete)
    places = [subject.place for subject in stack] + [notice.place for notice in stack.notices]
    for container in stack.of(Container):
        fields = (container.user, container.command, container.memory_limit, container.liveness, *container.environment_from)
        places += [value.place for value in (*fields, *(one.value for one in container.environment.values()))]
    for place in places:
        lines = files[place.path].split("\n")
        assert 1 <= place.span.line <= place.span.end_line <= len(lines)
        assert place.span.column <= len(lines[place.span.line - 1]) + 1
    assert len(set(stack.notices)) == len(stack.notices)

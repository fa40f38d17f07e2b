"""Redis beyond one server: Sentinels, includes, images that are configured by environment, servers that are compatible."""

import pytest

from afscan.model.notice import NoticeKind
from afscan.model.redis import RedisSentinel
from afscan.model.stack import Stack
from afscan.model.subjects import Authentication, Credential, RedisServer, Server
from support import interpreted, stack_of, text_at

SENTINEL = """\
port 0
tls-port 26379
tls-replication yes
requirepass kX9vTq2mWz
sentinel monitor sessions redis-0.redis 6379 2
sentinel auth-user sessions watcher
sentinel auth-pass sessions rT7pLs4nQw
sentinel down-after-milliseconds sessions 5000
sentinel monitor cache 10.0.0.7 6380 3
"""


def compose(body: str) -> str:
    return "services:\n  s:\n" + "".join(f"    {line}\n" for line in body.strip("\n").split("\n"))


def server(stack: Stack) -> RedisServer:
    found = stack.of(RedisServer)
    assert len(found) == 1
    return found[0]


def sentinel(stack: Stack) -> RedisSentinel:
    found = stack.of(RedisSentinel)
    assert len(found) == 1
    assert not stack.of(RedisServer)
    return found[0]


def asked(stack: Stack) -> tuple[str, bool | None]:
    found = stack.of(Authentication)
    assert len(found) == 1
    return found[0].required.state, found[0].required.value


def test_a_sentinel_and_what_it_watches() -> None:
    stack = stack_of({"infra/sentinel.conf": SENTINEL})
    found = sentinel(stack)
    assert (found.port.value, found.tls_port.value, found.tls_replication.value) == (0, 26379, True)
    assert [(one.name, one.host.value, one.port.value, one.quorum.value) for one in found.masters] == [
        ("sessions", "redis-0.redis", 6379, 2),
        ("cache", "10.0.0.7", 6380, 3),
    ]
    assert text_at(SENTINEL, found.masters[0].password.place) == "rT7pLs4nQw"
    assert (found.masters[0].user.value, found.masters[1].password.state) == ("watcher", "unset")
    assert asked(stack) == ("set", True)


def test_the_secrets_of_a_sentinel() -> None:
    found = [one for one in interpreted(SENTINEL, "sentinel.conf").subjects if isinstance(one, Credential)]
    assert [(one.key, text_at(SENTINEL, one.value.place)) for one in found] == [
        ("requirepass", "kX9vTq2mWz"),
        ("sentinel auth-pass", "rT7pLs4nQw"),
    ]


@pytest.mark.parametrize(
    "command",
    [
        "redis-server /s/sentinel.conf --sentinel",
        "redis-sentinel /s/sentinel.conf",
        "sh -c 'exec redis-sentinel /s/sentinel.conf'",
    ],
)
def test_who_starts_a_sentinel(command: str) -> None:
    files = {
        "compose.yaml": compose(f"image: redis:7.4\ncommand: {command}\nvolumes: ['./s:/s']"),
        "s/sentinel.conf": "sentinel monitor a redis 6379 2\n",
    }
    stack = stack_of(files)
    assert sentinel(stack).masters[0].host.value == "redis"
    assert asked(stack) == ("set", False)


def test_a_sentinel_whose_file_is_not_here() -> None:
    stack = stack_of({"compose.yaml": compose("image: redis:7\ncommand: redis-server /etc/sentinel.conf --sentinel")})
    assert sentinel(stack).password.is_unknown
    assert asked(stack) == ("unknown", None)


@pytest.mark.parametrize(
    ("environment", "port", "expected"),
    [
        ("REDIS_SENTINEL_PASSWORD: kX9vTq2mWz", None, ("set", True)),
        ("REDIS_SENTINEL_PORT_NUMBER: 26400", 26400, ("set", False)),
        ("REDIS_SENTINEL_TLS_ENABLED: 'yes'", 0, ("set", False)),
    ],
)
def test_bitnami_configures_a_sentinel_by_environment(environment: str, port: int | None, expected: tuple[str, bool]) -> None:
    stack = stack_of({"compose.yaml": compose(f"image: bitnami/redis-sentinel:7.4\nenvironment: {{{environment}}}")})
    assert sentinel(stack).port.value == port
    assert asked(stack) == expected


def test_a_pattern_includes_what_it_matches_in_order() -> None:
    files = {
        "compose.yaml": compose("image: redis:7.4\ncommand: redis-server /r/redis.conf\nvolumes: ['./r:/r']"),
        "r/redis.conf": "port 6379\ninclude /r/conf.d/*.conf\nappendonly yes\n",
        "r/conf.d/10-tls.conf": "port 6380\ntls-port 6379\ntls-cert-file /t/tls.crt\n",
        "r/conf.d/20-closed.conf": "port 0\nrequirepass kX9vTq2mWz\nprotected-mode yes\n",
    }
    stack = stack_of(files)
    found = server(stack)
    assert (found.port.value, found.port.place.path, found.tls_port.value) == (0, "r/conf.d/20-closed.conf", 6379)
    assert asked(stack) == ("set", True)
    assert not stack.notices


@pytest.mark.parametrize(
    ("include", "reason"),
    [
        ("/r/redis.conf", "includes itself"),
        ("/r/b.conf", "includes itself"),
        ("../../../etc/shadow.conf", "not here"),
        ("/r/none.d/*.conf", "no file that was read"),
        ("/r/*/x.conf", "pattern is not followed"),
    ],
)
def test_an_include_that_is_not_followed_is_noted_and_makes_what_stands_before_it_unknown(include: str, reason: str) -> None:
    files = {
        "compose.yaml": compose("image: redis:7.4\ncommand: redis-server /r/redis.conf\nvolumes: ['./r:/r']"),
        "r/redis.conf": f"port 0\nrequirepass kX9vTq2mWz\ninclude {include}\n",
    }
    if include == "/r/b.conf":
        files["r/b.conf"] = "tls-port 6379\ninclude /r/redis.conf\nappendonly yes\n"
    stack = stack_of(files)
    assert server(stack).password.is_unknown
    assert [notice.kind for notice in stack.notices] == [NoticeKind.UNRESOLVED]
    assert reason in stack.notices[0].reason


@pytest.mark.parametrize(
    ("command", "password", "port"),
    [
        ("""sh -c 'exec redis-server --requirepass "$$P" --port 0'""", "kX9vTq2mWz", 0),
        ("""redis-server --requirepass 'kX9vTq2mWz' --port 6380""", "kX9vTq2mWz", 6380),
        ("""["redis-server", "--requirepass kX9vTq2mWz", "--port", "0"]""", "kX9vTq2mWz", 0),
        ("""sh -c 'redis-server --port 0 --requirepass "$$UNKNOWN"'""", None, 0),
        ("redis-server - --port 0", None, 0),
    ],
)
def test_command_lines(command: str, password: str | None, port: int) -> None:
    stack = stack_of({"compose.yaml": compose(f"image: redis:7.4\nenvironment: {{P: kX9vTq2mWz}}\ncommand: {command}")})
    found = server(stack)
    assert (found.password.value, found.port.value) == (password, port)
    assert password is not None or found.password.is_unknown


@pytest.mark.parametrize(
    ("body", "password", "port", "tls", "expected"),
    [
        ("image: {D}", "", 6379, 0, ("set", False)),
        ("image: {D}\ncommand: dragonfly --requirepass=kX9vTq2mWz --port=6380", "kX9vTq2mWz", 6380, 0, ("set", True)),
        ("image: {D}\ncommand: ['--requirepass', kX9vTq2mWz, '--tls']", "kX9vTq2mWz", 0, 6379, ("set", True)),
        ("image: {D}\nenvironment: {DFLY_requirepass: kX9vTq2mWz, DFLY_tls: 'true'}", "kX9vTq2mWz", 0, 6379, ("set", True)),
        ("image: {D}\nenvironment: {DFLY_PASSWORD: kX9vTq2mWz}", "kX9vTq2mWz", 6379, 0, ("set", True)),
        ("image: {D}\ncommand: dragonfly --tls=true --port 6390 --notls", "", 6390, 0, ("set", False)),
        ("image: {D}\ncommand: dragonfly --flagfile=/etc/d.flags", None, None, None, ("unknown", None)),
    ],
)
def test_dragonfly(body: str, password: str | None, port: int | None, tls: int | None, expected: tuple[str, bool | None]) -> None:
    text = compose(body.replace("{D}", "docker.dragonflydb.io/dragonflydb/dragonfly:v1.24.0"))
    stack = stack_of({"compose.yaml": text})
    found = server(stack)
    assert (found.password.value, found.port.value, found.tls_port.value) == (password, port, tls)
    assert asked(stack) == expected
    assert found.disabled_commands.is_unknown


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("image: bitnami/redis-cluster:7.4\nenvironment: {REDIS_PASSWORD: kX9vTq2mWz, REDIS_NODES: 'a b c'}", ("set", True)),
        ("image: bitnami/valkey:8.0\nenvironment: {VALKEY_PASSWORD: kX9vTq2mWz}", ("set", True)),
        ("image: bitnami/redis:7.4\nenvironment: {ALLOW_EMPTY_PASSWORD: 'yes'}", ("set", False)),
        ("image: eqalpha/keydb:latest\ncommand: keydb-server --requirepass kX9vTq2mWz", ("set", True)),
        ("image: eqalpha/keydb:latest", ("set", False)),
        ("image: valkey/valkey:8.0\ncommand: valkey-server --requirepass kX9vTq2mWz", ("set", True)),
        ("image: valkey/valkey:8.0\nenvironment: {VALKEY_EXTRA_FLAGS: '--requirepass kX9vTq2mWz'}", ("set", True)),
        ("image: redis/redis-stack:7.4.0-v0\nenvironment: {REDIS_ARGS: '--requirepass kX9vTq2mWz'}", ("set", True)),
    ],
)
def test_images_by_their_environment(body: str, expected: tuple[str, bool]) -> None:
    assert asked(stack_of({"compose.yaml": compose(body)})) == expected


def test_a_replica_by_environment() -> None:
    body = "image: bitnami/redis:7.4\nenvironment: {REDIS_PASSWORD: kX9vTq2mWz, REDIS_REPLICATION_MODE: replica}"
    assert server(stack_of({"compose.yaml": compose(body)})).replica.value is True


def test_valkey_has_names_of_its_own() -> None:
    text = 'port 0\nprimaryauth kX9vTq2mWz\nprimaryuser copy\nsave ""\n'
    stack = stack_of({"valkey.conf": text})
    found = server(stack)
    assert (found.setting("masterauth").value, found.setting("masteruser").value) == ("kX9vTq2mWz", "copy")
    assert [one.key for one in stack.of(Credential)] == ["primaryauth"]


@pytest.mark.parametrize(
    "text",
    [
        "sentinel",
        "sentinel monitor",
        "sentinel monitor a b c d\nsentinel auth-pass a",
        "sentinel auth-pass a b\nport x\n",
        "sentinel monitor a b c d e f\n" * 500,
        'sentinel "monitor" "" "" "" ""\n',
    ],
)
def test_odd_sentinels_do_no_harm(text: str) -> None:
    stack_of({"sentinel.conf": text})


@pytest.mark.parametrize(
    "command", ["--tls", "--=", "'-'", "dragonfly --port", "dragonfly --port=x --tls=maybe", "sh -c 'dragonfly'"]
)
def test_odd_flags_do_no_harm(command: str) -> None:
    stack = stack_of({"compose.yaml": compose(f"image: dragonflydb/dragonfly\ncommand: {command}")})
    assert len(stack.of(Server)) == 1

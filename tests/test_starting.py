"""What keeps a server from starting, or others from reaching it."""

import pytest

from afscan.join.starting import folders_for_files, loopback_only, missing_log_folder, reached_by, runs_as_root
from afscan.model.stack import Stack
from afscan.model.subjects import PgBouncer, RedisServer, Server
from support import stack_of, text_at


def compose(body: str, more: str = "") -> str:
    return "services:\n  s:\n" + "".join(f"    {line}\n" for line in body.strip("\n").split("\n")) + more


def server(stack: Stack) -> Server:
    return stack.of(Server)[0]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("image: redis:7.4\ncommand: redis-server --bind 127.0.0.1 -::1", "127.0.0.1"),
        ("image: redis:7.4\ncommand: redis-server --bind 127.0.0.1 10.0.0.1", None),
        ("image: redis:7.4", None),
        ("image: qdrant/qdrant:v1.15\nenvironment: {QDRANT__SERVICE__HOST: localhost}", "localhost"),
        ("image: postgres:16\ncommand: postgres -c listen_addresses=localhost", "localhost"),
        ("image: postgres:16\ncommand: postgres -c 'listen_addresses=localhost,10.0.0.1'", None),
        ("image: neo4j:5.26\nenvironment: {NEO4J_server_bolt_listen__address: '127.0.0.1:7687'}", "127.0.0.1"),
        ("image: neo4j:5.26", None),
    ],
)
def test_who_listens_for_itself_only(body: str, expected: str | None) -> None:
    found = loopback_only(server(stack_of({"compose.yaml": compose(body)})))
    assert (found.value if found is not None else None) == expected


@pytest.mark.parametrize(
    ("body", "more", "expected"),
    [
        ("image: redis:7.4\nports: ['6379:6379']", "", "its port is published"),
        (
            "image: redis:7.4",
            "  api: {image: x, environment: {REDIS_URL: 'rediss://s:6379'}}\n",
            "another container connects to it",
        ),
        ("image: redis:7.4\nenvironment: {REDIS_URL: 'redis://s:6379'}", "", None),
        ("image: redis:7.4\nnetwork_mode: host\nports: ['6379:6379']", "", None),
        ("image: redis:7.4", "", None),
    ],
)
def test_who_has_to_be_reached(body: str, more: str, expected: str | None) -> None:
    stack = stack_of({"compose.yaml": compose(body, more)})
    container = server(stack).container
    assert container is not None
    found = reached_by(stack, container)
    assert (found.by if found is not None else None) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("image: edoburu/pgbouncer:v1.24\nuser: '0'", "0"),
        ("image: edoburu/pgbouncer:v1.24\nuser: '0'\ncommand: su-exec pgbouncer pgbouncer /etc/pgbouncer/pgbouncer.ini", None),
        ("image: edoburu/pgbouncer:v1.24\nuser: '0'\ncommand: pgbouncer -u pgbouncer /etc/pgbouncer/pgbouncer.ini", None),
        ("image: edoburu/pgbouncer:v1.24\nuser: '70'", None),
        ("image: edoburu/pgbouncer:v1.24", None),
    ],
)
def test_pgbouncer_as_root(body: str, expected: str | None) -> None:
    (found,) = stack_of({"compose.yaml": compose(body)}).of(PgBouncer)
    user = runs_as_root(found)
    assert (user.value if user is not None else None) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("image: redis:7.4\ncommand: redis-server --logfile /var/log/redis/r.log", "/var/log/redis/r.log"),
        ("image: redis:7.4\ncommand: redis-server --logfile /var/log/redis/r.log\nvolumes: ['logs:/var/log/redis']", None),
        ("image: redis:7.4\ncommand: redis-server --logfile ''", None),
        ("image: redis:7.4\ncommand: redis-server --logfile /data/r.log", None),
        ("image: ghcr.io/example/redis:1.0\ncommand: redis-server --logfile /var/log/redis/r.log", None),
    ],
)
def test_a_log_folder_that_the_image_lacks(body: str, expected: str | None) -> None:
    (found,) = stack_of({"compose.yaml": compose(body)}).of(RedisServer)
    file = missing_log_folder(found)
    assert (file.value if file is not None else None) == expected


def test_a_folder_where_a_file_belongs() -> None:
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n    - name: redis\n      image: redis:7.4\n"
        "      args: [redis-server, /etc/redis/redis.conf]\n      volumeMounts:\n"
        "        - {name: c, mountPath: /etc/redis/redis.conf}\n        - {name: d, mountPath: /data/x.conf}\n"
        "  volumes:\n    - {name: c, configMap: {name: c}}\n    - {name: d, configMap: {name: d}}\n"
    )
    ((mount, what),) = folders_for_files(server(stack_of({"p.yaml": text})))
    assert (text_at(text, mount.target.place), what) == ("/etc/redis/redis.conf", "its command line")

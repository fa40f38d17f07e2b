"""Redis as it runs against afscan's model of the same file and arguments, over generated variations."""

from hypothesis import given
from hypothesis import strategies as st

import certificates
import machine
import redises
import wire
from afscan.model.subjects import Authentication, RedisServer
from support import stack_of

SECRET = "kX9vTq2mWz"
_WORDS = st.sampled_from(["yes", "no", "on", "1", "${X}", "YES", "maybe", '""'])
_NUMBERS = st.sampled_from(["0", "1", "100", "-1", "5000", "10k", "${N}", "1.5", '""'])
_SIZES = st.sampled_from(["0", "100mb", "100m", "1G", "1gb", "512KB", "4096", "1.5gb", "100 mb", "100MB # much", "${MEM}", "-1"])


def _line(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(st.sampled_from([name, name.upper()]), values).map(" ".join)


LINES = st.one_of(
    _line("requirepass", st.sampled_from([SECRET, '""', "${REDIS_PASSWORD}", f'"{SECRET}"', f"'{SECRET}'", "a b"])),
    _line(
        "user",
        st.sampled_from(
            [
                "default on nopass ~* &* +@all",
                f"default on >{SECRET} ~* +@all",
                "default off",
                "reader on >x ~* +get",
                f"default on nopass >{SECRET} ~* +@all",
                f"default >{SECRET} nopass on ~* +@all",
                "default reset",
                "default on resetpass nopass +@all",
            ]
        ),
    ),
    _line("maxclients", _NUMBERS),
    _line("timeout", _NUMBERS),
    _line("maxmemory", _SIZES),
    _line("appendonly", st.just("no") | _WORDS),
    _line("protected-mode", _WORDS),
    _line("bind", st.sampled_from(["127.0.0.1", "127.0.0.2", "127.0.0.1 127.0.0.2", "0.0.0.0", "*", "* -::*", "127.0.0.1 -::1"])),
    _line("rename-command", st.sampled_from(['CONFIG ""', "FLUSHALL gone", "FLUSHALL"])),
    _line("save", st.sampled_from(['""', "900 1", "900", "900 1 300 10", "900 1 300", "a b"])),
    _line("maxmemory-policy", st.sampled_from(["allkeys-lru", "noeviction", "ALLKEYS-LRU", "lru", "${P}"])),
    _line("loglevel", st.sampled_from(["notice", "info", "verbose"])),
    _line("databases", st.sampled_from(["16", "1", "0", "x"])),
    _line("tcp-keepalive", st.sampled_from(["300", "0", "-1", "5m"])),
    _line("hz", st.sampled_from(["10", "1000", "ten"])),
    st.sampled_from(
        [
            "# a comment",
            "",
            "max-clients 100",
            "password secret",
            "tls-enabled yes",
            "maxclient 10",
            "requirepas x",
            "dir .",
            "dir /srv/no-such",
            'logfile ""',
            "logfile /srv/no-such/x.log",
            "io-threads 1",
            "slowlog-max-len 128",
            "tcp-backlog 511",
            "daemonize no",
            "supervised no",
            "latency-monitor-threshold 0",
            'notify-keyspace-events ""',
            "notify-keyspace-events Ex",
            "client-output-buffer-limit normal 0 0 0",
            "client-output-buffer-limit normal 0 0",
            "replica-read-only yes",
            "slave-read-only yes",
            "lua-time-limit 5000",
        ]
    ),
)
ARGUMENTS = st.lists(
    st.sampled_from(
        [
            ("--requirepass", SECRET),
            ("--requirepass", ""),
            ("--maxclients", "77"),
            ("--maxclients", "none"),
            ("--timeout", "9"),
            ("--no-such", "1"),
            ("--save", ""),
            ("--maxmemory", "64mb"),
            ("--appendonly", "no"),
        ]
    ),
    max_size=2,
).map(lambda pairs: tuple(word for pair in pairs for word in pair))
TLS = st.sampled_from(["none", "beside", "only", "without key", "without authority", "off"])


@given(lines=st.lists(LINES, max_size=4), arguments=ARGUMENTS, secured=TLS)
def test_redis(lines: list[str], arguments: tuple[str, ...], secured: str, tls: certificates.Certificates) -> None:
    port, secure = machine.free_port(), machine.free_port()
    text = "\n".join([*_ports(port, secure, secured, tls), *lines]) + "\n"
    with machine.folder() as at, redises.started(text, at, *arguments) as found:
        real = _real(port, secure, tls, found)
    assert _model(text, arguments) == real, f"{text}\n{arguments}\n{found.process.returncode}"


def _ports(port: int, secure: int, secured: str, tls: certificates.Certificates) -> list[str]:
    files = redises.tls_lines(tls).splitlines()
    if secured == "none":
        return [f"port {port}"]
    if secured == "off":
        return [f"port {port}", "tls-port 0", *files]
    first = [f"port {0 if secured == 'only' else port}", f"tls-port {secure}"]
    if secured == "without key":
        return [*first, *files[:1], *files[2:]]
    return [*first, *files[:2], "tls-auth-clients yes"] if secured == "without authority" else [*first, *files]


def _real(port: int, secure: int, tls: certificates.Certificates, found: machine.Running) -> dict[str, object]:
    if not found.started:
        return {"starts": False}
    shown: dict[str, object] = {"starts": True}
    for host in ("127.0.0.1", "127.0.0.2"):
        plain = wire.speaks(port, host=host)
        shown[f"plain on {host}"] = plain != "-refused"
        answers = [plain, wire.speaks(secure, tls=tls.trusting(), host=host) if host == "127.0.0.1" else "-refused"]
        shown[f"TLS on {host}"] = host == "127.0.0.1" and answers[1] != "-refused"
        for answer in answers:
            if answer != "-refused":
                shown["asks"] = answer.startswith("-NOAUTH")
    return shown | _limits(port, secure, tls, shown)


def _limits(port: int, secure: int, tls: certificates.Certificates, shown: dict[str, object]) -> dict[str, object]:
    if shown.get("asks") is not False:
        return {}
    for host in ("127.0.0.1", "127.0.0.2"):
        if shown[f"plain on {host}"] or shown[f"TLS on {host}"]:
            plain = bool(shown[f"plain on {host}"])
            with wire.Redis(port if plain else secure, tls=None if plain else tls.trusting(), host=host) as one:
                if str(one.ask("CONFIG", "GET", "timeout")).startswith("-"):
                    return {"CONFIG": False}
                return {"CONFIG": True} | {name: int(one.setting(name)) for name in ("maxclients", "timeout", "maxmemory")}
    return {}


def _model(text: str, arguments: tuple[str, ...]) -> dict[str, object]:
    stack = stack_of(redises.stack(text, *arguments))
    (server,), (asked,) = stack.of(RedisServer), stack.of(Authentication)
    assert not server.unread
    if server.refused:
        return {"starts": False}
    words = [one.or_else("").lstrip("-") for one in server.bind] or ["*"]
    shown: dict[str, object] = {"starts": True}
    for host in ("127.0.0.1", "127.0.0.2"):
        reached = bool({host, "*", "0.0.0.0"} & set(words))
        shown[f"plain on {host}"] = reached and server.port.or_else(6379) != 0
        shown[f"TLS on {host}"] = host == "127.0.0.1" and reached and server.tls_port.or_else(0) != 0
    if any(value for name, value in shown.items() if name != "starts"):
        shown["asks"] = asked.required.value
    if shown.get("asks") is False:
        shown["CONFIG"] = "CONFIG" not in server.disabled_commands.or_else([])
        if shown["CONFIG"]:
            values = {"maxclients": server.max_clients.or_else(10000), "timeout": server.idle_timeout.or_else(0)}
            shown |= values | {"maxmemory": int(server.max_memory.or_else(0))}
    return shown

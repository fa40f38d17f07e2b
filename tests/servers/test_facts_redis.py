"""Facts of Redis that rules lean on: the server shows each, and afscan says the same of the same file."""

from pathlib import Path

import pytest

import certificates
import judged
import machine
import redises
import wire
from afscan.platforms.redisserver import memory

REFUSED = "-NOAUTH Authentication required."
fact = pytest.mark.fact


@fact("Redis", "`requirepass ${X}` makes the text itself the password, quoted or not", ["SEC502"])
@pytest.mark.parametrize("written", ["${REDIS_PASSWORD}", '"${REDIS_PASSWORD}"'])
def test_placeholder_is_the_password(written: str, at: Path) -> None:
    port = machine.free_port()
    text = f"port {port}\nrequirepass {written}\n"
    with redises.started(text, at, "--dir", str(at)) as found:
        found.must_start()
        assert redises.ask(port, "AUTH", "anything").startswith("-WRONGPASS")
        assert redises.ask(port, "AUTH", "${REDIS_PASSWORD}") == "OK"
    assert judged.fails(redises.stack(text), "SEC502") == {("SEC502", "redis.conf", 2)}


@fact("Redis", '`requirepass ""` is no authentication', ["SEC503"])
def test_empty_password(at: Path) -> None:
    port = machine.free_port()
    text = f'port {port}\nrequirepass ""\n'
    with redises.started(text, at) as found:
        found.must_start()
        assert wire.speaks(port) == "PONG"
    assert redises.codes(text, "SEC503") == {"SEC503"}


@fact("Redis", "`user default on nopass` lets everybody in; a password in the ACL does not", ["SEC503"])
@pytest.mark.parametrize(
    ("rules", "answer", "codes"),
    [("on nopass ~* &* +@all", "PONG", {"SEC503"}), ("on >kX9vTq2mWz ~* &* +@all", REFUSED, set()), ("off", REFUSED, set())],
)
def test_acl_of_the_default_user(rules: str, answer: str, codes: set[str], at: Path) -> None:
    port = machine.free_port()
    text = f"port {port}\nuser default {rules}\n"
    with redises.started(text, at) as found:
        found.must_start()
        assert wire.speaks(port) == answer
    assert redises.codes(text, "SEC503") == codes


@fact(
    "Redis", "An ACL rule after `nopass` sets a password and takes the openness back; `nopass` after a password opens", ["SEC503"]
)
@pytest.mark.parametrize(
    ("rules", "is_open"), [("on nopass >kX9vTq2mWz ~* +@all", False), ("on >kX9vTq2mWz nopass ~* +@all", True)]
)
def test_order_of_acl_rules(rules: str, is_open: bool, at: Path) -> None:
    port = machine.free_port()
    text = f"port {port}\nuser default {rules}\n"
    with redises.started(text, at) as found:
        found.must_start()
        assert (wire.speaks(port) == "PONG") is is_open
    assert (redises.codes(text, "SEC503") == {"SEC503"}) is is_open


@fact("Redis", "With `tls-port` set and `port` left, plaintext is still served; `port 0` closes it", ["SEC302"])
@pytest.mark.parametrize("closed", [False, True])
def test_plaintext_beside_tls(closed: bool, at: Path, tls: certificates.Certificates) -> None:
    port, secure = machine.free_port(), machine.free_port()
    text = f"port {0 if closed else port}\ntls-port {secure}\n{redises.tls_lines(tls)}"
    with redises.started(text, at) as found:
        found.must_start()
        assert wire.speaks(secure, tls=tls.trusting()) == "PONG"
        assert wire.speaks(port) == ("-refused" if closed else "PONG")
    assert redises.codes(text, "SEC302") == (set() if closed else {"SEC302"})


@fact("Redis", "TLS without certificates does not start", ["INT202"])
def test_tls_without_certificates(at: Path) -> None:
    text = f"port 0\ntls-port {machine.free_port()}\n"
    redises.dies(text, at, "tls-cert-file")
    assert redises.refused_lines(text) == [2]


@fact("Redis", "TLS without an authority starts only where clients need no certificate", ["INT202"])
@pytest.mark.parametrize("clients", ["no", "yes"])
def test_tls_without_authority(clients: str, at: Path, tls: certificates.Certificates) -> None:
    text = "".join(
        [
            f"port 0\ntls-port {machine.free_port()}\ntls-cert-file {tls.certificate}\n",
            f"tls-key-file {tls.key}\ntls-auth-clients {clients}\n",
        ]
    )
    with redises.started(text, at) as found:
        assert found.started is (clients == "no"), found.log
    assert bool(redises.refused_lines(text)) is (clients == "yes")


@fact("Redis", "`bind 127.0.0.1` refuses whoever does not come over the loopback address", ["DB309"])
def test_bind(at: Path) -> None:
    port = machine.free_port()
    text = f"port {port}\nbind 127.0.0.2\n"  # another loopback address stands for the container's own
    with redises.started(text, at) as found:
        found.must_start()
        assert wire.speaks(port, host="127.0.0.2") == "PONG"
        assert wire.speaks(port) == "-refused"
    files = redises.stack(text.replace(f"port {port}", "port 6379"))
    files["compose.yaml"] += "  api:\n    image: ghcr.io/example/api:1.0\n    environment: {REDIS_URL: 'redis://redis:6379/0'}\n"
    assert ("DB309", "redis.conf", 2) in judged.fails(files, "DB309")


@fact("Redis", "A comment behind a value, an unknown directive, a missing include: the server does not start", ["INT202"])
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("timeout 300 # five minutes", "wrong number of arguments"),
        ("maxmemory 256mb # enough", "wrong number of arguments"),
        ("max-clients 100", "Bad directive"),
        ("requirepass-file /run/secret", "Bad directive"),
        ("maxclients 0", "argument must be between"),
        ("maxclients ${MAX}", "argument couldn't be parsed"),
        ("appendonly on", "argument must be 'yes' or 'no'"),
        ("maxmemory 1.5gb", "argument must be a memory value"),
        ("maxmemory-policy allkeys", "argument(s) must be one of"),
        ("save 900", "Invalid save parameters"),
        ("tls-protocols TLSv1.2 TLSv1.3", "wrong number of arguments"),
        ("requirepass", "wrong number of arguments"),
        ("replicaof primary", "wrong number of arguments"),
        ("rename-command FLUSHALL", "wrong number of arguments"),
        ("loglevel info", "argument(s) must be one of"),
    ],
)
def test_fatal_lines(line: str, words: str, at: Path) -> None:
    text = f"port {machine.free_port()}\n{line}\n"
    redises.dies(text, at, words)
    assert redises.refused_lines(text) == [2]


@fact("Redis", "A log file in a folder that does not exist: the server does not start", ["DB309", "INT202"])
def test_missing_log_folder(at: Path) -> None:
    text = f"port {machine.free_port()}\nlogfile /var/log/no-such-folder/redis.log\n"
    redises.dies(text, at, "Can't open the log file")
    assert redises.codes(text, "INT202", "DB309")


@fact(
    "Redis", "The last of several lines wins, names are not case-sensitive, arguments come after the file", ["SEC503", "SEC501"]
)
def test_last_wins(at: Path) -> None:
    port = machine.free_port()
    text = f"port {port}\nrequirepass kX9vTq2mWz\nmaxclients 50\nMaxClients 60\nRequirePass rT7pLs4nQw\n"
    with redises.started(text, at) as found:
        found.must_start()
        assert redises.ask(port, "AUTH", "kX9vTq2mWz").startswith("-WRONGPASS")
        assert redises.ask(port, "AUTH", "rT7pLs4nQw") == "OK"
    assert redises.codes(text, "SEC503") == set()
    opened = text + 'requirepass ""\n'
    with redises.started(opened, at) as found:
        found.must_start()
        assert wire.speaks(port) == "PONG"
    assert redises.codes(opened, "SEC503") == {"SEC503"}


@fact("Redis", "Arguments of redis-server override the file, both ways", ["SEC503", "SEC302"])
def test_command_line(at: Path, tls: certificates.Certificates) -> None:
    port, secure = machine.free_port(), machine.free_port()
    text = f"port {port}\ntls-port {secure}\n{redises.tls_lines(tls)}"
    arguments = ("--port", "0", "--requirepass", "kX9vTq2mWz")
    with redises.started(text, at, *arguments) as found:
        found.must_start()
        assert wire.speaks(port) == "-refused"
        assert wire.speaks(secure, tls=tls.trusting()) == REFUSED
    assert redises.codes(text, "SEC503", "SEC302", arguments=arguments) == set()
    assert redises.codes(text, "SEC503", "SEC302") == {"SEC503", "SEC302"}


@fact("Redis", "`512m` is 512,000,000 bytes, `512mb` 536,870,912; without `maxclients` the limit is 10000", ["DEP204"])
def test_units(at: Path) -> None:
    port = machine.free_port()
    for written, size in (("512m", 512_000_000), ("512mb", 536_870_912), ("1G", 10**9), ("1gb", 2**30), ("4096", 4096)):
        with redises.started(f"port {port}\nmaxmemory {written}\n", at) as found:
            found.must_start()
            with wire.Redis(port) as one:
                assert one.setting("maxmemory") == str(size)
                assert one.setting("maxclients") == "10000"
        assert memory(written) == size


@fact(
    "Redis",
    "`redis-cli ping` exits 0 on NOAUTH, `redis-cli -e ping` does not: it is up, which is all that a health check asks",
    [],
)
def test_ping_without_password(at: Path) -> None:
    port = machine.free_port()
    with redises.started(f"port {port}\nrequirepass kX9vTq2mWz\n", at) as found:
        found.must_start()
        plain = machine.run(["redis-cli", "-p", str(port), "ping"])
        assert (plain.code, "NOAUTH" in plain.out) == (0, True)
        assert machine.run(["redis-cli", "-e", "-p", str(port), "ping"]).code == 1


@fact("Redis", "A renamed command, and one that the ACL denies, are refused", ["DB305"])
def test_renamed_commands(at: Path) -> None:
    port = machine.free_port()
    names = ("CONFIG", "DEBUG", "FLUSHALL", "FLUSHDB", "KEYS", "MODULE", "SHUTDOWN", "SCRIPT", "EVAL", "SWAPDB", "REPLICAOF")
    text = f"port {port}\n" + "".join(f'rename-command {name} ""\n' for name in names)
    with redises.started(text, at) as found:
        found.must_start()
        assert all(redises.ask(port, name).startswith("-ERR unknown command") for name in names)
    assert redises.codes(text, "DB305") == set()
    with redises.started(f"port {port}\n", at) as found:
        found.must_start()
        assert redises.ask(port, "FLUSHALL") == "OK"
    assert redises.codes(f"port {port}\n", "DB305") == {"DB305"}


@fact("Redis", "A cluster that nobody creates refuses every write", [])
def test_cluster_down(at: Path) -> None:
    port = machine.free_port()
    with redises.started(f"port {port}\ncluster-enabled yes\ncluster-port {machine.free_port()}\n", at) as found:
        found.must_start()
        assert redises.ask(port, "SET", "key", "value").startswith("-CLUSTERDOWN")


@fact(
    "Redis",
    "`aclfile` beside `user` lines: the server does not start; beside `requirepass` it lets everybody in",
    ["SEC503", "INT202"],
)
def test_acl_file(at: Path) -> None:
    port = machine.free_port()
    (at / "users.acl").write_text("user operator on >kX9vTq2mWz ~* &* +@all\n")
    text = f"port {port}\nrequirepass rT7pLs4nQw\naclfile {at}/users.acl\n"
    with redises.started(text, at) as found:
        found.must_start()
        assert wire.speaks(port) == "PONG"
    files = redises.stack(text.replace(str(at), "/etc/redis"))
    files["compose.yaml"] = files["compose.yaml"].replace("'/tmp:/tmp'", "./users.acl:/etc/redis/users.acl")
    files["users.acl"] = (at / "users.acl").read_text()
    assert judged.codes(files, "SEC503") == {"SEC503"}
    both = text + "user reader on >kX9vTq2mWz ~* +get\n"
    redises.dies(both, at, "but not both")
    files["redis.conf"] = both.replace(str(at), "/etc/redis")
    assert judged.codes(files, "INT202") == {"INT202"}

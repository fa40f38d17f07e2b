"""Facts of PgBouncer that rules lean on."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import certificates
import judged
import machine
import postgreses
import wire

fact = pytest.mark.fact
SECRET = "kX9vTq2mWz"


def ini(port: int, *lines: str, database: str = "host=127.0.0.1 port=1") -> str:
    """A file with these lines at its end: the first of them is line 8."""
    head = [
        "[databases]",
        f"app = {database}",
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        f"listen_port = {port}",
        "unix_socket_dir =",
        "stats_users = app",
    ]
    return "\n".join([*head, *lines]) + "\n"


def refused_lines(text: str) -> list[int]:
    return sorted(line for _, _, line in judged.fails(postgreses.pooler_stack(text), "INT202"))


@fact("PgBouncer", "An unknown key, a comment behind a value, `${X}` or a wrong word: it does not start", ["INT202"])
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("max_clients = 100", "unknown parameter"),
        ("client_tls_mode = require", "unknown parameter"),
        ("pool_mode = transaction ; the best", "invalid value"),
        ("max_client_conn = 100 # enough", "invalid value"),
        ("pool_mode = ${POOL_MODE}", "invalid value"),
        ("auth_type = scram", "invalid value"),
        ("client_tls_sslmode = required", "invalid value"),
        ("log_connections = maybe", "invalid value"),
        ("default_pool_size = many", "invalid value"),
        ("server_idle_timeout = 10min", "invalid value"),
    ],
)
def test_fatal_lines(line: str, words: str, at: Path) -> None:
    text = ini(machine.free_port(), line)
    with postgreses.pooler(text, at) as found:
        found.must_refuse(words)
    assert refused_lines(text) == [8]


@fact("PgBouncer", "A missing auth_file is an error in the log, and it runs on", ["INT202"])
def test_missing_auth_file(at: Path) -> None:
    text = ini(machine.free_port(), "auth_file = /nowhere/userlist.txt")
    with postgreses.pooler(text, at) as found:
        found.must_start()
    assert refused_lines(text) == []


@fact(
    "PgBouncer", "`client_tls_sslmode` is `disable` by default, whatever keys there are: plaintext in, no TLS offered", ["SEC303"]
)
@pytest.mark.parametrize(("mode", "plain", "encrypted"), [("", True, False), ("allow", True, True), ("require", False, True)])
def test_client_tls(mode: str, plain: bool, encrypted: bool, at: Path, tls: certificates.Certificates) -> None:
    port = machine.free_port()
    lines = [f"client_tls_key_file = {tls.key}", f"client_tls_cert_file = {tls.certificate}"]
    text = ini(port, "auth_type = md5", "auth_file = userlist.txt", *lines, *([f"client_tls_sslmode = {mode}"] if mode else []))
    with postgreses.pooler(text, at, userlist=f'"app" "{SECRET}"\n') as found:
        found.must_start()
        assert (wire.postgres(port, user="app", database="app").kind == "method") is plain
        assert (wire.postgres(port, user="app", database="app", tls=tls.trusting()).kind == "method") is encrypted
    open_to_all = text.replace("listen_addr = 127.0.0.1", "listen_addr = 0.0.0.0")  # loopback alone is nobody's worry
    assert ("SEC303" in judged.codes(postgreses.pooler_stack(open_to_all), "SEC303")) is plain


@fact("PgBouncer", "`client_tls_sslmode = require` without key and certificate: it does not start", ["INT202"])
def test_tls_without_key(at: Path) -> None:
    text = ini(machine.free_port(), "client_tls_sslmode = require")
    with postgreses.pooler(text, at) as found:
        found.must_refuse("client_tls_key_file")
    assert refused_lines(text) == [8]


@fact("PgBouncer", "`auth_type` `any` and `trust` ask for nothing; the default, md5, does", ["SEC503"])
@pytest.mark.parametrize(("kind", "answer"), [("any", "trust"), ("trust", "trust"), ("", "md5"), ("plain", "password")])
def test_auth_types(kind: str, answer: str, at: Path) -> None:
    port = machine.free_port()
    database = "host=127.0.0.1 port=1 user=app" if kind == "any" else "host=127.0.0.1 port=1"
    text = ini(port, "auth_file = userlist.txt", *([f"auth_type = {kind}"] if kind else []), database=database)
    with postgreses.pooler(text, at, userlist=f'"app" "{SECRET}"\n') as found:
        found.must_start()
        assert wire.postgres(port, user="app", database="pgbouncer").text == answer
    assert (judged.codes(postgreses.pooler_stack(text), "SEC503") == {"SEC503"}) is (answer == "trust")


@fact("PgBouncer", "It refuses to run as user 0", ["DB309"])
def test_refuses_root(at: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can show that root is refused")
    (at / "pgbouncer.ini").write_text(ini(machine.free_port()))
    import subprocess

    done = subprocess.run(
        [machine.program("pgbouncer"), at / "pgbouncer.ini"], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode != 0
    assert "should not run as root" in done.stderr
    files = postgreses.pooler_stack(ini(6432))
    files["compose.yaml"] = files["compose.yaml"].replace("'70:70'", "'0:0'")
    assert judged.codes(files, "DB309") == {"DB309"}


@fact(
    "PgBouncer",
    "`%include` takes another file in at its place, in the section that it stands in: the last line of a name wins",
    ["SEC503"],
)
@pytest.mark.parametrize("after", [False, True])
def test_include(after: bool, at: Path) -> None:
    port = machine.free_port()
    (at / "more.ini").write_text("auth_type = trust\n")
    lines = [f"%include {at}/more.ini", "auth_type = md5"]
    text = ini(port, "auth_file = userlist.txt", *(lines[::-1] if after else lines))
    with postgreses.pooler(text, at, userlist=f'"app" "{SECRET}"\n') as found:
        found.must_start()
        assert wire.postgres(port, user="app", database="pgbouncer").text == ("trust" if after else "md5")
    assert (judged.codes(_with_more(text, at), "SEC503") == {"SEC503"}) is after


def _with_more(text: str, at: Path) -> dict[str, str]:
    files = postgreses.pooler_stack(text.replace(f"{at}/more.ini", "/etc/pgbouncer/more.ini"))
    files["pgbouncer-more.ini"] = (at / "more.ini").read_text()
    mount = ', "./pgbouncer-more.ini:/etc/pgbouncer/more.ini:ro"]'
    files["compose.yaml"] = files["compose.yaml"].replace('ini:ro"]', 'ini:ro"' + mount)
    return files


@fact(
    "PgBouncer",
    "Each `[pgbouncer]` header sets all parameters that have a default back to it, also in an included file",
    ["INT201", "SEC303", "SEC503"],
)
@pytest.mark.parametrize("where", ["the same file", "another file"])
def test_second_header_forgets(where: str, at: Path) -> None:
    port = machine.free_port()
    again = f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nstats_users = app\n"
    (at / "more.ini").write_text(again)
    more = again if where == "the same file" else f"%include {at}/more.ini"
    text = ini(port, "auth_file = userlist.txt", "auth_type = trust", "max_client_conn = 7", more)
    with postgreses.pooler(text, at, userlist=f'"app" "{SECRET}"\n') as found:
        found.must_start()
        assert wire.postgres(port, user="app", database="pgbouncer").text == "md5"
        assert "max_client_conn: 100" in found.log
    files = _with_more(text, at)
    assert judged.codes(files, "SEC503") == set()
    lines = {line for _, path, line in judged.fails(files, "INT201") if path == "pgbouncer.ini"}
    assert lines == {judged.line_of(text, "auth_type = trust"), judged.line_of(text, "max_client_conn = 7")}


@pytest.fixture(scope="module")
def database() -> Iterator[tuple[Path, int]]:
    """A server that asks for SCRAM, with the user ``app`` and a table with row-level security."""
    with postgreses.cluster() as at:
        port = machine.free_port()
        hba = "local all admin trust\nhost all app 127.0.0.1/32 scram-sha-256\n"
        with postgreses.started(at, port, hba=hba) as found:
            found.must_start()
            postgreses.psql(at, port, f"""
                CREATE ROLE app LOGIN PASSWORD '{SECRET}';
                CREATE TABLE notes (owner text, body text);
                INSERT INTO notes VALUES ('one', 'of one'), ('two', 'of two');
                GRANT SELECT ON notes TO app;
                ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
                CREATE POLICY own ON notes USING (owner = current_setting('app.tenant', true));
                """).ok  # fmt: skip
            yield at, port


def through(port: int, *sql: str) -> machine.Ended:
    words = [part for one in sql for part in ("-c", one)]
    command = ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", f"host=127.0.0.1 port={port} user=app dbname=app", *words]
    return machine.run(command, env={"PGPASSWORD": SECRET})


@fact(
    "PgBouncer",
    "In transaction mode a plain SET stays for the next client; SET LOCAL does not; `server_reset_query_always` clears it",
    ["DB104", "DB303"],
)
@pytest.mark.parametrize(("mode", "more", "leaks"), [("transaction", "", True), ("transaction", "server_reset_query_always = 1", False), ("session", "", False)])  # fmt: skip
def test_settings_leak(mode: str, more: str, leaks: bool, database: tuple[Path, int], at: Path) -> None:
    port = machine.free_port()
    text = ini(
        port, "auth_type = plain", "auth_file = userlist.txt", "default_pool_size = 1", f"pool_mode = {mode}", more,
        database=f"host=127.0.0.1 port={database[1]} dbname=postgres",
    )  # fmt: skip
    with postgreses.pooler(text, at, userlist=f'"app" "{SECRET}"\n') as found:
        found.must_start()
        assert through(port, "SET app.tenant = 'one'", "SELECT body FROM notes").ok == ("" if more else "of one")
        assert through(port, "SELECT body FROM notes").ok == ("of one" if leaks else "")
        assert through(port, "BEGIN; SET LOCAL app.tenant = 'two'; COMMIT").ok == ""
        assert "of two" not in through(port, "SELECT body FROM notes").ok


@fact(
    "PgBouncer",
    "A value of userlist.txt that is neither `md5` and 32 hexadecimal digits nor a SCRAM secret is the password itself",
    ["SEC101"],
)
def test_userlist_plaintext(database: tuple[Path, int], at: Path) -> None:
    port = machine.free_port()
    text = ini(port, "auth_type = md5", "auth_file = userlist.txt", database=f"host=127.0.0.1 port={database[1]} dbname=postgres")
    with postgreses.pooler(text, at, userlist=f'"app" "{SECRET}"\n') as found:
        found.must_start()
        assert through(port, "SELECT 1").ok == "1"
    files = postgreses.pooler_stack(text, f'"app" "{SECRET}"\n')
    assert ("SEC101", "userlist.txt", 1) in judged.fails(files, "SEC101")


@fact("PgBouncer", "An md5 hash in userlist.txt cannot log in to a server that stores SCRAM secrets", ["DB301"])
def test_md5_against_scram(database: tuple[Path, int], at: Path) -> None:
    import hashlib

    port = machine.free_port()
    text = ini(port, "auth_type = md5", "auth_file = userlist.txt", database=f"host=127.0.0.1 port={database[1]} dbname=postgres")
    userlist = f'"app" "md5{hashlib.md5((SECRET + "app").encode()).hexdigest()}"\n'
    with postgreses.pooler(text, at, userlist=userlist) as found:
        found.must_start()
        assert "wrong password type" in through(port, "SELECT 1").err
    assert "DB301" in judged.codes(postgreses.pooler_stack(text, userlist), "DB301")

"""Facts of PostgreSQL and its clients that rules lean on."""

import gzip
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


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data directory that all tests here start servers on, one after the other."""
    with postgreses.cluster() as at:
        yield at


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Path, int]]:
    """A server that runs as long as the tests here do."""
    with postgreses.cluster() as at:
        port = machine.free_port()
        with postgreses.started(at, port) as found:
            found.must_start()
            yield at, port


@fact(
    "PostgreSQL",
    "An unknown name, `${X}`, a unit in the wrong case, a missing include_dir, ssl without certificate: no start",
    ["INT202"],
)
@pytest.mark.parametrize(
    "line",
    [
        "max_connection = 100",
        "max_connections = ${MAX}",
        "shared_buffers = 128mb",
        "ssl = ${TLS}",
        "log_disconnections = maybe",
        "statement_timeout = 5 minutes",
        "idle_session_timeout = 10m",
        "wal_level = ${LEVEL}",
        "max_connections = 0",
        "max_connections = -5",
        "log_statement = everything",
        "wal_level = full",
        "password_encryption = sha256",
        "port = 99999",
    ],
)
def test_fatal_lines(line: str, data: Path) -> None:
    text = f"listen_addresses = ''\n{line}\n"
    with postgreses.started(data, machine.free_port(), conf=text) as found:
        found.must_refuse()
    assert postgreses.refused_lines(text) == [2]


@fact("PostgreSQL", "`typo.prefix = x` is accepted in silence", ["INT202"])
def test_prefix(data: Path) -> None:
    text = "listen_addresses = ''\npgaudit.lgo = 'all'\n"
    with postgreses.started(data, machine.free_port(), conf=text) as found:
        found.must_start()
    assert postgreses.refused_lines(text) == []


@fact("PostgreSQL", "`ssl = on` without a certificate: no start", ["INT202"])
def test_tls_without_certificate(data: Path) -> None:
    text = "listen_addresses = ''\nssl = on\n"
    with postgreses.started(data, machine.free_port(), conf=text) as found:
        found.must_refuse("could not load server certificate file")
    assert postgreses.refused_lines(text) == [2]


@fact("PostgreSQL", "A missing include_dir: no start; a missing include_if_exists is none", ["INT202"])
def test_missing_include(data: Path) -> None:
    port = machine.free_port()
    with postgreses.started(data, port, conf="listen_addresses = ''\ninclude_dir = 'conf.d'\n") as found:
        found.must_refuse("conf.d")
    with postgreses.started(data, port, conf="listen_addresses = ''\ninclude_if_exists = 'more.conf'\n") as found:
        found.must_start()


@fact("PostgreSQL", "The last line of a name wins; arguments win over the file", ["SEC304", "DB403"])
def test_last_wins(data: Path, tls: certificates.Certificates) -> None:
    port = machine.free_port()
    postgreses.own(tls, data)
    text = f"ssl = on\nssl_cert_file = '{data}/server.pem'\nssl_key_file = '{data}/server.key'\nmax_connections = 30\n"
    text += "Max_Connections = 40\nlisten_addresses = '127.0.0.1'\nssl = off\n"
    for arguments, on, limit in (((), "off", "40"), (("-c", "ssl=on", "-c", "max_connections=50"), "on", "50")):
        with postgreses.started(data, port, conf=text, arguments=arguments) as found:
            found.must_start()
            assert postgreses.psql(data, port, "SHOW ssl").ok == on
            assert postgreses.psql(data, port, "SHOW max_connections").ok == limit
        judged_files = postgreses.stack(text.replace("127.0.0.1", "*").replace(str(data), "/etc/tls"), None, *arguments)
        assert (judged.codes(judged_files, "SEC304") == {"SEC304"}) is (on == "off")


@fact(
    "PostgreSQL",
    "Defaults: ssl off, 100 connections of which 3 are reserved, no idle timeouts, connections not logged, no archive",
    ["SEC304", "DB403", "DB404", "DEP305"],
)
def test_defaults(running: tuple[Path, int]) -> None:
    shown = {
        name: postgreses.psql(*running, f"SELECT boot_val FROM pg_settings WHERE name = '{name}'").ok
        for name in (
            "ssl", "max_connections", "superuser_reserved_connections", "idle_session_timeout", "log_connections", "archive_mode",
            "idle_in_transaction_session_timeout", "password_encryption", "listen_addresses",
        )
    }  # fmt: skip
    assert shown == {
        "ssl": "off", "max_connections": "100", "superuser_reserved_connections": "3", "idle_session_timeout": "0",
        "log_connections": "off", "archive_mode": "off", "idle_in_transaction_session_timeout": "0",
        "password_encryption": "scram-sha-256", "listen_addresses": "localhost",
    }  # fmt: skip


@fact("PostgreSQL", "pg_hba.conf: the first record that matches decides", ["SEC503", "SEC304"])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_first_record(order: tuple[int, int], data: Path) -> None:
    port = machine.free_port()
    records = ["host all app 0.0.0.0/0 scram-sha-256", "host all all 0.0.0.0/0 trust"]
    text = "".join(f"{records[index]}\n" for index in order)
    conf = "listen_addresses = '127.0.0.1'\n"
    with postgreses.started(data, port, conf=conf, hba=text) as found:
        found.must_start()
        answer = wire.postgres(port, user="app", database="postgres")
        assert answer.text == ("scram-sha-256" if order == (0, 1) else "trust")
    files = postgreses.stack("listen_addresses = '*'\n", text)
    assert ("SEC503", "pg_hba.conf", text.splitlines().index(records[1]) + 1) in judged.fails(files, "SEC503")


@fact("PostgreSQL", "`hostssl` never matches while ssl is off", ["SEC304", "SEC503"])
def test_hostssl_without_tls(data: Path) -> None:
    port = machine.free_port()
    text = "hostssl all all 0.0.0.0/0 trust\n"
    with postgreses.started(data, port, conf="listen_addresses = '127.0.0.1'\n", hba=text) as found:
        found.must_start()
        assert "no pg_hba.conf entry" in wire.postgres(port, user="admin", database="postgres").text
    assert judged.codes(postgreses.stack("listen_addresses = '*'\n", text), "SEC503") == set()


@fact("PostgreSQL", "An unknown method, kind or address in pg_hba.conf: no start", ["INT202"])
@pytest.mark.parametrize(
    "line", ["host all all 0.0.0.0/0 scram", "hosts all all 0.0.0.0/0 md5", "host all all 10.0.0.0/40 md5", "host all all md5"]
)
def test_wrong_record(line: str, data: Path) -> None:
    conf = "listen_addresses = '127.0.0.1'\n"
    with postgreses.started(data, machine.free_port(), conf=conf, hba=f"local all all trust\n{line}\n") as found:
        found.must_refuse("could not load")
    assert postgreses.refused_lines(conf, f"local all all trust\n{line}\n") == [2]


def initialised(running: tuple[Path, int], name: str, *scripts: str) -> list[int]:
    """The image's loop over /docker-entrypoint-initdb.d: each script by psql -v ON_ERROR_STOP=1, the first failure ends it."""
    postgreses.psql(*running, f"CREATE DATABASE {name}").ok
    codes = []
    for script in scripts:
        codes.append(postgreses.psql(*running, script, database=name).code)
        if codes[-1]:
            break
    return codes


def init_stack(*scripts: str, image: str = "postgres:15.18") -> dict[str, str]:
    compose = (
        f"services:\n  db:\n    image: {image}\n    environment: {{POSTGRES_PASSWORD_FILE: /run/secrets/db}}\n"
        "    volumes: ['./init:/docker-entrypoint-initdb.d:ro']\n"
    )
    return {"compose.yaml": compose, **{f"init/{index}0.sql": script for index, script in enumerate(scripts, 1)}}


@fact("PostgreSQL", "An init script that fails leaves the rest undone", ["INT206"])
def test_init_scripts(running: tuple[Path, int]) -> None:
    scripts = (
        "CREATE TABLE one (id int);\n",
        "GRANT SELECT ON two TO PUBLIC;\nCREATE TABLE three (id int);\n",
        "CREATE TABLE two (id int);\n",
    )
    assert initialised(running, "undone", *scripts) == [0, 1]
    assert (
        postgreses.psql(
            *running, "SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = 'public'", database="undone"
        ).ok
        == "one"
    )
    assert ("INT206", "init/20.sql", 1) in judged.fails(init_stack(*scripts), "INT206")
    assert judged.codes(init_stack(scripts[0], scripts[2], scripts[1]), "INT206") == set()


@fact("PostgreSQL", "pgaudit is not on board: CREATE EXTENSION and ALTER SYSTEM SET pgaudit.log fail", ["INT206"])
@pytest.mark.parametrize("sql", ["CREATE EXTENSION pgaudit;\n", "ALTER SYSTEM SET pgaudit.log = 'all';\n"])
def test_pgaudit(sql: str, running: tuple[Path, int]) -> None:
    assert postgreses.psql(*running, sql).code != 0
    assert judged.codes(init_stack(sql), "INT206") == {"INT206"}


@fact("PostgreSQL", "`GRANT ... ON ALL TABLES` covers the tables of today only", ["INT206"])
def test_all_tables(running: tuple[Path, int]) -> None:
    postgreses.psql(*running, """
        CREATE ROLE reader; CREATE TABLE today (id int); GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
        CREATE TABLE tomorrow (id int);
        """).ok  # fmt: skip
    asked = "SELECT has_table_privilege('reader', 'today', 'SELECT'), has_table_privilege('reader', 'tomorrow', 'SELECT')"
    assert postgreses.psql(*running, asked).ok == "t|f"


@fact("PostgreSQL", "`current_setting('x')` without its second argument fails where nobody set it", ["DB303"])
def test_missing_setting(running: tuple[Path, int]) -> None:
    table = "CREATE TABLE t (id int, tenant text);\nALTER TABLE t ENABLE ROW LEVEL SECURITY;\nALTER TABLE t FORCE ROW LEVEL SECURITY;\n"
    for argument, works in (("'app.tenant'", False), ("'app.tenant', true", True)):
        script = table + f"CREATE POLICY own ON t USING (tenant = current_setting({argument}));\n"
        assert (postgreses.psql(*running, f"SELECT current_setting({argument})").code == 0) is works
        assert (judged.codes(init_stack(script), "DB303") == set()) is works


@fact("PostgreSQL", "Row-level security binds neither the owner of the table, unless forced, nor a superuser", ["DB303"])
@pytest.mark.parametrize("force", [False, True])
def test_owner_and_row_security(force: bool, running: tuple[Path, int]) -> None:
    role = f"owner_{force}".lower()
    script = (
        f"CREATE ROLE {role} LOGIN;\nCREATE TABLE {role}_t (id int);\nINSERT INTO {role}_t VALUES (1);\nALTER TABLE {role}_t OWNER TO {role};\n"
        f"ALTER TABLE {role}_t ENABLE ROW LEVEL SECURITY;\nCREATE POLICY none ON {role}_t USING (false);\n"
    )
    script += f"ALTER TABLE {role}_t FORCE ROW LEVEL SECURITY;\n" if force else ""
    postgreses.psql(*running, script).ok
    assert postgreses.psql(*running, f"SELECT count(*) FROM {role}_t", user=role).ok == ("0" if force else "1")
    assert postgreses.psql(*running, f"SELECT count(*) FROM {role}_t").ok == "1"
    assert (judged.codes(init_stack(script), "DB303") == set()) is force


@fact("psql", "Without ON_ERROR_STOP it exits 0 after an error in a script", ["DB206"])
def test_psql_exit_code(running: tuple[Path, int]) -> None:
    command = ["psql", "-X", "-h", str(running[0]), "-p", str(running[1]), "-U", "admin", "-d", "postgres", "-f", "-"]
    assert machine.run(command, text="SELECT nothing;\n").code == 0
    assert machine.run([*command, "-v", "ON_ERROR_STOP=1"], text="SELECT nothing;\n").code == 3


@fact("pg_dump", "A role without BYPASSRLS cannot dump a table with row-level security", ["DB201"])
def test_dump_with_row_security(running: tuple[Path, int]) -> None:
    postgreses.psql(*running, "CREATE DATABASE saved; CREATE ROLE saver LOGIN; GRANT pg_read_all_data TO saver").err
    for one in ("CREATE DATABASE saved", "CREATE ROLE saver LOGIN", "GRANT pg_read_all_data TO saver"):
        postgreses.psql(*running, one)
    postgreses.psql(
        *running, "CREATE TABLE t (id int); INSERT INTO t VALUES (1); ALTER TABLE t ENABLE ROW LEVEL SECURITY", database="saved"
    ).ok
    dump = ["pg_dump", "-h", str(running[0]), "-p", str(running[1]), "-U", "saver", "saved"]
    refused = machine.run(dump)
    assert refused.code != 0
    assert "row-level security" in refused.err
    postgreses.psql(*running, "ALTER ROLE saver BYPASSRLS").ok
    assert "COPY public.t" in machine.run(dump).ok


@fact("pg_dump", "`pg_dump | gzip > file` without pipefail leaves a file that `gzip -t` is content with, and succeeds", ["DB206"])
def test_truncated_dump(running: tuple[Path, int], at: Path) -> None:
    line = f"pg_dump -h {running[0]} -p {running[1]} -U admin no_such_database | gzip > dump.sql.gz\n"
    for head, code in (("", 0), ("set -euo pipefail\n", 1)):
        done = machine.run(["/bin/bash", "-c", head + line + "gzip -t dump.sql.gz\n"], cwd=at)
        assert done.code == code
    assert gzip.decompress((at / "dump.sql.gz").read_bytes()) == b""
    assert judged.codes({"backup.sh": f"#!/bin/bash\n{line}"}, "DB206") == {"DB206"}

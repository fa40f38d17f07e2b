"""The reference platform's PostgreSQL, PgBouncer and Redis run as they are written, and keep out whom they should."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

import certificates
import machine
import postgreses
import redises
import reference
import wire

OWNER, API = reference.PASSWORDS["POSTGRES_PASSWORD"], reference.PASSWORDS["AGENTFLOW_API_PASSWORD"]
ALICE, BOB = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"


@dataclass
class Platform:
    at: Path
    port: int
    pooler: int
    tls: certificates.Certificates

    def psql(
        self, sql: str, *, port: int = 0, sslmode: str = "verify-full", user: str = "agentflow_api", password: str = API
    ) -> machine.Ended:
        return postgreses.psql(
            "localhost", port or self.pooler, sql, user=user, database="agentflow", PGPASSWORD=password, PGSSLMODE=sslmode,
            PGSSLROOTCERT=str(self.tls.ca),
        )  # fmt: skip


@pytest.fixture(scope="module")
def platform(tls: certificates.Certificates) -> Iterator[Platform]:
    """PostgreSQL with its init scripts run, PgBouncer before it."""
    with machine.folder() as at, ExitStack() as running:
        port, pooler = machine.free_port(), machine.free_port()
        postgreses.own(tls, at)
        _initialise(at, port)
        server = running.enter_context(_postgres(at, port))
        server.must_start()
        paths = {f"/run/secrets/{name}": str(path) for name, path in (("pgbouncer.pem", tls.certificate), ("pgbouncer.key", tls.key), ("ca.pem", tls.ca))}  # fmt: skip
        hosts = {
            "host=postgres port=5432": f"host=localhost port={port}", "listen_addr = 0.0.0.0": f"listen_addr = 127.0.0.1\nunix_socket_dir = {at}",
            "listen_port = 5432": f"listen_port = {pooler}", "/etc/pgbouncer/userlist.txt": f"{at}/userlist.txt",
        }  # fmt: skip
        text = reference.config("pgbouncer.ini", {**paths, **hosts})
        running.enter_context(postgreses.pooler(text, at, userlist=reference.config("userlist.txt", {}))).must_start()
        yield Platform(at, port, pooler, tls)


def _initialise(at: Path, port: int) -> None:
    """What the image's entrypoint does: initdb, a server on the socket alone, the scripts in order, each to its first error."""
    (at / "password").write_text(OWNER)
    service = reference.compose()["services"]["postgres"]
    arguments = service["environment"]["POSTGRES_INITDB_ARGS"].split()
    assert not [one for one in arguments if not one.startswith("--")]
    machine.run(["initdb", "-D", str(at / "data"), "-U", "agentflow", "--pwfile", str(at / "password"), "--no-sync", "--encoding=UTF8", "--locale=C", *arguments]).ok  # fmt: skip
    with _postgres(at, port, "-c", "listen_addresses=") as found:
        found.must_start()
        environment = {"PGPASSWORD": OWNER, **reference.PASSWORDS}
        postgreses.psql(at, port, "CREATE DATABASE agentflow", user="agentflow", **environment).ok
        for script in sorted((reference.REFERENCE / "postgres" / "init").iterdir()):
            command = [
                "psql",
                "-X",
                "-v",
                "ON_ERROR_STOP=1",
                "--no-password",
                "-h",
                str(at),
                "-p",
                str(port),
                "-U",
                "agentflow",
                "-d",
                "agentflow",
            ]
            machine.run(command, text=script.read_text(), env=environment).ok


def _postgres(at: Path, port: int, *more: str, hba: str = ""):  # type: ignore[no-untyped-def]
    """The server with compose.yaml's own arguments."""
    command = reference.compose()["services"]["postgres"]["command"]
    folder = reference.REFERENCE / "postgres"
    text = reference.filled(json.dumps(command), {
        "/run/secrets/postgres.pem": f"{at}/server.pem", "/run/secrets/postgres.key": f"{at}/server.key",
        "/etc/postgresql/postgresql.conf": f"{at}/postgresql.conf", "/etc/postgresql/pg_hba.conf": f"{at}/pg_hba.conf",
    })  # fmt: skip
    conf = reference.filled((folder / "postgresql.conf").read_text(), {"'*'": "'127.0.0.1'"})
    arguments = (*json.loads(text)[1:], *more)
    return postgreses.started(at, port, conf=conf, hba=(folder / "pg_hba.conf").read_text() + hba, arguments=arguments)


def test_the_application_comes_in_over_tls_and_scram(platform: Platform) -> None:
    assert platform.psql("SELECT current_user").ok == "agentflow_api"
    encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'agentflow_api'"
    assert platform.psql(encrypted).ok == "t"
    asked = wire.postgres(platform.pooler, user="agentflow_api", database="agentflow", tls=platform.tls.trusting())
    assert asked == wire.Answer("method", "scram-sha-256")
    stored = "SELECT bool_and(rolpassword LIKE 'SCRAM-SHA-256$%') FROM pg_authid WHERE rolcanlogin AND rolpassword IS NOT NULL"
    assert postgreses.psql(platform.at, platform.port, stored, user="agentflow", database="agentflow", PGPASSWORD=OWNER).ok == "t"


@pytest.mark.parametrize("pooled", [True, False])
def test_plaintext_is_refused(pooled: bool, platform: Platform) -> None:
    port = platform.pooler if pooled else platform.port
    answer = wire.postgres(port, user="agentflow_api", database="agentflow")
    assert answer.kind == "error"
    assert ("SSL required" if pooled else "no pg_hba.conf entry") in answer.text


@pytest.mark.parametrize("pooled", [True, False])
@pytest.mark.parametrize("password", ["wrong", ""])
def test_wrong_and_missing_passwords_are_refused(password: str, pooled: bool, platform: Platform) -> None:
    refused = platform.psql("SELECT 1", port=0 if pooled else platform.port, password=password)
    assert refused.code == 2
    assert "failed" in refused.err or "no password supplied" in refused.err


def test_a_server_of_another_authority_is_not_believed(platform: Platform) -> None:
    other = postgreses.psql(
        "localhost", platform.pooler, "SELECT 1", user="agentflow_api", database="agentflow", PGPASSWORD=API, PGSSLMODE="verify-full",
        PGSSLROOTCERT=str(platform.tls.folder / "other-ca.pem"),
    )  # fmt: skip
    assert "certificate verify failed" in other.err


def test_rows_of_two_users_are_kept_apart_through_the_pooler(platform: Platform) -> None:
    for user, content in ((ALICE, "of alice"), (BOB, "of bob")):
        insert = f"INSERT INTO agentflow.user_memories (user_id, content) VALUES ('{user}', '{content}')"
        platform.psql(f"BEGIN; SET LOCAL app.current_user_id = '{user}'; {insert}; COMMIT").ok
    read = "SELECT string_agg(content, ',') FROM agentflow.user_memories"
    assert platform.psql(f"BEGIN; SET LOCAL app.current_user_id = '{ALICE}'; {read}; COMMIT").ok == "of alice"
    assert platform.psql(f"BEGIN; SET LOCAL app.current_user_id = '{BOB}'; {read}; COMMIT").ok == "of bob"
    assert platform.psql(read).ok == ""
    forged = f"INSERT INTO agentflow.user_memories (user_id, content) VALUES ('{BOB}', 'forged')"
    assert "row-level security" in platform.psql(f"BEGIN; SET LOCAL app.current_user_id = '{ALICE}'; {forged}; COMMIT").err


def test_the_application_may_not_change_the_schema(platform: Platform) -> None:
    for sql in (
        "CREATE TABLE public.t (id int)",
        "DROP TABLE agentflow.user_memories",
        "ALTER TABLE agentflow.user_memories DISABLE ROW LEVEL SECURITY",
    ):
        refused = platform.psql(sql).err
        assert "permission denied" in refused or "must be owner" in refused


def test_the_limit_of_a_role_bites(platform: Platform) -> None:
    password = reference.PASSWORDS["EXPORTER_PASSWORD"]
    target = f"host=localhost port={platform.port} user=agentflow_exporter dbname=agentflow sslmode=require"
    command = [machine.program("psql"), "-X", "-q", "-A", "-t", target]
    held = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PGPASSWORD": password})
        for _ in range(5)
    ]
    try:
        for one in held:
            assert one.stdin is not None
            assert one.stdout is not None
            one.stdin.write("SELECT 'in';\n")
            one.stdin.flush()
            assert one.stdout.readline() == "in\n"
        refused = platform.psql("SELECT 1", port=platform.port, user="agentflow_exporter", password=password)
        assert "too many connections for role" in refused.err
    finally:
        for one in held:
            one.communicate()


def test_migrations_run_up_and_down(platform: Platform) -> None:
    folder = reference.REFERENCE / "postgres" / "migrations"
    up, down = sorted(folder.glob("*.up.sql")), sorted(folder.glob("*.down.sql"), reverse=True)
    for script in (*up, *down):
        postgreses.psql(
            platform.at, platform.port, script.read_text(), user="agentflow", database="agentflow", PGPASSWORD=OWNER
        ).ok


AWS = r"""#!/bin/bash
# As much of `aws s3 cp` as the scripts use, in a folder.
set -euo pipefail
source=${*: -2:1} target=${*: -1}
source=${source/#s3:\/\//$STORE/} target=${target/#s3:\/\//$STORE/}
if [[ $target == - ]]; then exec cat "$source"; fi
mkdir -p "$(dirname "$target")"
if [[ $source == - ]]; then exec tee "$target" > /dev/null; fi
exec cp "$source" "$target"
"""


def test_the_dump_is_restored_by_the_restore_test(platform: Platform, at: Path) -> None:
    roles = (
        "CREATE ROLE agentflow_backup LOGIN BYPASSRLS IN ROLE pg_read_all_data; GRANT CONNECT ON DATABASE agentflow TO agentflow_backup;"
        "CREATE ROLE agentflow_restore LOGIN CREATEDB"
    )
    postgreses.psql(platform.at, platform.port, roles, user="agentflow", database="agentflow", PGPASSWORD=OWNER).ok
    program = at / "aws"
    program.write_text(AWS)
    program.chmod(0o755)
    environment = {
        "PATH": f"{at}:{':'.join(machine.folders())}", "STORE": str(at), "BACKUP_BUCKET": "bucket", "PGPORT": str(platform.port),
        "PGHOST": "localhost", "PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(platform.tls.ca),
    }  # fmt: skip
    for name, role in (("backup-postgres.sh", "agentflow_backup"), ("restore-test.sh", "agentflow_restore")):
        script = reference.config_map("backups.yaml", "backup-scripts", name, {"/backup/work": f"{at}/work"})
        postgreses.psql(
            platform.at,
            platform.port,
            f"ALTER ROLE {role} PASSWORD '{OWNER}'",
            user="agentflow",
            database="agentflow",
            PGPASSWORD=OWNER,
        ).ok
        (at / name).write_text(script)
        with _and_its_jobs(platform):
            done = machine.run(["/bin/bash", str(at / name)], cwd=at, env={**environment, "PGUSER": role, "PGPASSWORD": OWNER})
        assert done.code == 0, done.out + done.err
    assert "1 tables" in done.out
    left = postgreses.psql(platform.at, platform.port, "SELECT count(*) FROM pg_database WHERE datname = 'restore_test'", user="agentflow", database="agentflow", PGPASSWORD=OWNER)  # fmt: skip
    assert left.ok == "0"
    assert "CREATE ROLE agentflow_api" in next(at.glob("bucket/postgres/*/globals.sql")).read_text()


def _and_its_jobs(platform: Platform):  # type: ignore[no-untyped-def]
    """In production RDS lets the backup's roles in; here a record in pg_hba.conf does, while the scripts run."""
    from contextlib import contextmanager

    @contextmanager
    def opened() -> Iterator[None]:
        path = platform.at / "pg_hba.conf"
        before = path.read_text()
        path.write_text(before + "hostssl all agentflow_backup,agentflow_restore samehost scram-sha-256\n")
        _reload(platform)
        yield
        path.write_text(before)
        _reload(platform)

    return opened()


def _reload(platform: Platform) -> None:
    """Connections that come after this see the new records: the server reads them before it takes the next one."""
    sql = "SELECT pg_reload_conf(); SELECT pg_sleep(0.1)"
    postgreses.psql(platform.at, platform.port, sql, user="agentflow", database="agentflow", PGPASSWORD=OWNER).ok


def test_the_production_pooler_starts(tls: certificates.Certificates, at: Path) -> None:
    text = reference.config_map("pgbouncer.yaml", "pgbouncer-config", "pgbouncer.ini", {
        "/etc/pgbouncer/tls/tls.crt": str(tls.certificate), "/etc/pgbouncer/tls/tls.key": str(tls.key), "listen_port = 5432": f"listen_port = {(port := machine.free_port())}",
        "/etc/pgbouncer/auth/rds-ca.pem": str(tls.ca), "/etc/pgbouncer/auth/userlist.txt": f"{at}/userlist.txt", "listen_addr = 0.0.0.0": f"listen_addr = 127.0.0.1\nunix_socket_dir = {at}",
    })  # fmt: skip
    with postgreses.pooler(text, at, userlist='"agentflow_api" "kX9vTq2mWz"\n') as found:
        found.must_start()
        assert "SSL required" in wire.postgres(port, user="agentflow_api", database="agentflow").text


def redis_conf(tls: certificates.Certificates, at: Path, port: int) -> str:
    return reference.config("redis.conf", {
        "tls-port 6379": f"tls-port {port}\nbind 127.0.0.1", "/run/secrets/redis.pem": str(tls.certificate),
        "/run/secrets/redis.key": str(tls.key), "/run/secrets/ca.pem": str(tls.ca), "dir /data": f"dir {at}",
    })  # fmt: skip


def test_redis(tls: certificates.Certificates, at: Path) -> None:
    port = machine.free_port()
    with redises.started(redis_conf(tls, at, port), at) as found:
        found.must_start()
        assert wire.speaks(port) == "-refused" or wire.speaks(port).startswith("-closed")
        assert wire.speaks(port, tls=tls.trusting(other=True)) == "-refused"
        assert wire.speaks(port, tls=tls.trusting()).startswith("-NOAUTH")
        with wire.Redis(port, tls=tls.trusting()) as one:
            assert str(one.ask("AUTH", "wrong")).startswith("-WRONGPASS")
            assert one.ask("AUTH", reference.PASSWORDS["REDIS_PASSWORD"]) == "OK"
            assert one.ask("SET", "key", "value") == "OK"
            for command in ("CONFIG", "DEBUG", "FLUSHALL", "FLUSHDB", "KEYS", "MODULE", "SHUTDOWN"):
                assert str(one.ask(command)).startswith("-ERR unknown command")
        check = reference.compose()["services"]["redis"]["healthcheck"]["test"][1]
        line = reference.filled(check, {"/run/secrets/ca.pem": str(tls.ca), "-p 6379": f"-h localhost -p {port}"})
        for password, code in ((reference.PASSWORDS["REDIS_PASSWORD"], 0), ("wrong", 1)):
            assert machine.run(["/bin/sh", "-c", line], env={"REDISCLI_AUTH": password}).code == code


def test_limit_of_redis(tls: certificates.Certificates, at: Path) -> None:
    port = machine.free_port()
    text = redis_conf(tls, at, port)
    assert "maxclients 500" in text
    with redises.started(text, at) as found, ExitStack() as clients:
        found.must_start()
        context = tls.trusting()
        for _ in range(500):
            assert str(clients.enter_context(wire.Redis(port, tls=context)).ask("PING")).startswith("-NOAUTH")
        assert wire.speaks(port, tls=context) in ("-ERR max number of clients reached", "-refused")


def test_the_cluster_node(tls: certificates.Certificates, at: Path) -> None:
    port = machine.free_port()
    (at / "users.acl").write_text(_acl())
    text = reference.config_map("redis-cluster.yaml", "redis-cluster-config", "redis.conf", {
        "tls-port 6379": f"tls-port {port}\nbind 127.0.0.1\ncluster-port {machine.free_port()}", "/etc/redis/tls/tls.crt": str(tls.certificate), "/etc/redis/tls/tls.key": str(tls.key),
        "/etc/redis/tls/ca.crt": str(tls.ca), "/etc/redis/auth/users.acl": str(at / "users.acl"), "dir /data": f"dir {at}",
    })  # fmt: skip
    with redises.started(text, at) as found:
        found.must_start()
        assert wire.speaks(port) == "-refused" or wire.speaks(port).startswith("-closed")
        with wire.Redis(port, tls=tls.trusting()) as one:
            assert str(one.ask("PING")).startswith("-NOAUTH")
            assert one.ask("AUTH", "agentflow", "secret-redis_password") == "OK"
            for command in ("FLUSHALL", "CONFIG", "DEBUG", "KEYS", "SHUTDOWN", "ACL"):
                words = {"CONFIG": ("GET", "*"), "KEYS": ("*",), "DEBUG": ("SLEEP", "0"), "ACL": ("LIST",)}.get(command, ())
                assert str(one.ask(command, *words)).startswith(("-NOPERM", "-ERR DEBUG command not allowed")), command
            assert one.ask("AUTH", "exporter", "secret-redis_exporter_password") == "OK"
            assert "redis_version" in str(one.ask("INFO"))
            assert str(one.ask("GET", "key")).startswith("-NOPERM")
            assert one.ask("AUTH", "operator", "secret-redis_admin_password") == "OK"


def _acl() -> str:
    import re

    import yaml

    for one in yaml.safe_load_all((reference.REFERENCE / "kubernetes" / "external-secrets.yaml").read_text()):
        if one["metadata"]["name"] == "redis-cluster-auth":
            text: str = one["spec"]["target"]["template"]["data"]["users.acl"]
            return re.sub(r"\{\{ \.([a-z_]+) \}\}", r"secret-\1", text)
    raise AssertionError("there is no redis-cluster-auth")

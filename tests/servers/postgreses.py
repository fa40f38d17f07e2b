"""PostgreSQL and PgBouncer, really and as afscan reads them."""

import json
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import certificates
import judged
import machine

READY = "database system is ready to accept connections"
QUIET = (
    "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nshared_buffers = 16MB\nmax_wal_size = 256MB\n"
    "autovacuum = off\nlogging_collector = off\n"
)
"""What makes a server of a test fast. It stands in a file of its own: the file under test stays as it is."""


@contextmanager
def cluster() -> Iterator[Path]:
    """A new data directory, with the superuser ``admin`` who comes in over the socket."""
    with machine.folder() as at:
        machine.run([
            "initdb", "-D", str(at / "data"), "-U", "admin", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C",
        ]).ok  # fmt: skip
        yield at


@contextmanager
def started(
    at: Path, port: int, *, conf: str | None = None, hba: str | None = None, arguments: tuple[str, ...] = ()
) -> Iterator[machine.Running]:
    """postgres on a data directory, with this postgresql.conf and pg_hba.conf, its socket in ``at``."""
    command = ["postgres", "-D", str(at / "data"), "-p", str(port), "-k", str(at), "-c", "fsync=off", "-c", "shared_buffers=16MB"]
    if conf is not None:
        (at / "postgresql.conf").write_text(conf, encoding="utf-8")
        command += ["-c", f"config_file={at}/postgresql.conf"]
    if hba is not None:
        (at / "pg_hba.conf").write_text(hba, encoding="utf-8")
        command += ["-c", f"hba_file={at}/pg_hba.conf"]
    with machine.server([*command, *arguments], at, ready=READY, stop=signal.SIGQUIT) as found:
        yield found


def psql(at: Path | str, port: int, sql: str, *, user: str = "admin", database: str = "postgres", **env: str) -> machine.Ended:
    """One run of psql that stops at the first error."""
    command = [
        "psql",
        "-X",
        "-A",
        "-t",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        str(at),
        "-p",
        str(port),
        "-U",
        user,
        "-d",
        database,
    ]
    return machine.run([*command, "-c", sql], env={"PGCONNECT_TIMEOUT": "20", **env})


def stack(conf: str, hba: str | None = None, *arguments: str, image: str = "postgres:15.18") -> dict[str, str]:
    """The same as the files of a stack."""
    named = [
        "-c",
        "config_file=/etc/postgresql/postgresql.conf",
        *(["-c", "hba_file=/etc/postgresql/pg_hba.conf"] if hba else []),
    ]
    volumes = [
        "./postgresql.conf:/etc/postgresql/postgresql.conf:ro",
        *(["./pg_hba.conf:/etc/postgresql/pg_hba.conf"] if hba else []),
    ]
    compose = (
        f"services:\n  db:\n    image: {image}\n    command: {json.dumps(['postgres', *named, *arguments])}\n"
        "    environment: {POSTGRES_PASSWORD_FILE: /run/secrets/db}\n"
        f"    volumes: {json.dumps(volumes)}\n"
    )
    return {"compose.yaml": compose, "postgresql.conf": conf, **({"pg_hba.conf": hba} if hba else {})}


def refused_lines(conf: str, hba: str | None = None) -> list[int]:
    return sorted(line for path, line in judged.refused(stack(conf, hba)) if path != "compose.yaml")


def own(tls: certificates.Certificates, at: Path) -> None:
    """Certificates for a server that wants its key to be its own."""
    for name in ("server.pem", "server.key", "ca.pem"):
        shutil.copy(tls.folder / name, at / name)
    machine.give(at)


POOLER_READY = "process up"


@contextmanager
def pooler(text: str, at: Path, *, userlist: str | None = None) -> Iterator[machine.Running]:
    """PgBouncer with this file; ``userlist.txt`` lies beside it."""
    (at / "pgbouncer.ini").write_text(text, encoding="utf-8")
    if userlist is not None:
        (at / "userlist.txt").write_text(userlist, encoding="utf-8")
    with machine.server(["pgbouncer", "pgbouncer.ini"], at, ready=POOLER_READY, stop=signal.SIGINT) as found:
        yield found


def pooler_stack(text: str, userlist: str | None = None) -> dict[str, str]:
    volumes = ["./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini:ro", "./userlist.txt:/etc/pgbouncer/userlist.txt:ro"]
    compose = (
        "services:\n  pooler:\n    image: edoburu/pgbouncer:v1.18.0-p1\n    user: '70:70'\n"
        "    command: [/usr/bin/pgbouncer, /etc/pgbouncer/pgbouncer.ini]\n"
        f"    volumes: {json.dumps(volumes[: 2 if userlist is not None else 1])}\n"
    )
    files = {"compose.yaml": compose, "pgbouncer.ini": text}
    return files if userlist is None else {**files, "userlist.txt": userlist}

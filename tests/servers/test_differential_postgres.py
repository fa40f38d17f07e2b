"""PostgreSQL as it runs against afscan's model of the same files and arguments, over generated variations."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import certificates
import machine
import postgreses
import wire
from afscan.model.subjects import Postgres
from afscan.platforms.hbamatching import PLAIN, TLS, deciding
from support import stack_of


def _line(name: str, values: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(values).flatmap(
        lambda value: st.sampled_from([f"{name} = {value}", f"{name} {value}", f"{name}='{value}'"])
    )


_BOOLEANS = ["on", "off", "yes", "tr", "0", "maybe", "${B}", "o"]
LINES = st.one_of(
    _line("ssl", ["on", "off", "true", "${TLS}", "require"]),
    _line("max_connections", ["20", "50", "0", "-1", "many", "${N}", "10MB", "300000"]),
    _line("superuser_reserved_connections", ["3", "0", "-1"]),
    _line("password_encryption", ["scram-sha-256", "md5", "sha256"]),
    _line("log_disconnections", _BOOLEANS),
    _line("idle_session_timeout", ["0", "30min", "30", "10m", "5 minutes"]),
    _line("statement_timeout", ["30s", "1000", "1.5", "-1", "30S"]),
    _line("work_mem", ["4MB", "4mb", "64", "4 MB", "64kB", "10"]),
    _line("wal_level", ["minimal", "replica", "full"]),
    _line("log_statement", ["none", "ddl", "DDL", "everything"]),
    st.sampled_from(
        [
            "# a comment",
            "",
            "max_connection = 5",
            "typo.name = 1",
            "ssl_mode = on",
            "log_statement = 'ddl' # words",
            "include_if_exists = 'no.conf'",
            "max_connections = 30 # enough",
            "shared_preload_libraries = 'pg_stat_statements'",
        ]
    ),
)
_KINDS = st.sampled_from(["host", "host", "hostssl", "hostnossl", "local", "hosts"])
_RECORDS = st.tuples(
    _KINDS,
    st.sampled_from(["all", "app", "postgres", '"all"', "app,postgres", "sameuser", "replication"]),
    st.sampled_from(["all", "app", "admin", "app,admin", '"app"']),
    st.sampled_from(["127.0.0.1/32", "0.0.0.0/0", "10.0.0.0/8", "all", "127.0.0.1 255.255.255.255", "::/0", "10.0.0.0/40"]),
    st.sampled_from(["trust", "md5", "scram-sha-256", "reject", "password", "scram"]),
)
HBA = st.lists(
    _RECORDS.map(lambda parts: " ".join(part for part in parts if part != parts[3] or parts[0] != "local")), max_size=4
)
ARGUMENTS = st.sampled_from(
    [(), (), (), ("-c", "ssl=off"), ("-c", "max_connections=25"), ("-c", "max_connections=none"), ("-c", "no_such=1")]
)


@pytest.fixture(scope="module")
def data(tls: certificates.Certificates) -> Iterator[Path]:
    with postgreses.cluster() as at:
        postgreses.own(tls, at)
        yield at


@given(lines=st.lists(LINES, max_size=3), records=HBA, arguments=ARGUMENTS)
def test_postgres(
    lines: list[str], records: list[str], arguments: tuple[str, ...], data: Path, tls: certificates.Certificates
) -> None:
    real, model, conf, hba = both(lines, records, arguments, data, tls)
    assert model == real, f"{conf}\n{hba}\n{arguments}"


def both(lines: list[str], records: list[str], arguments: tuple[str, ...], data: Path, tls: certificates.Certificates):  # type: ignore[no-untyped-def]
    """What the server does, what afscan says, and the files."""
    port = machine.free_port()
    head = ["listen_addresses = '127.0.0.1'", f"ssl_cert_file = '{data}/server.pem'", f"ssl_key_file = '{data}/server.key'"]
    conf = "\n".join([*head, *lines]) + "\n"
    hba = "\n".join(["local all all trust", *records]) + "\n"
    with postgreses.started(data, port, conf=conf, hba=hba, arguments=arguments) as found:
        real = _real(data, port, tls, found)
    return real, _model(conf, hba, arguments), conf, hba


_CLIENTS = [("app", "app"), ("app", "postgres"), ("admin", "postgres")]


def _real(at: Path, port: int, tls: certificates.Certificates, found: machine.Running) -> dict[str, object]:
    if not found.started:
        return {"starts": False}
    shown: dict[str, object] = {"starts": True}
    for user, database in _CLIENTS:
        for way, context in ((PLAIN, None), (TLS, tls.trusting())):
            answer = wire.postgres(port, user=user, database=database, tls=context)
            let_in = answer.kind == "method" or "does not exist" in answer.text
            # a role that has no md5 hash is asked by SCRAM, whatever the record says
            method = "scram-sha-256" if answer.text == "md5" else answer.text
            shown[f"{user} in {database}, {way}"] = method if answer.kind == "method" else "trust" if let_in else "refused"
    rows = postgreses.psql(
        at, port, "SELECT name, setting FROM pg_settings WHERE name IN ('ssl', 'max_connections', 'password_encryption')"
    )
    return shown | dict(row.split("|") for row in rows.ok.splitlines())


def _model(conf: str, hba: str, arguments: tuple[str, ...]) -> dict[str, object]:
    stack = stack_of(postgreses.stack(conf, hba, *arguments))
    (server,) = stack.of(Postgres)
    if server.refused or any("does not start" in one.reason or one.kind.value == "syntax-error" for one in stack.notices):
        return {"starts": False}
    encrypted = bool(server.tls.value)
    shown: dict[str, object] = {"starts": True}
    for user, database in _CLIENTS:
        for way in (PLAIN, TLS):
            found = deciding(server.records, transport=way, database=database, user=user, address="127.0.0.1")
            method = found[-1].method.or_else("") if found else "reject"
            method = {"reject": "refused", "md5": "scram-sha-256"}.get(method, method)
            shown[f"{user} in {database}, {way}"] = method if way == PLAIN or encrypted else "refused"
    limit = str(server.max_connections.or_else(100))
    return shown | {
        "ssl": "on" if encrypted else "off",
        "max_connections": limit,
        "password_encryption": server.password_encryption.or_else("scram-sha-256"),
    }

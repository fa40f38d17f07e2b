"""PgBouncer as it runs against afscan's model of the same file, over generated variations."""

from hypothesis import given
from hypothesis import strategies as st

import certificates
import machine
import postgreses
import wire
from afscan.model.subjects import Authentication, PgBouncer
from support import stack_of

_NUMBERS = ["0", "1", "20", "100", "-1", "many", "20 ; enough", "${N}", "0x10", "1.5"]
_BOOLEANS = ["0", "1", "yes", "on", "true", "${B}"]
_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "REQUIRE", "required", "on", "${MODE}"]


def _line(name: str, values: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(values).map(lambda value: f"{name} = {value}")


LINES = st.one_of(
    _line("auth_type", ["md5", "scram-sha-256", "plain", "trust", "MD5", "scram", "none", "${A}", "md5 # best"]),
    _line("pool_mode", ["session", "transaction", "statement", "Transaction", "pool", "transaction ; best"]),
    _line("max_client_conn", _NUMBERS),
    _line("default_pool_size", _NUMBERS),
    _line("max_db_connections", _NUMBERS),
    _line("max_user_connections", _NUMBERS),
    _line("reserve_pool_size", _NUMBERS),
    _line("client_tls_sslmode", _MODES),
    _line("server_tls_sslmode", _MODES),
    _line("server_idle_timeout", ["600", "10.5", "10min", "0"]),
    _line("log_connections", _BOOLEANS),
    _line("server_reset_query_always", _BOOLEANS),
    st.sampled_from(
        [
            "; a comment",
            "# a comment",
            "",
            "max_clients = 10",
            "tls_mode = require",
            "pool_mod = session",
            "ignore_startup_parameters = extra_float_digits",
            "server_reset_query = DISCARD ALL",
            "verbose = 0",
            "AUTH_TYPE = trust",
            "[databases]\nother = host=127.0.0.1\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = PORT\nunix_socket_dir = SOCKETS\nstats_users = app",
        ]
    ),
)
_LIMITS = ("max_client_conn", "default_pool_size", "max_db_connections", "max_user_connections", "reserve_pool_size")
_SHOWN = (*_LIMITS, "pool_mode", "client_tls_sslmode", "server_tls_sslmode", "auth_type")
_DEFAULTS = {
    "max_client_conn": "100",
    "default_pool_size": "20",
    "pool_mode": "session",
    "client_tls_sslmode": "disable",
    "server_tls_sslmode": "disable",
    "auth_type": "md5",
}


@given(lines=st.lists(LINES, max_size=4), keys=st.booleans())
def test_pgbouncer(lines: list[str], keys: bool, tls: certificates.Certificates) -> None:
    port = machine.free_port()
    with machine.folder() as at:
        text = written(lines, keys, port, str(at), tls)
        with postgreses.pooler(text, at, userlist='"app" "kX9vTq2mWz"\n') as found:
            real = _real(port, str(at), tls, found)
    assert _model(text) == real, text


def written(lines: list[str], keys: bool, port: int, sockets: str, tls: certificates.Certificates) -> str:
    head = [
        "[databases]",
        "app = host=127.0.0.1 port=1",
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        f"listen_port = {port}",
        f"unix_socket_dir = {sockets}",
        "auth_file = userlist.txt",
        "stats_users = app",
    ]
    if keys:
        head += [
            f"client_tls_key_file = {tls.key}",
            f"client_tls_cert_file = {tls.certificate}",
            f"client_tls_ca_file = {tls.ca}",
        ]
    return "\n".join([*head, *(line.replace("PORT", str(port)).replace("SOCKETS", sockets) for line in lines)]) + "\n"


def _real(port: int, sockets: str, tls: certificates.Certificates, found: machine.Running) -> dict[str, object]:
    if not found.started:
        return {"starts": False}
    plain = wire.postgres(port, user="app", database="pgbouncer")
    shown: dict[str, object] = {"starts": True, "plaintext": plain.kind == "method"}
    if plain.kind == "method":
        shown["asks"] = plain.text != "trust"
    rows = machine.run(
        ["psql", "-X", "-A", "-t", "-h", sockets, "-p", str(port), "-U", "pgbouncer", "pgbouncer", "-c", "SHOW CONFIG"]
    )
    config = dict(row.split("|")[:2] for row in rows.ok.splitlines())
    return shown | {name: config[name] for name in _SHOWN}


def _model(text: str) -> dict[str, object]:
    stack = stack_of(postgreses.pooler_stack(text, '"app" "kX9vTq2mWz"\n'))
    (server,), (asked,) = stack.of(PgBouncer), stack.of(Authentication)
    if server.refused:
        return {"starts": False}
    plain = server.client_tls.or_else("disable") in ("disable", "allow", "prefer")
    shown: dict[str, object] = {"starts": True, "plaintext": plain}
    if plain:
        shown["asks"] = asked.required.value
    for name in _SHOWN:
        value = server.setting(f"pgbouncer.{name}").or_else(_DEFAULTS.get(name, "0"))
        shown[name] = value.lower() if name not in _LIMITS else str(int(value, 0))
    return shown

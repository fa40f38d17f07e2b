"""PostgreSQL in a container, as far as its environment and command line say. Source: postgresql.org, "postgres" (server
application) and "Server Configuration"; the official image's docker-entrypoint.sh."""

from afscan.model.subjects import Setting
from afscan.model.value import Value

_FROM_FILES = ("POSTGRES_PASSWORD", "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_INITDB_ARGS")
ENVIRONMENT = frozenset(
    (*_FROM_FILES, *(f"{name}_FILE" for name in _FROM_FILES), "POSTGRES_INITDB_WALDIR", "POSTGRES_HOST_AUTH_METHOD")
)
"""The ``POSTGRES_`` variables that the official image reads."""

# fmt: off
PARAMETERS = frozenset((
    "archive_command", "archive_mode", "autovacuum", "autovacuum_max_workers", "autovacuum_naptime", "authentication_timeout",
    "checkpoint_completion_target", "checkpoint_timeout", "client_min_messages", "cpu_tuple_cost", "deadlock_timeout",
    "default_statistics_target", "default_transaction_isolation", "effective_cache_size", "effective_io_concurrency", "fsync",
    "full_page_writes", "hba_file", "huge_pages", "idle_in_transaction_session_timeout", "idle_session_timeout", "jit",
    "listen_addresses", "lock_timeout", "log_checkpoints", "log_connections", "log_destination", "log_directory",
    "log_disconnections", "log_duration", "log_filename", "log_line_prefix", "log_lock_waits", "log_min_duration_statement",
    "log_min_messages", "log_statement", "log_temp_files", "logging_collector", "maintenance_work_mem", "max_connections",
    "max_locks_per_transaction", "max_parallel_maintenance_workers", "max_parallel_workers", "max_parallel_workers_per_gather",
    "max_replication_slots", "max_wal_senders", "max_wal_size", "max_worker_processes", "min_wal_size", "password_encryption",
    "random_page_cost", "row_security", "seq_page_cost", "shared_buffers", "shared_preload_libraries", "ssl", "ssl_ca_file",
    "ssl_cert_file", "ssl_ciphers", "ssl_key_file", "ssl_min_protocol_version", "statement_timeout",
    "superuser_reserved_connections", "synchronous_commit", "tcp_keepalives_idle", "temp_buffers", "timezone",
    "track_activities", "track_io_timing", "wal_buffers", "wal_keep_size", "wal_level", "work_mem",
))
# fmt: on
"""Server parameters that people write as ``POSTGRES_<NAME>``."""

_PROTECTIONS = {
    "ssl": "TLS",
    "ssl_cert_file": "TLS",
    "ssl_key_file": "TLS",
    "ssl_ca_file": "TLS",
    "log_connections": "the connection log",
    "log_disconnections": "the connection log",
    "archive_mode": "the WAL archive",
    "idle_in_transaction_session_timeout": "the limit on idle connections",
    "idle_session_timeout": "the limit on idle connections",
}
"""What is off unless one of these turns it on. What has a safe default of its own (``max_connections`` 100, ``row_security`` on,
``password_encryption`` scram-sha-256 since 14) is not lost with the setting."""

_SHORT = {
    "N": "max_connections",
    "p": "port",
    "B": "shared_buffers",
    "D": "data_directory",
    "h": "listen_addresses",
    "k": "unix_socket_directories",
}
_FLAGS = {"l": ("ssl", "on"), "i": ("listen_addresses", "*"), "F": ("fsync", "off")}


def parameter_of(variable: str) -> str | None:
    """The server parameter that a variable is meant for, None where it is none or the image reads the variable."""
    if variable in ENVIRONMENT or not variable.startswith("POSTGRES_"):
        return None
    name = variable.removeprefix("POSTGRES_").lower()
    return name if name in PARAMETERS else None


def protection_of(parameter: str, text: str | None) -> str | None:
    """What somebody believes to be protected by a parameter; None where the text that is written turns it off, too.

    :param text: the written value; None where it is not known.
    """
    off = text is not None and text.strip().strip("'").lower() in ("", "0", "off", "no", "false")
    return None if off else _PROTECTIONS.get(parameter)


def command_line(words: list[tuple[str, Value[str]]]) -> list[Setting]:
    """The settings that the server's arguments (without the program) make: ``-c name=value``, ``--name=value``, ``-N 200``.

    :param words: each as it is written, and its value: unknown where a part of it is.
    """
    found: list[Setting] = []
    waiting: str | None = None
    for text, word in words:
        if waiting is not None:
            found += _assignment(text, word) if waiting == "c" else [_setting(_SHORT[waiting], word, text)]
            waiting = None
        elif text.startswith("--") and "=" in text:
            found += _assignment(text[2:], word)
        elif text[:1] == "-" and len(text) >= 2 and text[1] != "-":
            letter, rest = text[1], text[2:]
            if letter == "c" or letter in _SHORT:
                if not rest:
                    waiting = letter
                else:
                    found += _assignment(rest, word) if letter == "c" else [_setting(_SHORT[letter], word, rest)]
            elif letter in _FLAGS and not rest:
                found.append(_setting(_FLAGS[letter][0], word, _FLAGS[letter][1]))
    return found


def _assignment(text: str, word: Value[str]) -> list[Setting]:
    name, sign, value = text.partition("=")
    if not sign or "$" in name:
        return []
    if word.is_unknown and "$" not in value and value:
        word = Value.of(value, word.node, word.at)
    return [_setting(name.strip().lower().replace("-", "_"), word, value.strip().strip("'"))]


def _setting(name: str, word: Value[str], text: str) -> Setting:
    value: Value[str] = word if word.is_unknown else Value.of(text, word.node, word.at)
    return Setting(name=name, value=value, key_place=word.place, layer="command-line")

"""PgBouncer as it runs: the file that its command line names, or what an image's script makes of the environment."""

from collections.abc import Iterator
from posixpath import basename

from afscan.join.servers.environment import Environment
from afscan.join.servers.files import Files, Found
from afscan.join.servers.products import is_bitnami, repository
from afscan.join.servers.shell import Word
from afscan.join.servers.words import Launch, launch
from afscan.model.record import record
from afscan.model.subjects import ConfigFile, Container, PoolerDatabase, PoolerUser, Setting, Subject
from afscan.model.value import Value
from afscan.platforms.pgbouncer import USERLIST, users
from afscan.platforms.pgbouncerserver import Effective, authentication, connections, databases, section_of, server
from afscan.platforms.settings import typed, whole_number

_PROGRAMS = frozenset(("pgbouncer", "run.sh", "entrypoint.sh"))
_PATHS = ("/etc/pgbouncer/pgbouncer.ini",)
_BITNAMI_PATHS = ("/bitnami/pgbouncer/conf/pgbouncer.ini", "/opt/bitnami/pgbouncer/conf/pgbouncer.ini")
_WITH_ARGUMENT = frozenset(("-u", "--user"))


@record(slots=True, frozen=True)
class _Image:
    """How an image makes pgbouncer.ini out of its environment: the names of its variables, and what it always writes."""

    prefix: str
    host: str
    port: str
    database: str
    user: str
    password: str
    writes: dict[str, str]
    renamed: dict[str, str]


_IMAGES = {
    # edoburu/docker-pgbouncer, entrypoint.sh
    "edoburu/pgbouncer": _Image(
        "", "DB_HOST", "DB_PORT", "DB_NAME", "", "", {"listen_addr": "0.0.0.0", "listen_port": "5432", "auth_type": "md5"}, {}
    ),
    # pgbouncer/pgbouncer, README and entrypoint.sh
    "pgbouncer/pgbouncer": _Image(
        "PGBOUNCER_",
        "DATABASES_HOST",
        "DATABASES_PORT",
        "DATABASES_DBNAME",
        "DATABASES_USER",
        "DATABASES_PASSWORD",
        {"listen_addr": "0.0.0.0", "auth_type": "any"},
        {},
    ),
    # bitnami/containers, pgbouncer, libpgbouncer.sh
    "bitnami": _Image(
        "PGBOUNCER_",
        "POSTGRESQL_HOST",
        "POSTGRESQL_PORT",
        "PGBOUNCER_DATABASE",
        "",
        "",
        {"listen_addr": "0.0.0.0", "listen_port": "6432", "auth_type": "scram-sha-256"},
        {"listen_port": "PGBOUNCER_PORT", "listen_addr": "PGBOUNCER_LISTEN_ADDRESS"},
    ),
}

# fmt: off
_KEYS = (
    "listen_addr", "listen_port", "auth_type", "auth_file", "auth_hba_file", "auth_user", "auth_query", "pool_mode",
    "max_client_conn", "default_pool_size", "min_pool_size", "reserve_pool_size", "reserve_pool_timeout", "max_db_connections",
    "max_user_connections", "server_reset_query", "server_reset_query_always", "server_lifetime", "server_idle_timeout",
    "client_idle_timeout", "idle_transaction_timeout", "query_timeout", "query_wait_timeout", "log_connections",
    "log_disconnections", "log_pooler_errors", "client_tls_sslmode", "client_tls_key_file", "client_tls_cert_file",
    "client_tls_ca_file", "client_tls_protocols", "client_tls_ciphers", "server_tls_sslmode", "server_tls_ca_file",
    "server_tls_key_file", "server_tls_cert_file", "server_tls_protocols", "server_tls_ciphers",
)
# fmt: on


def of_container(container: Container, files: Files) -> Iterator[Subject]:
    """The pooler in a container."""
    started = launch(container, _PROGRAMS, implied=lambda word: word.startswith("-") or word.endswith(".ini"))
    found = _configuration(container, started, files)
    if found.file is not None:
        yield from _by_file(files.use(found.file), container, files, started.unread)
        return
    image = _IMAGES.get("bitnami" if is_bitnami(container) else repository(container))
    made_here = found.mount is None and image is not None and not started.unread and container.build is None
    if image is not None and made_here:
        yield from _by_environment(container, image, files)
        return
    unread = started.unread or f"its configuration is not known: {found.reason or 'it is part of the image'}"
    effective = Effective([], container.node, unread)
    pooler = server(effective, name=container.name, node=container.node, container=container, files=[], lines=[], users=[])
    yield pooler
    yield authentication(pooler, container.node)


def of_file(file: ConfigFile, files: Files) -> Iterator[Subject]:
    """The pooler that a file describes which no container here reads."""
    yield from _by_file(file, None, files, "")


def _by_file(file: ConfigFile, container: Container | None, files: Files, unread: str) -> Iterator[Subject]:
    includes = [one for one in file.settings if one.name == "%include"]
    if includes:
        unread = unread or f"`%include {includes[0].value.or_else('')}` was not followed"
    effective = Effective(file.settings, section_of(file), unread)
    name = container.name if container is not None else file.name
    read, listed = [file], _users(effective, file, container, files)
    if listed is not None:
        read.append(listed)
    pooler = server(
        effective,
        name=name,
        node=container.node if container is not None else file.node,
        container=container,
        files=read,
        lines=databases(file.settings),
        users=users(listed.node) if listed is not None else [],
    )
    yield pooler
    yield authentication(pooler, effective.owner)
    yield from connections(pooler)


def _users(effective: Effective, file: ConfigFile, container: Container | None, files: Files) -> ConfigFile | None:
    """The userlist.txt that ``auth_file`` names: where the container has it, else next to the file."""
    path = effective.text("auth_file").or_else("")
    found = files.find(container, path).file if container is not None and path.startswith("/") else None
    if found is None and path:
        found = files.beside(file, basename(path))
    return files.use(found) if found is not None and found.product == USERLIST else None


def _configuration(container: Container, started: Launch, files: Files) -> Found:
    path = _path(started.words)
    if path is not None:
        return Found(None, path.reason) if path.reason else files.find(container, path.text)
    paths = _BITNAMI_PATHS if is_bitnami(container) else _PATHS
    outcomes = [files.find(container, one) for one in paths]
    return next((one for one in outcomes if one.file is not None or one.mount is not None), outcomes[0])


def _path(words: list[Word]) -> Word | None:
    """The configuration file in PgBouncer's arguments: the one that is no option."""
    skip = False
    for word in words:
        if skip or word.text.startswith("-"):
            skip = not skip and word.text in _WITH_ARGUMENT
        elif word.text.startswith("/") or word.text.endswith(".ini"):
            return word
    return None


def _by_environment(container: Container, image: _Image, files: Files) -> Iterator[Subject]:
    """The pooler that an image configures from its environment alone."""
    environment = Environment(container, files.entries)
    settings: list[Setting] = []
    node = container.image.node if container.image is not None else container.node
    for key, text in image.writes.items():
        value = Value.of(text, node)
        settings.append(Setting(name=f"pgbouncer.{key}", value=value, key_place=node.head, layer="image"))
    for key in _KEYS:
        one = environment.setting(f"pgbouncer.{key}", image.renamed.get(key, image.prefix + key.upper()))
        if one is not None and not (one.value.is_set and not one.value.value):
            settings.append(one)
    line = _database(container, environment, image)
    effective = Effective(settings, container.node, environment.unread)
    nobody: list[PoolerUser] = []
    lines = [line] if line is not None else []
    name = container.name
    pooler = server(effective, name=name, node=container.node, container=container, files=[], lines=lines, users=nobody)
    yield pooler
    yield authentication(pooler, container.node)


def _database(container: Container, environment: Environment, image: _Image) -> PoolerDatabase | None:
    """The one line of ``[databases]`` that such an image writes."""
    from afscan.platforms.urls import parse_url  # noqa: PLC0415  (start-up time: few stacks need it)

    host, port = environment.text(image.host), environment.text(image.port)
    url = environment.text("DATABASE_URL") if image.prefix == "" else Value.unset(container.node)
    if url.is_set:
        parsed = parse_url(url.or_else(""))
        if parsed is not None:
            host = Value.of(parsed.host, url.node, url.at)
            port = Value.of(str(parsed.port), url.node, url.at) if parsed.port is not None else Value.unset(url.node)
    elif url.is_unknown and "DATABASE_URL" in environment.variables:
        host = url
    if host.is_unset:
        return None
    absent: Value[str] = Value.unset(container.node)
    return PoolerDatabase(
        node=host.node,
        name=environment.text(image.database).or_else("*"),
        host=host,
        port=typed(port, whole_number, "a whole number"),
        pool_size=Value.unset(container.node),
        max_connections=Value.unset(container.node),
        pool_mode=absent,
        user=environment.text(image.user) if image.user else absent,
        password=environment.text(image.password) if image.password else absent,
    )

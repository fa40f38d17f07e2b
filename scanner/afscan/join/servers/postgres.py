"""PostgreSQL in a container: its command line, the environment that its image reads, ``ALTER SYSTEM`` in its init scripts."""

import re
from collections import defaultdict
from collections.abc import Iterator
from posixpath import basename

from afscan.join.servers.environment import Environment
from afscan.join.servers.files import Files, path_of
from afscan.join.servers.products import is_bitnami, is_official
from afscan.join.servers.words import Launch, launch, mentioned
from afscan.model.node import Node, Scalar
from afscan.model.source import Source
from afscan.model.stack import Stack
from afscan.model.subjects import Authentication, Container, IgnoredSetting, Postgres, Setting, Subject
from afscan.model.value import Value
from afscan.platforms.postgres import command_line, parameter_of, protection_of
from afscan.platforms.settings import last, lookup, lower, on_off, truth, typed, whole_number

_PROGRAMS = frozenset(("postgres", "postmaster"))
_OFFICIAL = ("postgres", "postgis/postgis", "pgvector/pgvector", "timescale/timescaledb")
_INIT = "/docker-entrypoint-initdb.d"
_TELLING = re.compile(r"(?:ssl|tls|conf)[\w.-]{0,80}\.sh\b", re.IGNORECASE)
"""Init scripts whose name says that they change the server's settings; shell is not read."""

_MAX_STAGES = 50
_ALTER = re.compile(r"\bALTER\s+SYSTEM\s+SET\s+(\w[\w.]*)\s*(?:=|TO)\s*('[^'\n]*'|[^\s;']+)", re.IGNORECASE)
_BITNAMI = {
    "max_connections": "POSTGRESQL_MAX_CONNECTIONS",
    "ssl": "POSTGRESQL_ENABLE_TLS",
    "shared_preload_libraries": "POSTGRESQL_SHARED_PRELOAD_LIBRARIES",
}


class InitScripts:
    """The ``ALTER SYSTEM SET`` of a stack's SQL files, by path, or by ``kind/namespace/name`` of the ConfigMap they are in."""

    def __init__(self, stack: Stack) -> None:
        self.by_folder: dict[str, list[Setting]] = defaultdict(list)
        for source in stack.sources:
            if source.syntax == "sql":
                for one in _altered(source):
                    self.by_folder[f"{source.holder}/{source.owner}" if source.owner else path_of(source)].append(one)

    def of(self, container: Container) -> list[Setting]:
        """What the scripts that a container mounts set."""
        found: list[Setting] = []
        for mount in container.mounts:
            if not self.by_folder or not mount.target.or_else("").startswith(_INIT):
                continue
            where = mount.source.or_else("")
            if mount.kind in ("configmap", "secret"):
                found += self.by_folder.get(f"{mount.kind}/{container.workload.namespace or 'default'}/{where}", [])
            elif mount.kind == "host" and where:
                for path, settings in self.by_folder.items():
                    if path == where or path.startswith(where + "/"):
                        found += settings
        return found


def of_container(container: Container, files: Files, scripts: InitScripts) -> Iterator[Subject]:
    """The server in a container."""
    started = launch(
        container, _PROGRAMS | {"run.sh"} if is_bitnami(container) else _PROGRAMS, implied=lambda word: word.startswith("-")
    )
    environment = Environment(container, files.entries)
    settings = scripts.of(container)
    unread = started.unread or _unread(container, started)
    if is_bitnami(container):
        settings += [one for name, variable in _BITNAMI.items() if (one := environment.setting(name, variable)) is not None]
        unread = unread or environment.unread
    settings += command_line([word.value() for word in started.words])
    by_name = last(settings)
    unread = unread or (f"`{by_name['config_file'].value.value}` is not read" if "config_file" in by_name else "")
    server = _server(container, by_name, unread, environment)
    yield server
    yield _authentication(server, environment)
    if is_official(container, *_OFFICIAL):
        yield from _ignored_variables(container, environment)
        if "config_file" not in by_name and not started.unread:
            yield from _unread_files(container, started)


def _server(container: Container, settings: dict[str, Setting], unread: str, environment: Environment) -> Postgres:
    def text(name: str) -> Value[str]:
        return lookup(settings, name, container.node, unread)

    number = "a whole number"
    return Postgres(
        name=container.name,
        node=container.node,
        platform="postgres",
        product="postgres",
        settings=settings,
        container=container,
        unread=unread,
        tls=typed(text("ssl"), on_off, "`on` or `off`"),
        max_connections=typed(text("max_connections"), whole_number, number),
        reserved_connections=typed(text("superuser_reserved_connections"), whole_number, number),
        password_encryption=typed(text("password_encryption"), lower, "a word"),
        host_auth_method=environment.text("POSTGRES_HOST_AUTH_METHOD"),
    )


def _authentication(server: Postgres, environment: Environment) -> Authentication:
    assert server.container is not None
    required, how = _required(server, server.container, environment)
    return Authentication(
        name=server.name,
        node=required.node,
        platform="postgres",
        product="postgres",
        required=required,
        how=how,
        container=server.container,
    )


def _required(server: Postgres, container: Container, environment: Environment) -> tuple[Value[bool], str]:
    method = server.host_auth_method
    empty = environment.text("ALLOW_EMPTY_PASSWORD")
    if is_bitnami(container):
        if truth(empty.or_else("")) and environment.given("POSTGRESQL_PASSWORD") is False:
            return Value.of(False, empty.node, empty.at), "`ALLOW_EMPTY_PASSWORD` lets everybody in"
        return Value.of(True, container.node), "the image demands a password"
    if method.is_set and method.or_else("").lower() == "trust":
        return Value.of(False, method.node, method.at), "`POSTGRES_HOST_AUTH_METHOD=trust` asks for no password"
    own = next(
        (m for m in container.mounts if basename(m.target.or_else("")) == "pg_hba.conf" or m.sub_path == "pg_hba.conf"), None
    )
    if own is not None or "hba_file" in server.settings:
        reason = "its own pg_hba.conf decides, which is not read"
        return Value.unknown(own.node if own is not None else container.node, reason), reason
    if method.is_unknown:
        return Value.unknown(method.node, method.reason, method.at), method.reason
    return Value.of(True, container.node), "the image asks for passwords by default"


def _unread(container: Container, started: Launch) -> str:
    """Why settings may come from elsewhere: a postgresql.conf of one's own in the data directory."""
    for mount in container.mounts:
        target = mount.target.or_else("")
        if basename(target) in ("postgresql.conf", "postgresql.auto.conf") and not target.startswith("/etc/postgresql/"):
            return f"`{target}` is not read"
        if target.startswith(_INIT) and _TELLING.search(basename(target.rstrip("/"))):
            return f"`{target}` is not read"
    return _unread_in_image(container)


def _unread_in_image(container: Container) -> str:
    """Why settings may come from the container's own Dockerfile: it brings or edits a postgresql.conf."""
    stage = container.stage
    for _ in range(_MAX_STAGES):
        if stage is None:
            break
        brought = [f"{copy.source.or_else('')} {copy.target}" for copy in stage.copies]
        for text in [*brought, *(command.text.or_else("") for command in stage.commands)]:
            if "postgresql.conf" in text or (_INIT in text and _TELLING.search(text)):
                return "its Dockerfile brings settings that are not read"
        stage = stage.parent
    return ""


def _ignored_variables(container: Container, environment: Environment) -> Iterator[IgnoredSetting]:
    """``POSTGRES_SHARED_BUFFERS`` and the like, unless the container's own commands use them."""
    used = mentioned(container)
    for name, variable in environment.variables.items():
        parameter = parameter_of(name)
        if parameter is None or name in used:
            continue
        yield IgnoredSetting(
            name=f"{name} of {container.name}",
            node=variable.value.node,
            platform=container.platform,
            product="postgres",
            setting=name,
            why="the PostgreSQL image reads no such variable",
            instead=f"`-c {parameter}=...` on the command line",
            protection=protection_of(parameter),
        )


def _unread_files(container: Container, started: Launch) -> Iterator[IgnoredSetting]:
    """Files below /etc/postgresql: the server reads the one in its data directory unless ``config_file`` says otherwise."""
    if any("/etc/postgresql" in word.text for word in started.words):
        return
    for mount in container.mounts:
        target = mount.target.or_else("").rstrip("/")
        if target.startswith("/etc/postgresql/") and (target.endswith(".conf") or "/conf.d" in target):
            yield IgnoredSetting(
                name=f"{target} of {container.name}",
                node=mount.node,
                platform=container.platform,
                product="postgres",
                setting=target,
                why="the image keeps postgresql.conf in the data directory, and PostgreSQL never reads this path",
                instead="`-c config_file=...` on the command line",
            )


def _altered(source: Source) -> Iterator[Setting]:
    for match in _ALTER.finditer(source.text):
        line_start = source.text.rfind("\n", 0, match.start()) + 1
        if "--" in source.text[line_start : match.start()]:
            continue
        node: Node = Scalar(source, source.span(*match.span(2)), match[2])
        value = Value.of(match[2].strip("'"), node)
        yield Setting(name=match[1].lower(), value=value, key_place=source.place(source.span(*match.span(1))), layer="sql")

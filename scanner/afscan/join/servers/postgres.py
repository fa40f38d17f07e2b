"""PostgreSQL as it runs: its files, ``ALTER SYSTEM`` in its init scripts, the environment that its image reads, its command line."""

import re
from collections.abc import Iterator
from itertools import pairwise
from posixpath import basename, join

from afscan.join.servers.environment import Environment
from afscan.join.servers.files import Files, Found
from afscan.join.servers.initscripts import Scripts
from afscan.join.servers.postgresfiles import Reading
from afscan.join.servers.postgresignored import ignored_variables, unread_files
from afscan.join.servers.postgresinit import contents, told_by_image, told_by_script
from afscan.join.servers.products import is_bitnami, is_official
from afscan.join.servers.words import Launch, launch, split_words
from afscan.model.sql import Catalogue
from afscan.model.stack import Stack
from afscan.model.subjects import ConfigFile, Container, Setting, Subject
from afscan.model.value import Value
from afscan.platforms.postgres import command_line
from afscan.platforms.postgresfiles import HBA, SERVER, is_whole
from afscan.platforms.postgresimages import postgres_image
from afscan.platforms.postgresserver import Effective, authentications, server
from afscan.platforms.settings import last, truth

_PROGRAMS = frozenset(("postgres", "postmaster"))
_OFFICIAL = ("postgres", "postgis/postgis", "pgvector/pgvector", "timescale/timescaledb")
_DATA = ("/var/lib/postgresql/data", "/var/lib/postgresql/{}/docker")
"""The data directory of the official image, up to 17 and since 18. Source: docker-library/postgres, Dockerfile-debian.template."""

_SAMPLE = "/usr/share/postgresql/postgresql.conf.sample"
_BITNAMI_FOLDER = "/opt/bitnami/postgresql/conf"


def of_container(container: Container, files: Files, scripts: Scripts, stack: Stack) -> Iterator[Subject]:
    """The server in a container."""
    bitnami = is_bitnami(container)
    started = launch(container, _PROGRAMS | {"run.sh"} if bitnami else _PROGRAMS, implied=lambda word: word.startswith("-"))
    environment = Environment(container, files.entries)
    reading = Reading(container, files, stack, unread=started.unread)
    arguments = command_line([(word.text, word.value()) for word in started.words])
    folders = [_BITNAMI_FOLDER] if bitnami else _folders(container, started, environment)
    _configure(reading, container, last(arguments), folders)
    if bitnami:
        _bitnami(reading, environment)
        arguments = (
            command_line([(word.text, word.value()) for word in split_words(environment.text("POSTGRESQL_EXTRA_FLAGS"))])
            + arguments
        )
    elif reading.main is None:
        reading.settings += _made_by_initdb(environment)
    for folder in folders:
        automatic = reading.find(join(folder, "postgresql.auto.conf")).file
        if automatic is not None and automatic.product == SERVER:
            reading.take(automatic, join(folder, "postgresql.auto.conf"))
    held = list(contents(container, environment, scripts, last(reading.settings + arguments), reading.unread))
    altered = [one for catalogue in held if isinstance(catalogue, Catalogue) for one in catalogue.settings]
    reading.settings += altered + arguments
    settings = last(reading.settings)
    known = _admit(reading, container, settings, folders)
    method = environment.text("POSTGRES_HOST_AUTH_METHOD")
    effective = Effective(
        name=container.name,
        node=container.node,
        settings=settings,
        owner=reading.main.node if reading.main is not None else container.node,
        unread=reading.unread,
        container=container,
        own_file=reading.main is not None,
        files=reading.read,
        records=reading.records,
        known=known,
        host_auth_method=method if known.is_unset else Value.unset(container.node),
    )
    found = server(effective)
    yield found
    yield from authentications(found, _by_image(container, environment))
    yield from held
    if is_official(container, *_OFFICIAL):
        yield from ignored_variables(container, environment, found)
        if not reading.unread and not known.is_unknown:
            yield from unread_files(found, reading, started, files)


def _made_by_initdb(environment: Environment) -> list[Setting]:
    """What ``initdb -c name=value`` writes into the file that it makes. Source: postgresql.org, "initdb" (since version 16)."""
    words = split_words(environment.text("POSTGRES_INITDB_ARGS"))
    pairs = [word for before, word in pairwise(words) if before.text in ("-c", "--set")]
    joined = [word._replace(text=word.text.removeprefix("--set=")) for word in words if word.text.startswith("--set=")]
    return command_line([(f"-c{word.text}", word.value()) for word in pairs + joined])


def of_file(file: ConfigFile, files: Files, stack: Stack) -> Iterator[Subject]:
    """The server that a file describes which no container here reads; with the pg_hba.conf that lies beside it."""
    reading = Reading(None, files, stack)
    known: Value[bool] | None = None
    if file.product == HBA:
        known = reading.admit(file, None)
    else:
        reading.main = file
        reading.take(file, None)
        automatic = files.beside(file, "postgresql.auto.conf")
        if automatic is not None and automatic.product == SERVER and automatic is not file:
            reading.take(automatic, None)
        named = last(reading.settings).get("hba_file")
        beside = files.beside(file, basename(named.value.or_else("")) if named is not None else "pg_hba.conf")
        if beside is not None and beside.product == HBA:
            known = reading.admit(beside, None)
        elif named is not None:
            known = Value.unknown(named.value.node, "its `hba_file` is not here", named.value.at)
    partial = file.product == HBA or not is_whole(file.node.source, file.settings)
    if partial:
        reading.unread = reading.unread or "the rest of the configuration is not here"
    found = server(
        Effective(
            name=file.name,
            node=file.node,
            settings=last(reading.settings),
            owner=file.node,
            unread=reading.unread,
            partial=partial,
            files=reading.read,
            records=reading.records,
            known=known,
            host_auth_method=Value.unset(file.node),
        )
    )
    yield found
    yield from authentications(found, None)


def is_main(file: ConfigFile) -> bool:
    """Whether a file is read by a server as such, and not through another one or beside it."""
    return file.product == SERVER and is_whole(file.node.source, file.settings)


def _folders(container: Container, started: Launch, environment: Environment) -> list[str]:
    """Where the server's own files may lie: ``-D``, else PGDATA, else where the official image has them."""
    for index, word in enumerate(started.words):
        if word.text.startswith("-D"):
            following = started.words[index + 1].text if index + 1 < len(started.words) else ""
            return [path] if (path := word.text[2:] or following) and not word.reason else []
    given = environment.text("PGDATA")
    if "PGDATA" in environment.variables:
        return [given.or_else("")] if given.is_set and given.value else []
    tag = (container.image.tag or "") if container.image is not None else ""
    major = re.search(r"(?<!\d)(1\d|2\d)(?!\d)", tag)
    return [_DATA[0], *([_DATA[1].format(major[1])] if major is not None else ())]


def _configure(reading: Reading, container: Container, arguments: dict[str, Setting], folders: list[str]) -> None:
    """Read the main file: the one that ``config_file`` names, else the one in the data directory or what initdb makes it of."""
    named = arguments.get("config_file")
    if named is not None:
        path = named.value.or_else("")
        found = reading.find(join("/", path)) if path else Found(None)
        if found.file is None or found.file.product != SERVER:
            why = named.value.reason or f"`{path}` is not read"
            reading.unread = reading.unread or why
            return
        _main(reading, found.file, join("/", path))
        return
    for path in (*(join(folder, "postgresql.conf") for folder in folders), _SAMPLE):
        found = reading.find(path)
        if found.file is not None and found.file.product == SERVER:
            _main(reading, found.file, path)
            return
        reading.unread = reading.unread or reading.missing(found, path)
    reading.unread = reading.unread or _elsewhere(reading, container) or told_by_script(container) or told_by_image(container)


def _main(reading: Reading, file: ConfigFile, path: str) -> None:
    reading.main = file
    reading.take(file, path)


def _elsewhere(reading: Reading, container: Container) -> str:
    """A postgresql.conf that is mounted where the server may read it, though where it looks is not known or the file is not here."""
    official = is_official(container, *_OFFICIAL)
    for mount in container.mounts:
        target = mount.target.or_else("")
        if basename(target) not in ("postgresql.conf", "postgresql.auto.conf") or (official and target.startswith("/etc/")):
            continue
        found = reading.find(target).file
        if found is not None and found.product == SERVER and found not in reading.read and not official:
            _main(reading, found, target)
            return f"whether the server reads `{target}` is not known"
        if found is None:
            return f"`{target}` is not read"
    return ""


def _bitnami(reading: Reading, environment: Environment) -> None:
    """Add what Bitnami's script writes: little into a mounted postgresql.conf, else its own file, which includes ``conf.d``."""
    image = postgres_image("bitnami/postgresql")
    always = image.writes_always if image is not None else {}
    names = always if reading.main is not None or image is None else image.writes | always
    reading.settings += [one for name, variable in names.items() if (one := environment.setting(name, variable)) is not None]
    reading.unread = reading.unread or environment.unread
    if reading.main is None and reading.container is not None:
        for folder in (f"{_BITNAMI_FOLDER}/conf.d", "/bitnami/postgresql/conf/conf.d"):
            listed, reason = reading.files.folder(reading.container, folder)
            for file in listed:
                if file.product == SERVER:
                    reading.take(file, join(folder, basename(file.name)))
            if any(mount.target.or_else("").rstrip("/") == folder for mount in reading.container.mounts):
                reading.unread = reading.unread or reason


def _admit(reading: Reading, container: Container, settings: dict[str, Setting], folders: list[str]) -> Value[bool]:
    """Read pg_hba.conf: the one that ``hba_file`` names, else the one in the data directory, where it is not the image's own."""
    named = settings.get("hba_file")
    if named is not None:
        path = named.value.or_else("")
        found = reading.find(join("/", path)) if path else Found(None)
        if found.file is not None and found.file.product == HBA:
            return reading.admit(found.file, join("/", path))
        reason = "its own pg_hba.conf decides, which is not read"
        return Value.unknown(named.value.node, named.value.reason or reason, named.value.at)
    for folder in folders:
        found = reading.find(join(folder, "pg_hba.conf"))
        if found.file is not None and found.file.product == HBA:
            return reading.admit(found.file, join(folder, "pg_hba.conf"))
        reason = reading.missing(found, join(folder, "pg_hba.conf"))
        if reason and found.mount is not None:
            return Value.unknown(found.mount.node, f"its own pg_hba.conf decides, which is not read: {reason}")
    official = is_official(container, *_OFFICIAL)
    for mount in container.mounts:
        target = mount.target.or_else("")
        own = basename(target) == "pg_hba.conf" or mount.sub_path == "pg_hba.conf"
        if own and not (official and target.startswith("/etc/")):
            return Value.unknown(mount.node, "its own pg_hba.conf decides, which is not read")
    return Value.unset(container.node)


def _by_image(container: Container, environment: Environment) -> tuple[Value[bool], str]:
    """What the image's own pg_hba.conf demands."""
    method = environment.text("POSTGRES_HOST_AUTH_METHOD")
    empty = environment.text("ALLOW_EMPTY_PASSWORD")
    if is_bitnami(container):
        if truth(empty.or_else("")) and environment.given("POSTGRESQL_PASSWORD") is False:
            return Value.of(False, empty.node, empty.at), "`ALLOW_EMPTY_PASSWORD` lets everybody in"
        return Value.of(True, container.node), "the image demands a password"
    if method.is_set and method.or_else("").lower() == "trust":
        return Value.of(False, method.node, method.at), "`POSTGRES_HOST_AUTH_METHOD=trust` asks for no password"
    if method.is_unknown:
        return Value.unknown(method.node, method.reason, method.at), method.reason
    return Value.of(True, container.node), "the image asks for passwords by default"

"""What people write for PostgreSQL's official image that it does not read: variables, files in the wrong place."""

from collections.abc import Iterator

from afscan.join.servers.environment import Environment
from afscan.join.servers.files import Files
from afscan.join.servers.postgresfiles import Reading
from afscan.join.servers.words import Launch, mentioned
from afscan.model.subjects import ConfigFile, Container, IgnoredSetting, Mount, Postgres
from afscan.platforms.postgres import parameter_of, protection_of
from afscan.platforms.postgresfiles import HBA, SERVER
from afscan.platforms.settings import on_off

_FOLDER = "/etc/postgresql"


def ignored_variables(container: Container, environment: Environment, server: Postgres) -> Iterator[IgnoredSetting]:
    """``POSTGRES_SHARED_BUFFERS`` and the like, unless the container's own commands use them."""
    used = mentioned(container)
    switch = "POSTGRES_SSL" in environment.variables
    for name, variable in environment.variables.items():
        parameter = parameter_of(name)
        if parameter is None or name in used or variable.shared:
            continue
        # Nothing is lost where the server has the setting otherwise; certificates protect nothing beside the switch itself.
        given = parameter in server.settings or (
            parameter.startswith("ssl") and (bool(server.tls.value) or (switch and parameter != "ssl"))
        )
        yield IgnoredSetting(
            name=f"{name} of {container.name}",
            node=variable.value.node,
            platform=container.platform,
            product="postgres",
            setting=name,
            why="the PostgreSQL image reads no such variable",
            instead=f"`-c {parameter}=...` on the command line",
            protection=None if given else protection_of(parameter, variable.value.value),
        )


def unread_files(server: Postgres, reading: Reading, started: Launch, files: Files) -> Iterator[IgnoredSetting]:
    """Files below /etc/postgresql: the server reads those in its data directory, unless it is told of others."""
    container = server.container
    for mount in container.mounts if container is not None else ():
        target = mount.target.or_else("").rstrip("/")
        if container is None or (target != _FOLDER and not target.startswith(_FOLDER + "/")):
            continue
        brought = _brought(container, mount, target, files)
        named = target.endswith(".conf") or "/conf.d" in target
        if not (brought or named) or any(target in word.text for word in started.words if target != _FOLDER):
            continue
        if any(path == target or path.startswith(target + "/") for path in reading.paths):
            continue
        for one in brought:
            files.use(one)
        hba = bool(brought) and all(one.product == HBA for one in brought)
        setting = "hba_file" if hba or target.endswith("pg_hba.conf") else "config_file"
        which = "pg_hba.conf" if setting == "hba_file" else "postgresql.conf"
        yield IgnoredSetting(
            name=f"{target} of {container.name}",
            node=mount.node,
            platform=container.platform,
            product="postgres",
            setting=target,
            why=f"the image keeps {which} in the data directory, and PostgreSQL never reads this path",
            instead=f"`-c {setting}=...` on the command line",
            protection=_protection(brought, server),
        )


def _brought(container: Container, mount: Mount, target: str, files: Files) -> list[ConfigFile]:
    """PostgreSQL's files that a mount brings."""
    found = files.find(container, target)
    single = [found.file] if found.file is not None and found.mount is mount else []
    return [one for one in single or files.folder(container, target)[0] if one.product in (SERVER, HBA)]


def _protection(brought: list[ConfigFile], server: Postgres) -> str | None:
    """What such files would protect."""
    for file in brought:
        switched = [one.value for one in file.settings if one.name == "ssl"]
        if file.product == SERVER and switched and on_off(switched[-1].or_else("")) and not server.tls.value:
            return "TLS"
    return "the access control in it" if any(file.product == HBA for file in brought) else None

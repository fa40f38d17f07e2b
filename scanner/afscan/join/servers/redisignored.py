"""What the official image of Redis does not read: variables of other images, files that its command line does not name."""

from collections.abc import Iterator

from afscan.join.servers.files import Files
from afscan.join.servers.words import mentioned
from afscan.model.subjects import ConfigFile, Container, IgnoredSetting, Mount
from afscan.platforms.redis import SERVER
from afscan.platforms.settings import truth

_UNREAD_VARIABLES: dict[str, str | None] = {
    "REDIS_PASSWORD": "the password",
    "REDIS_PASS": "the password",
    "REDIS_REQUIREPASS": "the password",
    "REDIS_AUTH": "the password",
    "REDIS_PASSWORD_FILE": "the password",
    "REDIS_TLS_ENABLED": "TLS",
    "REDIS_TLS_PORT": "TLS",
    "REDIS_TLS_PORT_NUMBER": "TLS",
    "REDIS_TLS_CERT_FILE": "TLS",
    "REDIS_DISABLE_COMMANDS": "the lock on commands",
    "REDIS_AOF_ENABLED": None,
    "REDIS_APPENDONLY": None,
    "REDIS_MAXMEMORY": None,
    "REDIS_MAXMEMORY_POLICY": None,
    "REDIS_MAXCLIENTS": None,
    "REDIS_PORT_NUMBER": None,
    "REDIS_ARGS": None,
    "ALLOW_EMPTY_PASSWORD": None,
}
"""Variables that other images read and the official one does not, and the protection that people expect of them."""


def mounted_file(container: Container, mount: Mount, files: Files) -> ConfigFile | None:
    """The server's file that a mount brings, under the names that people give it."""
    target = mount.target.or_else("")
    for path in (target, f"{target}/redis.conf", f"{target}/valkey.conf"):
        file = files.find(container, path).file if target else None
        if file is not None and file.product == SERVER:
            return file
    return None


def ignored_variables(container: Container, kept: dict[str, bool]) -> Iterator[IgnoredSetting]:
    """Variables that the official image does not read. One that the container's own commands or checks use is not ignored.

    ``kept`` says which protections the server has otherwise.
    """
    used = mentioned(container)
    for name, variable in container.environment.items():
        if name not in _UNREAD_VARIABLES or name in used or variable.shared:
            continue
        protection = _UNREAD_VARIABLES[name]
        if protection == "the password" and kept[protection]:
            continue  # somebody reads it by hand, beside a password that is in force
        off = variable.value.is_set and truth(variable.value.or_else("") or "no") is False
        instead = "`--requirepass` on the command line" if protection == "the password" else "an argument of redis-server"
        yield IgnoredSetting(
            name=f"{name} of {container.name}",
            node=variable.value.node,
            platform=container.platform,
            product="redis",
            setting=name,
            why="the official Redis image reads no such variable",
            instead=instead,
            protection=None if off or kept.get(protection or "") else protection,
        )


def unread_files(container: Container, files: Files) -> Iterator[IgnoredSetting]:
    """Configuration files that are mounted although the command line names none: Redis then reads none."""
    for mount in container.mounts:
        file = mounted_file(container, mount, files)
        if file is None:
            continue
        files.use(file)
        password = any(one.name == "requirepass" and one.value.value for one in file.settings)
        yield IgnoredSetting(
            name=f"{mount.target.or_else('')} of {container.name}",
            node=mount.node,
            platform=container.platform,
            product="redis",
            setting=mount.target.or_else(""),
            why="redis-server reads a configuration file only if its command line names one, and this one names none",
            instead=f"`redis-server {mount.target.or_else('')}`",
            protection="the password" if password else None,
        )

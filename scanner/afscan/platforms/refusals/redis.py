"""What Redis and Valkey refuse. Shown on Redis 7.0: an unknown directive, a trailing comment, a value of the wrong type (``${}``
included), more or fewer words than it takes, ``maxclients 0``, a folder that is not there, TLS without key and certificate: FATAL."""

import re
from collections.abc import Iterator
from posixpath import dirname

from afscan.model.subjects import Container, RedisServer, RefusedSetting, Setting
from afscan.platforms.redis import effective_name
from afscan.platforms.refusals import at_key, at_value, data, names, placeholder, shown
from afscan.platforms.settings import whole_number

_INTEGER = re.compile(r"-?\d+\Z")
_MEMORY = re.compile(r"\d+(?:[kmg]b?|b)?\Z", re.IGNORECASE)
_SERVER = "redis"


def refused(server: RedisServer, *, official: bool) -> Iterator[RefusedSetting]:
    """The settings of a server that keep it from starting.

    :param official: whether the image is the official one, run as it is, of which the folders are known.
    """
    for file in server.files:
        for one in file.settings if file.product == _SERVER else ():
            yield from _directive(one)
    for one in server.settings.values():
        if one.layer == "command-line":
            yield from _directive(one)
    yield from _repeated(server)
    yield from _two_places_for_users(server)
    if server.container is not None:  # a file alone may be completed by arguments
        yield from _tls(server)
        if official:
            yield from _folders(server, server.container)


def _directive(one: Setting) -> Iterator[RefusedSetting]:
    if one.name not in names("redis", "known"):
        if not one.name.startswith(tuple(data("redis")["module_prefixes"])):
            yield at_key(one, "Redis has no such directive")
        return
    comment = next((word for word in one.arguments if word.is_set and word.or_else("") == "#"), None)
    if comment is not None and one.name != "user":
        yield RefusedSetting(setting=one.name, place=comment.place, why="a comment needs a line of its own")
        return
    why = _miscounted(one) or (_wrong(one) if one.value.is_set and len(one.arguments) <= 1 else "")
    if why:
        yield at_value(one, why)


def _miscounted(one: Setting) -> str:
    """Most directives take one word: ``tls-protocols TLSv1.2 TLSv1.3`` without quotes is refused. Source: redis/src/config.c."""
    if any(not word.is_set for word in one.arguments):
        return ""  # what completes a word may bring more of them
    count = len(one.arguments)
    if one.name == "save":
        empty = count == 1 and one.arguments[0].value == ""
        numbers = all(_INTEGER.match(word.or_else("")) for word in one.arguments)
        return "" if empty or (count and count % 2 == 0 and numbers) else "it takes pairs of seconds and changes"
    if one.name in ("rename-command", "replicaof", "slaveof"):
        return "" if count == 2 else "it takes two words"
    if one.name in names("redis", "many"):
        return "" if count else "it takes a value"
    if count == 1:
        return ""
    return "it takes one word, in quotes where it has blanks" if count else "it takes a value"


def _wrong(one: Setting) -> str:
    text = one.value.or_else("")
    words = data("redis")["enums"].get(one.name)
    if words is not None and text.lower() not in words:
        return f"`{shown(one.value)}` is none of its words{placeholder(text)}"
    if one.name in names("redis", "bool") and text.lower() not in ("yes", "no"):
        return f"`{shown(one.value)}` is neither yes nor no{placeholder(text)}"
    if one.name in names("redis", "number") and not _INTEGER.match(text):
        return f"`{shown(one.value)}` is no whole number{placeholder(text)}"
    if one.name in names("redis", "memory") and not _MEMORY.match(text):
        if one.name in ("maxmemory", "client-query-buffer-limit") and text.endswith("%"):
            return ""
        return f"`{shown(one.value)}` is no size{placeholder(text)}"
    least = data("redis")["least"].get(one.name)
    number = whole_number(text)
    return f"it must be at least {least}" if least is not None and number is not None and number < least else ""


def _repeated(server: RedisServer) -> Iterator[RefusedSetting]:
    """A user that is defined twice, a command that is renamed twice: after the first time no such command is left."""
    seen: set[str] = set()
    for file in server.files:
        for one in file.settings if file.product == _SERVER else ():
            name = effective_name(one)
            if name.startswith(("user ", "rename-command ")):
                if name in seen:
                    yield at_key(one, f"`{shown(one.arguments[0])}` is written twice")
                seen.add(name)


def _two_places_for_users(server: RedisServer) -> Iterator[RefusedSetting]:
    """Users in redis.conf beside an ACL file: Redis wants one of them."""
    file = server.settings.get("aclfile")
    if file is not None and file.value.or_else("") and any(name.startswith("user ") for name in server.settings):
        yield at_value(file, "users are written in the configuration, too, and Redis takes them from one place only")


def _tls(server: RedisServer) -> Iterator[RefusedSetting]:
    port = server.settings.get("tls-port")
    if port is None or not port.value.is_set or port.value.or_else("0").strip() == "0" or server.unread:
        return
    missing = [name for name in ("tls-cert-file", "tls-key-file") if name not in server.settings]
    if missing:
        names_ = " and ".join(f"`{name}`" for name in missing)
        yield at_value(port, f"{names_} {'is' if len(missing) == 1 else 'are'} not set")
    elif server.setting("tls-auth-clients").or_else("yes") != "no" and not {"tls-ca-cert-file", "tls-ca-cert-dir"} & set(
        server.settings
    ):
        yield at_value(port, "neither `tls-ca-cert-file` nor `tls-ca-cert-dir` is set, and clients must show certificates")


def _folders(server: RedisServer, container: Container) -> Iterator[RefusedSetting]:
    """The folders that ``dir`` and ``logfile`` need: the image has few, and mounts may bring others."""
    for name in ("dir", "logfile"):
        one = server.settings.get(name)
        path = one.value.or_else("") if one is not None else ""
        folder = path.rstrip("/") if name == "dir" else dirname(path)
        if one is None or not folder.startswith(("/var/", "/opt/", "/srv/", "/mnt/")) or folder in data("redis")["folders"]:
            continue
        targets = [mount.target for mount in container.mounts]
        if any(target.is_unknown or _covers(target.or_else(""), folder) for target in targets):
            continue
        found = at_value(one, f"the image has no folder `{folder[:80]}`")
        found.remedy = 'log to standard output (`logfile ""`), or mount a volume there.' if name == "logfile" else "use `/data`."
        yield found


def _covers(target: str, folder: str) -> bool:
    """Whether a mount brings a folder, or lies in it: then the container runtime makes it."""
    target = target.rstrip("/")
    return bool(target) and (folder == target or folder.startswith(target + "/") or target.startswith(folder + "/"))

"""Redis as it runs: configuration file, what it includes, environment (images that read it), command line."""

import re
from collections.abc import Generator, Iterator
from posixpath import basename

from afscan.join.servers.environment import Environment
from afscan.join.servers.files import Files, Found
from afscan.join.servers.products import is_bitnami, is_official, repository
from afscan.join.servers.shell import Word
from afscan.join.servers.words import Launch, launch, mentioned, split_words
from afscan.model.node import Node
from afscan.model.notice import Notice, NoticeKind
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import Authentication, ConfigFile, Container, IgnoredSetting, Mount, Setting, Subject
from afscan.model.value import Value
from afscan.platforms.redis import ACL_FILE, SERVER
from afscan.platforms.redisserver import Effective, authentication, server
from afscan.platforms.settings import truth

_PROGRAMS = frozenset(("redis-server", "valkey-server", "keydb-server", "redis-stack-server"))
_OFFICIAL = ("redis", "valkey/valkey")
_BITNAMI_FILES = ("/opt/bitnami/redis/mounted-etc/redis.conf", "/opt/bitnami/redis/etc/redis.conf")
_EXTRA_WORDS = {"redis/redis-stack": "REDIS_ARGS", "valkey/valkey": "VALKEY_EXTRA_FLAGS"}
"""Images whose script adds a variable's words to the command line: redis-stack's and valkey-container's entrypoints."""
_MAX_INCLUDES = 20
_NAMED = frozenset(("user", "rename-command"))

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


def of_container(container: Container, files: Files, stack: Stack) -> Iterator[Subject]:
    """The server in a container; nothing for a Sentinel."""
    started = _started(container, files)
    sentinel = any(basename(word) == "redis-sentinel" for word in container.program() or ())
    if (
        sentinel
        or basename(repository(container)) == "redis-sentinel"
        or any(word.text == "--sentinel" for word in started.words)
    ):
        return
    reading = _Reading(container, files, stack, unread=started.unread)
    found = _configuration(container, started, files)
    if found.file is not None:
        reading.take(found.file)
    elif found.reason:
        reading.unread = reading.unread or f"its configuration is not known: {found.reason}"
    if is_bitnami(container) and not reading.read:
        reading.bitnami(Environment(container, files.entries))
    reading.settings += _arguments(_options(started.words))
    required = yield from reading.server(container.name, container.node)
    if is_official(container, *_OFFICIAL) and not reading.unread:
        tls = any(one.name == "tls-port" and one.value.value != "0" for one in reading.settings)
        yield from _ignored_variables(container, {"the password": required.required.or_else(False), "TLS": tls})
        if not reading.read and (started.default or started.words):
            yield from _unread_files(container, files)


def of_file(file: ConfigFile, files: Files, stack: Stack) -> Iterator[Subject]:
    """The server that a file describes which no container here reads."""
    reading = _Reading(None, files, stack)
    reading.take(file)
    yield from reading.server(file.name, file.node)


@record(slots=True)
class _Reading:
    """What is known so far of one server. ``unread`` says why something is not, empty where all is known."""

    container: Container | None
    files: Files
    stack: Stack
    settings: list[Setting] = field(default_factory=list)
    read: list[ConfigFile] = field(default_factory=list)
    unread: str = ""
    uncertain: int = 0  # how many settings stand before an include that was not followed

    def take(self, file: ConfigFile) -> None:
        """Add a file's settings, and in their places those of the files that it includes."""
        self.read.append(self.files.use(file))
        for one in file.settings:
            if one.name != "include":
                self.settings.append(one)
                continue
            path = one.value.or_else("")
            below = self._file(path, file)
            if below is not None and below.product == SERVER and below not in self.read and len(self.read) < _MAX_INCLUDES:
                self.take(below)
                continue
            self.unread = f"`include {path}` was not followed"
            reason = f"The included `{path}` is not here: what it sets is not known."
            self.stack.notices.append(Notice(NoticeKind.UNRESOLVED, one.value.place, reason))
            # The last one wins, and it may stand in there.
            self.settings[self.uncertain :] = [_uncertain(before, path) for before in self.settings[self.uncertain :]]
            self.uncertain = len(self.settings)

    def bitnami(self, environment: Environment) -> None:
        """Add what Bitnami's scripts write into redis.conf. Source: bitnami/containers, redis, README."""
        self.settings += _bitnami(environment)
        if not any(one.name == "requirepass" for one in self.settings):
            allowed = environment.setting("requirepass", "ALLOW_EMPTY_PASSWORD")
            if allowed is not None and truth(allowed.value.or_else("")):
                self.settings.append(_made("requirepass", "", allowed))
            else:
                self.unread = self.unread or environment.unread or "the image refuses to start without `REDIS_PASSWORD`"
        self.unread = self.unread or environment.unread

    def server(self, name: str, node: Node) -> Generator[Subject, None, Authentication]:
        """The typed server and whether it asks for a password; the latter is returned as well."""
        owner = self.read[0].node if self.read else node
        effective = Effective(self.settings, owner, self.unread, self._acl())
        yield server(effective, name=name, node=node, platform="redis", container=self.container, files=self.read)
        required = authentication(effective, name=name, node=owner, platform="redis", container=self.container)
        yield required
        return required

    def _acl(self) -> list[Setting] | None:
        """The users of the ACL file that the settings name, None where there is none or it is not here."""
        path = next((one.value.or_else("") for one in reversed(self.settings) if one.name == "aclfile"), "")
        file = self._file(path, self.read[0] if self.read else None) if path else None
        if file is None or file.product != ACL_FILE:
            return None
        self.read.append(self.files.use(file))
        return file.settings

    def _file(self, path: str, beside: ConfigFile | None) -> ConfigFile | None:
        """The file at a path in the container; else the one of that name next to the file that names it."""
        found = self.files.find(self.container, path).file if self.container is not None and path.startswith("/") else None
        if found is None and beside is not None and path:
            return self.files.beside(beside, basename(path))
        return found


def _uncertain(one: Setting, path: str) -> Setting:
    reason = f"`include {path}` comes later and may set it"
    value: Value[str] = Value.unknown(one.value.node, reason, one.value.at)
    return Setting(
        name=one.name, value=value, key_place=one.key_place, arguments=[value] if one.name not in _NAMED else one.arguments
    )


def _started(container: Container, files: Files) -> Launch:
    """The server's command line, with the words that an image's script adds from the environment."""
    programs = _PROGRAMS | {"run.sh"} if is_bitnami(container) else _PROGRAMS
    started = launch(container, programs, implied=lambda word: word.startswith("-") or word.endswith(".conf"))
    image = repository(container)
    if basename(image).startswith("dragonfly"):
        started.unread = "Dragonfly's own options are not read"
    variable = next((name for part, name in _EXTRA_WORDS.items() if part in image), "")
    extra = Environment(container, files.entries).text(variable) if variable else Value.unset(container.node)
    if extra.is_set:
        started.words += split_words(extra)
    elif extra.is_unknown:
        started.unread = started.unread or f"`{variable}`: {extra.reason}"
    return started


def _configuration(container: Container, started: Launch, files: Files) -> Found:
    """The file that the server reads: the path that its command line names first."""
    first = started.words[0] if started.words else None
    if first is not None and not first.text.startswith("-"):
        if first.reason:
            return Found(None, first.reason)
        return files.find(container, first.text if first.text.startswith("/") else f"/data/{first.text}")
    if first is not None and first.text == "-":
        return Found(None, "it is read from standard input")
    if is_bitnami(container):
        outcomes = [files.find(container, path) for path in _BITNAMI_FILES]
        return next((one for one in outcomes if one.mount is not None), Found(None))
    if started.unread:
        mounted = [one for mount in container.mounts if (one := _mounted_file(container, mount, files)) is not None]
        return Found(mounted[0]) if len(mounted) == 1 else Found(None)
    return Found(None)


def _mounted_file(container: Container, mount: Mount, files: Files) -> ConfigFile | None:
    """The server's file that a mount brings, under the names that people give it."""
    target = mount.target.or_else("")
    for path in (target, f"{target}/redis.conf", f"{target}/valkey.conf"):
        file = files.find(container, path).file if target else None
        if file is not None and file.product == SERVER:
            return file
    return None


def _options(words: list[Word]) -> list[Word]:
    """The words from the first option on: before it stands the configuration file."""
    start = next((index for index, word in enumerate(words) if word.text.startswith("--")), len(words))
    return words[start:]


def _arguments(words: list[Word]) -> Iterator[Setting]:
    """``--port 0 --save ""`` as directives: each option up to the next one."""
    words = [part for word in words for part in _parted(word)]
    at = 0
    while at < len(words):
        option = words[at]
        end = at + 1
        while end < len(words) and not words[end].text.startswith("--"):
            end += 1
        arguments = [word.value() for word in words[at + 1 : end]]
        value = arguments[0] if arguments else Value.of("", option.node, option.at)
        if len(arguments) > 1:
            unknown = next((one for one in arguments if one.is_unknown), None)
            text = " ".join(word.text for word in words[at + 1 : end])
            value = unknown if unknown is not None else Value.of(text, value.node, value.at)
        name = option.text[2:].lower()
        yield Setting(name=name, value=value, key_place=option.place, layer="command-line", arguments=arguments)
        at = end


def _parted(word: Word) -> list[Word]:
    """Redis puts its arguments together as the text of a file: ``--port 0`` as one argument is two words (redis/src/server.c)."""
    if not word.text.startswith("--") or not any(char.isspace() for char in word.text):
        return [word]
    return [word._replace(text=part.strip("\"'")) for part in word.text.split()]


def _bitnami(environment: Environment) -> list[Setting]:
    names = {"port": "REDIS_PORT_NUMBER", "requirepass": "REDIS_PASSWORD", "appendonly": "REDIS_AOF_ENABLED"}
    found = [one for name, variable in names.items() if (one := environment.setting(name, variable)) is not None]
    password_file = environment.setting("requirepass", "REDIS_PASSWORD_FILE")
    if password_file is not None and "REDIS_PASSWORD" not in environment.variables:
        reason = "it is read from a file when the container starts"
        password_file.value = Value.unknown(password_file.value.node, reason, password_file.value.at)
        found.append(password_file)
    enabled = environment.setting("tls-port", "REDIS_TLS_ENABLED")
    if enabled is not None and truth(enabled.value.or_else("")):
        port = environment.setting("tls-port", "REDIS_TLS_PORT_NUMBER")
        found.append(port if port is not None else _made("tls-port", "6379", enabled))
        if environment.text("REDIS_PORT_NUMBER").or_else("6379") == environment.text("REDIS_TLS_PORT_NUMBER").or_else("6379"):
            found.append(_made("port", "0", enabled))
    disabled = environment.text("REDIS_DISABLE_COMMANDS")
    for command in re.split(r"[,;\s]+", disabled.or_else("")):
        if command:
            word, empty = Value.of(command, disabled.node, disabled.at), Value.of("", disabled.node, disabled.at)
            arguments = [word, empty]
            found.append(
                Setting(name="rename-command", value=word, key_place=word.place, layer="environment", arguments=arguments)
            )
    return found


def _made(name: str, text: str, by: Setting) -> Setting:
    """A setting that an image's script makes out of a variable."""
    value = Value.of(text, by.value.node, by.value.at)
    return Setting(name=name, value=value, key_place=by.key_place, layer="environment", arguments=[value])


def _ignored_variables(container: Container, kept: dict[str, bool]) -> Iterator[IgnoredSetting]:
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


def _unread_files(container: Container, files: Files) -> Iterator[IgnoredSetting]:
    """Configuration files that are mounted although the command line names none: Redis then reads none."""
    for mount in container.mounts:
        file = _mounted_file(container, mount, files)
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

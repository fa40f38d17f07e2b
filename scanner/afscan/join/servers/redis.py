"""Redis as it runs: configuration file, what it includes, environment (images that read it), command line."""

from collections.abc import Generator, Iterator
from fnmatch import fnmatchcase
from posixpath import basename, dirname
from typing import Any

from afscan.join.servers import dragonfly
from afscan.join.servers.environment import Environment
from afscan.join.servers.files import Files, Found
from afscan.join.servers.products import is_bitnami, is_official, repository
from afscan.join.servers.redisignored import ignored_variables, mounted_file, unread_files
from afscan.join.servers.shell import Word
from afscan.join.servers.words import Launch, launch, split_words
from afscan.model.node import Node
from afscan.model.notice import Notice, NoticeKind
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import Authentication, ConfigFile, Container, Setting, Subject
from afscan.model.value import Value
from afscan.platforms.redis import ACL_FILE, SENTINEL, SERVER
from afscan.platforms.redisimages import empty_password, row_of, settings_of
from afscan.platforms.redissentinel import sentinel
from afscan.platforms.redisserver import Effective, authentication, server

_PROGRAMS = frozenset(
    ("redis-server", "valkey-server", "keydb-server", "redis-stack-server", "redis-sentinel", "valkey-sentinel")
)
_SENTINELS = frozenset(("redis-sentinel", "valkey-sentinel"))
_OFFICIAL = ("redis", "valkey/valkey")
_EXTRA_WORDS = {"redis/redis-stack": "REDIS_ARGS", "valkey/valkey": "VALKEY_EXTRA_FLAGS"}
"""Images whose script adds a variable's words to the command line: redis-stack's and valkey-container's entrypoints."""
_MAX_INCLUDES = 20
_NAMED = frozenset(("user", "rename-command"))


def of_container(container: Container, files: Files, stack: Stack) -> Iterator[Subject]:
    """The server in a container, or the Sentinel."""
    image = basename(repository(container))
    if image.startswith("dragonfly"):
        yield from dragonfly.of_container(container, files)
        return
    started = _started(container, files)
    row = row_of("bitnami", image) if is_bitnami(container) else None
    reading = _Reading(container, files, stack, unread=started.unread)
    found = _configuration(container, started, files, row)
    if found.file is not None:
        reading.take(found.file)
    elif found.reason:
        reading.unread = reading.unread or f"its configuration is not known: {found.reason}"
    if started.unread:  # by a script that is not followed: what it makes of the other files is not known, no server of its own
        for mount in container.mounts:
            for file in files.folder(container, mount.target.or_else(""))[0] if mount.target.is_set else ():
                files.use(file)
    if row is not None and not reading.read:
        reading.image(row, Environment(container, files.entries))
    reading.settings += _arguments(_options(started.words))
    if _is_sentinel(container, started):
        yield from reading.sentinel(container.name, container.node)
        return
    required = yield from reading.server(container.name, container.node)
    if is_official(container, *_OFFICIAL) and not reading.unread:
        tls = any(one.name == "tls-port" and one.value.value != "0" for one in reading.settings)
        yield from ignored_variables(container, {"the password": required.required.or_else(False), "TLS": tls})
        if not reading.read and (started.default or started.words):
            yield from unread_files(container, files)


def _is_sentinel(container: Container, started: Launch) -> bool:
    """Whether it watches servers instead of being one."""
    if basename(repository(container)).endswith("-sentinel") or any(word.text == "--sentinel" for word in started.words):
        return True
    by_name = launch(container, _SENTINELS, implied=lambda _: False)
    return not by_name.default and not by_name.unread


def of_file(file: ConfigFile, files: Files, stack: Stack) -> Iterator[Subject]:
    """The server that a file describes which no container here reads."""
    reading = _Reading(None, files, stack)
    reading.take(file)
    if file.product == SENTINEL:
        yield from reading.sentinel(file.name, file.node)
    else:
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
            included, missing = self._included(path, file)
            for below in included:
                if below in self.read or len(self.read) >= _MAX_INCLUDES:
                    missing = "it includes itself, or too many files are included"
                else:
                    self.take(below)
            if missing:
                self._miss(one, path, missing)

    def _included(self, path: str, file: ConfigFile) -> tuple[list[ConfigFile], str]:
        """The files that an ``include`` names, and why they are not all, if so. Redis 7 takes patterns, and none may match."""
        if any(mark in path for mark in "*?["):
            return self._matching(path, file)
        below = self._file(path, file)
        known = below is not None and below.product in (SERVER, SENTINEL)
        return ([below], "") if below is not None and known else ([], "it is not here")

    def _matching(self, pattern: str, file: ConfigFile) -> tuple[list[ConfigFile], str]:
        folder, name = dirname(pattern), basename(pattern)
        if self.container is None or not folder.startswith("/") or any(mark in folder for mark in "*?["):
            return [], "the pattern is not followed from here"
        listed, reason = self.files.folder(self.container, folder)
        chosen = [one for one in listed if fnmatchcase(basename(one.node.source.name), name) and one.product == SERVER]
        return chosen, "" if not reason and name.endswith(".conf") else reason or "the pattern is not followed from here"

    def _miss(self, one: Setting, path: str, why: str) -> None:
        """An ``include`` that was not followed: it may set whatever stands before it, as the last one wins."""
        self.unread = f"`include {path}` was not followed"
        reason = f"The included `{path}` was not read ({why}): what it sets is not known."
        self.stack.notices.append(Notice(NoticeKind.UNRESOLVED, one.value.place, reason))
        self.settings[self.uncertain :] = [_uncertain(before, path) for before in self.settings[self.uncertain :]]
        self.uncertain = len(self.settings)

    def image(self, row: dict[str, Any], environment: Environment) -> None:
        """Add what an image's scripts write into the configuration."""
        self.settings += settings_of(row, environment)
        if not any(one.name == "requirepass" for one in self.settings):
            allowed = empty_password(row, environment)
            if allowed is not None:
                self.settings.append(allowed)
            elif "empty_password" in row:
                self.unread = self.unread or environment.unread or "the image refuses to start without `REDIS_PASSWORD`"
        self.unread = self.unread or environment.unread

    def sentinel(self, name: str, node: Node) -> Iterator[Subject]:
        """The typed Sentinel and whether it asks for a password."""
        owner = self.read[0].node if self.read else node
        effective = Effective(self.settings, owner, self.unread, self._acl())
        yield from sentinel(self.settings, effective, name=name, node=node, container=self.container, files=self.read)

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
    variable = next((name for part, name in _EXTRA_WORDS.items() if part in image), "")
    extra = Environment(container, files.entries).text(variable) if variable else Value.unset(container.node)
    if extra.is_set:
        started.words += split_words(extra)
    elif extra.is_unknown:
        started.unread = started.unread or f"`{variable}`: {extra.reason}"
    return started


def _configuration(container: Container, started: Launch, files: Files, row: dict[str, Any] | None) -> Found:
    """The file that the server reads: the path that its command line names first."""
    first = started.words[0] if started.words else None
    if first is not None and not first.text.startswith("-"):
        if first.reason:
            return Found(None, first.reason)
        return files.find(container, first.text if first.text.startswith("/") else f"/data/{first.text}")
    if first is not None and first.text == "-":
        return Found(None, "it is read from standard input")
    if row is not None:
        outcomes = [files.find(container, path) for path in row["files"]]
        return next((one for one in outcomes if one.mount is not None), Found(None))
    if started.unread:
        mounted = [one for mount in container.mounts if (one := mounted_file(container, mount, files)) is not None]
        return Found(mounted[0]) if len(mounted) == 1 else Found(None)
    return Found(None)


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

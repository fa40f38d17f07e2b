"""PgBouncer as it runs: the file that its command line names, or what an image's script makes of the environment."""

from collections.abc import Iterator
from posixpath import basename, dirname, join, normpath

from afscan.join.servers.environment import Environment
from afscan.join.servers.files import Files, Found, path_of
from afscan.join.servers.products import is_bitnami, repository
from afscan.join.servers.shell import Word
from afscan.join.servers.words import Launch, launch
from afscan.model.notice import Notice, NoticeKind
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import ConfigFile, Container, IgnoredSetting, PoolerDatabase, PoolerUser, Setting, Subject
from afscan.model.value import Value
from afscan.platforms.pgbouncer import KEPT, SECTION, SERVER, USERLIST, users
from afscan.platforms.pgbouncerimages import PoolerImage, keys, pooler_image
from afscan.platforms.pgbouncerserver import Effective, authentication, connections, databases, section_of, server
from afscan.platforms.settings import typed, whole_number

_PROGRAMS = frozenset(("pgbouncer", "run.sh", "entrypoint.sh"))
_PATHS = ("/etc/pgbouncer/pgbouncer.ini",)
_MAX_INCLUDES = 10
"""As deep as PgBouncer follows ``%include``. Source: libusual/usual/cfparser.c."""

_WITH_ARGUMENT = frozenset(("-u", "--user"))


def _image(container: Container) -> PoolerImage | None:
    return pooler_image("bitnami/pgbouncer" if is_bitnami(container) else repository(container))


def of_container(container: Container, files: Files, stack: Stack) -> Iterator[Subject]:
    """The pooler in a container."""
    started = launch(container, _PROGRAMS, implied=lambda word: word.startswith("-") or word.endswith(".ini"))
    found = _configuration(container, started, files)
    if found.file is not None:
        path = _path(started.words)
        at = path.text if path is not None else ""
        yield from _by_file(files.use(found.file), _Reading(container, files, stack, started.unread), at)
        return
    image = _image(container)
    made_here = found.mount is None and image is not None and not started.unread and container.build is None
    if image is not None and made_here:
        yield from _by_environment(container, image, files)
        return
    unread = started.unread or f"its configuration is not known: {found.reason or 'it is part of the image'}"
    effective = Effective([], container.node, unread)
    pooler = server(effective, name=container.name, node=container.node, container=container, files=[], lines=[], users=[])
    yield pooler
    yield authentication(pooler, container.node)


def of_file(file: ConfigFile, files: Files, stack: Stack) -> Iterator[Subject]:
    """The pooler that a file describes which no container here reads."""
    yield from _by_file(file, _Reading(None, files, stack), "")


@record(slots=True)
class _Reading:
    """What is known so far of one pooler; ``unread`` says why something is not."""

    container: Container | None
    files: Files
    stack: Stack
    unread: str = ""
    settings: list[Setting] = field(default_factory=list)
    read: list[ConfigFile] = field(default_factory=list)
    uncertain: int = 0  # how many settings stand before an include that was not followed
    section: str = ""  # the one that the next line belongs to, in whatever file its header stood
    forgotten: dict[str, tuple[Setting, Setting]] = field(default_factory=dict)  # by name: what a later header set back, and that

    def take(self, file: ConfigFile, at: str) -> None:
        """Add a file's settings, and in their places those of the files that it includes.

        :param at: where in the container it lies; "" where that is not known.
        """
        self.read.append(file)
        for one in file.settings:
            if one.name == SECTION:
                self._enter(one)
                continue
            if one.name != "%include":
                self._add(one)
                continue
            below, place = self._included(one, file, at)
            if below is not None and below not in self.read and len(self.read) < _MAX_INCLUDES:
                self.take(self.files.use(below), place)
                continue
            path = one.value.or_else("")
            reason = "it is not here" if below is None else "it is taken in already, or too deep"
            self.unread = self.unread or f"`%include {path}` was not followed"
            text = f"`%include {path}` was not followed: {reason}. What it sets is not known."
            self.stack.notices.append(Notice(NoticeKind.UNRESOLVED, one.value.place, text))
            for index in range(self.uncertain, len(self.settings)):  # the last one wins, and it may stand in there
                before = self.settings[index]
                why = f"`%include {path}` comes later and may set it"
                value: Value[str] = Value.unknown(before.value.node, why, before.value.at)
                self.settings[index] = Setting(name=before.name, value=value, key_place=before.key_place, layer=before.layer)
            self.uncertain = len(self.settings)

    def _enter(self, header: Setting) -> None:
        """A section begins. ``[pgbouncer]`` sets all of its parameters back to their defaults, whichever file it stands in."""
        self.section = header.value.or_else("")
        if self.section != SERVER:
            return
        certain = 0
        kept = []
        for index, one in enumerate(self.settings):
            section, _, key = one.name.partition(".")
            if section == SERVER and key not in KEPT:
                self.forgotten[one.name] = (one, header)
                continue
            kept.append(one)
            certain += index < self.uncertain
        self.settings, self.uncertain = kept, certain

    def _add(self, one: Setting) -> None:
        name = f"{self.section}.{one.name.partition('.')[2]}"
        if name != one.name:
            one = Setting(name=name, value=one.value, key_place=one.key_place, layer=one.layer, arguments=one.arguments)
        self.forgotten.pop(name, None)
        self.settings.append(one)

    def ignored(self) -> Iterator[IgnoredSetting]:
        """What was set, and set back by a later ``[pgbouncer]``."""
        for name, (one, header) in self.forgotten.items():
            where = header.key_place
            yield IgnoredSetting(
                name=f"{name} before line {where.line} of {where.path}",
                node=one.value.node,
                platform=SERVER,
                product=SERVER,
                setting=name.removeprefix("pgbouncer."),
                why=f"the `[pgbouncer]` in line {where.span.line} of {where.path} sets all parameters before it back to their defaults",
            )

    def _included(self, one: Setting, file: ConfigFile, at: str) -> tuple[ConfigFile | None, str]:
        """A relative path starts at PgBouncer's working directory: where that is not known, the file beside is meant."""
        path = one.value.or_else("")
        place = path if path.startswith("/") else join(dirname(at), path) if at else ""
        found = self.files.find(self.container, place).file if self.container is not None and place and path else None
        if found is None and path:
            found = self.files.at(normpath(join(dirname(path_of(file.node.source)), path)), file.node.source.path)
        if found is None and path:
            found = self.files.beside(file, basename(path))
        return (found, place) if found is not None and found.product == SERVER else (None, "")


def _by_file(file: ConfigFile, reading: _Reading, at: str) -> Iterator[Subject]:
    container, files = reading.container, reading.files
    reading.take(file, at)
    effective = Effective(reading.settings, section_of(file), reading.unread)
    name = container.name if container is not None else file.name
    read, listed = list(reading.read), _users(effective, file, container, files)
    if listed is not None:
        read.append(listed)
    pooler = server(
        effective,
        name=name,
        node=container.node if container is not None else file.node,
        container=container,
        files=read,
        lines=databases(reading.settings),
        users=users(listed.node) if listed is not None else [],
    )
    yield pooler
    yield authentication(pooler, effective.owner)
    yield from connections(pooler)
    yield from reading.ignored()


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
    image = _image(container)
    paths = image.paths if image is not None and image.paths else _PATHS
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


def _by_environment(container: Container, image: PoolerImage, files: Files) -> Iterator[Subject]:
    """The pooler that an image configures from its environment alone."""
    environment = Environment(container, files.entries)
    settings: list[Setting] = []
    node = container.image.node if container.image is not None else container.node
    for key, text in image.writes.items():
        value = Value.of(text, node)
        settings.append(Setting(name=f"pgbouncer.{key}", value=value, key_place=node.head, layer="image"))
    for key in keys():
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


def _database(container: Container, environment: Environment, image: PoolerImage) -> PoolerDatabase | None:
    """The one line of ``[databases]`` that such an image writes."""
    from afscan.platforms.urls import parse_url  # noqa: PLC0415  (start-up time: few stacks need it)

    host, port = environment.text(image.host), environment.text(image.port)
    url = environment.text(image.url) if image.url else Value.unset(container.node)
    if url.is_set:
        parsed = parse_url(url.or_else(""))
        if parsed is not None:
            host = Value.of(parsed.host, url.node, url.at)
            port = Value.of(str(parsed.port), url.node, url.at) if parsed.port is not None else Value.unset(url.node)
    elif url.is_unknown and image.url in environment.variables:
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

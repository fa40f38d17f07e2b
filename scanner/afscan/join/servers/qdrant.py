"""Qdrant as it runs: its configuration files in their order, then the environment."""

from collections import defaultdict
from collections.abc import Iterator
from posixpath import join, normpath

from afscan.join.servers.environment import Environment, value_of
from afscan.join.servers.files import Files, Found
from afscan.join.servers.shell import Word
from afscan.join.servers.words import Launch, launch
from afscan.model.subjects import ConfigFile, Container, IgnoredSetting, Setting, Subject
from afscan.platforms.qdrantserver import Effective, authentication, server

_PROGRAMS = frozenset(("qdrant", "entrypoint.sh"))
_HOME = "/qdrant"
_PREFIX = "QDRANT__"

_UNREAD_VARIABLES = {
    "QDRANT_API_KEY": ("QDRANT__SERVICE__API_KEY", "the API key"),
    "QDRANT_SERVICE_API_KEY": ("QDRANT__SERVICE__API_KEY", "the API key"),
    "QDRANT__API_KEY": ("QDRANT__SERVICE__API_KEY", "the API key"),
    "QDRANT_READ_ONLY_API_KEY": ("QDRANT__SERVICE__READ_ONLY_API_KEY", "the API key"),
    "QDRANT_ENABLE_TLS": ("QDRANT__SERVICE__ENABLE_TLS", "TLS"),
    "QDRANT_SERVICE_ENABLE_TLS": ("QDRANT__SERVICE__ENABLE_TLS", "TLS"),
    "QDRANT__ENABLE_TLS": ("QDRANT__SERVICE__ENABLE_TLS", "TLS"),
}
"""Variables that look like Qdrant's and are not, with the right one and the protection that people expect."""


def of_container(container: Container, files: Files) -> Iterator[Subject]:
    """The server in a container."""
    started = launch(container, _PROGRAMS, implied=lambda word: word.startswith("-"))
    environment = Environment(container, files.entries)
    read, unread = _configuration(container, started, environment, files)
    settings = [one for file in read for one in file.settings]
    for name, variable in environment.variables.items():
        if name.startswith(_PREFIX):
            value = value_of(variable)
            path = name.removeprefix(_PREFIX).lower().replace("__", ".")
            settings.append(Setting(name=path, value=value, key_place=value.place, layer="environment"))
    owner = read[-1].node if read else container.node
    effective = Effective(settings, owner, started.unread or unread or environment.unread)
    found = server(effective, name=container.name, node=container.node, container=container, files=read)
    yield found
    required = authentication(effective, name=container.name, container=container)
    yield required
    kept = {"the API key": required.required.or_else(False), "TLS": found.tls.or_else(False)}
    _protected_elsewhere(read, files, kept)
    yield from _ignored(container, environment, kept)


def of_file(file: ConfigFile) -> Iterator[Subject]:
    """The server that a file describes which no container here reads."""
    effective = Effective(file.settings, file.node)
    yield server(effective, name=file.name, node=file.node, container=None, files=[file])
    yield authentication(effective, name=file.name, container=None)


def _configuration(container: Container, started: Launch, environment: Environment, files: Files) -> tuple[list[ConfigFile], str]:
    """The files that the server reads, later ones winning, and why something of them is not known, if so.

    A folder that is mounted need not hold all of them: only one that holds none is a riddle.
    """
    mode = environment.text("RUN_MODE")
    if mode.is_unknown and "RUN_MODE" in environment.variables:
        return [], mode.reason
    names = ("config", mode.or_else("production"), "local")
    outcomes = [_first(container, files, f"{_HOME}/config/{name}") for name in names]
    unread = ""
    named = _named(started)
    if named is not None and named.reason:
        unread = f"its configuration is not known: {named.reason}"
    elif named is not None:
        one = files.find(container, normpath(join(_HOME, named.text)))
        unread = f"its configuration is not known: {one.reason}" if one.file is None else ""
        outcomes.append(one)
    by_mount: dict[int, list[Found]] = defaultdict(list)
    for one in outcomes:
        if one.mount is not None and not one.hidden:
            by_mount[id(one.mount)].append(one)
    for group in by_mount.values():
        if all(one.file is None for one in group):
            unread = unread or f"its configuration is not known: {group[0].reason}"
    return [files.use(one.file) for one in outcomes if one.file is not None and one.file.product == "qdrant"], unread


def _named(started: Launch) -> Word | None:
    """The file that the command line names, as one word or two."""
    for index, word in enumerate(started.words):
        option, sign, path = word.text.partition("=")
        if option == "--config-path" and sign:
            return word._replace(text=path)
        if option == "--config-path" and index + 1 < len(started.words):
            return started.words[index + 1]
    return None


def _first(container: Container, files: Files, stem: str) -> Found:
    outcomes = [files.find(container, stem + suffix) for suffix in (".yaml", ".yml", ".json", ".toml")]
    mounted = [one for one in outcomes if one.mount is not None]
    return next((one for one in outcomes if one.file is not None), mounted[0] if mounted else outcomes[0])


def _protected_elsewhere(read: list[ConfigFile], files: Files, kept: dict[str, bool]) -> None:
    """A key that is ignored in a file takes nothing away where another layer gives the same protection."""
    for file in read:
        for one in files.ignored.get(id(file.node.source), ()):
            if one.protection is not None and kept.get(one.protection):
                one.protection = None


def _ignored(container: Container, environment: Environment, kept: dict[str, bool]) -> Iterator[IgnoredSetting]:
    for name, variable in environment.variables.items():
        instead, protection = _UNREAD_VARIABLES.get(name, ("", ""))
        if instead and not kept[protection] and variable.value.value != "" and not variable.shared:
            yield IgnoredSetting(
                name=f"{name} of {container.name}",
                node=variable.value.node,
                platform=container.platform,
                product="qdrant",
                setting=name,
                why=f"Qdrant reads `{instead}`",
                instead=instead,
                protection=protection,
            )

"""Dragonfly as it runs: its flags, and the variables that stand for them. It speaks Redis' protocol, and takes flags of its own.

Source: dragonflydb.io/docs, "Server flags", "Using Dragonfly with TLS"; ``DFLY_requirepass`` stands for ``--requirepass``.
"""

from collections.abc import Iterator

from afscan.join.servers.environment import Environment
from afscan.join.servers.files import Files
from afscan.join.servers.shell import Word
from afscan.join.servers.words import Launch, launch
from afscan.model.node import Node
from afscan.model.subjects import Container, Setting, Subject
from afscan.model.value import Value
from afscan.platforms.redisimages import made, row_of, settings_of
from afscan.platforms.redisserver import Effective, authentication, server
from afscan.platforms.settings import truth

_PASSWORDS = ("DFLY_PASSWORD", "DFLY_PASS_TOKEN")
_UNREAD = "Dragonfly's own options are not read"


def of_container(container: Container, files: Files) -> Iterator[Subject]:
    """The server in a container, and whether it asks for a password."""
    started = launch(container, frozenset(("dragonfly",)), implied=lambda word: word.startswith("-"))
    environment = Environment(container, files.entries)
    settings = _settings(started, environment)
    if not (started.unread or environment.unread or any(one.name == "flagfile" for one in settings)):
        settings = _defaults(container.node, settings) + settings
    effective = Effective(settings, container.node, started.unread or environment.unread or _UNREAD)
    yield server(effective, name=container.name, node=container.node, platform="redis", container=container, files=[])
    required = authentication(effective, name=container.name, node=container.node, platform="redis", container=container)
    if required.required.value is False and required.required.node is container.node:
        required.how = "there is no `--requirepass`"
    yield required


def _settings(started: Launch, environment: Environment) -> list[Setting]:
    """Variables, then flags; TLS is served on the port itself."""
    row = row_of("dragonfly", "dragonfly")
    found = settings_of(row, environment) if row is not None else []
    for variable in _PASSWORDS:
        password = environment.setting("requirepass", variable)
        if password is not None and not any(one.name == "requirepass" for one in found):
            found.append(password)
    tls = environment.setting("tls", "DFLY_tls")
    found += [*([tls] if tls is not None else []), *_flags(started.words)]
    switch = next((one for one in reversed(found) if one.name == "tls"), None)
    if switch is not None and truth(switch.value.or_else("")):
        port = next((one for one in reversed(found) if one.name == "port"), None)
        number = made("tls-port", "6379", switch) if port is None else _renamed("tls-port", port)
        found += [number, made("port", "0", switch)]
    return found


def _renamed(name: str, one: Setting) -> Setting:
    return Setting(name=name, value=one.value, key_place=one.key_place, layer=one.layer, arguments=one.arguments)


def _flags(words: list[Word]) -> Iterator[Setting]:
    """``--name=value``, ``--name value``, ``--name`` (true) and ``--noname`` (false), as Abseil reads them."""
    for index, word in enumerate(words):
        if not word.text.startswith("-"):
            continue
        name, sign, text = word.text.lstrip("-").partition("=")
        following = words[index + 1] if index + 1 < len(words) else None
        if sign:
            value = word.value(text)
        elif following is not None and not following.text.startswith("-"):
            value = following.value()
        else:
            value = word.value("false" if name == "notls" else "true")
        name = "tls" if name == "notls" else name
        yield Setting(name=name, value=value, key_place=word.place, layer="command-line", arguments=[value])


def _defaults(node: Node, settings: list[Setting]) -> list[Setting]:
    """What holds where nothing is written, of the settings that matter to a client."""
    found = []
    for name, text in (("port", "6379"), ("tls-port", "0"), ("requirepass", "")):
        if not any(one.name == name for one in settings):
            value: Value[str] = Value.of(text, node)
            found.append(Setting(name=name, value=value, key_place=node.head, layer="image", arguments=[value]))
    return found

"""Grafana as it runs: grafana.ini, then the environment, then ``cfg:section.key=value`` on the command line.

Source: grafana.com/docs, "Configure Grafana" and "Configure a Grafana Docker image" (``GF_PATHS_CONFIG``, ``GF_..__FILE``);
github.com/grafana/grafana, packaging/docker/run.sh.
"""

from collections.abc import Iterator

from afscan.join.servers.environment import Environment, value_of
from afscan.join.servers.files import Files
from afscan.join.servers.words import Launch, launch
from afscan.model.subjects import ConfigFile, Connection, Container, Setting, Subject
from afscan.model.value import Value
from afscan.platforms.grafanaini import PLATFORM, variable_in
from afscan.platforms.grafanaserver import SETTINGS, authentication, server, variable_of
from afscan.platforms.settings import Layered

_PROGRAMS = frozenset(("grafana-server", "grafana", "run.sh"))
_DEFAULT = "/etc/grafana/grafana.ini"
_DATABASES = {"postgres": ("require", "verify-ca", "verify-full"), "mysql": ("true", "skip-verify")}
"""The modes of ``database.ssl_mode`` that encrypt, by ``database.type`` (the default, sqlite3, needs no network)."""


def of_container(container: Container, files: Files) -> Iterator[Subject]:
    """The server in a container, and whether it asks for a login."""
    started = launch(container, _PROGRAMS, implied=lambda word: word.startswith(("-", "cfg:")) or word == "server")
    environment = Environment(container, files.entries)
    read, unread = _configuration(container, started, environment, files)
    settings = [_expanded(one, environment) for file in read for one in file.settings]
    settings += _from_environment(environment)
    settings += _arguments(started)
    owner = read[0].node if read else container.node
    layers = Layered(settings, owner, started.unread or unread or environment.unread)
    found = server(layers, name=container.name, node=container.node, container=container, files=read)
    yield found
    yield authentication(layers, found)
    yield from _database(layers, container.name, container)


def of_file(file: ConfigFile) -> Iterator[Subject]:
    """The server that a file describes which no container here reads: what it does not say, the environment may."""
    layers = Layered(file.settings, file.node, "the environment may set it")
    found = server(layers, name=file.name, node=file.node, container=None, files=[file])
    yield found
    yield authentication(layers, found)
    yield from _database(layers, file.name, None)


def _configuration(container: Container, started: Launch, environment: Environment, files: Files) -> tuple[list[ConfigFile], str]:
    """The file that the server reads, and why it is not known, if so."""
    path = environment.text("GF_PATHS_CONFIG")
    if path.is_unknown and "GF_PATHS_CONFIG" in environment.variables:
        return [], path.reason
    name = path.or_else("") or _DEFAULT
    for index, word in enumerate(started.words):
        option, sign, value = word.text.partition("=")
        if option in ("--config", "-config"):
            name = value if sign else started.words[index + 1].text if index + 1 < len(started.words) else name
    one = files.find(container, name)
    if one.file is not None and one.file.product == PLATFORM:
        return [files.use(one.file)], ""
    return [], f"its configuration is not known: {one.reason}" if one.mount is not None or name != _DEFAULT else ""


def _expanded(one: Setting, environment: Environment) -> Setting:
    """A setting that stands for a variable of the container has that variable's value."""
    name = variable_in(one)
    if name is None or name not in environment.variables:
        return one
    value = value_of(environment.variables[name])
    if value.is_unset:
        return one
    return Setting(name=one.name, value=value, key_place=one.key_place, layer=one.layer)


def _from_environment(environment: Environment) -> Iterator[Setting]:
    for name in SETTINGS:
        variable = variable_of(name)
        found = environment.setting(name, variable)
        if found is None and f"{variable}__FILE" in environment.variables:
            value = environment.text(f"{variable}__FILE")
            unknown: Value[str] = Value.unknown(value.node, "it is read from a file when the container starts", value.at)
            found = Setting(name=name, value=unknown, key_place=unknown.place, layer="environment")
        if found is not None and (not found.value.is_set or found.value.value):  # an empty variable sets nothing
            yield found


def _arguments(started: Launch) -> Iterator[Setting]:
    for word in started.words:
        name, sign, _ = word.text.partition("=")
        if sign and name.startswith("cfg:") and not name.startswith("cfg:default."):
            value = word.value(word.text[len(name) + 1 :])
            yield Setting(name=name.removeprefix("cfg:"), value=value, key_place=word.place, layer="command-line")


def _database(layers: Layered, name: str, container: Container | None) -> Iterator[Connection]:
    """Grafana's own database, where a file names it: what the environment says is read with the other variables."""
    kind = layers.text("database.type").or_else("")
    host = layers.by_name.get("database.host")
    if kind not in _DATABASES or host is None or host.layer == "environment" or host.value.value == "":
        return
    mode = layers.text("database.ssl_mode")
    node = host.value.node
    secure: Value[bool] = mode.map(lambda text: text in _DATABASES[kind])
    if mode.is_unset:
        secure = Value.of(False, node, host.value.at)  # `disable` (mysql: `false`) is the default
    yield Connection(
        name=f"database of {name}",
        node=node,
        platform=PLATFORM,
        url=host.value,
        scheme=kind,
        host=host.value.map(lambda text: text.rpartition(":")[0] or text),
        port=_port(host.value),
        secure=secure,
        user=layers.text("database.user"),
        password=layers.text("database.password"),
        product=kind,
        container=container,
        pooled=Value.unset(node),
    )


def _port(address: Value[str]) -> Value[int]:
    port = address.or_else("").rpartition(":")[2]
    return Value.of(int(port), address.node, address.at) if port.isdecimal() and len(port) <= 5 else Value.unset(address.node)

"""Neo4j as it runs: neo4j.conf, then the environment, which the official image's script writes over it.

Source: neo4j.com/docs, Operations Manual, "Docker", "Modify the default configuration" and "Docker Compose" (secrets);
github.com/neo4j/docker-neo4j, docker-entrypoint.sh.
"""

from collections.abc import Iterator

from afscan.join.servers.environment import Environment, value_of
from afscan.join.servers.files import Files, Found
from afscan.join.servers.products import is_bitnami
from afscan.model.subjects import Authentication, ConfigFile, Container, Setting, Subject
from afscan.model.value import Value
from afscan.platforms.neo4j import OLD, PLATFORM, canonical, ordered, variable_setting
from afscan.platforms.neo4jserver import server
from afscan.platforms.settings import Layered

_PLACES = ("/conf/neo4j.conf", "/var/lib/neo4j/conf/neo4j.conf", "/etc/neo4j/neo4j.conf")
"""Where the configuration lies, the one that counts first: the script copies what lies in /conf over the image's own."""

_BITNAMI = ("/opt/bitnami/neo4j/conf/neo4j.conf", "/bitnami/neo4j/conf/neo4j.conf")
_AUTH = "dbms.security.auth_enabled"


def of_container(container: Container, files: Files) -> Iterator[Subject]:
    """The server in a container, and whether it asks for a password."""
    environment = Environment(container, files.entries)
    bitnami = is_bitnami(container)
    read, unread = _configuration(container, files, _BITNAMI if bitnami else _PLACES)
    settings = [one for file in read for one in file.settings]
    if bitnami:
        unread = unread or "Bitnami's scripts write a part of its configuration"
    else:
        settings += _image_defaults(container, settings)
        settings += _from_environment(environment)
    owner = read[0].node if read else container.node
    layers = Layered(ordered(settings), owner, unread or environment.unread)
    found, required = server(layers, name=container.name, node=container.node, container=container, files=read)
    yield found
    if bitnami:
        _by_bitnami(required, environment)
    elif _AUTH not in found.settings and not unread:
        _by_password(required, environment, ("NEO4J_AUTH", "NEO4J_AUTH_FILE"))
    elif required.required.node is environment.text("NEO4J_AUTH").node:
        required.how = "`NEO4J_AUTH=none` turns authentication off"
    yield required


def of_file(file: ConfigFile) -> Iterator[Subject]:
    """The server that a file describes which no container here reads."""
    yield from server(Layered(ordered(file.settings), file.node), name=file.name, node=file.node, container=None, files=[file])


def _configuration(container: Container, files: Files, places: tuple[str, ...]) -> tuple[list[ConfigFile], str]:
    """The file that the server reads, and why it is not known, if so."""
    outcomes: list[Found] = [files.find(container, path) for path in places]
    for one in outcomes:
        if one.file is not None and one.file.product == PLATFORM:
            return [files.use(one.file)], ""
    mounted = next((one for one in outcomes if one.mount is not None and not one.hidden), None)
    return [], f"its configuration is not known: {mounted.reason}" if mounted is not None else ""


def _image_defaults(container: Container, written: list[Setting]) -> list[Setting]:
    """What the image's script sets where nobody else does: it listens on all addresses."""
    name = "server.default_listen_address"
    if any(one.name == name for one in written):
        return []
    value: Value[str] = Value.of("0.0.0.0", container.node)
    return [Setting(name=name, value=value, key_place=container.place, layer="image")]


def _from_environment(environment: Environment) -> Iterator[Setting]:
    for name, variable in environment.variables.items():
        written = variable_setting(name)
        value = value_of(variable)
        if written is not None:
            setting = canonical(written)
            layer = "environment" if setting == written else "environment" + OLD
            yield Setting(name=setting, value=value, key_place=value.place, layer=layer)
    auth = environment.text("NEO4J_AUTH")
    if auth.is_set and auth.or_else("").strip().lower() == "none":
        off: Value[str] = Value.of("false", auth.node, auth.at)
        yield Setting(name=_AUTH, value=off, key_place=auth.place, layer="environment")


def _by_password(required: Authentication, environment: Environment, names: tuple[str, ...]) -> bool:
    """A password that the environment sets is asked for; whether there is one."""
    name = next((name for name in names if environment.given(name)), None)
    if name is None:
        return False
    value = environment.text(name)
    required.required, required.node = Value.of(True, value.node, value.at), value.node
    required.how = f"`{name}` is set"
    return True


def _by_bitnami(required: Authentication, environment: Environment) -> None:
    """Source: bitnami/containers, neo4j, README ("Customizable environment variables")."""
    names = ("NEO4J_PASSWORD", "NEO4J_PASSWORD_FILE")
    if _by_password(required, environment, names) or environment.unread:
        return
    node = environment.container.node
    required.required, required.node = Value.of(False, node), node
    required.how = "nobody sets `NEO4J_PASSWORD`: the login is `neo4j`/`bitnami1`, which everybody knows"

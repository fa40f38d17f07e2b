"""Neo4j's neo4j.conf: settings named as version 5 names them, whichever names are written.

Names are case-sensitive. With strict validation, which is on by default since 5, an unknown or a repeated setting (other than
``server.jvm.additional``) keeps the server from starting; without it the last one wins. Nothing is expanded, except ``$(command)``
where the server is started with ``--expand-commands``. Source: neo4j.com/docs, Operations Manual, "The neo4j.conf file",
"Command expansion", and of version 5 "Changed settings".
"""

import re
from posixpath import basename

from afscan.model.node import Node, Scalar
from afscan.model.patterns import pattern
from afscan.model.source import Source
from afscan.model.subjects import Credential, Setting
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.settings import file_subject, holder_of, origin_in, written

PLATFORM = "neo4j"

OLD = ", old name"
"""What is added to the ``layer`` of a setting that is written under its name of version 4."""

_RENAMED = (
    ("dbms.connector.", "server."),
    ("dbms.connectors.default_", "server.default_"),
    ("dbms.default_listen_address", "server.default_listen_address"),
    ("dbms.default_advertised_address", "server.default_advertised_address"),
    ("dbms.memory.heap.", "server.memory.heap."),
    ("dbms.memory.pagecache.", "server.memory.pagecache."),
    ("dbms.memory.off_heap.max_size", "server.memory.off_heap.transaction_max_size"),
    ("dbms.jvm.additional", "server.jvm.additional"),
    ("dbms.logs.query.", "db.logs.query."),
    ("dbms.logs.", "server.logs."),
    ("dbms.directories.", "server.directories."),
    ("dbms.backup.", "server.backup."),
    ("dbms.transaction.", "db.transaction."),
    ("metrics.", "server.metrics."),
    ("dbms.config.strict_validation", "server.config.strict_validation.enabled"),
    ("dbms.cluster.discovery.endpoints", "dbms.cluster.endpoints"),
    ("causal_clustering.initial_discovery_members", "dbms.cluster.endpoints"),
)
"""Beginnings of names of version 4 (and 3.5), and what version 5 calls them; it still takes the old ones."""

_SERVER = pattern(r"(?:dbms|server|db|cypher|causal_clustering|fabric|client|browser|initial|internal)[._]")
_SECRET = pattern(r"(?:[._]|\A)(?:password|client_secret|system_password|private_key_password|keystore_password)\Z")
_COMMAND = pattern(r"\$\(.*\)\Z", re.DOTALL)


def recognise(source: Source, root: Node) -> bool:
    """Whether this is Neo4j's: by its name, or by the settings in it."""
    if basename(source.name).lower() == "neo4j.conf":
        return True
    names = [child.key.text for child in root.children() if child.key is not None]
    return any(_SERVER.match(name) for name in names)


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """The file's settings, and the secrets in it."""
    settings = [setting(node) for node in root.children() if isinstance(node, Scalar) and node.key is not None]
    out.subjects.append(file_subject(source, root, PLATFORM, settings))
    for one in settings:
        if _SECRET.search(one.name) and one.value.value != "":
            out.subjects.append(_credential(one, source))


def setting(node: Scalar) -> Setting:
    """One line of the file."""
    value = written(node.text, node)
    if value.is_set and _COMMAND.match(node.text):
        value = Value.unknown(node, "a command computes it when the server starts")
    key = node.key.text if node.key is not None else ""
    name = canonical(key)
    place = node.key.place if node.key is not None else node.place
    return Setting(name=name, value=value, key_place=place, layer="file" if name == key else "file" + OLD)


def canonical(name: str) -> str:
    """What version 5 calls a setting."""
    for old, new in _RENAMED:
        if name.startswith(old):
            return new + name[len(old) :]
    return name


def ordered(settings: list[Setting]) -> list[Setting]:
    """Settings in the order in which they count: one under its old name only where nobody writes the new one (``layer`` keeps the
    difference apart, as both have the new name here).

    Source: neo4j/community/configuration, SettingMigrators (``putIfAbsent``).
    """
    return [one for one in settings if one.layer.endswith(OLD)] + [one for one in settings if not one.layer.endswith(OLD)]


def variable_setting(variable: str) -> str | None:
    """The setting that a ``NEO4J_...`` variable of the official image makes, as written: ``_`` is a dot, ``__`` an underscore.

    None for the variables that the image's own script reads, and for APOC's, which go into a file of their own.
    """
    if not variable.startswith("NEO4J_"):
        return None
    rest = variable.removeprefix("NEO4J_")
    if not re.match(r"[a-z]", rest) or rest.startswith("apoc"):
        return None
    return rest.replace("__", "\0").replace("_", ".").replace("\0", "_")


def _credential(one: Setting, source: Source) -> Credential:
    return Credential(
        name=f"{one.name} in {source.name}",
        node=one.value.node,
        platform=PLATFORM,
        key=one.name,
        kind="password",
        value=one.value,
        origin=origin_in(one.value),
        reader=PLATFORM,
        holder=holder_of(source),
    )

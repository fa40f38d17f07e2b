"""PostgreSQL's files: postgresql.conf (and what it includes), postgresql.auto.conf, pg_hba.conf.

Names of parameters are case-insensitive, the last one wins, ``prefix.name`` is anybody's, nothing is expanded.
Source: postgresql.org, "Setting Parameters", "The pg_hba.conf File".
"""

import re
from posixpath import basename

from afscan.model.node import Node, Scalar, Sequence
from afscan.model.source import Source
from afscan.model.subjects import Credential, HbaRule, Setting
from afscan.model.value import Value
from afscan.platforms.pghba import credentials, records
from afscan.platforms.reading import Interpretation
from afscan.platforms.settings import file_subject, holder_of, origin_in, written

SERVER, HBA = "postgres", "postgres-hba"
"""Products of a :class:`ConfigFile`: parameters of a server, and who may connect."""

INCLUDES = ("include", "include_if_exists", "include_dir")
_PASSWORD = re.compile(r"(?:^|[\s'])password\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s']+))", re.IGNORECASE)
_CONNECTIONS = frozenset(("primary_conninfo",))
_WHOLE = frozenset(("listen_addresses", "data_directory", "hba_file", *INCLUDES))


def recognise(source: Source, root: Node) -> bool:
    """Both syntaxes are PostgreSQL's own: their names or their content have shown it."""
    return isinstance(root, Sequence)


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """The file's parameters or records, and the secrets in them. An include is followed, or noted, by the join."""
    if source.syntax == "pghba":
        found = records(source, root, out)
        file = file_subject(source, root, HBA, [one for one in found if isinstance(one, Setting)])
        file.records = found
        rules = [one for one in found if isinstance(one, HbaRule)]
        out.subjects += [file, *rules]
        for rule in rules:
            out.subjects += credentials(rule, source)
        return
    settings = [
        Setting(name=item.key.text.lower(), value=written(item.text, item), key_place=item.key.place)
        for item in root.children()
        if isinstance(item, Scalar) and item.key is not None
    ]
    out.subjects.append(file_subject(source, root, SERVER, settings))
    for one in settings:
        if one.name in _CONNECTIONS and isinstance(one.value.node, Scalar):
            out.subjects += _credentials(source, one, one.value.node)


def is_whole(source: Source, settings: list[Setting]) -> bool:
    """Whether a file is a server's configuration and not a piece of one: by its name, or by what only the main file sets.

    A file in which all is commented out, as in PostgreSQL's own sample, is nobody's configuration.
    """
    name = basename(source.name).lower()
    folder = source.name.lower().rpartition("/")[0]
    if not settings or name.endswith(".auto.conf") or basename(folder).endswith(".d"):
        return False
    return name.startswith("postgres") or any(one.name in _WHOLE for one in settings)


def _credentials(source: Source, one: Setting, node: Scalar) -> list[Credential]:
    """The password in a connection string."""
    found = _PASSWORD.search(node.text)
    if found is None:
        return []
    group = 1 if found[1] is not None else 2
    value: Value[str] = written(found[group], node, node.part(*found.span(group)))
    return [
        Credential(
            name=f"password in {one.name} in {source.name}",
            node=node,
            platform="postgres",
            key="password",
            kind="password",
            value=value,
            origin=origin_in(value),
            reader="postgres",
            holder=holder_of(source),
        )
    ]

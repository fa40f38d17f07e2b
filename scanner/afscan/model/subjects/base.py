"""What all subjects share, and the two notions that several topics need: a setting, and where a value comes from."""

from enum import StrEnum

from afscan.model.node import Node
from afscan.model.place import Place
from afscan.model.record import field, record
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class Subject:
    """What all subjects share.

    ``name`` identifies it to a person and in fingerprints (``Deployment agentflow-api, container api``), ``node`` is what
    declares it, ``platform`` is the vocabulary in which it is written: ``kubernetes``, ``compose``, ``dockerfile``,
    ``terraform``, ``helm``, ``redis``, ``pgbouncer``, ``qdrant``, ``postgres``, ``sql``, ``neo4j``, ``grafana``, ``elasticsearch``.
    """

    name: str
    node: Node
    platform: str

    @property
    def place(self) -> Place:
        """Where a finding about the subject as a whole points."""
        return self.node.head


@record(slots=True, kw_only=True, eq=False)
class Setting:
    """One setting of a product, from a file, an environment variable or the command line (``layer``)."""

    name: str
    value: Value[str]
    key_place: Place
    layer: str = "file"
    arguments: list[Value[str]] = field(default_factory=list)  # Redis: all words after the directive


class Origin(StrEnum):
    """Where an environment variable's or credential's value comes from."""

    LITERAL = "literal"  # written here in full
    REFERENCE = "reference"  # a Secret, a file, `var.x`, a data source, an external store
    INTERPOLATED = "interpolated"  # `${VAR}` that the reader of this file expands from its environment
    PLACEHOLDER = "placeholder"  # `${VAR}` or `<...>` that the reader does NOT expand, `changeme`, `your-key-here`
    HASH = "hash"  # a password hash (md5..., SCRAM-SHA-256$...)
    EMPTY = "empty"  # written, but empty
    UNKNOWN = "unknown"

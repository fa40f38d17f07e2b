"""Credentials that stand in a file in full, whichever way they are written."""

from afscan.model.node import Opaque, Scalar
from afscan.model.place import Place
from afscan.model.subjects import Credential, Origin
from afscan.platforms.secrets.origins import origin_of
from afscan.platforms.secrets.shapes import secret_shape

_TESTS = frozenset((".devcontainer", "__tests__", "test", "test-data", "testdata", "tests"))
_KINDS = {"api-key": "API key", "private-key": "private key"}
_PRODUCTS = {
    "amqp": "RabbitMQ",
    "cassandra": "Cassandra",
    "clickhouse": "ClickHouse",
    "elasticsearch": "Elasticsearch",
    "mongodb": "MongoDB",
    "mssql": "SQL Server",
    "mysql": "MySQL",
    "neo4j": "Neo4j",
    "oracle": "Oracle",
    "pgbouncer": "PgBouncer",
    "postgres": "PostgreSQL",
    "qdrant": "Qdrant",
    "redis": "Redis",
    "valkey": "Valkey",
}


def literal_text(credential: Credential) -> str | None:
    """The secret that stands in the file in full; None where none does.

    A default is one, too: ``${PASSWORD:-9fK2...}`` is what counts wherever the variable is not set. A value that arrives through
    another setting of the file (``ENV A=$B``) stands at that one.
    """
    value = credential.value
    if not value.is_set:
        return None
    text = value.or_else("")
    if credential.origin is Origin.LITERAL:
        return text
    if (
        credential.origin is Origin.INTERPOLATED
        and is_written_here(credential)
        and origin_of(text, expands=True) is Origin.LITERAL
    ):
        return text
    return None


def is_written_here(credential: Credential) -> bool:
    """Whether the characters of a credential's value stand at its place, not only a reference that leads to them."""
    node, text = credential.value.node, credential.value.or_else("")
    return bool(text) and isinstance(node, Scalar | Opaque) and text in str(getattr(node, "raw", node.text))


def literal_place(credential: Credential) -> Place:
    """Where the secret stands; of a default the default alone."""
    value = credential.value
    node, text = value.node, value.or_else("")
    if credential.origin is Origin.INTERPOLATED and isinstance(node, Scalar) and text and node.text.count(text) == 1:
        start = node.text.index(text)
        return node.part(start, start + len(text))
    return value.place


def is_of_a_test(credential: Credential, root: str) -> bool:
    """Whether a credential is made up: a text that only its setting's name makes a secret, in a folder of tests or of a
    development container.

    What has the shape that an issuer gives its keys counts wherever it stands: it may have been copied from real life.

    :param root: the folder of the stack; only the folders below it are looked at.
    """
    folders = credential.value.place.path.removeprefix(f"{root}/" if root else "").lower().split("/")[:-1]
    return not _TESTS.isdisjoint(folders) and secret_shape(credential.value.or_else("")) is None


def kind_name(kind: str) -> str:
    """A credential's kind as a sentence has it: ``api-key`` is an "API key"."""
    return _KINDS.get(kind, kind)


def product_name(product: str) -> str:
    """A product as it writes itself: ``postgres`` is "PostgreSQL"."""
    return _PRODUCTS.get(product, product)

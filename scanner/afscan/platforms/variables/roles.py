"""Which variables belong together, and what each is in its group: host, port, user, password, SSL mode, pool size."""

from afscan.model.record import field, record
from afscan.model.subjects import Container, Variable
from afscan.platforms.secrets import blanked, credential_kind, split_words, word_set
from afscan.platforms.secrets.origins import has_filler

Prefix = tuple[str, ...]

_ROLES = {
    "host": ("host", "hostname", "server", "endpoint", "address", "addr"),
    "port": ("port",),
    "user": ("user name", "username", "user", "login"),
    "tls": (
        "use ssl",
        "use tls",
        "use https",
        "ssl mode",
        "tls mode",
        "ssl enabled",
        "tls enabled",
        "enable ssl",
        "enable tls",
        "require ssl",
        "ssl require",
        "sslmode",
        "ssl",
        "tls",
        "encrypt",
        "https",
        "secure",
    ),
    "kind": ("type", "engine", "driver", "dialect", "vendor", "connection", "client"),
    "url": ("url", "uri", "dsn", "connection string", "connection uri", "connection url"),
    "pool": (
        "max pool size",
        "maximum pool size",
        "pool max size",
        "pool size",
        "pool max",
        "pool max conns",
        "max open conns",
        "max open connections",
        "max conns",
        "max connections",
        "connection limit",
    ),
    "pool part": (
        "pool min size",
        "min pool size",
        "minimum pool size",
        "pool min",
        "max idle conns",
        "max overflow",
    ),
}
_SUFFIXES = sorted(
    ((tuple(suffix.split()), role) for role, suffixes in _ROLES.items() for suffix in suffixes), key=lambda pair: -len(pair[0])
)
_LIBPQ = {
    "pghost": "host",
    "pghostaddr": "host",
    "pgport": "port",
    "pguser": "user",
    "pgpassword": "password",
    "pgsslmode": "tls",
}
"""PostgreSQL documentation, libpq, "Environment Variables"."""

_PRODUCTS = {
    "postgres": "postgres postgresql pg pgsql psql timescale timescaledb pgbouncer cockroach cockroachdb",
    "mysql": "mysql mariadb",
    "redis": "redis valkey",
    "mongodb": "mongo mongodb",
    "neo4j": "neo4j",
    "qdrant": "qdrant",
    "amqp": "rabbitmq rabbit amqp",
    "elasticsearch": "elasticsearch elastic es opensearch",
    "clickhouse": "clickhouse",
    "mssql": "mssql sqlserver",
    "memcached": "memcached memcache",
    "cassandra": "cassandra scylla",
    "influxdb": "influxdb influx",
    "weaviate": "weaviate",
    "milvus": "milvus",
}
_BY_WORD = {word: product for product, words in _PRODUCTS.items() for word in words.split()}
_ANY_DATABASE = word_set("db database sql datasource")
NOT_A_TARGET = word_set("listen bind advertise advertised announce root service")
"""Before a host: an address to listen on or to tell others (``QDRANT__SERVICE__HOST``), a mask of users (``MYSQL_ROOT_HOST``)."""

_PORTS = {
    "5432": "postgres",
    "6432": "postgres",
    "3306": "mysql",
    "1433": "mssql",
    "27017": "mongodb",
    "6379": "redis",
    "7687": "neo4j",
}
_SAME_CLIENTS = {
    "cockroachdb": "postgres",
    "mariadb": "mysql",
    "opensearch": "elasticsearch",
    "rabbitmq": "amqp",
    "scylladb": "cassandra",
    "valkey": "redis",
}
"""Products of images that clients reach under another product's name."""


@record(slots=True)
class Group:
    """The variables of one prefix by role."""

    prefix: Prefix
    members: dict[str, Variable] = field(default_factory=dict)

    @property
    def database(self) -> bool:
        """Whether the prefix names a datastore, of whatever product."""
        return self.named is not None or any(word in _ANY_DATABASE for word in self.prefix[-2:])

    @property
    def named(self) -> str | None:
        """The product that the prefix names: by its last word, else the one before."""
        for word in reversed(self.prefix[-2:]):
            if word in _BY_WORD:
                return _BY_WORD[word]
        return None

    @property
    def product(self) -> str | None:
        """The product, also by the sibling that says which database it is, the port, the host's name."""
        if self.named is not None:
            return self.named
        for role in ("kind", "host"):
            for word in split_words(text_of(self.members.get(role))):
                if word in _BY_WORD:
                    return _BY_WORD[word]
        return _PORTS.get(text_of(self.members.get("port")))

    def user_name(self) -> str | None:
        """The user name of this group where it is known."""
        if self.prefix[-2:] == ("mysql", "root") or self.prefix[-2:] == ("mariadb", "root"):
            return "root"
        text = text_of(self.members.get("user"))
        return text if text and not has_filler(blanked(text)) else None


def text_of(variable: Variable | None) -> str:
    """A variable's value; "" where it has none or it is not known."""
    return variable.value.or_else("") if variable is not None else ""


def role_of(name: str) -> tuple[Prefix, str | None]:
    """A variable's prefix and its role in its group (``host``, ``password``, ``tls``, ``pool``...), if any."""
    words = split_words(name)
    if len(words) == 1 and words[0] in _LIBPQ:
        return ("pg",), _LIBPQ[words[0]]
    for suffix, role in _SUFFIXES:
        if len(words) > len(suffix) and tuple(words[-len(suffix) :]) == suffix:
            return tuple(words[: -len(suffix)]), role
    if words and credential_kind(name) == "password":
        return tuple(words[:-1]), "password"
    return tuple(words), None


def server_of(container: Container) -> str | None:
    """The datastore that a container itself serves; None where it is none, a client only, or not known."""
    from afscan.platforms.images import product_of  # noqa: PLC0415  (its data is read only where a datastore is named)

    product = product_of(container)
    return _SAME_CLIENTS.get(product, product) if product is not None else None

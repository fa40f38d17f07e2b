"""Whether a URL's transport is encrypted by what is written."""

from afscan.platforms.secrets.names import word_set
from afscan.platforms.urls.parse import Url
from afscan.platforms.urls.products import BY_SCHEME, base_of

_ENCRYPTED = word_set("https wss rediss valkeys amqps ldaps mqtts ftps smtps grpcs tls ssl clickhouses couchbases sasl_ssl")
_TLS_SUFFIXES = frozenset(("s", "ssc", "ssl", "tls", "https"))
_PLAIN = word_set("http ws amqp ldap mqtt ftp neo4j nats memcached stomp git telnet grpc couchbase")
_BY_PARAMETERS = word_set("postgres mysql mongodb mssql clickhouse trino oracle cassandra redis")
_WITHOUT_ANY = frozenset(("postgres", "mysql", "mongodb", "clickhouse", "redis"))
"""Products whose clients do not insist on encryption where no parameter says so; the others' defaults depend on the driver."""

MODES = ("sslmode", "requiressl", "ssl", "tls", "sslaccept", "encrypt", "secure", "sslenabled")
"""Parameters that decide about encryption by their value, the most telling first; case, ``-`` and ``_`` do not count."""

_ON = word_set(
    "true 1 yes on require required verify-ca verify-full verify_ca verify_full verify-identity verify_identity "
    "verifyca verifyfull verifyidentity no-verify skip-verify skip_verify strict mandatory accept_invalid_certs "
    "enabled tls ssl tcps"
)
_OFF = word_set("false 0 no off disable disabled prefer preferred allow none optional plaintext")


def decides_tls(text: str | None) -> bool | None:
    """What the value of an SSL switch or mode says: True (enforced), False (off, or only if the server offers it), or None."""
    word = (text or "").strip().lower().replace(" ", "")
    return True if word in _ON else False if word in _OFF else None


def security_of(url: Url) -> bool | None:
    """Whether the transport is encrypted by what is written.

    :returns: True; False (plaintext, or encrypted only if the server offers it); None where the text does not decide it.

    An absent ``sslmode`` counts as False: libpq's default ``prefer`` enforces nothing (PostgreSQL, "SSL Mode Descriptions";
    asyncpg since 0.22 and pgjdbc alike; MySQL's PREFERRED). ``mongodb+srv`` turns TLS on by itself (MongoDB manual).
    ``neo4j+s`` and ``+ssc`` are encrypted, plain ``neo4j`` and ``bolt`` are not (Neo4j driver manual, "Connection URI").
    """
    base, extras = base_of(url)
    product = BY_SCHEME.get(base)
    if base in _ENCRYPTED or extras & _TLS_SUFFIXES or product == "unix" or extras & {"unix", "socket"}:
        return True
    if product in _BY_PARAMETERS or base in ("sentinel", "cluster"):
        return _by_parameters(url, product or "redis", extras)
    if product == "tcp":
        return False if url.port == 2375 else None  # Docker's documented plaintext port; 2376 is TLS
    if product == "smtp":
        return True if url.port == 465 else None  # STARTTLS is decided elsewhere
    if base in ("plaintext", "sasl_plaintext"):
        return False
    if product in _PLAIN:
        return decides_tls(url.parameter("tls", "ssl", "secure")) is True
    return None


def _by_parameters(url: Url, product: str, extras: frozenset[str]) -> bool | None:
    mode = url.parameter(*MODES)
    if mode is not None:
        return decides_tls(mode)
    if url.parameter("usessl") is not None:
        # Connector/J up to 8.0.12 took true as enforced, later ones take it as PREFERRED: false decides, true does not.
        return False if decides_tls(url.parameter("usessl")) is False else None
    if _may_hide_parameters(url):
        return False if product == "redis" else None
    if url.parameter("sslrootcert") == "system":  # PostgreSQL 16: implies verify-full
        return True
    if product != "postgres" and url.parameter("sslca", "sslverifycert", "tlscafile", "sslcert") is not None:
        return True
    if product == "mongodb":
        return "srv" in extras
    if product == "trino":
        return True if url.port == 443 else None
    return False if product in _WITHOUT_ANY else None


def _may_hide_parameters(url: Url) -> bool:
    """Whether an interpolation stands where parameters could come from: ``...?${PARAMS}``, ``.../${DATABASE}``, ``postgres://${REST}``."""
    return "query" in url.unresolved or (
        not url.query and ("path" in url.unresolved or ("host" in url.unresolved and not url.path))
    )

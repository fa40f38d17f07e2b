"""URLs and connection strings: their parts with exact spots, encryption, what is a connection at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.platforms.urls import (
    Url,
    find_urls,
    is_any_address,
    is_connection,
    is_listener,
    is_loopback,
    parse_url,
    pool_parameter,
    product_of_url,
    security_of,
)


def read(text: str) -> Url:
    url = parse_url(text)
    assert url is not None, text
    return url


def at(text: str, spot: tuple[int, int] | None) -> str | None:
    return None if spot is None else text[slice(*spot)]


def test_parts_and_their_spots() -> None:
    text = "  postgresql+asyncpg://app:s%40cret@db.internal:5432/x?ssl=require#f "
    url = read(text)
    assert (url.scheme, url.user, url.password, url.host, url.port, url.path) == (
        "postgresql+asyncpg",
        "app",
        "s@cret",
        "db.internal",
        5432,
        "/x",
    )
    assert url.query == {"ssl": "require"}
    assert at(text, url.span) == url.text == text.strip()
    assert at(text, url.scheme_span) == "postgresql+asyncpg"
    assert at(text, url.user_span) == "app"
    assert at(text, url.password_span) == "s%40cret"
    assert at(text, url.host_span) == "db.internal"
    assert at(text, url.query_spans["ssl"]) == "require"
    assert url.unresolved == frozenset()


def test_interpolations_are_not_taken_apart() -> None:
    text = "postgres://u:${PW:-a/b:c@d}@${H:-db:1}:${P}/x?sslmode=${MODE}"
    url = read(text)
    assert url.password == at(text, url.password_span) == "${PW:-a/b:c@d}"
    assert url.host == at(text, url.host_span) == "${H:-db:1}"
    assert url.unresolved == {"password", "host", "port", "query"}
    assert url.port is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("redis+sentinel://:pw@h1:26379,h2:26379/0", ("h1", 26379, None, "pw", "redis")),
        ("rediss://u@[2001:db8::1]:6380/0", ("2001:db8::1", 6380, "u", None, "redis")),
        ("jdbc:postgresql://h:5433/db?user=a&password=b", ("h", 5433, "a", "b", "postgres")),
        ("jdbc:sqlserver://h:1433;databaseName=x;user=sa;password=p", ("h", 1433, "sa", "p", "mssql")),
        ("host=db user=a password='b c' port=5433", ("db", 5433, "a", "b c", "postgres")),
        ("u:p@tcp(db:3306)/x?tls=true", ("db", 3306, "u", "p", "mysql")),
        ("u:p@(db:3306)/", ("db", 3306, "u", "p", "mysql")),
        ("Server=tcp:db,1433;Database=x;User Id=sa;Password=a;Encrypt=True", ("db", 1433, "sa", "a", "mssql")),
        ("Host=db;Port=5432;Username=u;Password=p", ("db", 5432, "u", "p", "postgres")),
        ("amqp://guest:guest@rabbit:5672//", ("rabbit", 5672, "guest", "guest", "amqp")),
        ("postgres://u:pa/ss@h:1/d", ("h", 1, "u", "pa/ss", "postgres")),
        ("redis://:pw#x@h:6379", ("h", 6379, None, "pw#x", "redis")),
        ("https://unpkg.com/a@1", ("unpkg.com", None, None, None, "http")),
        ("http://qdrant-service:6333", ("qdrant-service", 6333, None, None, "qdrant")),
        ("PLAINTEXT://kafka:9092", ("kafka", 9092, None, None, "kafka")),
        ("postgresql:///db?host=/var/run/postgresql", ("/var/run/postgresql", None, None, None, "postgres")),
    ],
)
def test_forms(text: str, expected: tuple[object, ...]) -> None:
    url = read(text)
    assert (url.host, url.port, url.user, url.password, product_of_url(url)) == expected
    assert at(text, url.password_span) == url.password
    assert at(text, url.host_span) == url.host


def test_all_hosts_of_a_cluster() -> None:
    assert read("mongodb://a:1,b:2,c/x").hosts == ("a", "b", "c")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "a=b",
        "x=1 y=2",
        "db:5432",
        "foo bar",
        "://",
        "x://",
        "${API_URL:-http://localhost:8000}",
        "a;b=c",
        "f(x)",
    ],
)
def test_not_a_url(text: str) -> None:
    assert parse_url(text) is None


@pytest.mark.parametrize(
    ("text", "secure"),
    [
        ("postgresql://db/x", False),  # libpq: prefer
        ("postgresql://db/x?sslmode=prefer", False),
        ("postgresql://db/x?sslmode=allow", False),
        ("postgresql://db/x?sslmode=require", True),
        ("postgresql://db/x?sslmode=verify-full", True),
        ("postgresql+asyncpg://db/x?ssl=verify-ca", True),
        ("jdbc:postgresql://db/x?ssl=true", True),
        ("postgresql://db/x?sslrootcert=system", True),
        ("postgresql://db/x?sslrootcert=/ca.pem", False),
        ("postgresql://db/x?sslmode=${MODE}", None),
        ("postgresql://db/${DB_AND_PARAMETERS}", None),
        ("postgresql://${EVERYTHING}", None),
        ("postgresql://${HOST}:5432/x", False),
        ("host=db sslmode=disable user=a", False),
        ("mysql://db/x", False),
        ("mysql://db/x?ssl-mode=REQUIRED", True),
        ("jdbc:mysql://db/x?useSSL=false", False),
        ("jdbc:mysql://db/x?useSSL=true", None),
        ("jdbc:mysql://db/x?useSSL=true&requireSSL=true", True),
        ("jdbc:mysql://db/x?sslMode=VERIFY_IDENTITY", True),
        ("u:p@tcp(db:3306)/x?tls=skip-verify", True),
        ("u:p@tcp(db:3306)/x?tls=preferred", False),
        ("redis://r", False),
        ("redis://${HOST}", False),
        ("rediss://r", True),
        ("rediss+sentinel://r", True),
        ("redis://r?ssl=true", True),
        ("mongodb://m", False),
        ("mongodb://m/?tls=true", True),
        ("mongodb+srv://m.example.net", True),
        ("mongodb+srv://m.example.net/?tls=false", False),
        ("neo4j://n", False),
        ("neo4j+s://n", True),
        ("bolt+ssc://n", True),
        ("amqp://r", False),
        ("amqps://r", True),
        ("http://a", False),
        ("https://a", True),
        ("ws://a", False),
        ("ldaps://a", True),
        ("grpc://a", False),
        ("sqlserver://db?encrypt=true", True),
        ("sqlserver://db", None),  # ODBC 18 and JDBC 10.2 encrypt by default, older ones do not
        ("tcp://docker:2375", False),
        ("tcp://docker:2376", None),
        ("smtp://mail:587", None),
        ("unix:/run/x.sock", True),
        ("kafka://k", None),
    ],
)
def test_security(text: str, secure: bool | None) -> None:
    assert security_of(read(text)) is secure


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.0.0.1", True),
        ("127.1", True),
        ("::1", True),
        ("[::1]", True),
        ("app.localhost", True),
        ("/var/run/postgresql", True),
        ("0.0.0.0", False),
        ("127.0.0.1.nip.io", False),
        ("localhost.evil.net", False),
        ("notlocalhost", False),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_any_address_is_for_listeners() -> None:
    assert is_any_address("0.0.0.0")
    assert is_listener(read("http://0.0.0.0:2379"), "ETCD_LISTEN_CLIENT_URLS")
    assert is_listener(read("http://+:80"), "ASPNETCORE_URLS")
    assert is_listener(read("http://10.0.0.1:2380"), "advertise-peer-urls")
    assert is_listener(read("http://grafana.example.net"), "GF_SERVER_ROOT_URL")
    assert not is_listener(read("http://ollama:11434"), "OLLAMA_BASE_URL")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("http://www.w3.org/2000/svg", "SVG"),
        ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name", "CLAIM_TYPE"),
        ("http://json-schema.org/draft-07/schema#", "$schema"),
        ("http://www.apache.org/licenses/LICENSE-2.0", "x"),
        ("http://169.254.169.254/latest/meta-data", "IMDS"),
        ("http://metadata.google.internal/computeMetadata", "GCE_METADATA"),
        ("http://app.example.net", "CORS_ALLOWED_ORIGINS"),
        ("http://app.example.net", "corsOrigins"),
        ("http://keycloak:8080/realms/x", "OIDC_ISSUER_URL"),
        ("http://proxy:3128", "HTTP_PROXY"),
        ("http://proxy:3128", "no_proxy"),
        ("http://example.net/ns", "XML_NAMESPACE"),
        ("http://deb.debian.org/debian", "MIRROR"),
        ("s3://bucket/key", "BACKUP_TARGET"),
        ("file:///etc/x", "CONFIG"),
        ("postgresql:///db", "DATABASE_URL"),
        ("redis+socket:///run/redis.sock", "REDIS_URL"),
    ],
)
def test_no_connection(text: str, name: str) -> None:
    assert not is_connection(read(text), name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("http://qdrant:6333", "QDRANT_URL"),
        ("http://otel:4317", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ("http://backend:8080", "PROXY_PASS"),
        ("amqp://rabbit", "CELERY_BROKER_URL"),
        ("http://apache:80", "UPSTREAM"),
    ],
)
def test_connection(text: str, name: str) -> None:
    assert is_connection(read(text), name)


def test_pool_parameters() -> None:
    assert pool_parameter(read("postgres://db/x?pool_max_conns=5")) == "pool_max_conns"
    assert pool_parameter(read("postgres://db/x?connection_limit=5")) == "connection_limit"
    assert pool_parameter(read("postgres://db/x?connect_timeout=5")) is None


def test_urls_inside_a_text() -> None:
    text = (
        "curl -f http://qdrant:6333/x, then 'https://a.b/c?d=e'; (see http://x.y/z). A=redis://:p@r:6379/0,redis://b:1 && "
        "x ${API:-http://localhost:1} http://${H}:1/a&&b [link](http://q.r) mongodb://a:1,b:2/x"
    )
    found = list(find_urls(text))
    assert [url.text for url in found] == [
        "http://qdrant:6333/x",
        "https://a.b/c?d=e",
        "http://x.y/z",
        "redis://:p@r:6379/0",
        "redis://b:1",
        "http://${H}:1/a",
        "http://q.r",
        "mongodb://a:1,b:2/x",
    ]
    for url in found:
        assert text[slice(*url.span)] == url.text
    assert at(text, found[3].password_span) == "p"


_TEXTS = st.text(alphabet="ab1:/@?#[]{}$<>=&;,.%+-_ '\"\\()\n*\ue000é", max_size=60)
_SCHEMES = st.sampled_from(["", "http://", "jdbc:postgresql://", "redis+sentinel://", "://", "unix:", "host=", "u:p@tcp("])


def _check(url: Url, text: str) -> None:
    for spot in (url.span, url.scheme_span, url.user_span, url.password_span, url.host_span, *url.query_spans.values()):
        if spot is not None:
            assert 0 <= spot[0] <= spot[1] <= len(text)
            assert url.span[0] <= spot[0]
            assert spot[1] <= url.span[1]
    assert text[slice(*url.span)] == url.text
    if url.host and "%" not in url.text:
        assert text[slice(*(url.host_span or (0, 0)))] == url.host
    assert security_of(url) in (True, False, None)
    product_of_url(url, text)
    is_connection(url, text)
    is_listener(url, text)


@settings(max_examples=150, deadline=None)
@given(_SCHEMES, _TEXTS)
def test_any_text_is_read_without_an_error_and_with_spots_inside_it(scheme: str, rest: str) -> None:
    text = scheme + rest
    url = parse_url(text)
    if url is not None:
        _check(url, text)
    for url in find_urls(text):
        _check(url, text)

"""Connection strings that are no URLs: libpq keywords, Go's MySQL form, ADO.NET, ``unix:`` sockets."""

import re

from afscan.platforms.secrets.names import word_set
from afscan.platforms.secrets.origins import has_filler
from afscan.platforms.urls.parse import Spot, Url, port_number

_LIBPQ = word_set(
    "host hostaddr port dbname user password passfile connect_timeout client_encoding options application_name "
    "sslmode sslcert sslkey sslrootcert sslcompression sslpassword sslcrl sslnegotiation fallback_application_name "
    "keepalives keepalives_idle keepalives_interval keepalives_count gssencmode channel_binding target_session_attrs "
    "service require_auth load_balance_hosts tcp_user_timeout search_path timezone TimeZone pool_max_conns "
    "pool_min_conns statement_timeout krbsrvname replication binary_parameters default_query_exec_mode "
    "prefer_simple_protocol"
)
"""PostgreSQL documentation, "Parameter Key Words" of libpq, and what Go's pgx adds."""

_PAIR = re.compile(r"\s*([A-Za-z_]\w{0,40})\s*=\s*('(?:[^'\\]|\\.)*'|[^\s']*)")
_GO_MYSQL = re.compile(r"(?:([^:@/\s]*)(?::([^@\s]*))?@)?(?:(tcp|unix)?\(([^()\s]*)\))/([^?\s]*)(?:\?(\S*))?\Z")
_ADO = re.compile(r"([A-Za-z][A-Za-z _-]{0,40}?)\s*=\s*(\"[^\"]*\"|'[^']*'|[^;]*)(?:;|\Z)\s*")
_ADO_HOST = ("server", "datasource", "host", "addr", "address", "networkaddress")
_ADO_USER = ("userid", "uid", "user", "username")
_ADO_PASSWORD = ("password", "pwd")
_SOCKET = re.compile(r"unix:(?://)?(/[^\s?]*)")


def parse_dsn(text: str, whole: str, start: int, end: int) -> Url | None:
    """The connection string between two offsets of a text; ``whole`` is the text with interpolations blanked."""
    body = whole[start:end]
    socket = _SOCKET.match(body)
    if socket is not None:
        return Url(
            text=text[start:end], scheme="unix", path=text[start + socket.start(1) : start + socket.end(1)], span=(start, end)
        )
    if "=" in body and ";" in body:
        return _ado(text, whole, start, end)
    if "(" in body:
        return _go_mysql(text, whole, start, end)
    if "=" in body:
        return _libpq(text, whole, start, end)
    return None


def _libpq(text: str, whole: str, start: int, end: int) -> Url | None:
    at = start
    spots: dict[str, Spot] = {}
    while at < end:
        pair = _PAIR.match(whole, at, end)
        if pair is None or pair.group(1) not in _LIBPQ:
            return None
        begin, stop = pair.span(2)
        if whole[begin : begin + 1] == "'":
            begin, stop = begin + 1, stop - 1
        spots[pair.group(1)] = (begin, stop)
        at = pair.end()
    if len(spots) < 2 or not spots.keys() & {"host", "hostaddr", "dbname", "user"}:
        return None
    url = Url(text=text[start:end], scheme="postgresql", span=(start, end))
    _fill(url, text, whole, spots, host=("host", "hostaddr"), user=("user",), password=("password",))
    return url


def _go_mysql(text: str, whole: str, start: int, end: int) -> Url | None:
    """``user:password@tcp(host:3306)/db?tls=true``: github.com/go-sql-driver/mysql, "DSN"."""
    found = _GO_MYSQL.match(whole[start:end])
    if found is None:
        return None
    url = Url(text=text[start:end], scheme="mysql", span=(start, end), path="/" + found.group(5))
    spots: dict[str, Spot] = {}
    for group, name in (1, "user"), (2, "password"):
        if found.group(group) is not None:
            spots[name] = (start + found.start(group), start + found.end(group))
    address = found.group(4)
    if found.group(3) == "unix":
        url.scheme, url.path = "unix", address
        address = ""
    host, _, port = address.rpartition(":") if ":" in address else (address, "", "")
    if host:
        spots["host"] = (start + found.start(4), start + found.start(4) + len(host))
    _fill(url, text, whole, spots, host=("host",), user=("user",), password=("password",))
    url.port = port_number(port)
    begin = start + found.start(6)
    for piece in (found.group(6) or "").split("&")[:200]:
        name, equals, _ = piece.partition("=")
        if equals and name not in url.query:
            url.query_spans[name] = (begin + len(name) + 1, begin + len(piece))
            url.query[name] = text[slice(*url.query_spans[name])]
        begin += len(piece) + 1
    return url


def _ado(text: str, whole: str, start: int, end: int) -> Url | None:
    """``Server=tcp:db,1433;User Id=sa;Password=...;Encrypt=True``: Microsoft; Npgsql and MySqlConnector alike."""
    at = start
    spots: dict[str, Spot] = {}
    while at < end:
        pair = _ADO.match(whole, at, end)
        if pair is None:
            return None
        begin, stop = pair.span(2)
        if whole[begin : begin + 1] in ("'", '"') and stop - begin >= 2:
            begin, stop = begin + 1, stop - 1
        spots[re.sub(r"[ _-]", "", pair.group(1)).lower()] = (begin, stop)
        at = pair.end()
    if not spots.keys() & set(_ADO_HOST) or not spots.keys() & {*_ADO_USER, *_ADO_PASSWORD, "database", "initialcatalog"}:
        return None
    url = Url(text=text[start:end], scheme=_ado_scheme(spots, whole), span=(start, end))
    host = next(name for name in _ADO_HOST if name in spots)
    begin, stop = spots[host]
    if whole.startswith("tcp:", begin):
        begin += 4
    comma = whole.find(",", begin, stop)
    port = whole[comma + 1 : stop].strip() if comma >= 0 else ""
    spots[host] = (begin, stop if comma < 0 else comma)
    _fill(url, text, whole, spots, host=(host,), user=_ADO_USER, password=_ADO_PASSWORD)
    url.port = port_number(port) or url.port
    return url


def _ado_scheme(spots: dict[str, Spot], whole: str) -> str:
    """Which product: SQL Server's own words, Npgsql's ``Host``, else by the port; ``ado`` where nothing tells."""
    port = whole[slice(*spots["port"])].strip() if "port" in spots else ""
    if (
        "initialcatalog" in spots
        or "datasource" in spots
        or "trustservercertificate" in spots
        or "encrypt" in spots
        or port == "1433"
    ):
        return "mssql"
    if "host" in spots or port == "5432":
        return "postgresql"
    if port == "3306" or "uid" in spots:
        return "mysql"
    return "mssql" if "server" in spots and "," in whole[slice(*spots["server"])] else "ado"


def _fill(
    url: Url,
    text: str,
    whole: str,
    spots: dict[str, Spot],
    *,
    host: tuple[str, ...],
    user: tuple[str, ...],
    password: tuple[str, ...],
) -> None:
    """Put what was found into a URL's own fields."""
    unresolved: set[str] = set()
    for name, (begin, stop) in spots.items():
        value = text[begin:stop]
        unknown = has_filler(whole[begin:stop])
        if name in host and not url.host:
            first = value.split(",")[0]
            url.host, url.hosts, url.host_span = first, tuple(value.split(",")), (begin, begin + len(first)) if first else None
            part = "host"
        elif name in user and url.user is None:
            url.user, url.user_span, part = value, (begin, stop), "user"
        elif name in password and url.password is None:
            url.password, url.password_span, part = value, (begin, stop), "password"
        elif name == "port":
            url.port, part = port_number(value), "port"
        else:
            url.query[name], url.query_spans[name], part = value, (begin, stop), "query"
        if unknown:
            unresolved.add(part)
    url.unresolved = frozenset(unresolved)

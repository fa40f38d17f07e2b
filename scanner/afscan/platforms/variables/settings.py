"""What one setting says: a credential, connections, logins."""

from collections.abc import Iterator

from afscan.model.record import record
from afscan.model.subjects import Connection, Container, Credential, Login, Origin
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.secrets import credential_kind, find_shape, holds_no_secret, looks_random, split_words
from afscan.platforms.urls import (
    MODES,
    SUPERUSERS,
    Url,
    find_urls,
    is_connection,
    is_listener,
    parse_url,
    pool_parameter,
    product_of_url,
    security_of,
)
from afscan.platforms.variables.written import Written

_MAX_URLS = 100
_PROSE = frozenset(
    ("description", "comment", "message", "note", "notes", "help", "doc", "summary", "motd", "banner", "title", "text")
)
_STANDS = (Origin.LITERAL, Origin.PLACEHOLDER)


@record(slots=True, kw_only=True)
class Owner:
    """Whose settings are described, and where the subjects go; ``owner`` is the name before each subject's own."""

    owner: str
    platform: str
    holder: str
    out: Interpretation
    reader: str | None = None
    container: Container | None = None


def describe_setting(
    name: str,
    value: Value[str],
    origin: Origin,
    *,
    owner: str,
    platform: str,
    holder: str,
    out: Interpretation,
    reader: str | None = None,
    container: Container | None = None,
) -> None:
    """Emit what one setting says: a :class:`Credential` where its name or shape is one's, and per URL or connection string in it
    the password as a credential, a :class:`Connection` and for a database's user a :class:`Login`.

    :param name: the setting's own name (``POSTGRES_PASSWORD``, ``requirepass``).
    :param value: its text after unquoting; an unknown one is judged by what is written.
    :param origin: see :func:`~afscan.platforms.secrets.origin_of`; it tells whether the reader expands ``${...}``.
    :param owner: what the setting belongs to; subjects are named ``owner, name``.
    :param platform: the vocabulary, passed through.
    :param holder: see :class:`Credential`.
    :param reader: the product that reads the setting, where known.
    :param container: the container that gets it, where there is one.
    """
    whose = Owner(owner=owner, platform=platform, holder=holder, out=out, reader=reader, container=container)
    describe(name, value, origin, whose)


def describe(name: str, value: Value[str], origin: Origin, whose: Owner, user: str | None = None) -> list[Connection]:
    """The same for a setting whose user name is known; the connections that were emitted."""
    if value.is_unset and origin is not Origin.EMPTY:
        return []
    written = Written(value, origin, name)
    named = _describe_named(name, written, whose, user)
    text = written.text
    if not text:
        return []
    if not named:
        _describe_shape(name, written, whose)
    found: list[Connection] = []
    for url in urls_in(text):
        connection = describe_url(url, name, written, whose)
        if connection is not None:
            found.append(connection)
    return found


def urls_in(text: str) -> Iterator[Url]:
    """The URLs or connection strings of a setting's text: the whole, or each of a list."""
    if "://" not in text and "=" not in text and "@" not in text and not text.startswith("unix:"):
        return
    whole = parse_url(text) if text.count("://") <= 1 else None
    if whole is not None:
        yield whole
        return
    for count, url in enumerate(find_urls(text)):
        if count >= _MAX_URLS:
            return
        yield url


def _describe_named(name: str, written: Written, whose: Owner, user: str | None) -> bool:
    """The credential that a setting's name announces; whether there is one."""
    kind = credential_kind(name, reader=whose.reader)
    if kind is None:
        return False
    value, origin, text = written.value, written.origin, written.text
    if text and holds_no_secret(kind, text) and value.is_set:
        return False
    if text and split_words(name)[-2:] == ["neo4j", "auth"] and "/" in text:
        slash = text.index("/")  # NEO4J_AUTH=user/password; Neo4j operations manual, "Docker"
        user, value = text[:slash], written.part(slash + 1, len(text))
        origin = written.origin_at(slash + 1, len(text))
    add_credential(name, kind, value, origin, whose, user=user)
    return True


def _describe_shape(name: str, written: Written, whose: Owner) -> None:
    """A secret that shows by its shape, whatever its setting is called."""
    found = find_shape(written.text or "")
    if found is None:
        if written.origin is Origin.LITERAL and written.value.is_set and looks_random(name, written.text or ""):
            add_credential(name, "secret", written.value, Origin.LITERAL, whose)
        return
    _, kind, start, end = found
    origin = written.origin_at(start, end)
    if origin in _STANDS:
        whole = kind == "private-key"
        value = written.value if whole and written.value.is_set else written.part(start, end)
        add_credential(name, kind, value, Origin.LITERAL, whose)


def add_credential(
    name: str, kind: str, value: Value[str], origin: Origin, whose: Owner, *, user: str | None = None, in_url: bool = False
) -> None:
    """Emit a credential."""
    whose.out.subjects.append(
        Credential(
            name=f"{whose.owner}, {name}",
            node=value.node,
            platform=whose.platform,
            key=name,
            kind=kind,
            value=value,
            origin=origin,
            user=user,
            reader=whose.reader,
            holder=whose.holder,
            in_url=in_url,
            container=whose.container,
        )
    )


def describe_url(url: Url, name: str, written: Written, whose: Owner) -> Connection | None:
    """Emit what a URL in a setting says; its spots count in ``written.text``. The connection, if it is one."""
    product = product_of_url(url, name)
    if url.password and url.password_span is not None:
        resolved = None if "password" in url.unresolved else url.password
        value = written.part(*url.password_span, resolved)
        add_credential(
            name, "password", value, written.origin_at(*url.password_span), whose, user=_resolved_user(url), in_url=True
        )
    _describe_parameters(url, name, written, whose)
    if set(split_words(name)) & _PROSE or not is_connection(url, name):
        return None
    connection = _connection(url, name, product, written, whose)
    whose.out.subjects.append(connection)
    if product in SUPERUSERS and url.user and url.user_span is not None and not connection.listener:
        add_login(name, product, connection.user, whose)
    return connection


def _resolved_user(url: Url) -> str | None:
    return None if "user" in url.unresolved else url.user


def _describe_parameters(url: Url, name: str, written: Written, whose: Owner) -> None:
    """Secrets in a URL's query: ``?token=...``."""
    for key, spot in url.query_spans.items():
        kind = credential_kind(key)
        if kind is None or spot == url.password_span or not url.query[key] or holds_no_secret(kind, url.query[key]):
            continue
        add_credential(f"{name}, {key}", kind, written.part(*spot), written.origin_at(*spot), whose, in_url=True)


def _connection(url: Url, name: str, product: str | None, written: Written, whose: Owner) -> Connection:
    node = written.value.node
    whole = written.place(*url.span)
    return Connection(
        name=f"{whose.owner}, {name}",
        node=node,
        platform=whose.platform,
        url=Value.of(shown(url), node, whole),
        scheme=url.scheme,
        host=_resolved("host", url, url.host, url.host_span, written),
        port=Value.of(url.port, node, whole) if url.port is not None else _no_port(url, written),
        secure=_security(url, written),
        user=_resolved("user", url, url.user, url.user_span, written),
        password=_resolved("password", url, url.password, url.password_span, written),
        product=product,
        container=whose.container,
        listener=is_listener(url, name),
        pooled=Value.of(True, node, whole) if pool_parameter(url) is not None else Value.unset(node),
    )


def shown(url: Url) -> str:
    """A URL as a message may show it: stars in place of the password."""
    if url.password_span is None:
        return url.text
    start, end = url.password_span[0] - url.span[0], url.password_span[1] - url.span[0]
    return f"{url.text[:start]}***{url.text[end:]}"


def _resolved(part: str, url: Url, text: str | None, spot: tuple[int, int] | None, written: Written) -> Value[str]:
    if not text or spot is None:
        return Value.unset(written.value.node)
    if part in url.unresolved:
        return Value.unknown(written.value.node, f"`{text}` is set elsewhere", written.place(*spot))
    return Value.of(text, written.value.node, written.place(*spot))


def _no_port(url: Url, written: Written) -> Value[int]:
    if "port" in url.unresolved:
        return Value.unknown(written.value.node, "the port is set elsewhere", written.place(*url.span))
    return Value.unset(written.value.node)


def _security(url: Url, written: Written) -> Value[bool]:
    """Whether the transport is encrypted, placed at the parameter that says so, else at the scheme."""
    secure = security_of(url)
    node, whole = written.value.node, written.place(*url.span)
    mode = url.key_of(*MODES)
    spot = url.query_spans[mode] if mode is not None else url.scheme_span
    at = written.place(*spot) if spot is not None else whole
    if secure is not None:
        return Value.of(secure, node, at)
    if url.unresolved & {"query", "path", "host"}:
        return Value.unknown(node, "parameters that decide about encryption are set elsewhere", whole)
    return Value.unset(node)


def add_login(name: str, product: str, user: Value[str], whose: Owner, *, own: bool = False) -> None:
    """Emit a login with a database's user; ``own`` marks the bootstrap user of the server's own container."""
    whose.out.subjects.append(
        Login(
            name=f"{whose.owner}, {name}",
            node=user.node,
            platform=whose.platform,
            product=product,
            user=user,
            superuser=own or user.or_else("").lower() in SUPERUSERS.get(product, frozenset()),
            container=whose.container,
            administrative=own,
        )
    )

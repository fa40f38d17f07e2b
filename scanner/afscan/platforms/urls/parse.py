"""Reading URLs and connection strings, tolerantly, with the place of each part.

Interpolations (``${HOST:-db}``, ``$(PORT)``, ``{{ host }}``) may stand in any part: they are kept as text and never taken apart.
Formats: RFC 3986 with the liberties that drivers take (several hosts, unescaped passwords), ``jdbc:`` URLs, and in
:mod:`afscan.platforms.urls.dsn` connection strings that are no URLs.
"""

import re
from collections.abc import Iterator

from afscan.model.patterns import pattern
from afscan.model.record import field, record
from afscan.platforms.secrets.origins import blanked, has_filler

Spot = tuple[int, int]
"""Start and end (exclusive) of some characters of a text."""

LONGEST = 1 << 20
"""A longer text is searched only so far."""

_LONGEST_URL = 8192
_SCHEME = pattern(r"(?:jdbc:)?[A-Za-z][A-Za-z0-9+._-]{0,40}\Z", re.IGNORECASE)
_STOP = pattern(r"""[\s"'`<>|\\^{}]|&&|[,;]\s|[,;]\Z""")
_AUTHORITY_END = pattern(r"[/?#]")
_QUERY_PASSWORDS = ("password", "passwd", "pwd", "sslpassword")
_QUERY_USERS = ("user", "username", "uid")


@record(slots=True, kw_only=True)
class Url:
    """One URL or connection string.

    ``scheme`` is in lower case and includes ``jdbc:``; ``user`` and ``password`` are percent-decoded; ``host`` is the first of
    ``hosts``, without brackets, "" where there is none; ``query`` has the first value of each parameter, keys as written,
    and ``query_spans`` where those values stand. The spots count in the text that was searched; None where the part is absent.
    ``unresolved`` names the parts that hold an interpolation: ``user``, ``password``, ``host``, ``port``, ``query``, ``path``.
    """

    text: str
    scheme: str
    user: str | None = None
    password: str | None = None
    host: str = ""
    hosts: tuple[str, ...] = ()
    port: int | None = None
    path: str = ""
    query: dict[str, str] = field(default_factory=dict)
    query_spans: dict[str, Spot] = field(default_factory=dict)
    span: Spot = (0, 0)
    scheme_span: Spot | None = None
    user_span: Spot | None = None
    password_span: Spot | None = None
    host_span: Spot | None = None
    unresolved: frozenset[str] = frozenset()

    def key_of(self, *names: str) -> str | None:
        """The first of these query parameters that is given, as its key is written; case, ``-`` and ``_`` do not count."""
        given = {key.lower().replace("-", "").replace("_", "").replace(" ", ""): key for key in self.query}
        for name in names:
            if name in given:
                return given[name]
        return None

    def parameter(self, *names: str) -> str | None:
        """The value of the first of these query parameters that is given."""
        key = self.key_of(*names)
        return self.query[key] if key is not None else None

    def moved(self, by: int) -> "Url":
        """The same URL with all its spots moved."""
        for name in ("span", "scheme_span", "user_span", "password_span", "host_span"):
            spot: Spot | None = getattr(self, name)
            if spot is not None:
                setattr(self, name, (spot[0] + by, spot[1] + by))
        self.query_spans = {key: (start + by, end + by) for key, (start, end) in self.query_spans.items()}
        return self


def parse_url(text: str) -> Url | None:
    """The URL or connection string that a whole text is (blanks around it aside); None where it is none. Never raises."""
    if len(text) > _LONGEST_URL:
        return None
    start = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    if start >= end:
        return None
    whole = blanked(text)
    colon = whole.find("://", start, end)
    if colon < 0:
        from afscan.platforms.urls.dsn import parse_dsn  # noqa: PLC0415

        return parse_dsn(text, whole, start, end)
    if re.search(r"\s", whole[start:end]) or not _SCHEME.match(whole[start:colon]):
        return None
    return _Reading(text, whole).read(start, colon, end)


def find_urls(text: str) -> Iterator[Url]:
    """The URLs inside a longer text (an argument, a shell line, a list), in order, in time linear in the text.

    A URL inside an interpolation (``${API_URL:-http://localhost}``) is not found: whoever sets the variable decides.
    """
    text = text[:LONGEST]
    if "://" not in text:
        return
    whole = blanked(text)
    after = 0
    while (colon := whole.find("://", after)) >= 0:
        start = _scheme_start(whole, colon, after)
        after = colon + 3
        if start is None:
            continue
        end = _end_of(whole, colon + 3)
        url = _Reading(text, whole).read(start, colon, end)
        if url is not None:
            yield url
            after = end


def _scheme_start(whole: str, colon: int, after: int) -> int | None:
    """Where the scheme before a ``://`` begins; None where there is none."""
    start = colon
    least = max(after, colon - 48)
    while start > least and (whole[start - 1].isalnum() or whole[start - 1] in "+.-_:") and whole[start - 1].isascii():
        start -= 1
    part = whole[start:colon]
    jdbc = part.lower().rfind("jdbc:")
    if jdbc >= 0:
        return start + jdbc
    start += part.rfind(":") + 1
    while start < colon and not whole[start].isalpha():
        start += 1
    return start if start < colon else None


def _end_of(whole: str, start: int) -> int:
    """Where a URL ends inside a longer text: at blanks, quotes, shell operators, before punctuation that closes a sentence."""
    limit = min(len(whole), start + _LONGEST_URL)
    found = _STOP.search(whole, start, limit)
    end = found.start() if found else limit
    following = whole.find("://", start, end)  # a list of URLs, parted by commas
    if following >= 0:
        comma = max(whole.rfind(",", start, following), whole.rfind(";", start, following))
        end = comma if comma >= 0 else end
    return _without_punctuation(whole, start, end)


def _without_punctuation(whole: str, start: int, end: int) -> int:
    """The end without what closes a sentence or a bracket that opened before the URL."""
    surplus = {")": whole.count(")", start, end) - whole.count("(", start, end)}
    surplus["]"] = whole.count("]", start, end) - whole.count("[", start, end)
    while end > start:
        last = whole[end - 1]
        if last in surplus and surplus[last] > 0:
            surplus[last] -= 1
        elif last not in ".,;:!":
            break
        end -= 1
    return end


class _Reading:
    """One URL being read: the text, the same text with interpolations blanked, and what was found so far."""

    __slots__ = ("text", "unresolved", "url", "whole")

    def __init__(self, text: str, whole: str) -> None:
        self.text = text
        self.whole = whole
        self.unresolved: set[str] = set()

    def read(self, start: int, colon: int, end: int) -> Url | None:
        """The URL between ``start`` and ``end`` whose ``://`` stands at ``colon``; None where nothing follows it."""
        whole = self.whole
        scheme = self.text[start:colon].lower()
        self.url = url = Url(
            text=self.text[start:end], scheme=scheme, span=(start, end), scheme_span=(start, start + len(scheme))
        )
        first = colon + 3
        stop = _authority_end(whole, first, end)
        at = whole.rfind("@", first, stop)
        if at >= 0:
            self.userinfo(first, at)
            first = at + 1
        semicolon = whole.find(";", first, stop) if scheme.startswith("jdbc:") else -1
        stop = stop if semicolon < 0 else semicolon
        self.hosts(first, stop)
        self.rest(stop, end)
        url.unresolved = frozenset(self.unresolved)
        return url if url.host or url.path or url.user else None

    def take(self, part: str, spot: Spot) -> str:
        """The text of a part, percent-decoded; left as it is, and noted, where it holds an interpolation."""
        written = self.text[spot[0] : spot[1]]
        if has_filler(self.whole[spot[0] : spot[1]]):
            self.unresolved.add(part)
            return written
        if "%" not in written:
            return written
        from urllib.parse import unquote  # noqa: PLC0415 - 3 ms, and few URLs need it

        return unquote(written)

    def userinfo(self, first: int, at: int) -> None:
        """User and password before the ``@``."""
        colon = self.whole.find(":", first, at)
        self.url.user_span = (first, at if colon < 0 else colon)
        self.url.user = self.take("user", self.url.user_span) or None
        if colon >= 0:
            self.url.password_span = (colon + 1, at)
            self.url.password = self.take("password", self.url.password_span)

    def hosts(self, first: int, stop: int) -> None:
        """One or more hosts, each perhaps with its port; the first one's port and spot count."""
        found: list[str] = []
        begin = first
        for piece in self.whole[first:stop].split(",")[:64]:
            spot, port = _host_and_port(piece, begin)
            found.append(self.take("host", spot))
            if begin == first:
                self.url.host_span = spot if spot[0] < spot[1] else None
                self.url.port = port_number(port)
                if has_filler(port):
                    self.unresolved.add("port")
            begin += len(piece) + 1
        self.url.hosts = tuple(host for host in found if host)
        self.url.host = found[0]

    def rest(self, start: int, end: int) -> None:
        """Path and parameters; drivers take user, password and host there as well."""
        whole = self.whole
        mark = whole.find(";" if whole.startswith(";", start) else "?", start, end)
        fragment = whole.find("#", start, end)
        if fragment >= 0:
            mark, end = (mark if mark < fragment else -1), fragment
        path_end = end if mark < 0 else mark
        self.url.path = self.text[start:path_end]
        if has_filler(whole[start:path_end]):
            self.unresolved.add("path")
        if mark < 0:
            return
        begin = mark + 1
        for piece in re.split(r"[&;]", whole[begin:end])[:200]:
            name, equals, _ = piece.partition("=")
            if has_filler(name):
                self.unresolved.add("query")
            elif equals and name not in self.url.query:
                self.parameter(name, (begin + len(name) + 1, begin + len(piece)))
            begin += len(piece) + 1

    def parameter(self, name: str, spot: Spot) -> None:
        """One query parameter."""
        url, lower = self.url, name.lower()
        url.query[name] = value = self.take("query", spot)
        url.query_spans[name] = spot
        if not value:
            return
        if lower in _QUERY_PASSWORDS and url.password is None:
            url.password, url.password_span = self.take("password", spot), spot
        elif lower in _QUERY_USERS and url.user is None:
            url.user, url.user_span = self.take("user", spot), spot
        elif lower in ("host", "servername") and not url.host:
            url.host, url.host_span = self.take("host", spot), spot
            url.hosts = (url.host,)


def _authority_end(whole: str, first: int, end: int) -> int:
    """Where user, password and host end.

    An unescaped ``/`` in a password does not end them; an ``@`` in a path does not belong to them.
    """
    found = _AUTHORITY_END.search(whole, first, end)
    stop = found.start() if found else end
    authority = whole[first:stop]
    if "@" in authority or ":" not in authority or authority.startswith("["):
        return stop
    after_colon = authority.rpartition(":")[2]
    at = whole.rfind("@", stop, end)
    if at < 0 or not after_colon or after_colon.isdecimal() or has_filler(after_colon):
        return stop
    found = _AUTHORITY_END.search(whole, at, end)
    return found.start() if found else end


def _host_and_port(piece: str, begin: int) -> tuple[Spot, str]:
    """Where the host stands in ``host:port`` or ``[v6]:port`` that begins at an offset, and the port's text."""
    if piece.startswith("["):
        host, _, port = piece[1:].partition("]")
        return (begin + 1, begin + 1 + len(host)), port.removeprefix(":")
    host, _, port = piece.partition(":") if piece.count(":") < 2 else (piece, "", "")
    return (begin, begin + len(host)), port


def port_number(text: str) -> int | None:
    """A port; None where the text is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 and int(text) < 65536 else None

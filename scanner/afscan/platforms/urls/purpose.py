"""Whether a URL is a connection that somebody opens, an address to listen on, or merely a name."""

import re
from itertools import pairwise

from afscan.model.patterns import pattern
from afscan.platforms.secrets.names import split_words, word_set
from afscan.platforms.urls.parse import Url
from afscan.platforms.urls.products import BY_SCHEME, base_of

_LOOPBACK = frozenset(("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback", "::1", "0:0:0:0:0:0:0:1"))
_LOOPBACK_V4 = pattern(r"(?:::ffff:)?127(?:\.[0-9]{1,3}){1,3}\Z")
_SOCKET_STARTS = ("/", "%2f", "@/")


def is_loopback(host: str) -> bool:
    """Whether a host is the machine (or pod) itself: ``localhost``, 127/8, ``::1``, ``*.localhost`` (RFC 6761), a socket's path.

    ``0.0.0.0`` and ``::`` are addresses to listen on, see :func:`is_any_address`.
    """
    host = host.strip().strip("[]").lower().removesuffix(".")
    if host in _LOOPBACK or host.endswith(".localhost"):
        return True
    return _LOOPBACK_V4.match(host) is not None or host.startswith(_SOCKET_STARTS)


def is_any_address(host: str) -> bool:
    """Whether a host is "all interfaces": nobody connects to it, a server listens on it."""
    return host.strip().strip("[]") in ("0.0.0.0", "::", "*", "+", "0", "0:0:0:0:0:0:0:0")


_LISTENERS = word_set("listen listener listeners bind binds advertise advertised")
_ADDRESSES = word_set("url uri address addr host endpoint hostname domain")
_OWN = word_set("root public external site canonical frontend redirect callback self own")
_OWN_NAMES = (["base", "url"], ["aspnetcore", "urls"], ["urls"], ["app", "url"], ["nextauth", "url"])


def is_listener(url: Url, name: str) -> bool:
    """Whether a URL is what a server listens on or tells others to come to, rather than where its reader connects."""
    if is_any_address(url.host):
        return True
    words = split_words(name)
    if _LISTENERS & set(words) or words in _OWN_NAMES:
        return True
    return len(words) > 1 and words[-1] in _ADDRESSES and words[-2] in _OWN


_IDENTIFIERS = pattern(
    r"(?:[\w-]+\.)?w3\.org|(?:[\w-]+\.)*(?:xmlsoap|json-schema|apache|opensource|gnu|purl|xml|relaxng|docbook|hl7)\.org"
    r"|creativecommons\.org"
    r"|(?:schemas?|xmlns|ns|claims)\.[\w.-]+|java\.sun\.com|(?:[\w-]+\.)?springframework\.org|(?:specs\.)?openid\.net"
)
"""Hosts of XML namespaces, schemas, claims and licences: names that nobody fetches."""

_METADATA = word_set("169.254.170.23 fd00:ec2::254 fd00:ec2::23 metadata.google.internal metadata 100.100.100.200")
"""Instance metadata beside 169.254/16: link-local, plaintext by design (documentation of AWS, Google Cloud, Azure, Alibaba)."""

_ARCHIVES = pattern(r"(?:[\w-]+\.)*(?:debian\.org|ubuntu\.com|alpinelinux\.org|centos\.org|fedoraproject\.org|archlinux\.org)")
_REVOCATION = pattern(r"(?:ocsp|crls?|aia|cacerts)[\w-]*\.[\w.-]+")
_NAMES_ONLY = word_set(
    "cors origin origins issuer issuers iss audience audiences aud namespace namespaces xmlns schema schemas license "
    "licenses licence proxy realm homepage docs documentation referer referrer csrf whitelist allowlist blacklist "
    "denylist ocsp crl scope scopes claim claims"
)
_PAIRS = frozenset(
    (
        ("allowed", "hosts"),
        ("allowed", "urls"),
        ("no", "proxy"),
        ("trusted", "hosts"),
        ("redirect", "uris"),
        ("redirect", "urls"),
        ("post", "logout"),
        ("valid", "redirect"),
        ("terms", "of"),
    )
)
_REVERSE_PROXY = frozenset(("pass", "upstream", "target", "backend"))


def is_connection(url: Url, name: str = "") -> bool:
    """Whether a URL in a setting of this name is a connection that the setting's reader opens (or a listener's address).

    None are: XML namespaces, schemas and licences; CORS origins, issuers and audiences (compared, not fetched); the link-local
    metadata services; forward proxies; archives whose packages are signed; revocation lists; sockets; schemes that are no network
    protocol of their own (``s3``, ``oci``, ``file``).
    """
    base, extras = base_of(url)
    if base not in BY_SCHEME and base not in ("ado", "sentinel", "cluster"):
        return False
    host = url.host.lower().removesuffix(".")
    if base == "unix" or extras & {"unix", "socket"} or not host or host.startswith(_SOCKET_STARTS):
        return False
    if host in _METADATA or host.startswith("169.254."):
        return False
    if BY_SCHEME.get(base) == "http" and any(kind.fullmatch(host) for kind in (_IDENTIFIERS, _ARCHIVES, _REVOCATION)):
        return False
    words = split_words(name)
    if set(words) & _NAMES_ONLY and not ("proxy" in words and set(words) & _REVERSE_PROXY):
        return False
    return not any(pair in _PAIRS for pair in pairwise(words))


_POOL = word_set(
    "poolsize poolmaxconns poolminconns connectionlimit maxpoolsize minpoolsize maximumpoolsize maxconnections "
    "maxopenconns poolmax poolmaxsize pooltimeout maxoverflow pooling maxidleconns poolrecycle"
)


def pool_parameter(url: Url) -> str | None:
    """The query parameter of a URL that configures a client-side pool (``pool_max_conns``, ``connection_limit``), if any."""
    for key in url.query:
        if re.sub(r"[^a-z]", "", key.lower()) in _POOL:
            return key
    return None

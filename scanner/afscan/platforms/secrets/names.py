"""Which settings hold a secret, by their names; and which values show that a setting so named holds none."""

import re
from itertools import pairwise

from afscan.model.patterns import pattern

_EDGE = pattern(r"(?<=[a-z])(?=[A-Z])|(?<=[a-z][0-9])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])")
_SEPARATOR = pattern(r"[^A-Za-z0-9]+")
_LONGEST = 200


def word_set(words: str) -> frozenset[str]:
    """The words of a text as a set: tables of words read better as text."""
    return frozenset(words.split())


_PASSWORD = word_set("password passwd passphrase passwort motdepasse requirepass masterauth passcode")
_PASSWORD_ENDS = ("password", "passwd", "passphrase")
_BEFORE_PASS = word_set(
    "db database user admin root redis smtp mail email mysql mariadb postgres postgresql pg mongo mongodb rabbitmq "
    "amqp mqtt ftp sftp ssh auth login default basic http ldap bind neo4j master sql rpc api source app web vnc "
    "key keystore sentinel es elastic become"
)
_GLUED = {
    "apikey": ("api", "key"),
    "appkey": ("app", "key"),
    "authkey": ("auth", "key"),
    "accesskey": ("access", "key"),
    "secretkey": ("secret", "key"),
    "privatekey": ("private", "key"),
    "masterkey": ("master", "key"),
    "signingkey": ("signing", "key"),
    "encryptionkey": ("encryption", "key"),
    "sharedkey": ("shared", "key"),
    "accountkey": ("account", "key"),
    "publickey": ("public", "key"),
    "primarykey": ("primary", "key"),
    "sshkey": ("ssh", "key"),
    "authtoken": ("auth", "token"),
    "accesstoken": ("access", "token"),
    "refreshtoken": ("refresh", "token"),
    "bearertoken": ("bearer", "token"),
    "apitoken": ("api", "token"),
    "clientsecret": ("client", "secret"),
    "appsecret": ("app", "secret"),
    "apisecret": ("api", "secret"),
    "jwtsecret": ("jwt", "secret"),
    "sharedsecret": ("shared", "secret"),
    "secretaccesskey": ("secret", "access", "key"),
}
_KEYS = {
    "api": "api-key",
    "app": "api-key",
    "access": "api-key",
    "auth": "api-key",
    "admin": "api-key",
    "integration": "api-key",
    "subscription": "api-key",
    "secret": "secret",
    "account": "secret",
    "master": "secret",
    "signing": "secret",
    "encryption": "secret",
    "encrypt": "secret",
    "enc": "secret",
    "license": "api-key",
    "session": "secret",
    "cookie": "secret",
    "jwt": "secret",
    "hmac": "secret",
    "fernet": "secret",
    "shared": "secret",
    "webhook": "secret",
    "unseal": "secret",
    "private": "private-key",
    "deploy": "private-key",
    "ssh": "private-key",
}
"""What a ``... key`` is by the word before it; any other key (public, primary, cache, TLS) is no secret or names a file."""

_TAILS = word_set(
    "file files filename path paths dir directory folder location name names ref refs reference url uri urls uris "
    "endpoint endpoints host hostname port id ids ttl expiry expires expire expiration lifetime lifespan timeout age "
    "max min length len size count limit limits policy encryption algorithm algorithms alg algo type kind method "
    "methods mode format header headers prefix suffix issuer audience scope scopes enabled enable disabled disable "
    "required allowed rotation interval period days hours minutes seconds ms version versions provider providers "
    "store stores backend manager mount volume label field column attribute claim claims parameter param env var "
    "variable strategy region domain user users username regex pattern rules hint reset change validator validators "
    "validation prompt source sources arn class group groups role roles template sha fingerprint thumbprint checksum "
    "digest cert certificate crt ca bytes bits usage encoding charset delimiter separator service server address addr "
    "namespace annotation description comment per stdin only history complexity strength grace lockout attempts "
    "retries cost rounds iterations check checks plugin plugins engine driver resolver lookup query review reviews "
    "binding bindings sync operator generator keys"
)
_LEADS = word_set(
    "disable disabled empty enable use allow require has is show hide mask skip no force min max num validate verify generate "
    "existing automount rotate reset forgot auto create ignore with without print"
)
_SWITCHED = frozenset((("allow", "empty"), ("random", "root"), ("onetime", "password"), ("initial", "cluster")))
"""Words in a row, wherever they stand, that make a switch or an identifier of what follows: ``MYSQL_ALLOW_EMPTY_PASSWORD``,
``MARIADB_RANDOM_ROOT_PASSWORD``, ``MYSQL_ONETIME_PASSWORD`` (docker-library/docs, mysql and mariadb), etcd's
``--initial-cluster-token``, the name of the cluster that bootstraps (etcd.io/docs, "Configuration options")."""

_NOISE = word_set(
    "value string base base64 b64 plain plaintext raw text pem prod production dev development staging stage test old "
    "new current previous primary secondary default live sandbox here content contents"
)
_NOT_TOKENS = word_set(
    "next page continuation cancellation pad eos bos unk mask sep cls stop end start special pagination sync csrf "
    "xsrf max min per num total context"
)
_NOT_SECRETS = word_set(
    "password passwd tls ssl pull existing image ca cert certificate external sealed kubernetes k8s opaque default ingress"
)
_PERSONAL_TOKENS = word_set("github gitlab gh gl azure devops ado bitbucket")

_BY_READER = {
    "redis": {
        "requirepass": "password",
        "masterauth": "password",
        "tls-key-file-pass": "password",
        "tls-client-key-file-pass": "password",
        "auth-pass": "password",
        "sentinel-pass": "password",
    },
    "alertmanager": {"service_key": "api-key", "routing_key": "api-key", "slack_api_url": "secret", "credentials": "token"},
    "prometheus": {"credentials": "token"},
    "fluentd": {"shared_key": "secret"},
}
"""Names that are secrets in one product only; from each product's own configuration reference."""

_WHOLE = dict.fromkeys(("pgpassword", "redisauth", "neo4jauth", "rediscliauth", "mysqlpwd"), "password")


def split_words(name: str) -> list[str]:
    """The lower-case words of a name in snake, kebab, dotted or camel case; known compounds (``apikey``) are taken apart."""
    words: list[str] = []
    for part in _SEPARATOR.split(name[:_LONGEST]):
        for word in _EDGE.split(part):
            lower = word.lower()
            bare = lower.rstrip("0123456789") or lower
            words += _GLUED.get(bare, (lower,)) if lower else ()
    return words


def credential_kind(name: str, *, reader: str | None = None) -> str | None:
    """What a setting holds by its name: ``password``, ``api-key``, ``token``, ``private-key``, ``secret``, or None: no secret.

    A name that says where a secret lies (``*_FILE``, ``secretName``, ``tokenUrl``), that describes one (``PASSWORD_MIN_LENGTH``,
    ``TOKEN_TTL``, ``password_encryption``), or that merely shares a word (``max_tokens``, ``primary_key``) is none. ``reader`` is
    the product that reads the setting, for names that are secrets in that product only.
    """
    known = _BY_READER.get(reader or "", {}).get(name.lower())
    if known is not None:
        return known
    words = split_words(name)
    joined = "".join(words)
    if joined in _WHOLE:
        return _WHOLE[joined]
    words = _trimmed(words)
    if not words or (len(words) > 1 and words[0] in _LEADS) or "existing" in words or _SWITCHED & set(pairwise(words)):
        return None
    return _kind(words)


def _trimmed(words: list[str]) -> list[str]:
    """Words without what says nothing about the kind at the end: numbers, stages (``_PROD``), encodings (``_BASE64``)."""
    end = len(words)
    while end > 1 and (words[end - 1].isdecimal() or words[end - 1] in _NOISE):
        end -= 1
    words = words[:end]
    if words and (bare := words[-1].rstrip("0123456789")):
        words = [*words[:-1], bare]
    return words


def _kind(words: list[str]) -> str | None:
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _TAILS or "public" in words or "tokenizers" in words:
        return None
    if last in _PASSWORD or last.endswith(_PASSWORD_ENDS):
        return "password"
    if last in ("pwd", "pass", "pw"):
        return "password" if before in _BEFORE_PASS else None
    if last == "key":
        return "secret" if "secret" in words else _KEYS.get(before)
    if last == "token":
        return None if before in _NOT_TOKENS else "token"
    if last == "pat":
        return "token" if before in _PERSONAL_TOKENS else None
    if last == "secret":
        return None if before in _NOT_SECRETS else "secret"
    if last == "cookie":  # what nodes of Erlang (RabbitMQ) authenticate with
        return "secret" if before == "erlang" else None
    if last in ("credential", "credentials"):
        return "secret"
    return None


_SWITCH = word_set("true false yes no on off enabled disabled null none nil undefined optional required always never auto")
_NUMBER = pattern(r"[-+]?[0-9]{1,6}(?:\.[0-9]+)?\Z|[0-9]+(?:ms|s|m|h|d|w|y)\Z")
_TERM = pattern(
    r"(?:HS|RS|ES|PS)(?:256|384|512)|EdDSA|bearer|basic|digest|authorization|x-[a-z]+(?:-[a-z]+){0,4}"
    r"|jwt|header|cookie|opaque|oauth2?|oidc|kubernetes\.io/.*|plain|scram-sha-(?:256|512)|vault|file|env",
    re.IGNORECASE,
)


def holds_no_secret(kind: str, text: str) -> bool:
    """Whether a value shows that its setting, named like a secret, holds none: a switch, number, duration, header name, URL."""
    text = text.strip()
    if text.lower() in _SWITCH:
        return True
    if kind != "password" and (_NUMBER.match(text) or _TERM.fullmatch(text)):
        return True
    return "://" in text[:40] and " " not in text[:40]

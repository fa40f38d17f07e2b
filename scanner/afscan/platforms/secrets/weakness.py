"""Passwords that everybody knows or can guess."""

import re
from functools import cache
from pkgutil import get_data

from afscan.model.subjects import Origin
from afscan.platforms.secrets.names import credential_kind
from afscan.platforms.secrets.origins import is_placeholder, origin_of

MINIMUM_PASSWORD = 8
"""Characters. NIST SP 800-63B, 5.1.1.1: memorized secrets have at least eight (SP 800-63B-4: 15 of a password alone)."""

MINIMUM_KEY = 16
"""Characters of a key, token or secret. OWASP "Session Management" asks 64 bits of entropy: 16 hexadecimal digits."""

_LEET = str.maketrans({"@": "a", "4": "a", "0": "o", "$": "s", "5": "s", "3": "e", "1": "l", "!": "i"})
_PASSWORD_WORDS = ("password", "passwd", "passwort", "passphrase")
_TRAILING = re.compile(r"[0-9!@#$%&*_.-]{0,6}\Z")
_MARKUP = re.compile(r"[<>{}\[\]$@]|\A[*._-]+\Z")
_SEQUENCES = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "zyxwvutsrqponmlkjihgfedcba",
    "98765432109876543210",
)
_PRODUCTS = {
    "postgres": ("postgres", "postgresql", "pgsql", "pg"),
    "mysql": ("mysql", "mariadb"),
    "mssql": ("mssql", "sqlserver"),
    "mongodb": ("mongodb", "mongo"),
    "amqp": ("rabbitmq", "amqp", "rabbit"),
    "elasticsearch": ("elasticsearch", "elastic"),
}


@cache
def well_known() -> frozenset[str]:
    """The passwords of ``weak.txt``, in lower case."""
    text = (get_data(__package__, "weak.txt") or b"").decode("utf-8")
    return frozenset(
        line.strip().lower() for line in text.splitlines() if line.strip() not in ("", "#") and not line.startswith("# ")
    )


def is_weak(text: str, *, user: str | None, product: str | None, key: str) -> str | None:
    """Why a secret is weak, as a clause ("it equals the user name"); None where nothing says so.

    For a text that is itself the secret: literals and words such as ``changeme``. What is a hash, a reference, an
    interpolation or a markup placeholder (``${X}``, ``<hash>``, ``{{ x }}``) yields None: whether its reader expands it is
    another question.

    :param user: the user name that goes with it, where known.
    :param product: the product that it opens (``postgres``), where known.
    :param key: the setting's name: passwords are measured by :data:`MINIMUM_PASSWORD`, keys and tokens by :data:`MINIMUM_KEY`.
    """
    origin = origin_of(text, expands=False)
    if origin not in (Origin.LITERAL, Origin.PLACEHOLDER):
        return None
    text = text.strip()
    if text.lower() in well_known():
        return "it is a well-known default"
    if origin is Origin.PLACEHOLDER:
        return None if _MARKUP.search(text) or not is_placeholder(text) else "it is a placeholder that was never replaced"
    kind = credential_kind(key) or "password"
    if kind == "private-key":
        return None
    return _known_words(text, kind, user, product) or _guessable(text, kind)


def _known_words(text: str, kind: str, user: str | None, product: str | None) -> str | None:
    lower = text.lower()
    if user and len(user) > 1 and lower == user.lower():
        return "it equals the user name"
    stem = _TRAILING.sub("", lower)
    if kind == "password" and user and len(user) > 2 and stem == user.lower():
        return "it is the user name with digits or signs after it"
    names = _PRODUCTS.get(product, (product.lower(),)) if product else ()
    if lower in names or (stem and stem in names):
        return "it is the product's name"
    if stem and stem in well_known():
        return "it is a well-known default with digits or signs after it"
    if kind == "password":
        plain = lower.translate(_LEET)
        if any(word in lower or word in plain for word in _PASSWORD_WORDS):
            return "it contains the word password"
        if len(text) < 24 and re.search(r"(?:\A|[^a-z])secret(?:\Z|[^a-z])", lower):
            return "it contains the word secret"
    return None


def _guessable(text: str, kind: str) -> str | None:
    lower = text.lower()
    if len(set(text)) == 1:
        return "it repeats one character"
    if len(text) >= 4 and any(lower in sequence for sequence in _SEQUENCES):
        return "it is a sequence of the keyboard or the alphabet"
    minimum = MINIMUM_PASSWORD if kind == "password" else MINIMUM_KEY
    if len(text) < minimum:
        return f"it has fewer than {minimum} characters"
    if text.isdecimal() and len(text) < 12:
        return "it consists of a few digits only"
    return None

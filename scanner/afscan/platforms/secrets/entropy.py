"""The last resort: a value that looks drawn at random, under a name that may be a credential's.

Entropy alone tells commits, checksums and identifiers from nothing: it is asked of settings only whose name ends as a credential's
does (``MAILER_KEY``) and says no product's known word. Sources of the thresholds: detect-secrets' defaults (4.5 bits a character for
base64, 3.0 for hexadecimal, of longer strings); here names have spoken before, so that 3.8 is enough for 20 characters.
"""

import re
from collections import Counter
from itertools import pairwise
from math import log2

from afscan.model.patterns import pattern
from afscan.platforms.secrets.names import split_words, word_set

_LAST = word_set("key keys auth seed pepper salt pass pwd pw")
_OTHER = word_set(
    "public pub publishable primary foreign partition sort cache idempotency site kms host known row object routing map index "
    "group anon anonymous bucket s3 hash sha checksum digest fingerprint thumbprint cert certificate ca gpg pgp apt signed trusted "
    "measurement tracking analytics cluster node dataset feature i18n translation"
)
_TEXT = pattern(r"[A-Za-z0-9+/_-]{20,256}={0,2}\Z")
_HEX = pattern(r"(?:[0-9a-f]{32,128}|[0-9A-F]{32,128})\Z")
_UUID = pattern(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_WORD = pattern(r"(?:\A|[-_/+])[a-z]{4,}(?=[-_/+]|\Z)")
"""A word between separators: a name that somebody made up (``deps-v3-linux-9f8K``)."""

_KNOWN = ("AAAA", "MII", "LS0t", "ssh-", "arn", "projects/", "/")
"""How public keys, certificates, PEM in base64, resource names and paths begin."""

_BITS, _HEX_BITS = 3.8, 3.0


def looks_random(name: str, text: str) -> bool:
    """Whether a setting of this name, which no table knows, holds a secret by the look of its value."""
    words = split_words(name)
    if len(words) < 2 or words[-1] not in _LAST or not _OTHER.isdisjoint(words):
        return False
    text = text.strip()
    if _TEXT.match(text) is None or text.startswith(_KNOWN) or _UUID.match(text) is not None or _WORD.search(text) is not None:
        return False
    bits = _entropy(text.rstrip("="))
    if _HEX.match(text) is not None:
        return bits >= _HEX_BITS and any(one.isalpha() for one in text) and any(one.isdigit() for one in text)
    return bits >= _BITS and _mixed(text)


def _entropy(text: str) -> float:
    """Bits of each character by how often it occurs (Shannon)."""
    return -sum(count / len(text) * log2(count / len(text)) for count in Counter(text).values())


def _mixed(text: str) -> bool:
    """Whether small and capital letters and digits alternate as in no word: at least every third character is of another kind."""
    kinds = ["d" if one.isdigit() else "u" if one.isupper() else "l" if one.islower() else "s" for one in text]
    changes = sum(1 for one, other in pairwise(kinds) if one != other)
    return {"d", "u", "l"} <= set(kinds) and changes * 3 >= len(kinds)

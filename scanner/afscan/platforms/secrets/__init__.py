"""Secrets in settings, whatever the platform: which names and shapes mean one, where a value comes from, whether it is weak.

Everything here is a pure function of short texts, in time linear in their length.
"""

from afscan.platforms.secrets.entropy import looks_random
from afscan.platforms.secrets.files import SecretFile, secret_file
from afscan.platforms.secrets.literals import is_of_a_test, is_written_here, kind_name, literal_place, literal_text, product_name
from afscan.platforms.secrets.names import credential_kind, holds_no_secret, split_words, word_set
from afscan.platforms.secrets.origins import blanked, is_placeholder, origin_of
from afscan.platforms.secrets.shapes import find_shape, secret_shape
from afscan.platforms.secrets.weakness import is_weak

__all__ = [
    "SecretFile",
    "blanked",
    "credential_kind",
    "find_shape",
    "holds_no_secret",
    "is_of_a_test",
    "is_placeholder",
    "is_weak",
    "is_written_here",
    "kind_name",
    "literal_place",
    "literal_text",
    "looks_random",
    "mask",
    "origin_of",
    "product_name",
    "secret_file",
    "secret_shape",
    "split_words",
    "word_set",
]


def mask(text: str) -> str:
    """A secret as a message may show it: its first two characters and four stars; of eight characters or fewer, the stars alone.

    The number of stars says nothing about the length.
    """
    return f"{text[:2]}****" if len(text) > 8 and text[:2].isprintable() else "****"

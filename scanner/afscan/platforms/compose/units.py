"""Units and words that Compose reads: memory, CPU shares of a core, booleans. Pure functions of text; None where it is none."""

import re

_BYTES = re.compile(r"(-?[0-9]{1,18}(?:\.[0-9]{1,18})?|-?\.[0-9]{1,18}) ?([kmgtp]?)(?:i?b)?\Z", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,2})?\Z")
_FACTORS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "p": 2**50}
_TRUE = frozenset(("true", "1", "y", "yes", "on"))
_FALSE = frozenset(("false", "0", "n", "no", "off"))


def parse_bytes(text: str) -> float | None:
    """A size in bytes. Docker's units are powers of 1024, with or without ``b`` and in any case (docker/go-units, RAMInBytes)."""
    match = _BYTES.match(text.strip())
    return float(int(float(match[1]) * _FACTORS[match[2].lower()])) if match is not None else None


def parse_number(text: str) -> float | None:
    """A decimal number: CPU cores, microseconds."""
    return float(text) if _NUMBER.match(text.strip()) else None


def parse_whole(text: str) -> int | None:
    """A whole decimal number."""
    text = text.strip()
    return int(text) if len(text) <= 18 and re.match(r"[-+]?[0-9]+\Z", text) else None


def parse_boolean(text: str) -> bool | None:
    """A boolean. Compose casts strings too, so quotes do not matter (compose-go, ``toBoolean``)."""
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None

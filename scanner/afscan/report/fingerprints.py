"""Fingerprints: how code scanning tells that a result of today is the one of yesterday."""

import hashlib
import re
from array import array
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate

_BLOCK = 100
_FACTOR = 37
_MASK = (1 << 64) - 1
_OLDEST = pow(_FACTOR, _BLOCK, 1 << 64)
_END = 65535
_NEWLINE = re.compile(r"\r\n?")
_DROPPED = {ord(" "): None, ord("\t"): None}


def line_hashes(text: str) -> list[str]:
    """``primaryLocationLineHash`` of every line of a text, as GitHub's upload action computes it from the file.

    A line's hash covers the 100 UTF-16 code units from its start on, in which blanks and tabs do not count, every line break is
    one ``\\n``, the text ends with 65535 and zeros fill up; it is polynomial with factor 37, modulo 2**64, in hexadecimal
    without leading zeros, and followed by how often it has occurred in the text so far. (Source: github/codeql-action.)
    """
    kept = _NEWLINE.sub("\n", text).translate(_DROPPED)
    units = array("H", kept.encode("utf-16-le", "surrogatepass"))
    units.append(_END)
    starts = [0, *(i + 1 for i, unit in enumerate(units) if unit == 10)]
    units.extend([0] * _BLOCK)
    prefixes = list(accumulate(units, lambda h, unit: (h * _FACTOR + unit) & _MASK, initial=0))
    seen: Counter[str] = Counter()
    hashes = []
    for start in starts:
        value = f"{(prefixes[start + _BLOCK] - _OLDEST * prefixes[start]) & _MASK:x}"
        seen[value] += 1
        hashes.append(f"{value}:{seen[value]}")
    return hashes


class SubjectPrints:
    """``afscan/subject/v1``: rule, file and subject, whatever the lines. Results that share all three are numbered."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def of(self, identity: Iterable[str]) -> str:
        """The fingerprint of the next result with this identity."""
        value = hashlib.sha256("\0".join(identity).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self._seen[value] += 1
        return f"{value}:{self._seen[value]}"

"""What may be a secret in a line that a report shows around a finding.

Secrets that were recognised are masked at their places. Lines around a finding may hold others: of a file that could not be
parsed, of a format or setting that no platform knows, a part of a key of many lines. Here a line's words alone decide, and a
mask too many costs nothing: what the finding itself points at is never guessed about.
"""

import re
from functools import lru_cache

from afscan.model.patterns import pattern

_WORD = (
    r"(?:passw(?:or)?d|passwd|passphrase|pwd|secret|token|credential|authorization|auth|requirepass|masterauth|"
    r"(?:api|access|private|secret|account|encryption|signing)[-_.]?key)"
)
_BARE = r"(?![$<{\[&*|>!#%/]|(?:true|false|null|none|yes|no)\b)[^\s\"'`,;&|<>(){}\[\]\\]{4,}"
_QUOTED = r"\\?\"(?![$<{]|\\?\")[^\"\\]{3,}(?:\\?\"|$)|'(?![$<{])[^']{3,}(?:'|$)"
_PATTERNS = tuple(
    pattern(form, re.IGNORECASE)
    for form in (
        rf"{_WORD}\\?[\"']?[ \t]{{0,20}}(?::=|=>|[:=])[ \t]{{0,20}}({_QUOTED}|{_BARE})",
        # name: DB_PASSWORD, value: ..., as kubectl's last-applied annotation has it on one line
        rf"{_WORD}\\?[\"']?,[ \t]{{0,20}}\\?[\"']?value\\?[\"']?[ \t]{{0,20}}:[ \t]{{0,20}}({_QUOTED}|{_BARE})",
        rf"(?:{_WORD}|\bby)[ \t]{{1,20}}({_QUOTED})",
        rf"(?<![\w-])--?[\w-]{{0,40}}(?:{_WORD}|pass|bearer)(?:=|[ \t]{{1,20}}|[\"'], ?[\"'])({_BARE})",
        rf"\b(?:requirepass|masterauth)[ \t]{{1,20}}({_BARE})",
        r"\b(?:bearer|basic)[ \t]{1,20}([\w.~+/=-]{8,})",
        r"://[^\s/@:\"']{0,200}:([^\s/@\"'${}]{1,200})@",
        r"(\$\$?(?:apr1|2[abxy]|1|5|6|argon2\w{1,2})\$[^\s\"':]{8,})",
        # a line of a key, or of anything in base64
        r"^[ \t]{0,200}(?-i:(?=[A-Z0-9+/]{0,60}[a-z])(?=[a-z0-9+/]{0,60}[A-Z]))([A-Za-z0-9+/]{40,}={0,2})[ \t]{0,20}$",
    )
)
_HINT = pattern(r"pass|pwd|secret|token|credential|auth|key|bearer|basic|\bby|://|\$|[a-z0-9+/]{40}", re.IGNORECASE)
_LONGEST = 20_000


@lru_cache(maxsize=1024)
def guesses(line: str) -> tuple[tuple[int, int], ...]:
    """Stretches of a line that look like secrets: offsets from 0, end exclusive; in no order, and they may overlap."""
    from afscan.platforms.secrets.shapes import find_shape  # noqa: PLC0415  (start-up time)

    found: list[tuple[int, int]] = []
    text = line[:_LONGEST]
    for form in _PATTERNS if _HINT.search(text) else ():
        found += (match.span(1) for match in form.finditer(text))
    start = 0
    while shape := find_shape(text[start:]):
        found.append((start + shape[2], start + shape[3]))
        start += shape[3]
    return tuple(found)

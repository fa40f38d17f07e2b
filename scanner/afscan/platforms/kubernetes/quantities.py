"""Kubernetes resource quantities: ``512Mi``, ``1.5``, ``100m``, ``1e3``.

Source: Kubernetes API reference, "Quantity": a signed decimal number with one of the suffixes ``n u m k M G T P E``,
``Ki Mi Gi Ti Pi Ei``, or a decimal exponent. Suffixes are case-sensitive: ``512mi`` and ``512MB`` are refused.
"""

import re

from afscan.model.notice import NoticeKind
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation, Reader

_QUANTITY = re.compile(r"([+-]?)([0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})([A-Za-z]{0,2}|[eE][+-]?[0-9]{1,2})\Z")
_SUFFIXES = {
    "n": (1, 10**9),
    "u": (1, 10**6),
    "m": (1, 1000),
    "": (1, 1),
    **{suffix: (1000 ** (power + 1), 1) for power, suffix in enumerate("kMGTPE")},
    **{suffix + "i": (1024 ** (power + 1), 1) for power, suffix in enumerate("KMGTPE")},
}
"""What a suffix multiplies by, as a fraction: whole numbers keep it exact up to the one division at the end."""


def parse_quantity(text: str) -> float | None:
    """The number that a quantity stands for (bytes, cores); None where Kubernetes would refuse it."""
    found = _QUANTITY.match(text)
    if found is None:
        return None
    sign, digits, suffix = found.groups()
    scale = _SUFFIXES.get(suffix)
    if scale is None:
        if not suffix[1:].lstrip("+-").isdigit() or suffix[0] not in "eE":
            return None
        exponent = int(suffix[1:])
        power: int = 10 ** abs(exponent)
        scale = (power, 1) if exponent >= 0 else (1, power)
    whole, _, decimals = digits.partition(".")
    number: float = int(whole + decimals) * scale[0] / (10 ** len(decimals) * scale[1])
    return -number if sign == "-" else number


def quantity(reader: Reader, *path: str) -> Value[float]:
    """A quantity in a mapping; one that Kubernetes would refuse is unknown, with a notice. Zero is kept: it limits nothing."""
    text = reader.text(*path)
    if not text.is_set:
        return text.map(float)
    return parsed(text, ".".join(path), reader.out)


def parsed(text: Value[str], name: str, out: Interpretation) -> Value[float]:
    """A written quantity as a number."""
    number = parse_quantity(text.or_else(""))
    if number is None:
        out.notice(NoticeKind.WRONG_TYPE, text.place, f"`{name}` is no quantity that Kubernetes takes; it is not judged.")
        return Value.unknown(text.node, f"`{name}` is no quantity that Kubernetes takes", text.at)
    return Value.of(number, text.node, text.at)

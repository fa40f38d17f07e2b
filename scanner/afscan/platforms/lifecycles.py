"""Until when versions of products are supported, as far as that is known. The facts are data: ``lifecycles.json``.

Each product names its source. ``ended`` holds the versions whose support is over on the day ``as_of``, with the last day;
``supported`` those that had support on that day. A version in neither is not known. A verdict must not change from one day to the
next while nobody edits anything, so the table's own day counts, not today's.
"""

import json
import re
from functools import cache
from pkgutil import get_data
from typing import Any

from afscan.model.record import record

_VERSION = re.compile(r"v?([0-9]{1,4}(?:\.[0-9]{1,6}){0,4})(?:\.[a-z][\w.]*|[-+_].*|\.x)?\Z", re.DOTALL)
_LONGEST = 200


@record(slots=True, frozen=True)
class Support:
    """What the table says of one version. ``ended`` is the last day (ISO 8601) where that is past, else empty.

    ``line`` is the version as the table has it (``16`` for ``16.10``), ``kind`` whose support it is, in a few words.
    """

    title: str
    line: str
    kind: str
    ended: str


@cache
def _data() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(get_data(__package__, "lifecycles.json") or b"")
    return loaded


def as_of() -> str:
    """The day of the table, ISO 8601."""
    return str(_data()["as_of"])


def product_of_image(repository: str) -> str:
    """The product whose versions the tags of an image's repository are; empty where that is not known."""
    return str(_data()["images"].get(repository, ""))


def support_of(product: str, version: str) -> Support | None:
    """What is known of the support of a version or tag (``16.10-bookworm``); None where the table says nothing.

    A version without its last part stands for the newest of its line: ``redis:7`` is 7.4.
    """
    known = _data()["products"].get(product)
    found = _VERSION.match(version[:_LONGEST])
    if known is None or found is None:
        return None
    parts = found[1].split(".")
    for count in range(len(parts), 0, -1):
        line = ".".join(parts[:count])
        if line in known["ended"] or line in known["supported"]:
            return Support(known["title"], line, known["support"], known["ended"].get(line, ""))
    newest = next((line for line in reversed(known["supported"]) if line.startswith(f"{found[1]}.")), None)
    return Support(known["title"], newest, known["support"], "") if newest is not None else None

"""API versions that Kubernetes and operators no longer serve. The facts are data: ``kubernetes/apis.json``.

Each row names its source and the version that stopped serving it. Where the version of the server is not known, the oldest one that
still gets fixes on the day ``as_of`` counts: a verdict must not change from one day to the next while nobody edits anything.
The module stands beside the package ``kubernetes``, which a run without manifests never imports.
"""

import json
import re
from functools import cache
from pkgutil import get_data
from typing import Any

from afscan.model.record import record

_VERSION = re.compile(r"v?([0-9]{1,4})\.([0-9]{1,4})")


@record(slots=True, frozen=True)
class Removal:
    """An API version that a product stopped serving with version ``removed``. ``instead`` is empty where nothing took its place."""

    product: str
    title: str
    removed: tuple[int, int]
    instead: str
    oldest: tuple[int, int]
    why: str


@cache
def _data() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(get_data(__package__, "kubernetes/apis.json") or b"")
    return loaded


@cache
def _removed() -> dict[tuple[str, str], Removal]:
    found = {}
    products = _data()["products"]
    for row in _data()["removed"]:
        product = products[row["product"]]
        for kind in row["kinds"]:
            found[row["api"], kind] = Removal(
                row["product"],
                product["title"],
                parse_version(row["removed"]) or (0, 0),
                row["instead"],
                parse_version(product["oldest"]) or (0, 0),
                product["why"],
            )
    return found


def as_of() -> str:
    """The day of the table, ISO 8601."""
    return str(_data()["as_of"])


def removal_of(api: str, kind: str) -> Removal | None:
    """What is known of an API version (``batch/v1beta1``) of a kind; None where it is served as far as is known."""
    return _removed().get((api, kind))


def parse_version(text: str) -> tuple[int, int] | None:
    """Major and minor of a version (``1.29``, ``v1.29.3-gke.100``); None where it is none."""
    found = _VERSION.match(text.strip()[:100])
    return (int(found[1]), int(found[2])) if found is not None else None

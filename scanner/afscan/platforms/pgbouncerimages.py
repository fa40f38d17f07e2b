"""How PgBouncer's images make pgbouncer.ini out of their environment. The facts are data: ``pgbouncerimages.json``; a row names its
source. Images that are not listed (``icoretech/pgbouncer-docker``, your own) read a file that is mounted."""

import json
from functools import cache
from pkgutil import get_data
from typing import Any

from afscan.model.record import field, record


@record(slots=True, frozen=True)
class PoolerImage:
    """One image: the names of its variables (``prefix`` before the upper-case key, unless ``renamed``), what it always ``writes``, and
    the ``paths`` at which a file that is mounted takes the place of all this. ``url`` names a variable with host and port in one."""

    prefix: str
    host: str
    port: str
    database: str
    user: str
    password: str
    url: str
    paths: tuple[str, ...]
    writes: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    source: str = ""


@cache
def _raw() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(get_data(__package__, "pgbouncerimages.json") or b"")
    return found


@cache
def _images() -> dict[str, PoolerImage]:
    found = {}
    for row in _raw()["images"]:
        texts = {name: row.get(name, "") for name in ("prefix", "host", "port", "database", "user", "password", "url", "source")}
        image = PoolerImage(**texts, paths=tuple(row["paths"]), writes=row.get("writes", {}), renamed=row.get("renamed", {}))
        found.update(dict.fromkeys(row["repository"], image))
    return found


def pooler_image(repository: str) -> PoolerImage | None:
    """What is known of an image by its repository; None where it makes no file, or nothing is known."""
    return _images().get(repository)


def keys() -> tuple[str, ...]:
    """The keys of ``[pgbouncer]`` that such images take from their environment."""
    return tuple(_raw()["keys"])

"""What PostgreSQL's images do on their first start: whom they create, where init scripts lie, what is preloaded and on board.

The facts are data: ``postgresimages.json``; a row names its source. What a row does not say is unknown.
"""

import json
from functools import cache
from pkgutil import get_data
from typing import Any

from afscan.model.record import field, record

CONTRIB_KEY = "contrib"


@record(slots=True, frozen=True)
class PostgresImage:
    """One image. ``user`` and ``database`` are the variables that name the first superuser and the first database.

    ``closed``: no extension is on board beside contrib and ``extensions``. ``runs_first`` and ``unread`` say why more may be in the
    database, or in the settings, than the files tell. ``stops_on_error``: an init script that fails ends the start.
    """

    user: str = ""
    default_user: str = "postgres"
    database: str = ""
    also_roles: tuple[str, ...] = ()
    init: str = ""
    recursive: bool = False
    stops_on_error: bool = False
    data: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()
    extensions: frozenset[str] = frozenset()
    closed: bool = False
    runs_first: str = ""
    unread: str = ""
    official: bool = False
    writes: dict[str, str] = field(default_factory=dict)  # parameter -> variable, into a file that the image makes
    writes_always: dict[str, str] = field(default_factory=dict)  # likewise, also into a file that is mounted
    source: str = ""


@record(slots=True)
class _Data:
    contrib: frozenset[str]
    preloaded_first: frozenset[str]
    makes_tables: frozenset[str]
    images: dict[str, PostgresImage]


@cache
def _data() -> _Data:
    raw: dict[str, Any] = json.loads(get_data(__package__, "postgresimages.json") or b"")
    contrib = frozenset(raw["contrib"])
    images = {}
    for row in raw["images"]:
        family: dict[str, Any] = raw["families"].get(row.get("family"), {})
        merged = {**family, **row}
        facts = PostgresImage(
            user=merged.get("user", ""),
            default_user=merged.get("default_user", "postgres"),
            database=merged.get("database", ""),
            also_roles=tuple(merged.get("also_roles", ())),
            init=merged.get("init", ""),
            recursive=merged.get("recursive", False),
            stops_on_error=merged.get("stops_on_error", False),
            data=tuple(merged.get("data", ())),
            preload=tuple(merged.get("preload", ())),
            extensions=contrib | frozenset(merged.get("extensions", ())),
            closed=merged.get("closed", False),
            runs_first=merged.get("runs_first", ""),
            unread=merged.get("unread", ""),
            official=row.get("family") == "official",
            writes=merged.get("writes", {}),
            writes_always=merged.get("writes_always", {}),
            source=row["source"],
        )
        for repository in row["repository"]:
            images[repository] = facts
    return _Data(contrib, frozenset(raw["preloaded_first"]), frozenset(raw["makes_tables"]), images)


def postgres_image(repository: str) -> PostgresImage | None:
    """What is known of an image by its repository; of Bitnami's by the last part of its name, wherever it is mirrored."""
    images = _data().images
    found = images.get(repository)
    if found is None and "bitnami/postgresql" in repository:
        return images["bitnami/postgresql"]
    return found


def needs_preload(extension: str) -> bool:
    """Whether CREATE EXTENSION fails unless the library is in ``shared_preload_libraries``."""
    return extension in _data().preloaded_first


def makes_tables(extension: str) -> bool:
    """Whether an extension may make tables of its own; of those that are not in contrib nor listed that is not known."""
    return extension in _data().makes_tables or (extension not in _data().contrib and extension not in ("vector", "pgaudit"))

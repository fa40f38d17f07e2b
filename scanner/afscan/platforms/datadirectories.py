"""Where datastores keep their data, by their images' documentation. The facts are data: ``datadirectories.json``."""

import json
from functools import cache
from pkgutil import get_data
from typing import Any

from afscan.model.record import record


@record(slots=True, frozen=True)
class DataDirectory:
    """``paths`` are the folders of the common images; ``moved_by`` the variables that name another one."""

    paths: tuple[str, ...]
    moved_by: tuple[str, ...]


@cache
def _data() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(get_data(__package__, "datadirectories.json") or b"")
    return loaded


def data_directory(product: str) -> DataDirectory | None:
    """Where a product keeps its data; None where that is not known."""
    row = _data().get(product)
    return DataDirectory(tuple(row["paths"]), tuple(row["moved_by"])) if row is not None else None

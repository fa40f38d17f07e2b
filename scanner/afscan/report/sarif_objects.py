"""sarif-om's objects as plain values, and what that library lacks."""

from collections.abc import Callable
from typing import Any

import attr

Field = tuple[str, str, Any, bool]


def plain(value: Any) -> Any:
    """An object of sarif-om as dicts and lists for ``json``.

    What is None or equals the schema's default is left out, except ``level`` and ``kind``, which readers disagree about;
    an empty list stays: ``results: []`` says something.

    :raises TypeError: for a value that has no place in SARIF.
    """
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    fields = _FIELDS.get(type(value)) or _fields(type(value))
    found = {}
    for attribute, name, default, kept in fields:
        item = getattr(value, attribute)
        if item is not None and (kept or item != default):
            found[name] = item if isinstance(item, str) else plain(item)
    return found


_FIELDS: dict[type, list[Field]] = {}


def _fields(kind: type) -> list[Field]:
    if not attr.has(kind):
        raise TypeError(f"{kind.__name__} has no place in SARIF")
    found = []
    for field in attr.fields(kind):
        default: Any = field.default
        if isinstance(default, attr.Factory):  # type: ignore[arg-type]
            factory: Callable[[], Any] = default.factory
            default = factory()
        name = field.metadata["schema_property_name"]
        found.append((field.name, name, default, name in ("level", "kind")))
    _FIELDS[kind] = found
    return found

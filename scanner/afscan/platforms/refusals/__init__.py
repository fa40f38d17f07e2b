"""What servers refuse to start with: pure functions of a server's effective settings. The names and types are data: parameters.json."""

import json
from collections.abc import Iterator
from functools import cache
from pkgutil import get_data
from typing import Any

from afscan.model.subjects import RefusedSetting, Server, Setting
from afscan.model.value import Value


@cache
def data(product: str) -> dict[str, Any]:
    """The row of a product in the data file."""
    found: dict[str, Any] = json.loads(get_data(__package__, "parameters.json") or b"")[product]
    return found


@cache
def names(product: str, kind: str) -> frozenset[str]:
    """The parameters of a kind: ``known``, ``bool``, ``number``, ..."""
    return frozenset(data(product).get(kind, ()))


def at_key(one: Setting, why: str) -> RefusedSetting:
    """A refusal for the name of a setting."""
    return RefusedSetting(setting=one.name, place=one.key_place, why=why)


def at_value(one: Setting, why: str) -> RefusedSetting:
    """A refusal for the value of a setting."""
    return RefusedSetting(setting=one.name, place=one.value.place, why=why)


def shown(value: Value[str]) -> str:
    """A value as a message shows it, short and on one line."""
    return " ".join(value.or_else("")[:60].split())


def placeholder(text: str) -> str:
    """Why a value is a placeholder that nobody fills in; "" where it is none."""
    if "${" in text or "$(" in text or "{{" in text:
        return ": the server expands nothing in its settings"
    return ""


def written(server: Server, product: str) -> Iterator[Setting]:
    """Every setting that a server reads, those that a later one overrides included: it refuses a wrong value where it meets it."""
    seen = set()
    for file in server.files:
        for one in file.settings if file.product == product else ():
            seen.add((one.name, one.key_place))
            yield one
    for one in server.settings.values():
        if (one.name, one.key_place) not in seen:
            yield one

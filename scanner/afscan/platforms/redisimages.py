"""Which variables images of Redis, Valkey and what is compatible read, and what their scripts make of them: ``redisimages.json``.

Each row names its source. A variable's name is one of the row's prefixes and what the row says.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pkgutil import get_data
from typing import Any, Protocol

from afscan.model.subjects import Setting, Variable
from afscan.model.value import Value
from afscan.platforms.settings import truth


class Variables(Protocol):
    """What these questions need of a container's environment."""

    variables: dict[str, Variable]

    def text(self, name: str) -> Value[str]:
        """A variable's value."""

    def setting(self, name: str, variable: str) -> Setting | None:
        """The setting that a variable makes."""


@cache
def _data() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = json.loads(get_data(__package__, "redisimages.json") or b"")
    return loaded


def row_of(family: str, name: str) -> dict[str, Any] | None:
    """The row for an image by the last part of its name; ``family`` is ``bitnami`` or ``dragonfly``."""
    for key, row in _data().items():
        if key.partition("-")[0] == family and name in row["names"]:
            return row
    return None


def settings_of(row: dict[str, Any], environment: Variables) -> list[Setting]:
    """What an image's script makes of the environment, in the order in which it writes it."""
    prefix = _prefix(row, environment)
    found = [one for name, suffix in row["settings"].items() if (one := environment.setting(name, prefix + suffix)) is not None]
    for name, suffix in row.get("secret_files", {}).items():
        one = environment.setting(name, prefix + suffix)
        if one is not None and not any(other.name == name for other in found):
            reason = "it is read from a file when the container starts"
            one.value = Value.unknown(one.value.node, reason, one.value.at)
            found.append(one)
    found += _tls(row, prefix, environment)
    mode = row.get("replica")
    chosen = environment.setting("replicaof", prefix + mode["mode"]) if mode else None
    if mode and chosen is not None and chosen.value.or_else("") in mode["values"]:
        found.append(chosen)
    found += _disabled(row, prefix, environment)
    return found


def empty_password(row: dict[str, Any], environment: Variables) -> Setting | None:
    """The empty password that an image accepts where its variable says so."""
    allowed = environment.setting("requirepass", row["empty_password"]) if "empty_password" in row else None
    return made("requirepass", "", allowed) if allowed is not None and truth(allowed.value.or_else("")) else None


def made(name: str, text: str, by: Setting) -> Setting:
    """A setting that an image's script makes out of a variable."""
    value = Value.of(text, by.value.node, by.value.at)
    return Setting(name=name, value=value, key_place=by.key_place, layer="environment", arguments=[value])


def _prefix(row: dict[str, Any], environment: Variables) -> str:
    """The prefix of the row that the environment uses; the first one where it uses none."""
    prefixes: list[str] = row["prefixes"]
    return next((one for one in prefixes if any(name.startswith(one) for name in environment.variables)), prefixes[0])


def _tls(row: dict[str, Any], prefix: str, environment: Variables) -> Iterator[Setting]:
    """TLS on a port of its own; where both ports are the same, plaintext is closed."""
    names = row.get("tls")
    enabled = environment.setting("tls-port", prefix + names["enabled"]) if names else None
    if names is None or enabled is None or not truth(enabled.value.or_else("")):
        return
    port = environment.setting("tls-port", prefix + names["port"])
    yield port if port is not None else made("tls-port", names["default"], enabled)
    plain = environment.text(prefix + names["plain"]).or_else(names["default"])
    if plain == environment.text(prefix + names["port"]).or_else(names["default"]):
        yield made("port", "0", enabled)
    yield made("tls-replication", "yes", enabled)


def _disabled(row: dict[str, Any], prefix: str, environment: Variables) -> Iterator[Setting]:
    """A list of commands, each renamed to nothing."""
    disabled = environment.text(prefix + row["disabled_commands"]) if "disabled_commands" in row else None
    for command in re.split(r"[,;\s]+", disabled.or_else("")) if disabled is not None else ():
        if command and disabled is not None:
            word, empty = Value.of(command, disabled.node, disabled.at), Value.of("", disabled.node, disabled.at)
            arguments = [word, empty]
            yield Setting(name="rename-command", value=word, key_place=word.place, layer="environment", arguments=arguments)

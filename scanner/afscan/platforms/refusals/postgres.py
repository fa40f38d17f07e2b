"""What PostgreSQL refuses. Shown on PostgreSQL 15: an unknown name without a prefix, a value of the wrong type and a unit that it does
not know end the start with "configuration file contains errors"; ``ssl = on`` without a certificate and a library that is
not on board end it, too."""

import re
from collections.abc import Iterator

from afscan.files.postgresql import PARAMETERS
from afscan.model.subjects import Container, Postgres, RefusedSetting, Setting
from afscan.platforms.postgresimages import PostgresImage
from afscan.platforms.refusals import at_key, at_value, data, names, placeholder, shown, written
from afscan.platforms.settings import on_off, whole_number

_NUMBER = re.compile(r"\s*[-+]?(?:0x[0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-z]*)\s*\Z")
_UNITS = {"memory": ("", "B", "kB", "MB", "GB", "TB"), "time": ("", "us", "ms", "s", "min", "h", "d"), "number": ("",)}


def refused(server: Postgres, image: PostgresImage | None) -> Iterator[RefusedSetting]:
    """The settings of a server that keep it from starting.

    :param image: what is known of the image that it runs as it is; None where it is built here, or nothing is known.
    """
    last = {(one.name, one.layer): one for one in written(server, "postgres")}
    for one in last.values():  # of one name in the files only the last is looked at; an argument that overrides it comes later
        text = one.value.or_else("").strip().strip("'")
        if "." not in one.name and one.name not in PARAMETERS:
            yield at_key(one, "PostgreSQL has no such parameter")
        elif one.value.is_set:
            why = _wrong(one, text)
            if why:
                yield at_value(one, why)
    yield from _streaming(server)
    yield from _tls(server, image)
    yield from _libraries(server, image)


def _wrong(one: Setting, text: str) -> str:
    if one.name in names("postgres", "bool") and on_off(text) is None and not _prefix(text):
        return f"`{shown(one.value)}` is neither on nor off{placeholder(text)}"
    if one.name in names("postgres", "enum") and placeholder(text):
        return f"`{shown(one.value)}` is none of its words{placeholder(text)}"
    words = data("postgres")["enums"].get(one.name)
    if words is not None and text.lower() not in words:
        return f"`{shown(one.value)}` is none of its words"
    for kind, units in _UNITS.items():
        if one.name not in names("postgres", kind):
            continue
        found = _NUMBER.match(text)
        if found is None:
            return f"`{shown(one.value)}` is no number{placeholder(text)}"
        if found[1] not in units:
            right = next((unit for unit in units if unit.lower() == found[1].lower()), "")
            return f"`{found[1]}` is no unit of it" + (f": units are case-sensitive, write `{right}`" if right else "")
        return _out_of_bounds(one.name, text)
    return ""


def _streaming(server: Postgres) -> Iterator[RefusedSetting]:
    """``wal_level = minimal`` leaves nothing to stream, and ten senders are allowed by default."""
    level = server.settings.get("wal_level")
    senders = server.setting("max_wal_senders")
    if level is None or level.value.or_else("").strip().strip("'").lower() != "minimal" or server.container is None:
        return
    if senders.is_unset or (senders.is_set and whole_number(senders.or_else("")) not in (0, None)):
        yield at_value(level, "it needs `max_wal_senders = 0`, which is 10 by default")


def _out_of_bounds(name: str, text: str) -> str:
    """A number without a unit below or above what its parameter takes. Source: pg_settings of PostgreSQL 15."""
    number = whole_number(text)
    least, most = data("postgres")["least"].get(name), data("postgres")["most"].get(name)
    if number is None:
        return ""
    if least is not None and number < least:
        return f"it must be at least {least}"
    return f"it must be at most {most}" if most is not None and number > most else ""


def _prefix(text: str) -> bool:
    """PostgreSQL takes any clear beginning of true, false, yes, no, on, off; and 0 and 1."""
    word = text.lower()
    return word in ("0", "1") or (
        bool(word) and any(full.startswith(word) for full in ("true", "false", "yes", "no", "off", "on"))
    )


def _tls(server: Postgres, image: PostgresImage | None) -> Iterator[RefusedSetting]:
    """``ssl = on`` needs a certificate: server.crt in the data directory unless another is named, and no image makes one."""
    switch, container = server.settings.get("ssl"), server.container
    if switch is None or container is None or image is None or not image.official or not on_off(switch.value.or_else("")):
        return
    if "ssl_cert_file" in server.settings or server.unread or _may_hold_certificate(container, image):
        return
    yield at_value(switch, "`ssl_cert_file` is not set, and there is no `server.crt` in a new data directory")


def _may_hold_certificate(container: Container, image: PostgresImage) -> bool:
    folders = tuple(image.data) if image.data else ("/",)
    for mount in container.mounts:
        target = mount.target.or_else("")
        if mount.target.is_unknown or target.endswith("server.crt"):
            return True
        if mount.kind == "host" and any(folder.startswith(target.rstrip("/")) for folder in folders):
            return True
        if target.startswith(image.init or "\0") and target.endswith(".sh"):
            return True
    return "PGDATA" in container.environment


def _libraries(server: Postgres, image: PostgresImage | None) -> Iterator[RefusedSetting]:
    preload = server.settings.get("shared_preload_libraries")
    if preload is None or image is None or not image.closed or not preload.value.is_set:
        return
    foreign = set(data("postgres")["foreign_libraries"])
    for name in preload.value.or_else("").split(","):
        library = name.strip().strip("\"'").rpartition("/")[2]
        if library in foreign and library not in image.extensions:
            yield at_value(preload, f"the image does not carry the library `{library}`")

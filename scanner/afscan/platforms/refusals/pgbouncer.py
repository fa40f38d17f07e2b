"""What PgBouncer refuses. Shown on 1.18: an unknown parameter, a value of the wrong type (inline comments and ``${}`` are part of
the value), an unknown section, TLS for clients without key and certificate: FATAL, also where a later line
overrides it. A missing auth_file is none."""

import re
from collections.abc import Iterator

from afscan.model.subjects import PgBouncer, RefusedSetting, Setting
from afscan.platforms.pgbouncer import SERVER
from afscan.platforms.refusals import at_key, at_value, data, names, placeholder, shown, written

_INTEGER = re.compile(r"-?(?:0x[0-9a-fA-F]+|\d+)\Z")
_SECONDS = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)\Z")
_CLIENT_TLS = frozenset(("allow", "prefer", "require", "verify-ca", "verify-full"))


def refused(server: PgBouncer) -> Iterator[RefusedSetting]:
    """The settings of a pooler that keep it from starting."""
    for one in written(server, SERVER):
        section, _, key = one.name.partition(".")
        if section not in data("pgbouncer")["sections"]:
            if section and not section.startswith("%"):
                yield at_key(one, f"PgBouncer knows no section `[{section[:40]}]`")
            continue
        if section != "pgbouncer" or one.value.is_unknown:
            continue
        if key not in names("pgbouncer", "known"):
            yield at_key(one, "PgBouncer has no such parameter")
            continue
        why = _wrong(key, one)
        if why:
            yield at_value(one, why)
    yield from _tls(server)


def _wrong(key: str, one: Setting) -> str:
    text = one.value.or_else("")
    words = data("pgbouncer")["enums"].get(key)
    tail = placeholder(text) or (": a comment needs a line of its own" if re.search(r"\s[;#]", text) else "")
    if words is not None and text.lower() not in words:
        return f"`{shown(one.value)}` is none of its words{tail}"
    if key in names("pgbouncer", "number") and not _INTEGER.match(text):
        return f"`{shown(one.value)}` is no whole number{tail}"
    if key in names("pgbouncer", "bool") and text not in ("0", "1"):
        return f"`{shown(one.value)}` is neither 0 nor 1{tail}"
    if key in names("pgbouncer", "time") and not _SECONDS.match(text):
        return f"`{shown(one.value)}` is no number of seconds{tail}"
    return ""


def _tls(server: PgBouncer) -> Iterator[RefusedSetting]:
    mode = server.settings.get("pgbouncer.client_tls_sslmode")
    if mode is None or server.unread or mode.value.or_else("").lower() not in _CLIENT_TLS:
        return
    missing = [name for name in ("client_tls_key_file", "client_tls_cert_file") if not server.settings.get(f"pgbouncer.{name}")]
    if missing:
        yield at_value(mode, f"`{' and `'.join(f'{name}`' for name in missing)} {'is' if len(missing) == 1 else 'are'} not set")
    elif mode.value.or_else("").lower().startswith("verify") and not server.settings.get("pgbouncer.client_tls_ca_file"):
        yield at_value(mode, "`client_tls_ca_file` is not set")

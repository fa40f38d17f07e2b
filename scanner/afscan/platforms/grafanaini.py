"""Grafana's grafana.ini: settings named ``section.key``, the last one wins.

``$__env{NAME}`` and ``${NAME}`` stand for a variable of Grafana's environment, ``$__file{path}`` for the content of a file,
``$__vault{...}`` for a secret of Vault. Source: grafana.com/docs, "Configure Grafana" ("Variable expansion").
"""

import re
from posixpath import basename

from afscan.model.node import Node, Scalar, Sequence
from afscan.model.patterns import pattern
from afscan.model.source import Source
from afscan.model.subjects import Origin, Setting
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.settings import file_subject, holder_of, origin_in, written

PLATFORM = "grafana"

_EXPANSION = pattern(r"\$(?:__(\w+))?\{([^{}]+)\}")
_SECTIONS = frozenset(("server", "security", "users", "auth", "auth.anonymous", "auth.basic", "unified_alerting", "dashboards"))
_ENDPOINTS = frozenset(("api_url", "token_url", "auth_url", "connstr", "callback_url", "server_url"))


def recognise(source: Source, root: Node) -> bool:
    """Whether this is Grafana's: by its name, or by two of its sections."""
    names = {section.key.text for section in root.children() if section.key is not None}
    return basename(source.name).lower().startswith("grafana") or len(names & _SECTIONS) >= 2


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """The file's settings, and the secrets and connections in it."""
    settings = [
        setting(section.key.text if section.key is not None else "", node)
        for section in root.children()
        if isinstance(section, Sequence)
        for node in section.items
        if isinstance(node, Scalar) and node.key is not None
    ]
    out.subjects.append(file_subject(source, root, PLATFORM, settings))
    for one in settings:
        _describe(one, source, out)


def setting(section: str, node: Scalar) -> Setting:
    """One line of the file."""
    key = node.key
    name = f"{section}.{key.text}" if section and key is not None else key.text if key is not None else ""
    value = written(node.text, node)
    match = _EXPANSION.search(node.text) if value.is_set else None
    if match is not None:
        value = Value.unknown(node, _came_from(match))
    return Setting(name=name, value=value, key_place=key.place if key is not None else node.place)


def variable_in(one: Setting) -> str | None:
    """The variable of the environment that a setting's whole text stands for; None where it is something else."""
    node = one.value.node
    match = _EXPANSION.fullmatch(node.text.strip()) if isinstance(node, Scalar) and one.value.is_unknown else None
    return match[2].strip() if match is not None and match[1] in (None, "env") else None


def _came_from(match: "re.Match[str]") -> str:
    if match[1] in (None, "env"):
        return f"`{match[0]}` comes from the environment"
    return f"`{match[0]}` is read when the server starts"


def _describe(one: Setting, source: Source, out: Interpretation) -> None:
    """The credential that a setting is, and the connections of those that name another server."""
    from afscan.platforms.variables import credential_kind, describe_setting  # noqa: PLC0415  (start-up time)

    section, _, key = one.name.rpartition(".")
    if credential_kind(key, reader=PLATFORM) is None and key not in _ENDPOINTS and one.name != "database.url":
        return
    if one.value.is_set and one.value.value == "":
        return
    describe_setting(
        key,
        one.value,
        _origin(one),
        owner=f"[{section}] of {source.name}",
        platform=PLATFORM,
        holder=holder_of(source),
        out=out,
        reader=PLATFORM,
    )


def _origin(one: Setting) -> Origin:
    node = one.value.node
    match = _EXPANSION.search(node.text) if isinstance(node, Scalar) and one.value.is_unknown else None
    if match is None:
        return origin_in(one.value)
    return Origin.INTERPOLATED if match[1] in (None, "env") else Origin.REFERENCE

"""Platforms: nodes in, subjects out. One module or folder per platform; see :mod:`afscan.platforms.reading` for their form.

A module is imported when a text of one of its syntaxes turns up, no sooner: a run over one Dockerfile must not pay for HCL.
"""

from importlib import import_module
from typing import Protocol, cast

from afscan.model.node import Node
from afscan.model.source import Source
from afscan.platforms.reading import Interpretation


class Platform(Protocol):
    """What a platform module offers."""

    def recognise(self, source: Source, root: Node) -> bool:
        """Whether this parsed text is the platform's."""

    def interpret(self, source: Source, root: Node, out: Interpretation) -> None:
        """Put what the text says into ``out``."""


BY_SYNTAX: dict[str, tuple[str, ...]] = {
    "yaml": ("kubernetes", "compose", "ci", "qdrant", "prometheus", "alertmanager", "grafana", "fluentbit"),
    "json": ("kubernetes", "compose", "terraform", "grafana", "prometheus", "alertmanager", "qdrant", "ci"),
    "dockerfile": ("dockerfile",),
    "hcl": ("terraform",),
    "redisconf": ("redis",),
    "ini": ("pgbouncer",),
    "userlist": ("pgbouncer",),
    "dotenv": ("dotenv",),
    "postgresconf": ("postgresfiles",),
    "pghba": ("postgresfiles",),
    "sql": ("sql",),
    "markdown": ("markdown",),
    "fluentd": ("fluentd",),
    "fluentbit": ("fluentbit",),
    "properties": ("neo4j",),
    "goini": ("grafanaini",),
    "shell": ("script",),
    "systemd": ("systemd",),
    "crontab": ("crontab",),
}
"""The modules that are asked, in this order, whether a text of a syntax is theirs."""


def platform_for(source: Source, root: Node) -> Platform | None:
    """The first platform that recognises a parsed text; None where none does."""
    for name in BY_SYNTAX.get(source.syntax or "", ()):
        module = cast("Platform", import_module(f"afscan.platforms.{name}"))
        if module.recognise(source, root):
            return module
    return None

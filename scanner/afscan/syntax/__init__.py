"""Syntaxes: text in, nodes out. One module per syntax, imported when it is met; none knows Compose from Kubernetes.

A syntax module has ``parse(source) -> Parsed``. It never raises for anything that a text can contain: what cannot be parsed is a
notice, and ``roots`` holds what could be (one node per YAML document, usually exactly one otherwise, none where nothing could).
"""

from importlib import import_module
from typing import cast

from afscan.model.node import Node
from afscan.model.notice import Notice
from afscan.model.record import field, record
from afscan.model.source import Source

MAX_DEPTH = 100
"""How deep values may nest, in every syntax. Real configuration stays under 40; more is a notice."""


@record(slots=True)
class Parsed:
    """The outcome of parsing one source."""

    roots: list[Node] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


_MODULES = {
    "yaml": "yaml_",
    "json": "json_",
    "dockerfile": "dockerfile",
    "hcl": "hcl",
    "redisconf": "redisconf",
    "ini": "ini",
    "userlist": "userlist",
    "dotenv": "dotenv",
    "postgresconf": "postgresconf",
    "pghba": "pghba",
    "sql": "sql",
    "markdown": "markdown",
    "fluentd": "fluentd",
    "fluentbit": "fluentbit",
    "properties": "properties",
    "goini": "goini",
    "shell": "shell",
    "systemd": "systemd",
    "crontab": "crontab",
}

SYNTAXES = tuple(_MODULES)
"""The names of all syntaxes: what :attr:`Source.syntax` may be."""


def parse(source: Source) -> Parsed:
    """Parse a source by its ``syntax``."""
    module = import_module(f"afscan.syntax.{_MODULES[source.syntax or '']}")
    return cast("Parsed", module.parse(source))

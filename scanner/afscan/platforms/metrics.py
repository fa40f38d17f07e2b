"""Whose a metric is: exporters and products by the names of what they yield. The facts are data: ``metrics.json``.

Each row names its source. A metric that no row knows is an application's own, or unknown. Patterns are those of :mod:`fnmatch`.
"""

import json
from fnmatch import fnmatchcase
from functools import cache
from pkgutil import get_data
from typing import Any

from afscan.model.record import field, record

_SUFFIXES = ("_bucket", "_sum", "_count")


@record(slots=True, frozen=True, eq=False)
class Family:
    """The metrics of one exporter, or of a product that serves its own (``own``).

    ``watches`` is the product they speak of, empty where it is the machine, the cluster or a tool; ``images`` are patterns of the last
    part of an image's repository, ``hints`` words in the name of a job or host; ``up`` is the metric that says whether the exporter
    reaches its server; ``aspects`` patterns of metrics by what they measure (``connections``, ``query time``).
    """

    exporter: str
    watches: str
    prefixes: tuple[str, ...]
    names: frozenset[str] = frozenset()
    images: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    own: bool = False
    up: str = ""
    aspects: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def serves(self, repository: str) -> bool:
        """Whether an image of this repository yields these metrics."""
        name = repository.rpartition("/")[2].lower()
        return bool(name) and any(fnmatchcase(name, pattern) for pattern in self.images)

    def hinted(self, *texts: str) -> bool:
        """Whether the name of a job or a host says that these are its metrics."""
        return any(hint in text.lower() for text in texts for hint in self.hints)


@record(slots=True)
class _Data:
    """The data file, read once."""

    builtin: frozenset[str]
    agents: tuple[str, ...]
    aliases: dict[str, str]
    families: tuple[Family, ...]


@cache
def _data() -> _Data:
    raw: dict[str, Any] = json.loads(get_data(__package__, "metrics.json") or b"")
    families = tuple(
        Family(
            exporter=row["exporter"],
            watches=row["watches"],
            prefixes=tuple(row["prefixes"]),
            names=frozenset(row.get("names", ())),
            images=tuple(row.get("images", ())),
            hints=tuple(row.get("hints", ())),
            own=row.get("own", False),
            up=row.get("up", ""),
            aspects={name: tuple(patterns) for name, patterns in row.get("aspects", {}).items()},
        )
        for row in raw["families"]
    )
    return _Data(frozenset(raw["builtin"]), tuple(raw["agents"]), raw["aliases"], families)


def families() -> tuple[Family, ...]:
    """All families, in the order of the data."""
    return _data().families


def families_of(product: str) -> tuple[Family, ...]:
    """The families that speak of a product, or of the one that it is compatible with (``valkey``: ``redis``)."""
    watched = _data().aliases.get(product, product)
    return tuple(one for one in _data().families if one.watches == watched)


def family_of(metric: str) -> Family | None:
    """The family of a metric by its name, the longest prefix first; None for an application's own, or one that nobody here knows."""
    best: Family | None = None
    length = 0
    for one in _data().families:
        if metric in one.names:
            return one
        for prefix in one.prefixes:
            if metric.startswith(prefix) and len(prefix) > length:
                best, length = one, len(prefix)
    return best


def is_builtin(metric: str) -> bool:
    """Whether Prometheus itself makes a metric, for every target or alert."""
    return metric in _data().builtin


def is_agent(repository: str) -> bool:
    """Whether an image is a monitoring agent, which may watch whatever runs beside it."""
    name = repository.rpartition("/")[2].lower()
    return bool(name) and any(fnmatchcase(name, pattern) for pattern in _data().agents)


def aspects_of(product: str) -> tuple[str, ...]:
    """What should be measured of a product, in the order of the data."""
    return tuple(dict.fromkeys(name for one in families_of(product) for name in one.aspects))


def measures(product: str, aspect: str, metric: str) -> bool:
    """Whether a metric measures an aspect of a product."""
    patterns = [pattern for one in families_of(product) for pattern in one.aspects.get(aspect, ())]
    names = [metric, *(metric.removesuffix(end) for end in _SUFFIXES if metric.endswith(end))]
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)

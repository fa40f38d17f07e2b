"""The entry points of installed distributions, read from their ``entry_points.txt``.

:func:`importlib.metadata.entry_points` does the same, but its package takes 15 ms to import and to run, a tenth of a scan. It is
asked where distributions may stand elsewhere than in folders of ``sys.path``: in a zip file, an egg, or behind an import
hook of their own. Source: packaging.python.org, "Recording installed projects" and "Entry points specification".
"""

import os
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from typing import NamedTuple


class EntryPoint(NamedTuple):
    """What a distribution offers: a name and what it stands for (``package.module``)."""

    name: str
    value: str


def entry_points(group: str) -> list[EntryPoint]:
    """The entry points of a group; of two distributions with the same name only those of the first on ``sys.path``."""
    if _is_plain(sys.path):
        return list(_from_folders(sys.path, group))
    import importlib.metadata  # noqa: PLC0415 - see the module

    return [EntryPoint(point.name, point.value) for point in importlib.metadata.entry_points(group=group)]


def _is_plain(path: Iterable[str]) -> bool:
    """Whether all distributions are folders with metadata in folders of ``sys.path``, as pip leaves them."""
    hooks = any(finder is not PathFinder and hasattr(finder, "find_distributions") for finder in sys.meta_path)
    return not hooks and not any(entry.endswith(".egg") or os.path.isfile(entry) for entry in path)


def _from_folders(path: Iterable[str], group: str) -> Iterator[EntryPoint]:
    seen: set[str] = set()
    for entry in dict.fromkeys(path):
        try:
            names = os.listdir(entry or ".")
        except OSError:  # sys.path names folders that do not exist
            continue
        for name in sorted(name for name in names if name.endswith((".dist-info", ".egg-info"))):
            project = name.rpartition(".")[0].partition("-")[0].lower().replace(".", "_")
            if project not in seen:
                seen.add(project)
                yield from _from_file(os.path.join(entry, name, "entry_points.txt"), group)


def _from_file(path: str, group: str) -> Iterator[EntryPoint]:
    """The group's lines of one file; most distributions have none."""
    try:
        with open(path, encoding="utf-8") as stream:
            lines = [line.strip() for line in stream]
    except OSError:
        return
    section = ""
    for line in lines:
        if line.startswith("["):
            section = line.strip("[] \t")
        elif section == group and line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            yield EntryPoint(name.strip(), value.strip())

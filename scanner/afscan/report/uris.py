"""Paths as SARIF wants them: percent-encoded, relative to the repository."""

import os
from posixpath import normpath
from urllib.parse import quote

ROOT = "%SRCROOT%"


class Uris:
    """Paths of a run as relative URIs.

    The base ``%SRCROOT%`` is the top of the repository around the working directory (the nearest folder upwards with ``.git``),
    or the working directory where there is no repository. A file outside cannot be expressed relative to it without ``..``,
    which SARIF forbids: it gets the base ``%PARENT1%`` (the folder that holds the root), ``%PARENT2%`` and so on.
    """

    def __init__(self, directory: str | None = None) -> None:
        self.directory = os.path.abspath(directory or os.getcwd())
        self.root = _repository(self.directory) or self.directory
        self.bases: dict[str, str] = {ROOT: "The top of the repository, or the working directory where there is none."}
        self._cache: dict[str, tuple[str, str]] = {}

    def of(self, path: str) -> tuple[str, str]:
        """The URI of a reported path, and the id of its base."""
        found = self._cache.get(path)
        if found is None:
            found = self._cache[path] = self._resolve(path)
        return found

    def _resolve(self, path: str) -> tuple[str, str]:
        relative = normpath(os.path.relpath(os.path.join(self.directory, path), self.root).replace(os.sep, "/"))
        levels = 0
        while relative.startswith("../"):
            relative = relative[3:]
            levels += 1
        uri = "/".join(quote(os.fsencode(part), safe="") for part in relative.split("/"))
        if not levels:
            return uri, ROOT
        base = f"%PARENT{levels}%"
        self.bases[base] = f"The folder {levels} level{'s' * (levels > 1)} above {ROOT}."
        return uri, base


def _repository(directory: str) -> str | None:
    while not os.path.exists(os.path.join(directory, ".git")):
        above = os.path.dirname(directory)
        if above == directory:
            return None
        directory = above
    return directory

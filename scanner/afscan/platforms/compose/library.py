"""The Compose and dotenv files of one stack, and how one of them refers to another.

A reference is followed within the stack only. What it names and is not there leaves values unknown; it is noted where the stack is
complete: with a part of it at hand, the file may well lie beside.
"""

import posixpath
import re

from afscan.model.node import Mapping
from afscan.model.source import Source
from afscan.model.subjects import ComposeFile, DotenvFile
from afscan.platforms.compose.interpolation import Lookup
from afscan.platforms.compose.reading import nothing_known

MAX_GIVEN = 20_000_000
"""How many characters dotenv files may put in place of variables in one stack; more stay unknown."""

MAX_INCLUDES = 2000
"""How many includes are followed in one stack."""

MAX_VARIABLES = 20_000
"""How many variables ``env_file`` may bring into the containers of one stack."""

_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:|git@|github\.com/")

Key = tuple[str, str]
"""The document that holds a text, "" for a file on disk, and the path that the text stands for."""


class File:
    """One Compose file: its YAML documents in order, which Compose merges."""

    def __init__(self, key: Key, source: Source) -> None:
        self.key = key
        self.source = source
        self.documents: list[ComposeFile] = []

    @property
    def name(self) -> str:
        """Its own name."""
        return self.documents[0].file

    @property
    def directory(self) -> str:
        """The folder that its relative paths start from."""
        return self.documents[0].directory


def key_of(file: ComposeFile | DotenvFile) -> Key:
    """Under which document and path others refer to a file."""
    return file.document, posixpath.normpath(posixpath.join(file.directory, file.file))


class Library:
    """All of them, by document and path. ``root`` is the stack's folder, ``complete`` whether the stack is."""

    def __init__(self, composes: list[ComposeFile], dotenvs: list[DotenvFile], *, root: str, complete: bool) -> None:
        self.root = posixpath.normpath(root) if root else "."
        self.complete = complete
        self.files: list[File] = []
        self.includes = 0
        self.declared: dict[tuple[str, str], set[tuple[str, str]]] = {}
        """By document and folder: the names that its files declare, with their sections; filled in when first asked for."""
        self.variables = 0
        self._composes: dict[Key, list[File]] = {}
        self._dotenvs: dict[Key, list[DotenvFile]] = {}
        self._environments: dict[Key, Lookup] = {}
        self._given = 0
        for compose in composes:
            if not self.files or self.files[-1].source is not compose.node.source:
                file = File(key_of(compose), compose.node.source)
                self.files.append(file)
                self._composes.setdefault(file.key, []).append(file)
            self.files[-1].documents.append(compose)
        for dotenv in dotenvs:
            self._dotenvs.setdefault(key_of(dotenv), []).append(dotenv)

    def compose(self, path: str, document: str) -> File | None:
        """The Compose file at a path: in the document that refers to it, else on disk. None where several claim to be it."""
        found = self._composes.get((document, path)) or self._composes.get(("", path)) or []
        return found[0] if len(found) == 1 else None

    def dotenv(self, path: str, document: str) -> DotenvFile | None:
        """The dotenv file at a path, likewise."""
        found = self._dotenvs.get((document, path)) or self._dotenvs.get(("", path)) or []
        return found[0] if len(found) == 1 else None

    def why_not(self, text: str, path: str) -> str:
        """Why a path leads to no file here, in a clause."""
        if _ELSEWHERE.match(text):
            return "is fetched from elsewhere"
        below = self.root == "." or f"{path}/".startswith(self.root.rstrip("/") + "/")
        above = path == ".." or (path.startswith(("../", "~")) and self.root == ".")
        if above or not below or posixpath.isabs(path) != posixpath.isabs(self.root):
            return "lies outside the scanned folder"
        return "is not among the files that were read"

    def environment(self, folder: str, document: str) -> Lookup:
        """What the ``.env`` file of a project's folder gives to Compose."""
        key = (document, posixpath.normpath(posixpath.join(folder, ".env")))
        if key not in self._environments:
            self._environments[key] = self.environment_of([key[1]], document, nothing_known)
        return self._environments[key]

    def environment_of(self, paths: list[str], document: str, outer: Lookup) -> Lookup:
        """What dotenv files give to Compose: a later one wins over an earlier one, and what ``outer`` knows over all."""
        files = [file for path in paths if (file := self.dotenv(path, document)) is not None]
        if not files:
            return outer
        from afscan.platforms.dotenv import entries_of, is_known  # noqa: PLC0415 - only who has such a file pays for it

        values: dict[str, tuple[str, DotenvFile]] = {}

        def lookup(name: str) -> str | None:
            known = outer(name)
            if known is not None or name not in values:
                return known
            text, file = values[name]
            self._given += len(text)
            if self._given > MAX_GIVEN:
                return None
            file.used.add(name)
            return text

        for file in files:
            if isinstance(file.node, Mapping):
                for name, entry in entries_of(file.node, lookup).items():
                    if is_known(entry):
                        values[name] = entry.value.or_else(""), file
        return lookup

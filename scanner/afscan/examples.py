"""The fixtures as examples: shipped with the package, shown by ``afscan explain`` and the generated pages."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from afscan.files.recognise import suffix_of
from afscan.model.record import record

_LANGUAGES = {"yaml": "yaml", "yml": "yaml", "tf": "terraform", "json": "json", "ini": "ini", "md": "markdown", "sql": "sql"}

_SIDECAR = "expected.json"
"""Beside fixtures whose format has no comments: what the tests expect there. It is no part of the example."""

_MARK = re.compile(r"\s*(?:#|//|--|;|<!--)\s*expect:\s*[A-Z0-9, ]+?\s*(?:-->)?\s*\Z")


@record(slots=True, frozen=True)
class Example:
    """One fixture: its name and its files' texts by path within it."""

    name: str
    files: dict[str, str]

    def language(self, name: str) -> str:
        """The Markdown fence's language for a file of this example."""
        if "dockerfile" in name.lower():
            return "dockerfile"
        return _LANGUAGES.get(suffix_of(name), "")

    def lines(self, name: str) -> Iterator[tuple[str, bool]]:
        """The lines of a file of this example without the tests' marks, and whether a finding stands on each."""
        found = False
        for line in self.files[name].strip("\n").split("\n"):
            if _MARK.match(line):
                found = True
            else:
                yield line, found
                found = False


def fixtures_folder() -> Path | None:
    """Where the fixtures are: inside the installed pack, or at the repository's top in a checkout; None where neither is."""
    package = Path(str(files("afscan_rules")))
    for candidate in (package / "fixtures", package.parent.parent / "fixtures"):
        if candidate.is_dir():
            return candidate
    return None


def examples_of(code: str, kind: str) -> Iterator[Example]:
    """The examples of a rule of one kind (``fail``, ``pass``, ``unknown``), single files before folders, then by name."""
    root = fixtures_folder()
    if root is None or not (root / code / kind).is_dir():
        return
    for path in sorted((root / code / kind).iterdir(), key=lambda p: (p.is_dir(), p.name)):
        if path.name == _SIDECAR:
            continue
        if path.is_file():
            yield Example(path.name, {path.name: path.read_text(encoding="utf-8")})
        else:
            texts = {
                p.relative_to(path).as_posix(): p.read_text(encoding="utf-8")
                for p in sorted(path.rglob("*"))
                if p.is_file() and p.name != _SIDECAR
            }
            yield Example(path.name, texts)

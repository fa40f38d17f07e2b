"""The configuration: ``.afscan.yaml``, in the folder of a stack.

Its keys are ``profile``, ``select``, ``ignore``, ``exclude``, ``render``, ``fail_on``, ``fail_on_unknown`` and ``fail_on_notice``; see
:mod:`afscan.judge.config_schema`. Options of the command line win. Run-wide keys come from the file nearest to all given paths;
``ignore`` counts in every stack that has a file of its own. A file without a key costs nothing: pydantic is imported to check
one that has any.
"""

import os
import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Place
from afscan.model.record import record
from afscan.policy.rule import registered
from afscan.result import Finding

if TYPE_CHECKING:
    from pathspec import PathSpec

NAME = ".afscan.yaml"

_BLANK = re.compile(r"\s*(?:#.*|---\s*|\.\.\.\s*)?\Z")


class ConfigError(Exception):
    """A configuration file is malformed; the message names file and line of each fault, one a line."""


@record(slots=True, frozen=True)
class Ignore:
    """One entry of ``ignore``: rules (codes, names or control ids) whose findings below ``paths`` are suppressed."""

    rules: tuple[str, ...]
    paths: tuple[str, ...]
    reason: str
    place: Place

    def covers(self, finding: Finding, folder: str) -> bool:
        """Whether it speaks of a finding; its paths are patterns as in ``.gitignore``, relative to the configuration's folder."""
        rule = finding.rule
        names = (rule.code.lower(), rule.name.lower(), rule.control.lower())
        if not any(word.lower() in names for word in self.rules):
            return False
        return not self.paths or anchored(self.paths, folder).match_file(finding.place.path)

    def codes(self) -> set[str]:
        """The codes of the rules that it names."""
        words = {word.lower() for word in self.rules}
        return {r.code for r in registered.values() if {r.code.lower(), r.name.lower(), r.control.lower()} & words}

    def idle(self) -> Notice:
        """The notice that it matches no finding."""
        return Notice(NoticeKind.SUPPRESSION, self.place, f"This entry matches no finding: {', '.join(self.rules)}.")


@record(slots=True)
class Config:
    """What a configuration file says. ``path`` is the file as reported ("" for none), ``folder`` is where it lies.

    ``profile``, ``render`` and ``fail_on`` are None where the file does not set them.
    """

    path: str = ""
    folder: str = "."
    profile: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[Ignore, ...] = ()
    exclude: tuple[str, ...] = ()
    render: str | None = None
    fail_on: str | None = None
    fail_on_unknown: bool = False
    fail_on_notice: bool = False

    def excluded(self) -> "PathSpec[Any] | None":
        """The files that are not scanned, as patterns for paths relative to the working directory; None for no pattern."""
        return anchored(self.exclude, self.folder) if self.exclude else None

    def check_rules(self) -> None:
        """Make sure that every rule an ``ignore`` names exists.

        :raises ConfigError: if one does not.
        """
        for entry in self.ignore:
            for word in entry.rules:
                if not Ignore((word,), (), "", entry.place).codes():
                    from difflib import get_close_matches  # noqa: PLC0415

                    names = [name for rule in registered.values() for name in (rule.code, rule.name)]
                    close = get_close_matches(word.upper(), names, 1) or get_close_matches(word.lower(), names, 1)
                    hint = f" (did you mean {close[0]}?)" if close else ""
                    raise ConfigError(f"{self.path}:{entry.place.line}: no rule or control is called {word!r}{hint}")


@lru_cache(maxsize=256)
def anchored(patterns: tuple[str, ...], folder: str) -> "PathSpec[Any]":
    """Patterns as in a ``.gitignore`` in ``folder``, made to match paths relative to the working directory."""
    from pathspec import GitIgnoreSpec  # noqa: PLC0415

    base = re.sub(r"([*?\[\]\\!# ])", r"\\\1", posixpath.normpath(folder))
    prefix = "" if base == "." else base.rstrip("/")
    lines = []
    for pattern in patterns:
        sign, body = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
        below = body.lstrip("/") if "/" in body.rstrip("/") else f"**/{body}"
        lines.append(f"{sign}{prefix}/{below}")
    return GitIgnoreSpec.from_lines(lines)


def load_config(paths: list[str]) -> Config:
    """The configuration of a run: the file nearest to all given paths, looked for upwards to the repository's top.

    :param paths: files and directories; none means the working directory.
    :raises ConfigError: if the file is malformed.
    """
    folders = [path if os.path.isdir(path) else os.path.dirname(path) or "." for path in paths] or ["."]
    try:
        common = os.path.commonpath([os.path.abspath(folder) for folder in folders])
    except ValueError:  # different drives: nothing lies above all of them
        return Config()
    return _above(common, {})


def nearest(path: str, cache: dict[str, Config]) -> Config:
    """The configuration nearest to a reported path. ``cache`` belongs to one run.

    :raises ConfigError: if the file is malformed.
    """
    return _above(os.path.abspath(os.path.dirname(path) or "."), cache)


def _above(folder: str, cache: dict[str, Config]) -> Config:
    passed: list[str] = []
    current = folder
    while current not in cache:
        file = os.path.join(current, NAME)
        if os.path.isfile(file):
            cache[current] = load_file(file)
            break
        passed.append(current)
        if os.path.dirname(current) == current or os.path.exists(os.path.join(current, ".git")):
            cache[current] = Config()
            break
        current = os.path.dirname(current)
    for below in passed:
        cache[below] = cache[current]
    return cache[current]


def load_file(path: str) -> Config:
    """Read and check one configuration file.

    :raises ConfigError: if it cannot be read or is malformed.
    """
    shown = _display(path)
    try:
        with open(path, encoding="utf-8-sig") as stream:
            text = stream.read(1_000_001)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{shown}: cannot be read: {error}") from error
    if len(text) > 1_000_000:
        raise ConfigError(f"{shown}: larger than a configuration can be")
    folder = posixpath.dirname(shown) or "."
    if all(_BLANK.match(line) for line in text.splitlines()):
        return Config(path=shown, folder=folder)
    from afscan.judge.config_schema import validated  # noqa: PLC0415

    model, place_of = validated(shown, text)
    return Config(
        path=shown,
        folder=folder,
        profile=model.profile,
        select=tuple(model.select),
        ignore=tuple(
            Ignore(tuple(one.rules), tuple(one.paths), " ".join(one.reason.split()), place_of("ignore", index))
            for index, one in enumerate(model.ignore)
        ),
        exclude=tuple(model.exclude),
        render=model.render,
        fail_on=model.fail_on,
        fail_on_unknown=model.fail_on_unknown,
        fail_on_notice=model.fail_on_notice,
    )


def _display(path: str) -> str:
    """A path relative to the working directory where that is shorter to read, with ``/``."""
    relative = os.path.relpath(path)
    return (path if relative.startswith(f"..{os.sep}..{os.sep}..") else relative).replace(os.sep, "/")

"""Packages that RUN installs by name, and whether their version is held (DEP404)."""

import re
from collections.abc import Iterator

from afscan.model.node import Scalar
from afscan.model.place import Span
from afscan.model.subjects import Dependency
from afscan.model.value import Value
from afscan.platforms.dockerfile.installers import Package, installed
from afscan.platforms.dockerfile.shell import ShellWord, commands
from afscan.platforms.dockerfile.steps import Run

_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh"))
_MAX_DEPTH = 3


def dependencies(run: Run) -> Iterator[Dependency]:
    """The packages that a RUN installs by name, each at its own word."""
    if run.script is not None:
        yield from _script(run.script, run.script.text, 0, 0)
    elif run.words:
        program = run.words[0].text.rpartition("/")[2]
        texts = [word.text for word in run.words]
        if program in _SHELLS and len(texts) >= 3 and re.fullmatch(r"-[a-z]*c", texts[-2]):
            yield from _script(run.words[-1], texts[-1], 0, 0)
        else:
            words = [ShellWord(word.text, index, index) for index, word in enumerate(run.words)]
            for index, kind, package in installed(program, words[1:]):
                yield _dependency(run.words[index.start], kind, package)


def _script(node: Scalar, text: str, base: int, depth: int) -> Iterator[Dependency]:
    """The packages that a text inside ``node``, ``base`` characters from its start, installs."""
    shebang = text.split("\n", 1)[0]
    if shebang.startswith("#!") and not any(shell in shebang for shell in _SHELLS):
        return
    for command in commands(text):
        program, arguments = command.program()
        for word, kind, package in installed(program, arguments):
            yield _dependency(part_of(node, base + word.start, base + word.end), kind, package)
        if program in _SHELLS and depth < _MAX_DEPTH and all(word.text.startswith("-") for word in arguments):
            for start, end in command.bodies:
                yield from _script(node, text[start:end], base + start, depth + 1)


def part_of(node: Scalar, start: int, end: int) -> Scalar:
    """A word of a scalar as a scalar of its own, at its own place."""
    text = node.text[start:end]
    if node.inner is not None:
        line, column = node.inner[end - 1]
        return Scalar(node.source, Span(*node.inner[start], line, column + 1), text)
    span = node.span
    column = span.column + (0 if node.plain else 1)
    return Scalar(node.source, Span(span.line, column + start, span.line, column + end), text)


def _dependency(node: Scalar, kind: str, package: Package) -> Dependency:
    name, version, pinned = package
    held: Value[bool] = Value.unknown(node, "a variable decides the version") if pinned is None else Value.of(pinned, node)
    written: Value[str] = Value.unset(node) if version is None else Value.of(version, node)
    return Dependency(name=f"{kind} package {name}", node=node, platform="dockerfile", kind=kind, version=written, pinned=held)

"""The shell texts of containers: ``command: ["sh", "-c", TEXT]``, health checks and hooks as scripts of their own."""

import re
from posixpath import basename

from afscan.model.node import Node, Scalar, Sequence
from afscan.model.source import Source
from afscan.model.subjects import Container
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.script.wrappers import SHELLS

_SEVERAL = re.compile(r"[|;&\n]|(?:^|\s)-\w*k|insecure|no-check")
"""What makes a probe's text worth reading: several commands, or one that does not verify certificates."""

_READ = frozenset(("sh", "bash", "dash", "ash"))


def embed_scripts(container: Container, out: Interpretation) -> None:
    """Embed the shell text that a container and its probes run; its places are the file's."""
    _embed_line(words_of(container), container.name, "container", out)
    for probe in (container.liveness, container.readiness, container.startup):
        test = probe.value if probe is not None and probe.is_set else None
        if test is not None and test.command is not None and test.command.is_set:
            _embed_line(_words(test.command), f"{container.name}, probe", "probe", out)


def words_of(container: Container) -> list[tuple[str, Node]]:
    """The words of a container's command and arguments with the nodes that they stand in."""
    return [*_words(container.command), *_words(container.arguments)]


def _embed_line(words: list[tuple[str, Node]], name: str, holder: str, out: Interpretation) -> None:
    names = [text for text, _ in words]
    if not names or basename(names[0]) not in SHELLS:
        return
    for index in range(1, len(names)):
        text = names[index]
        if not text.startswith("-"):
            return
        if text.endswith("c") and not text.startswith("--"):
            if (
                index + 1 < len(words)
                and basename(names[0]) in _READ
                and (holder != "probe" or _SEVERAL.search(names[index + 1]))
            ):
                _embed(words[index + 1], " ".join(names[: index + 1]), name, holder, out)
            return


def _words(line: Value[list[str]]) -> list[tuple[str, Node]]:
    """The words with the nodes that they stand in: an item of a list, or a whole line."""
    texts = line.or_else([]) if line.is_set else []
    items = line.node.items if isinstance(line.node, Sequence) else []
    own = len(items) - len(texts)
    return [(text, items[own + index] if items and own + index >= 0 else line.node) for index, text in enumerate(texts)]


def _embed(word: tuple[str, Node], shell: str, name: str, holder: str, out: Interpretation) -> None:
    text, node = word
    if not isinstance(node, Scalar) or not text.strip():
        return
    whole = node.text
    if text not in whole and text not in whole.replace("$$", "$") and not isinstance(node.parent, Sequence):
        return  # a line of several words with a variable in it: where the text begins is not known
    source = _source(node, text, name, holder)
    if any(one.name == source.name and one.positions == source.positions for one in out.embedded):
        return
    source.shell = shell
    out.embedded.append(source)


def _source(node: Scalar, text: str, name: str, holder: str) -> Source:
    """The text as a source: a part of the scalar, in which Compose writes ``$$`` for a dollar sign."""
    inner = node.embed(name=name, holder=holder)
    base = node.text.find(text)
    if base == 0 and len(text) == len(node.text):
        inner.syntax = "shell"
        return inner
    if base >= 0:
        positions = [inner.position(base + index) for index in range(len(text) + 1)]
        return Source.embedded(inner, text, positions, name=name, holder=holder, syntax="shell")
    kept = _kept(node.text)
    reduced = "".join(node.text[index] for index in kept)
    base = reduced.find(text)
    if base < 0:  # a variable in it is expanded: the shell's own variables and those are not told apart
        base, text = 0, reduced
    spots = kept[base : base + len(text)]
    positions = [inner.position(spot) for spot in [*spots, spots[-1] + 1]]
    return Source.embedded(inner, text, positions, name=name, holder=holder, syntax="shell")


def _kept(text: str) -> list[int]:
    """The indices of the characters that remain where ``$$`` stands for a dollar sign."""
    kept: list[int] = []
    index = 0
    while index < len(text):
        kept.append(index)
        index += 2 if text.startswith("$$", index) else 1
    return kept

"""Markdown: fenced blocks of the languages that afscan reads become sources of their own.

A block is named by a comment near its top that gives a path (``# infra/k8s/api.yaml``, ``-- infra/init.sql``, ``// main.tf``):
that is how documents say what file a block is. Without one it is named by its number and language (``block-3.yaml``).
"""

import re

from afscan.files.recognise import FOREIGN, suffix_of, syntax_of
from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.source import Source
from afscan.platforms.reading import Interpretation

_COMMENT = re.compile(r"[ \t]*(?:#+|--+|//+|;+|/\*+|<!--)[ \t]*(.*)")
_LABEL = re.compile(r"(?:file(?:[ _-]?name)?|path)[ \t]*[:=][ \t]*", re.IGNORECASE)
_PATH = re.compile(r"(?:\./|/)?[\w.@+-]+(?:/[\w.@+-]+)*")
_QUOTES = "`'\"*:,"
_CONFIGURATION = "yaml yml json jsonc tf tofu tfvars hcl sql conf ini cfg acl txt env toml md properties sh bash"
_KNOWN = frozenset(_CONFIGURATION.split())
_NAMES = re.compile(r"(?:.*/)?(?:.*\.)?(?:Dockerfile|Containerfile)(?:\..+)?\Z")
_TOP_LINES = 8

_JSON_OF_OURS = re.compile(r'"(?:apiVersion|services|resource|variable|module|provider|terraform)"\s*:')
"""JSON in documents is mostly answers of an API, abridged with dots: only what is ours by its keys is read."""

_PANELS = re.compile(r'"panels"\s*:\s*\[\s*\{')
"""A dashboard of Grafana, which is read where nothing is left out of it."""


def recognise(source: Source, root: Node) -> bool:
    """Every Markdown text is."""
    return source.syntax == "markdown" and isinstance(root, Sequence)


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Embed each fenced block that is in a language which afscan reads; its places are the document's."""
    for number, block in enumerate(root.items if isinstance(root, Sequence) else (), start=1):
        language, text = block.get("language"), block.get("text")
        if not isinstance(block, Mapping) or not isinstance(language, Scalar) or not isinstance(text, Scalar):
            continue
        name = _name(text.text) or _numbered(number, language.text)
        syntax = syntax_of(name, text.text, hint=language.text)
        if syntax is None or syntax == "markdown" or (syntax == "json" and not _is_ours(text.text)):
            continue
        out.embedded.append(text.embed(name=name, holder="markdown", syntax=syntax))


def _is_ours(text: str) -> bool:
    return _JSON_OF_OURS.search(text) is not None or (_PANELS.search(text) is not None and "..." not in text)


def _numbered(number: int, language: str) -> str:
    """``block-3.yaml``; without a suffix where the language is no plain word or a name that would decide too much."""
    word = language.lower()
    suffix = f".{word}" if word.isalnum() and word not in FOREIGN else ""
    return f"block-{number}{suffix}"


def _name(text: str) -> str | None:
    """The path that one of the comments at the top of a block gives; None where none does."""
    for line in text.split("\n", _TOP_LINES)[:_TOP_LINES]:
        if not line.strip() or line.startswith("#!") or line.rstrip() == "---":
            continue
        comment = _COMMENT.match(line)
        if comment is None:
            return None
        said = _LABEL.sub("", comment.group(1).strip().removesuffix("*/").removesuffix("-->"), count=1)
        words = said.split()
        first = words[0].strip(_QUOTES) if words else ""
        path = _PATH.fullmatch(first)
        if path and _is_path(first, alone=len(words) == 1):
            return first.removeprefix("./")
    return None


def _is_path(word: str, *, alone: bool) -> bool:
    """Whether a word names a file: a suffix that configuration has, ``Dockerfile``, or any suffix where it lies in a folder and
    nothing else is said. ("Node.js", "CI/CD" and "and/or" are prose.)"""
    suffix = suffix_of(word)
    return suffix in _KNOWN or _NAMES.match(word) is not None or (alone and "/" in word and 0 < len(suffix) <= 10)

"""Positions survive embedding: what stands at a place that afscan tells is what it read there.

For every value of every text of every fixture and of reference-infra, embedded texts included: spans lie inside the file, do not
run backwards, and the text at the span says what the value says, after that syntax's unquoting. In a workflow's steps a variable
of the same length stands for each ``${{ ... }}``, so that a shell can read them.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from afscan.files.discover import discover
from afscan.files.read import read_file
from afscan.interpret import interpret
from afscan.model.node import Scalar
from afscan.model.place import Place
from afscan.model.source import Source
from afscan.syntax import parse
from support import ROOT

SAMPLE = 40
"""How many letters of a value are looked up."""

ESCAPES = ("\\", "$$", "'", '"', "&")
"""How an escape begins, in the file or in what holds the text."""

NAMED_BY_READER = frozenset(("dockerfile", "markdown", "crontab", "sql", "pghba", "shell"))
"""Syntaxes without keys of their own: their readers name the parts (``instruction``, ``schedule``)."""

FOLDERS = ("reference-infra", *sorted(one.name for one in (ROOT / "fixtures").iterdir() if one.is_dir()))


def folder(name: str) -> Path:
    return ROOT / name if name == "reference-infra" else ROOT / "fixtures" / name


def sources(name: str) -> Iterator[Source]:
    found = discover([str(folder(name))])
    for stack in found.stacks.values():
        for path in stack.files:
            source = read_file(path, path)
            if isinstance(source, Source):
                yield from interpret(source)[1]


def text_at(file: Source, place: Place) -> str:
    span = place.span
    return file.text[file.offset(span.line, span.column) : file.offset(span.end_line, span.end_column)]


def lies_inside(file: Source, place: Place) -> bool:
    span = place.span
    inside = all(
        1 <= line <= len(file.line_starts) and 1 <= column <= len(file.line(line)) + 1
        for line, column in ((span.line, span.column), (span.end_line, span.end_column))
    )
    return inside and (span.line, span.column) <= (span.end_line, span.end_column)


def problems(source: Source) -> Iterator[str]:
    file = source.file
    for root in parse(source).roots:
        for node in root.walk():
            told = f"{source.syntax} in {source.path} ({source.holder}), {node.place.span[:4]}"
            for one in (node, node.key) if node.key is not None else (node,):
                if not lies_inside(file, one.place):
                    yield f"{told}: {one!r} lies outside of the file"
            if source.fixed is None and isinstance(node, Scalar) and not is_told(node):
                yield from (f"{told}: {one}" for one in lost_letters(node, file))
            if source.fixed is None and node.key is not None and source.syntax not in NAMED_BY_READER:
                written = text_at(file, node.key.place)
                if node.key.text.strip("<>").lower() not in written.lower().replace("''", "'").replace('""', '"'):
                    yield f"{told}: the key {node.key.text!r} is not {written!r}"


def is_told(node: Scalar) -> bool:
    """Whether a value is the reader's word for what is written: a here-document in a Dockerfile is `quoted`."""
    return node.source.syntax == "dockerfile" and node.key is not None and node.key.text == "quoted"


def lost_letters(node: Scalar, file: Source) -> Iterator[str]:
    """Letters of a value that are not where the value says they are; those that an escape stands for begin with its sign."""
    if node.plain and node.inner is None and node.text.strip() and "${_" not in node.text:
        written = text_at(file, node.place)
        if written.rstrip("\n") != node.text.rstrip("\n"):
            yield f"{node.text[:60]!r} is {written[:60]!r} in the file"
    inner = node.embed(name="", holder="")
    count = len(node.text)
    step = max(1, count // SAMPLE)
    for index in [*range(0, count, step), *([count - 1] if count else [])]:
        letter = node.text[index]
        if letter.isspace() or (letter in "${_}" and node.source.holder == "workflow"):
            continue
        place = inner.place(inner.span(index, index + 1))
        if not lies_inside(file, place):
            yield f"{letter!r} of {node.text[:60]!r} lies outside of the file, at {place.span[:4]}"
            return
        written = text_at(file, place)
        if not written.startswith(letter) and not written.startswith(ESCAPES):
            yield f"{letter!r} ({index}) of {node.text[:60]!r} is {written!r} in the file"
            return


@pytest.mark.parametrize("name", FOLDERS)
def test_what_stands_at_a_place_is_what_was_read_there(name: str) -> None:
    assert [one for source in sources(name) for one in problems(source)][:5] == []


CASES = {
    "main.tf": 'locals {\n  a = "x-${var.y}-é-$${z}-\\"q\\""\n  b = <<-EOT\n    one $${two} three\n      four\n  EOT\n}\n',
    "compose.yaml": "services:\n  a:\n    image: \"r\\x65dis:7\"\n    command: >-\n      one\n      two\n    labels: {k: 'it''s'}\n",
    "Dockerfile": 'FROM a\nRUN <<-"E F" \\\n  sh\n\techo é\nE F\nENV A="b c" D=e\\ f\n',
    "x.service": "[Service]\nExecStart=a \\\n # no\n  b  c\n",
    "crontab": "A = 'b c'\n@daily x | y\n",
    ".github/workflows/a.yml": "on: push\njobs:\n  a:\n    steps:\n      - run: |\n          echo é ${{ github.sha }} 'x y'\n",
}


@pytest.mark.parametrize("name", CASES)
def test_quotes_escapes_and_continuations(name: str) -> None:
    found = [one for source in interpret(Source(name, CASES[name]))[1] for one in problems(source)]
    assert found == []

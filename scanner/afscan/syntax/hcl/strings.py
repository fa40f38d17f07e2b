"""Literal text: escapes in quoted strings, heredocs. Source: github.com/hashicorp/hcl, hclsyntax/spec.md, "Templates"."""

import re
from functools import partial

from afscan.model.node import Node, Scalar
from afscan.model.source import Source
from afscan.syntax.hcl.scan import Heredoc
from afscan.syntax.hcl.templates import parse_template, spots

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|\$(?=\$\{)|%(?=%\{)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def literal(source: Source, start: int, end: int) -> Scalar:
    """The literal text between two offsets, its escapes resolved, each character's position kept where there were any."""
    raw = source.text[start:end]
    text: list[str] = []
    offsets: list[int] = []
    at = 0
    for match in _ESCAPE.finditer(raw):
        offsets += range(at, match.start())
        text.append(raw[at : match.start()])
        at = match.end()
        code = match[1] or match[2]
        if code is not None:
            number = int(code, 16)
            text.append(chr(number) if number < 0xD800 or 0xDFFF < number < 0x110000 else "\ufffd")
            offsets.append(match.start())
        elif match.group().startswith("\\"):
            text.append(_ESCAPED.get(match[3] or "", match[3] or ""))
            offsets += [match.start()] * len(text[-1])
    if not at and not text:
        return Scalar(source, source.span(start, end), raw, plain=False)
    text.append(raw[at:])
    offsets += range(at, len(raw) + 1)
    positions = [source.position(start + offset) for offset in offsets]
    return Scalar(source, source.span(start, end), "".join(text), plain=False, inner=positions)


def literal_part(source: Source, start: int, end: int) -> Scalar:
    """The literal text between two offsets as a part of a template: it has no quotes of its own."""
    found = literal(source, start, end)
    if found.inner is None:
        return Scalar(source, found.span, found.text, plain=False, inner=partial(spots, source, (start, end), None))
    return found


def heredoc(source: Source, found: Heredoc) -> Node:
    """A heredoc as a scalar, or as a template over its text."""
    lines = source.text[found.body : found.body_end].split("\n")[:-1]
    filled = [line for line in lines if line.strip()]
    strip = min((len(line) - len(line.lstrip()) for line in filled), default=0) if found.indented else 0
    first = source.position(found.body)[0]
    positions = [(first + number, min(strip, len(line)) + 1) for number, line in enumerate(lines)]
    positions.append((first + len(lines), 1))
    text = "".join(line[min(strip, len(line)) :] + "\n" for line in lines)
    node = parse_template(Source.embedded(source, text, positions, name="", holder="heredoc", syntax="hcl"))
    if isinstance(node, Scalar):
        if node.inner is not None:  # `$${` has lost a character: each of the others has its own place
            inner = [(positions[line - 1][0], positions[line - 1][1] + column - 1) for line, column in node.inner]
            return Scalar(source, source.span(found.start, found.end), node.text, plain=False, inner=inner)
        return Scalar(source, source.span(found.start, found.end), node.text, plain=False, inner=positions)
    return node

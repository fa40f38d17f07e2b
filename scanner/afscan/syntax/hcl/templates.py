"""Templates outside quoted HCL strings: heredocs, and the strings of Terraform's JSON syntax."""

import re

from afscan.model.node import Node, Scalar
from afscan.model.source import Source
from afscan.syntax.hcl.grammar import parse_text
from afscan.syntax.hcl.nodes import Expression
from afscan.syntax.hcl.scan import closing_brace

MAX_PARTS = 2_000
"""How many parts of one template are told apart; what follows has no known value."""

_MARK = re.compile(r"\$\$\{|%%\{|[$%]\{")


def parse_template(source: Source) -> Node:
    """A whole text as a template: a scalar where nothing is interpolated, else a ``template`` expression.

    ``$${`` and ``%%{`` stand for ``${`` and ``%{``. A part that does not parse, and a directive (``%{``), is a ``for``
    expression, whose value nobody knows.
    """
    text = source.text
    parts: list[Node] = []
    literal = at = 0
    while (mark := _MARK.search(text, at)) is not None:
        at = mark.end()
        if len(mark.group()) == 3:
            parts.append(_scalar(source, literal, mark.start() + 2, drop_at=mark.start()))
            literal = mark.end() - 1
            continue
        end = closing_brace(text, at, len(text)) if len(parts) < MAX_PARTS else None
        if end is None:
            parts.append(_unreadable(source, mark.start(), len(text)))
            literal = at = len(text)
            break
        if mark.start() > literal:
            parts.append(_scalar(source, literal, mark.start()))
        parts.append(_interpolation(source, mark.start(), end))
        literal = at = end + 1
    if literal < len(text) or not parts:
        parts.append(_scalar(source, literal, len(text)))
    whole = source.span(0, len(text))
    if all(isinstance(part, Scalar) for part in parts):
        return Scalar(source, whole, "".join(part.text for part in parts if isinstance(part, Scalar)), plain=False)
    return Expression(source, whole, text, form="template", operands=parts)


def _scalar(source: Source, start: int, end: int, drop_at: int | None = None) -> Scalar:
    """A literal part; ``drop_at`` is the offset of a character that only escapes the next."""
    text = source.text[start:end] if drop_at is None else source.text[start:drop_at] + source.text[drop_at + 1 : end]
    return Scalar(source, source.span(start, end), text, plain=False)


def _interpolation(source: Source, start: int, end: int) -> Node:
    """What stands between ``${`` at ``start`` and the ``}`` at ``end``."""
    from afscan.syntax.hcl.convert import Converter  # noqa: PLC0415 - the converter reads heredocs with this module

    content = source.text[start + 2 : end]
    left, right = content.startswith("~"), content.endswith("~")
    inner = content[left : len(content) - right]
    if source.text[start] == "%" or not inner.strip():
        return _unreadable(source, start, end + 1)
    try:
        tree = parse_text(f"_=({inner})\n")
        return Converter(source, {}, []).expression_of(tree, start + 2 + left - 3)
    except Exception:  # not an expression: its value is not known, which is what the node says
        return _unreadable(source, start, end + 1)


def _unreadable(source: Source, start: int, end: int) -> Expression:
    return Expression(source, source.span(start, end), source.text[start:end], form="for")

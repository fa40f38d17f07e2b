"""Templates outside quoted HCL strings: heredocs, and the strings of Terraform's JSON syntax."""

import re
from functools import partial

from afscan.model.node import Node, Scalar
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax.hcl.grammar import parse_text
from afscan.syntax.hcl.nodes import Expression
from afscan.syntax.hcl.scan import closing_brace

MAX_PARTS = 2_000
"""How many parts of one template are told apart; what follows has no known value."""

_MARK = re.compile(r"\$\$\{|%%\{|[$%]\{")


def parse_template(source: Source) -> Node:
    """A whole text as a template: a scalar where nothing is interpolated, else a ``template`` expression.

    ``$${`` and ``%%{`` stand for ``${`` and ``%{``. Directives become ``conditional`` and ``for_text`` expressions; a part that does
    not parse is an expression whose value nobody knows.
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
    parts = fold(parts)
    if all(isinstance(part, Scalar) for part in parts):
        literals = [part for part in parts if isinstance(part, Scalar)]
        joined = "".join(part.text for part in literals)
        kept = [spot for part in literals for spot in (part.inner or [])[:-1]] if joined != text else []
        inner = [*kept, source.position(len(text))] if len(kept) == len(joined) > 0 else None
        return Scalar(source, whole, joined, plain=False, inner=inner)
    return Expression(source, whole, text, form="template", operands=parts)


def _scalar(source: Source, start: int, end: int, drop_at: int | None = None) -> Scalar:
    """A literal part; ``drop_at`` is the offset of a character that only escapes the next."""
    text = source.text[start:end] if drop_at is None else source.text[start:drop_at] + source.text[drop_at + 1 : end]
    return Scalar(source, source.span(start, end), text, plain=False, inner=partial(spots, source, (start, end), drop_at))


def spots(source: Source, spot: tuple[int, int], drop_at: int | None) -> list[tuple[int, int]]:
    """The place of each character of a literal part, and of its end."""
    return [source.position(offset) for offset in range(spot[0], spot[1] + 1) if offset != drop_at]


def _interpolation(source: Source, start: int, end: int) -> Node:
    """What stands between ``${`` or ``%{`` at ``start`` and the ``}`` at ``end``."""
    if source.text[start] == "%":
        return directive(source, start, end + 1)
    content = source.text[start + 2 : end]
    left, right = content.startswith("~"), content.endswith("~")
    inner = content[left : len(content) - right]
    return _parsed(source, inner, start + 2 + left) or _unreadable(source, start, end + 1)


def _parsed(source: Source, text: str, offset: int) -> Node | None:
    """An expression that stands at an offset; None where it is none."""
    from afscan.syntax.hcl.convert import Converter  # noqa: PLC0415 - the converter reads heredocs with this module

    if not text.strip():
        return None
    try:
        tree = parse_text(f"_=({text})\n")
        return Converter(source, {}, []).expression_of(tree, offset - 3)
    except Exception:  # not an expression: its value is not known, which is what the caller says
        return None


def _unreadable(source: Source, start: int, end: int) -> Expression:
    return Expression(source, source.span(start, end), source.text[start:end], form="other")


# ---------------------------------------------------------------- directives

_DIRECTIVE = re.compile(r"%\{(~?)[ \t\n]*(if|else|endif|for|endfor)\b(.*?)(~?)\}\Z", re.DOTALL)
_FOR = re.compile(r"[ \t\n]*([\w-]+)(?:[ \t\n]*,[ \t\n]*([\w-]+))?[ \t\n]+in\b")
MAX_DIRECTIVES = 50
"""How deep directives may nest."""


class Directive(Expression):
    """``%{ ... }`` before it is folded with what it governs: ``name`` is its word, ``operands`` its condition or collection."""

    __slots__ = ("binds", "left", "right")
    binds: str
    left: bool
    right: bool


def directive(source: Source, start: int, end: int) -> Node:
    """The directive between two offsets, ``%{`` and ``}`` included."""
    text = source.text[start:end]
    found = _DIRECTIVE.match(text)
    if found is None:
        return _unreadable(source, start, end)
    word, rest, offset, binds = found[2], found[3], start + found.start(3), ""
    if word == "for":
        intro = _FOR.match(rest)
        if intro is None:
            return _unreadable(source, start, end)
        binds = ",".join(name for name in intro.groups() if name)
        rest, offset = rest[intro.end() :], offset + intro.end()
    operand = _parsed(source, rest, offset) if word in ("if", "for") else None
    if word in ("if", "for") and operand is None:
        return _unreadable(source, start, end)
    node = Directive(source, source.span(start, end), text, form="other", name=word, operands=[operand] if operand else [])
    node.binds, node.left, node.right = binds, bool(found[1]), bool(found[4])
    return node


def fold(parts: list[Node]) -> list[Node]:
    """A template's parts with each directive and what it governs as one expression; unbalanced ones stay as they are."""
    if not any(isinstance(part, Directive) for part in parts):
        return parts
    trimmed = _trimmed(parts)
    levels: list[tuple[Directive, list[Node], Directive | None]] = []
    current: list[Node] = []
    outer: list[list[Node]] = []
    for part in trimmed:
        word = part.name if isinstance(part, Directive) else ""
        if isinstance(part, Directive) and word in ("if", "for"):
            if len(levels) >= MAX_DIRECTIVES:
                return parts
            levels.append((part, [], None))
            outer.append(current)
            current = []
        elif isinstance(part, Directive) and word == "else" and levels and levels[-1][0].name == "if":
            opening, _, before = levels.pop()
            if before is not None:
                return parts
            levels.append((opening, current, part))
            current = []
        elif isinstance(part, Directive) and levels and word == "end" + levels[-1][0].name:
            opening, first, middle = levels.pop()
            node = _governed(opening, first if middle is not None else current, current if middle is not None else [], part)
            current = outer.pop()
            current.append(node)
        elif word:
            return parts
        else:
            current.append(part)
    return parts if levels else current


def _governed(opening: Directive, first: list[Node], second: list[Node], closing: Directive) -> Expression:
    source = opening.source
    span = Span(*opening.span[:2], *closing.span[2:])
    if opening.name == "for":
        operands = [opening.operands[0], _joined(first, opening)]
        return Expression(source, span, opening.text, form="for_text", name=opening.binds, operands=operands)
    operands = [opening.operands[0], _joined(first, opening), _joined(second, closing)]
    return Expression(source, span, opening.text, form="conditional", operands=operands)


def _joined(parts: list[Node], near: Directive) -> Node:
    """Parts as one template, which is a string also where it is a single expression."""
    empty = Scalar(near.source, Span(*near.span[2:], *near.span[2:]), "", plain=False)
    span = Span(*parts[0].span[:2], *parts[-1].span[2:]) if parts else empty.span
    return Expression(near.source, span, near.text, form="template", operands=[*parts, empty]) if parts else empty


def _trimmed(parts: list[Node]) -> list[Node]:
    """Literal parts without the white space that ``~`` of a directive beside them takes away."""
    found = list(parts)
    for number, part in enumerate(parts):
        if isinstance(part, Directive):
            if part.left and number and isinstance(found[number - 1], Scalar):
                found[number - 1] = _cut(found[number - 1], 0, len(_text(found[number - 1]).rstrip()))
            if part.right and number + 1 < len(parts) and isinstance(found[number + 1], Scalar):
                text = _text(found[number + 1])
                found[number + 1] = _cut(found[number + 1], len(text) - len(text.lstrip()), len(text))
    return found


def _text(node: Node) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _cut(node: Node, start: int, end: int) -> Node:
    """A part of a literal, each character at its own place."""
    assert isinstance(node, Scalar)
    source = node.source
    if node.inner is not None and len(node.inner) == len(node.text) + 1:
        positions = node.inner[start : end + 1]
    else:
        first = source.offset(*node.span[:2])
        positions = [source.position(first + offset) for offset in range(start, end + 1)]
    return Scalar(source, Span(*positions[0], *positions[-1]), node.text[start:end], plain=False, inner=positions)

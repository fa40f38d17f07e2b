"""Texts with a structure of their own in Terraform: JSON and YAML, encoded from values, in heredocs, in files.

Each value keeps its place: of ``jsonencode`` the place of the value in the configuration, of a heredoc its characters', of a
file that is read the file's own. What expressions bring in stands where the expression stands; where their value is not known,
so is the value that they are a part of.
"""

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.source import Source
from afscan.platforms.terraform.encodings import home_of
from afscan.platforms.terraform.evaluate import Scope
from afscan.platforms.terraform.references import reference
from afscan.platforms.terraform.resolved import to_node
from afscan.platforms.terraform.results import MAX_TEXT, Known, NotKnownError, Result, Unknown, text_of
from afscan.syntax.hcl.nodes import Expression, shorten

_OPEN, _CLOSE = "\ue000", "\ue001"
"""Private characters around the number of a part that is not known."""

_MAX_STEPS = 20


def structured(written: Node, scope: Scope, syntax: str) -> "Node | Unknown":
    """The root of the JSON or YAML that an argument says; the reason where it is not known.

    :param syntax: ``json`` or ``yaml``.
    """
    node = unfold(written, scope)
    encoder = "jsonencode" if syntax == "json" else "yamlencode"
    if isinstance(node, Expression) and node.form == "call" and node.name in (encoder, "jsonencode") and len(node.operands) == 1:
        operand = unfold(node.operands[0], scope)
        result = scope.evaluate(operand)
        return result if isinstance(result, Unknown) else to_node(result, operand, at_home=True)
    if isinstance(node, Expression) and node.form == "template" and len(node.operands) > 1:
        return _parsed(node, scope, syntax)
    result = scope.evaluate(node)
    if isinstance(result, Unknown):
        return result
    home = home_of(result)
    if home is None and isinstance(result.value, str):
        places = [node.span[:2]] * (len(result.value) + 1)
        return _rooted(Source.embedded(node.source, result.value, places, **_NAMES), syntax, [], node)
    if home is None:
        return to_node(result, node, at_home=True)
    return _rooted(home.embed(**_NAMES), syntax, [], node)


_NAMES = {"name": "", "holder": "terraform"}


def unfold(node: Node, scope: Scope) -> Node:
    """What a chain of local values leads to, as far as it is a chain and nothing else."""
    for _ in range(_MAX_STEPS):
        if isinstance(node, Expression) and node.form == "template" and len(node.operands) == 1:
            node = node.operands[0]
        found = reference(node)
        if found is None or found[0] != "local" or len(found[1]) != 1 or not isinstance(found[1][0], str):
            return node
        local = scope.module.locals.get(found[1][0])
        if local is None:
            return node
        node = local
    return node


def _parsed(template: Expression, scope: Scope, syntax: str) -> "Node | Unknown":
    """A template, its parts put together character by character."""
    text: list[str] = []
    positions: list[tuple[int, int]] = []
    marks: list[tuple[str, str]] = []
    length = 0
    before: tuple[int, int] | None = None  # where the literal part before ends: there `${` stands
    for part in template.operands:
        if isinstance(part, Scalar):
            *where, before = _positions(part)
            piece = part.text
        else:
            piece = _piece(scope.evaluate(part), part, marks)
            where, before = [before or part.span[:2]] * len(piece), None
        length += len(piece)
        if length > MAX_TEXT:
            return Unknown("the text is too long", template)
        text.append(piece)
        positions += where
    positions.append(positions[-1] if positions else template.span[:2])
    joined = "".join(text)
    if syntax == "json":
        joined, positions = _quoted(joined, positions)
    return _rooted(Source.embedded(template.source, joined, positions, **_NAMES), syntax, marks, template)


def _piece(result: Result, part: Node, marks: list[tuple[str, str]]) -> str:
    if isinstance(result, Known):
        try:
            return text_of(result.value)
        except NotKnownError as error:
            result = Unknown(str(error), part)
    marks.append((shorten(getattr(part, "text", "")), result.reason))
    return f"{_OPEN}{len(marks) - 1}{_CLOSE}"


def _positions(part: Scalar) -> list[tuple[int, int]]:
    """The position of each character of a literal part and of its end, in the template's source."""
    if part.inner is not None and len(part.inner) == len(part.text) + 1:
        return list(part.inner)
    line, column = part.span[:2]
    found = []
    for character in part.text:
        found.append((line, column))
        line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
    return [*found, (line, column)]


def _quoted(text: str, positions: list[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    """JSON in which what is not known stands in quotes, also where a number or an object would stand."""
    if _OPEN not in text:
        return text, positions
    found: list[str] = []
    places: list[tuple[int, int]] = []
    inside = escaped = False
    for character, position in zip(text, positions, strict=False):
        added = character
        if inside and escaped:
            escaped = False
        elif inside and character == "\\":
            escaped = True
        elif character == '"':
            inside = not inside
        elif not inside and character == _OPEN:
            added = '"' + character
        elif not inside and character == _CLOSE:
            added = character + '"'
        found.append(added)
        places += [position] * len(added)
    return "".join(found), [*places, positions[-1]]


def _rooted(source: Source, syntax: str, marks: list[tuple[str, str]], written: Node) -> "Node | Unknown":
    from afscan.syntax import parse  # noqa: PLC0415 - few modules hold texts

    source.syntax = syntax
    parsed = parse(source)
    if len(parsed.roots) != 1 or parsed.notices:
        return Unknown(f"the text is not read as {syntax.upper()}", written)
    return _filled(parsed.roots[0], marks) if marks else parsed.roots[0]


def _filled(node: Node, marks: list[tuple[str, str]]) -> Node:
    """A tree with what holds a part that is not known as unknown."""
    if isinstance(node, Scalar) and _OPEN in node.text:
        text, reason = _shown(node.text, marks)
        return Opaque(node.source, node.span, text, reason)
    if isinstance(node, Mapping):
        mapping = Mapping(node.source, node.span)
        for key, value in node.entries.items():
            mapping.add(node.keys[key], _filled(value, marks))
        return mapping
    if isinstance(node, Sequence):
        sequence = Sequence(node.source, node.span)
        for item in node.items:
            sequence.add(_filled(item, marks))
        return sequence
    return node


def _shown(text: str, marks: list[tuple[str, str]]) -> tuple[str, str]:
    """A text as it was written, and the reason why it is not known."""
    reason = ""
    for number, (written, why) in enumerate(marks):
        mark = f"{_OPEN}{number}{_CLOSE}"
        if mark in text:
            text = text.replace(mark, "${" + written + "}")
            reason = reason or why
    return text, reason

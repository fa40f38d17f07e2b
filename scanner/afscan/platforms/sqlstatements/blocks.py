"""What stands inside ``DO`` and in texts that psql's ``\\gexec`` runs, as far as it is plain statements.

Source: postgresql.org, "PL/pgSQL: Structure", "Control Structures".
"""

from afscan.model.node import Node, Scalar, Sequence
from afscan.model.place import Span
from afscan.model.sql import SqlStatement
from afscan.platforms.sqlstatements.cursor import Cursor, Variables
from afscan.platforms.sqlstatements.reading import statements
from afscan.syntax import parse

_DEEPEST = 3
_OPENING = {"IF": "THEN", "ELSIF": "THEN", "ELSEIF": "THEN", "WHILE": "LOOP", "FOR": "LOOP", "FOREACH": "LOOP", "WHEN": "THEN"}
_SILENT = frozenset(("RAISE", "RETURN", "NULL", "DECLARE", "EXIT", "CONTINUE", "GET", "ASSERT"))


def do_block(node: Node, tokens: list[Scalar], variables: Variables, depth: int = 0) -> list[SqlStatement]:
    """The statements of ``DO``; each is shown at its own place."""
    body = next((item for item in tokens if item.tag in ("body", "string")), None)
    words = [item.text.lower() for item in tokens if item.tag == "word"]
    language = words[words.index("language") + 1 :][:1] if "language" in words else []
    if body is None or (language and language != ["plpgsql"]) or depth >= _DEEPEST:
        return [_opaque(node, "the block is in a language that is not read" if language else "the block is not read")]
    return _inner(body, variables, depth)


def texts(tokens: list[Scalar], node: Node, variables: Variables) -> list[SqlStatement]:
    """What ``\\gexec`` runs: the text that a SELECT returns, where it is written there as a whole."""
    if len(tokens) > 1 and tokens[0].text.upper() == "SELECT" and tokens[1].tag in ("string", "body"):
        following = tokens[2].text.upper() if len(tokens) > 2 else ""
        if following in ("", "WHERE", "FROM", "AS"):
            found = _plain(tokens[1], variables, 0)
            for one in found:
                one.conditional = True
            return found
    return [_opaque(node, "what `\\gexec` runs is not known")]


def _opaque(node: Node, reason: str) -> SqlStatement:
    return SqlStatement(name=reason, node=node, platform="sql", verb="DO", opaque=reason)


def _parsed(body: Scalar) -> list[Sequence]:
    source = body.embed(name=f"{body.source.name} (SQL in line {body.place.line})", holder="sql", syntax="sql")
    return [item for root in parse(source).roots for item in root.children() if isinstance(item, Sequence)]


def _scalars(node: Node) -> list[Scalar]:
    return [item for item in node.children() if isinstance(item, Scalar)]


def _plain(body: Scalar, variables: Variables, depth: int) -> list[SqlStatement]:
    """SQL in a text: no control structures."""
    found: list[SqlStatement] = []
    for item in _parsed(body):
        tokens = _scalars(item)
        block = bool(tokens) and tokens[0].text.upper() == "DO"
        found += do_block(item, tokens, variables, depth + 1) if block else statements(item, tokens, variables)
    return found


def _inner(body: Scalar, variables: Variables, depth: int) -> list[SqlStatement]:
    found: list[SqlStatement] = []
    open_conditions = 0
    handled = False
    for item in _parsed(body):
        cursor = Cursor(item, _scalars(item), variables)
        opened, caught = _skip_control(cursor)
        handled = handled or caught
        open_conditions = max(0, open_conditions + opened)
        rest = cursor.tokens[cursor.at :]
        if not rest or rest[0].text.upper() in _SILENT:
            continue
        for one in _executed(_statement(rest), rest, variables, depth):
            one.conditional = one.conditional or open_conditions > 0
            found.append(one)
    for one in found:
        one.conditional = one.conditional or handled
    return found


def _statement(tokens: list[Scalar]) -> Sequence:
    """The node of a statement without what steers before it."""
    first, last = tokens[0], tokens[-1]
    node = Sequence(first.source, Span(*first.span[:2], *last.span[2:]))
    node.items = list(tokens)
    return node


def _skip_control(cursor: Cursor) -> tuple[int, bool]:
    """Go past what only steers: how many conditions it opens (less those it closes), and whether errors are caught."""
    opened, caught = 0, False
    while not cursor.ended:
        word = cursor.word()
        if word in ("BEGIN", "ELSE", "LOOP"):
            cursor.at += 1
            opened += word == "LOOP"
        elif word == "EXCEPTION":
            cursor.at += 1
            caught = True
        elif word == "END":
            cursor.at += 1
            opened -= bool(cursor.take_any("IF", "LOOP", "CASE"))
        elif word in _OPENING and not (word == "IF" and cursor.word(1) in ("EXISTS",)):
            cursor.at += 1
            if not cursor.find(_OPENING[word]):
                break
            opened += word in ("IF", "WHILE", "FOR", "FOREACH")
        else:
            break
    return opened, caught


def _executed(node: Node, tokens: list[Scalar], variables: Variables, depth: int) -> list[SqlStatement]:
    """A statement of a block; ``EXECUTE`` of a text that is written there is that text."""
    if tokens[0].text.upper() == "EXECUTE" and len(tokens) == 2 and tokens[1].tag in ("string", "body") and depth < _DEEPEST:
        return _plain(tokens[1], variables, depth + 1)
    if tokens[0].text.upper() in ("BEGIN", "COMMIT", "ROLLBACK", "END"):
        return []
    return statements(node, tokens, variables)

"""A whole script: psql's variables and conditions, and by which migration tool's convention it is written.

Sources: postgresql.org, "psql"; the tools' documentation: Flyway ("Migrations": ``V1__name.sql``, ``U1__``, ``R__``), golang-migrate
("Migration filename format": ``1_name.up.sql``), dbmate (``-- migrate:up``), goose (``-- +goose Up``), sql-migrate (``-- +migrate
Up``), sqitch (``deploy/``, ``revert/``, ``verify/``).
"""

import re
from bisect import bisect_right
from posixpath import basename, dirname

from afscan.model.node import Node, Scalar
from afscan.model.source import Source
from afscan.model.sql import SqlScript, SqlStatement
from afscan.platforms.sqlstatements.blocks import do_block, texts
from afscan.platforms.sqlstatements.cursor import Variables
from afscan.platforms.sqlstatements.reading import statements

PRODUCT = "postgres-sql"
"""The product of a :class:`SqlScript` as a file of a server's."""

_FLYWAY = re.compile(r"([VUR])([0-9][0-9._]*)?__(.+)\.sql\Z")
_MIGRATE = re.compile(r"([0-9]+)_(.*?)\.?(up|down)\.sql\Z")
_MARKERS = re.compile(
    r"^[ \t]*--[ \t]*(?:(?P<dbmate>migrate:)|(?P<goose>\+goose[ \t]+)|(?P<sqlmigrate>\+migrate[ \t]+))(?P<way>up|down)\b",
    re.IGNORECASE | re.MULTILINE,
)
_TOOLS = {"dbmate": "dbmate", "goose": "goose", "sqlmigrate": "sql-migrate"}
_VERSION = re.compile(r"([0-9]+)[_-]?(.*)\.sql\Z")
_OTHER_DIALECT = frozenset(("AUTO_INCREMENT", "AUTOINCREMENT", "IDENTIFIED", "PRAGMA", "NVARCHAR", "VARCHAR2"))


def script(source: Source, root: Node, listed: list[list[Scalar]]) -> SqlScript | None:
    """The script of a source; None where it is another product's SQL."""
    if any(_strange(tokens) for tokens in listed):
        return None
    found = SqlScript(name=source.name, node=root, platform="sql", product=PRODUCT, settings=[])
    _conventions(source, found)
    marks = _marks(source) if found.markers else []
    for one in _all(root, listed):
        (found.down if _is_down(found, marks, one) else found.statements).append(one)
    return found


def _strange(tokens: list[Scalar]) -> bool:
    """Whether a statement is MySQL's, SQLite's, Oracle's or SQL Server's."""
    granting = bool(tokens) and tokens[0].text.upper() in ("GRANT", "REVOKE")
    for item in tokens:
        if granting and item.tag == "operator" and item.text == "*":
            return True  # ON shop.*
        if item.tag == "word" and item.text.upper() in _OTHER_DIALECT:
            return True
        if item.tag == "identifier" and item.source.text.startswith("`", item.source.offset(*item.span[:2])):
            return True
    return False


def _all(root: Node, listed: list[list[Scalar]]) -> list[SqlStatement]:
    found: list[SqlStatement] = []
    variables = Variables()
    conditions = 0
    nodes = list(root.children())
    for index, (node, tokens) in enumerate(zip(nodes, listed, strict=True)):
        if not tokens:
            continue
        word = tokens[0].text
        if tokens[0].tag == "command":
            conditions = max(0, conditions + (word == "\\if") - (word == "\\endif"))
            _remember(variables, tokens)
        following = listed[index + 1] if index + 1 < len(listed) else []
        if following and following[0].text == "\\gexec":
            read = texts(tokens, node, variables)
        elif word.upper() == "DO":
            read = do_block(node, tokens, variables)
        else:
            read = statements(node, tokens, variables)
        for one in read:
            one.conditional = one.conditional or conditions > 0
        found += read
    return found


def _remember(variables: Variables, tokens: list[Scalar]) -> None:
    """``\\set``, ``\\unset`` and what fills a variable from elsewhere."""
    if tokens[0].text == "\\set" and len(tokens) > 1:
        variables.known[tokens[1].text] = tokens[2:]
    elif tokens[0].text in ("\\getenv", "\\prompt", "\\unset", "\\gset") and len(tokens) > 1:
        variables.known.pop(tokens[-1 if tokens[0].text == "\\prompt" else 1].text, None)


def _conventions(source: Source, found: SqlScript) -> None:
    """The migration tool, by the file's name and by comments that mark its parts."""
    name, folder = basename(source.name), basename(dirname(source.name))
    marker = _MARKERS.search(source.text)
    flyway, migrate, numbered = _FLYWAY.match(name), _MIGRATE.match(name), _VERSION.match(name)
    if marker is not None:
        found.tool = next(tool for group, tool in _TOOLS.items() if marker[group])
        found.markers = True
        found.version, found.title = (numbered[1], numbered[2]) if numbered is not None else ("", name)
    elif flyway is not None:
        found.tool, found.version, found.title = "flyway", flyway[2] or "", flyway[3]
        found.direction = "down" if flyway[1] == "U" else "up"
    elif migrate is not None:
        found.tool, found.version, found.title, found.direction = "golang-migrate", migrate[1], migrate[2], migrate[3]
    elif folder in ("deploy", "revert", "verify"):
        found.tool, found.title = "sqitch", name.removesuffix(".sql")
        found.direction = {"deploy": "up", "revert": "down", "verify": "verify"}[folder]


def _is_down(found: SqlScript, marks: list[tuple[tuple[int, int], str]], one: SqlStatement) -> bool:
    """Whether a statement belongs to the way back.

    :param marks: the comments that mark the parts, each with where it begins.
    """
    if found.direction in ("down", "verify"):
        return True
    if not marks:
        return False
    before = bisect_right(marks, one.node.place.span[:2], key=lambda mark: mark[0])
    return before > 0 and marks[before - 1][1] == "down"


def _marks(source: Source) -> list[tuple[tuple[int, int], str]]:
    found = _MARKERS.finditer(source.text)
    return [(source.place(source.span(*marker.span())).span[:2], marker["way"].lower()) for marker in found]

"""PgBouncer's userlist.txt: a user and a secret per line, both in double quotes, ``""`` for a quote inside.

The root is a :class:`~afscan.model.node.Sequence` of users; a user is a Sequence of two :class:`~afscan.model.node.Scalar`: name
and secret. What follows the secret on its line is skipped, as PgBouncer does; ``;`` at the start of a line begins a comment.
Source: pgbouncer/src/loader.c, ``load_auth_file``.
"""

from afscan.model.node import Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax import Parsed

_SPACES = " \t\r\n\v\f"


def parse(source: Source) -> Parsed:
    """The users of a file, up to the first line that PgBouncer cannot read: it loads nobody from there on."""
    text = source.text
    root = Sequence(source, source.span(0, len(text)))
    at = 1 if text.startswith("\ufeff") else 0
    while True:
        while at < len(text) and text[at] in _SPACES:
            at += 1
        if at >= len(text):
            return Parsed([root])
        if text[at] == ";":
            at = _line_end(text, at)
            continue
        user = _quoted(source, at) if text[at] == '"' else None
        opening = text.find('"', user[1]) if user is not None else -1
        secret = _quoted(source, opening) if opening >= 0 else None
        if user is None or secret is None:
            place = source.place(source.span(at, _line_end(text, at)))
            return Parsed(
                [root], [Notice(NoticeKind.SYNTAX, place, 'Not `"user" "secret"`: PgBouncer loads no user from this line on.')]
            )
        entry = Sequence(source, source.span(at, secret[1]))
        entry.add(user[0])
        entry.add(secret[0])
        if not root.items:
            root.span = Span(*entry.span[:2], *root.span[2:])
        root.add(entry)
        at = _line_end(text, secret[1])


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _quoted(source: Source, start: int) -> tuple[Scalar, int] | None:
    """The quoted text that opens at ``start``, and the offset after it; None where no quote closes it."""
    text = source.text
    letters: list[str] = []
    offsets: list[int] = []
    at = start + 1
    while at < len(text):
        if text[at] == '"':
            if not text.startswith('""', at):
                offsets.append(at)
                inner = [source.position(offset) for offset in offsets]
                return Scalar(source, source.span(start, at + 1), "".join(letters), plain=False, inner=inner), at + 1
            offsets.append(at)
            letters.append('"')
            at += 2
            continue
        offsets.append(at)
        letters.append(text[at])
        at += 1
    return None

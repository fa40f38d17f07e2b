"""Crontabs: variables and entries, ``minute hour day month weekday [user] command``.

The root is a :class:`~afscan.model.node.Sequence`. A variable is a Scalar with its name as ``key``. An entry is a Mapping of
``schedule`` (five fields, or ``@daily`` and the like), ``user`` where the file is the system's own (``/etc/crontab``, ``cron.d``), and
``command``: up to the first ``%`` without a backslash, which ends the line that the shell gets. Source: crontab(5).
"""

import re
from posixpath import basename, dirname

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.source import Source
from afscan.syntax import Parsed

_VARIABLE = re.compile(r"[ \t]*(\"[^\"\n]*\"|'[^'\n]*'|[A-Za-z_]\w*)[ \t]*=[ \t]*(.*)")
_FIELD = r"[\d*?/,~A-Za-z#-]+"
_ENTRY = re.compile(rf"[ \t]*(@[a-z]+|{_FIELD}(?:[ \t]+{_FIELD}){{4}})[ \t]+(?=\S)")
_USER = re.compile(r"([A-Za-z_][\w.-]*\$?)[ \t]+(?=\S)")
_PERCENT = re.compile(r"(?<!\\)%")


def parse(source: Source) -> Parsed:
    """The entries of a crontab. A line that is none is noted: cron refuses the whole file for it."""
    root = Sequence(source, source.span(0, len(source.text)))
    notices: list[Notice] = []
    users = has_users(source.name)
    for number, start in enumerate(source.line_starts, 1):
        line = source.line(number)
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _variable(source, start, line) or _entry(source, start, line, users=users)
        if found is not None:
            root.add(found)
        else:
            place = source.place(source.span(start, start + len(line)))
            notices.append(
                Notice(NoticeKind.SYNTAX, place, "Neither a variable nor an entry: cron does not read a crontab with it.")
            )
    return Parsed([root], notices)


def has_users(name: str) -> bool:
    """Whether a crontab's entries name a user: in ``/etc/crontab`` and ``cron.d``."""
    return basename(dirname(name)).lower() in ("cron.d", "etc") or "/cron.d/" in f"/{name}"


def _variable(source: Source, start: int, line: str) -> Scalar | None:
    found = _VARIABLE.match(line)
    if found is None:
        return None
    text, at = found[2].rstrip(), start + found.start(2)
    quoted = len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'"
    value = Scalar(source, source.span(at, at + len(text)), text[1:-1] if quoted else text, plain=not quoted)
    value.key = Scalar(source, source.span(start + found.start(1), start + found.end(1)), found[1].strip("\"'"))
    return value


def _entry(source: Source, start: int, line: str, *, users: bool) -> Node | None:
    when = _ENTRY.match(line)
    if when is None:
        return None
    entry = Mapping(source, source.span(start + when.start(1), start + len(line.rstrip())))
    _put(entry, "schedule", start, when.span(1), line)
    at = when.end()
    user = _USER.match(line, at) if users else None
    if user is not None:
        _put(entry, "user", start, user.span(1), line)
        at = user.end()
    percent = _PERCENT.search(line, at)
    end = len(line[: percent.start() if percent is not None else len(line)].rstrip())
    if end <= at:
        return None
    _put(entry, "command", start, (at, end), line)
    return entry


def _put(entry: Mapping, name: str, start: int, spot: tuple[int, int], line: str) -> None:
    source = entry.source
    span = source.span(start + spot[0], start + spot[1])
    entry.add(Scalar(source, span, name), Scalar(source, span, line[spot[0] : spot[1]]))

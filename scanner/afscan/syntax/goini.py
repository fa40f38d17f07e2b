"""INI files as Go's ``ini`` library reads them: grafana.ini.

The root is a :class:`~afscan.model.node.Sequence` of sections in order. A section is a Sequence with its name as ``key`` (the first
one, before any header, has none); its items are the values (:class:`~afscan.model.node.Scalar`), each with its own ``key``,
repeated keys included. ``;`` and ``#`` begin a comment, also behind a value that is not in backquotes or three double quotes:
quotes alone do not protect it. Source: github.com/go-ini/ini, parser.go; grafana.com/docs, "Configure Grafana" (``[database]``,
``password``).
"""

from afscan.model.node import Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.patterns import pattern
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax import Parsed

_COMMENT = pattern(r"[#;]")
_SIGN = pattern(r"[=:]")


def parse(source: Source) -> Parsed:
    """The sections of a file. A line that is no setting is noted, and the lines after it are read."""
    text = source.text
    root = Sequence(source, source.span(0, len(text)))
    notices: list[Notice] = []
    section: Sequence | None = None
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if text[at] == "[":
            section = _section(source, at, end, root, notices) or section
        elif text[at] not in "#;":
            if section is None:
                section = Sequence(source, source.span(0, 0))
                root.add(section)
            end = _setting(source, at, end, section, notices)
        at = end
    if root.items:
        root.span = Span(*root.items[0].span[:2], *root.span[2:])
    return Parsed([root], notices if _is_grafana(source, root) else [])


def _is_grafana(source: Source, root: Sequence) -> bool:
    """Whether complaints make sense: other programs' files have some of the sections too, and rules of their own."""
    names = {item.key.text for item in root.items if item.key is not None}
    return (
        "grafana" in source.name.lower() or len(names & {"server", "security", "users", "auth", "auth.anonymous", "paths"}) >= 2
    )


def _section(source: Source, at: int, end: int, root: Sequence, notices: list[Notice]) -> Sequence | None:
    close = source.text.find("]", at, end)
    if close < 0:
        notices.append(_notice(source, at, end, "Unclosed section: Grafana does not start with this file."))
        return None
    section = Sequence(source, source.span(at, close + 1))
    section.key = Scalar(source, source.span(at, close + 1), source.text[at + 1 : close].strip())
    root.add(section)
    return section


def _setting(source: Source, at: int, end: int, section: Sequence, notices: list[Notice]) -> int:
    """Read one setting; where the next line begins."""
    text = source.text
    sign = _SIGN.search(text, at, end)
    if sign is None or sign.start() == at:
        notices.append(_notice(source, at, end, "Not `key = value`: Grafana does not start with this file."))
        return end
    name = text[at : sign.start()].rstrip()
    start = sign.end()
    while start < end and text[start] in " \t":
        start += 1
    quote = '"""' if text.startswith('"""', start) else "`" if text.startswith("`", start) else ""
    if quote:
        close = text.rfind(quote, start + len(quote), end)
        close = close if close >= 0 else text.find(quote, start + len(quote))
        if close < 0:
            notices.append(_notice(source, start, end, "Quotes that nobody closes: Grafana does not start with this file."))
            return end
        value = _quoted(source, start, close, len(quote))
        following = text.find("\n", close)
        end = following if following >= 0 else len(text)
    else:
        value = _plain(source, start, end)
    value.key = Scalar(source, source.span(at, at + len(name)), name)
    section.add(value)
    return end


def _quoted(source: Source, start: int, close: int, width: int) -> Scalar:
    first, last = start + width, close
    inner = [source.position(offset) for offset in range(first, last + 1)]
    return Scalar(source, source.span(start, close + width), source.text[first:last], plain=False, inner=inner)


def _plain(source: Source, start: int, end: int) -> Scalar:
    text = source.text
    comment = _COMMENT.search(text, start, end)
    end = comment.start() if comment is not None else end
    while end > start and text[end - 1].isspace():
        end -= 1
    if end - start >= 2 and text[start] == text[end - 1] and text[start] in "\"'":
        return _quoted(source, start, end - 1, 1)
    return Scalar(source, source.span(start, end), text[start:end])


def _notice(source: Source, start: int, end: int, reason: str) -> Notice:
    return Notice(NoticeKind.SYNTAX, source.place(source.span(start, start + len(source.text[start:end].rstrip()))), reason)

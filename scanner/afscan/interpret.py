"""One source from text to subjects: parse, then interpret, then the same for the texts embedded in it.

A pure function of the source: it reads no other file and keeps no state.
"""

import re

from afscan.files.recognise import is_renovate, is_template, syntax_of
from afscan.model.node import Node
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.platforms import platform_for
from afscan.platforms.reading import Interpretation
from afscan.syntax import SYNTAXES, parse

MAX_NESTING = 5
"""How deep texts may be embedded in texts: Markdown, YAML, ConfigMap entry, heredoc is four."""

_TEMPLATE = re.compile(r"\{\{-?\s*(?:\.|\$|if\b|range\b|with\b|include\b|template\b|define\b|end\b|/\*|toYaml\b)|\{%-?\s*\w+")

_CONTROL = re.compile(r"^[ \t]*(?:\{\{-?[ \t]*(?:if|range|with|include|define|end|template)\b|\{%)", re.MULTILINE)

_UNREAD = frozenset((NoticeKind.SYNTAX, NoticeKind.LIMIT, NoticeKind.TOO_LARGE, NoticeKind.TEMPLATED))
_TEMPLATED = frozenset(
    ("yaml", "json", "ini", "redisconf", "postgresconf", "pghba", "fluentd", "fluentbit", "properties", "goini")
)
_RELEVANT_JSON = re.compile(r'"(?:apiVersion|services|resource|variable|panels)"\s*:')


def interpret(source: Source) -> "tuple[Interpretation, list[Source], bool]":
    """What a source and the texts in it say.

    :returns: the interpretation, every source that was read (this one first), and whether anything in it was recognised.
    """
    out = Interpretation()
    read: list[Source] = []
    recognised = False
    waiting = [(source, 0)]
    while waiting:
        current, depth = waiting.pop(0)
        one = Interpretation()
        if _interpret_one(current, one):
            recognised = True
            read.append(current)
        out.subjects += one.subjects
        out.notices += one.notices
        if one.embedded and depth >= MAX_NESTING:
            out.notice(
                NoticeKind.LIMIT, current.whole, f"Texts are embedded more than {MAX_NESTING} deep; the innermost are not read."
            )
        else:
            waiting += [(inner, depth + 1) for inner in one.embedded]
    return out, read, recognised


def _interpret_one(source: Source, out: Interpretation) -> bool:
    """Parse and interpret one text; False where it is nothing that afscan reads."""
    if source.syntax is None:
        source.syntax = syntax_of(source.name, source.text)
    if source.syntax not in SYNTAXES:
        return False
    templated = _TEMPLATE.search(source.text) if source.syntax in _TEMPLATED else None
    if is_template(source.name) or (templated and _is_chart_template(source)):
        start = templated.start() if templated else 0
        place = source.place(source.span(start, start + len(templated.group() if templated else "")))
        out.notice(NoticeKind.TEMPLATED, place, "This is a template: it has to be rendered before it can be judged.")
        return True
    parsed = parse(source)
    if templated and parsed.notices:
        place = source.place(source.span(*templated.span()))
        out.notice(NoticeKind.TEMPLATED, place, "This is a template: it has to be rendered before it can be judged.")
        return True
    recognised = [root for root in parsed.roots if _hand_over(source, root, out)]
    if recognised:
        out.notices += parsed.notices
        return True
    # Nothing of it is a platform's. What could not be read might have been, unless nothing in it says so.
    unread = [notice for notice in parsed.notices if notice.kind in _UNREAD]
    if source.syntax == "json" and not is_renovate(source.name) and not _RELEVANT_JSON.search(source.text):
        unread = []
    out.notices += unread
    return bool(unread)


def _is_chart_template(source: Source) -> bool:
    """Whether a file lies in a chart's templates folder, or template markers stand at the start of a line (control flow).

    In YAML, control flow within a text is that text's own (a template of Vault's agent, of an alert's description), and elsewhere it
    does not parse: there the parser decides.
    """
    if "/templates/" in f"/{source.path}" and source.outer is None:
        return True
    return source.syntax != "yaml" and _CONTROL.search(source.text) is not None


def _hand_over(source: Source, root: Node, out: Interpretation) -> bool:
    platform = platform_for(source, root)
    if platform is None:
        return False
    platform.interpret(source, root, out)
    return True

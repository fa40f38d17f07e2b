"""One instruction's text as a node, by the form that its keyword asks for (moby/buildkit, frontend/dockerfile/parser)."""

from collections.abc import Callable

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Place
from afscan.syntax.dockerfile.lines import Document, Heredoc, Logical
from afscan.syntax.dockerfile.nodes import script, string, word
from afscan.syntax.dockerfile.texts import Text, TextBuilder
from afscan.syntax.dockerfile.words import SPACE, flag_words, heredoc_words, json_strings, plain_words, quoted_words, skip_space


class _Bad(Exception):
    """An instruction that Docker would refuse; the text says why."""


class _Builder:
    """The state while one instruction is built."""

    __slots__ = ("content", "document", "end", "heredocs", "node")

    def __init__(self, document: Document, logical: Logical, node: Mapping, end: int) -> None:
        self.document = document
        self.content = logical.content
        self.heredocs = logical.heredocs
        self.node = node
        self.end = end

    def put(self, name: str, value: Node) -> None:
        """Add an entry; its key has no text of its own and stands where the instruction's keyword does."""
        keyword = self.node.entries["instruction"]
        self.node.add(Scalar(keyword.source, keyword.span, name), value)

    def sequence(self, name: str, items: list[Node], start: int, end: int | None = None) -> None:
        """Add a list that stands between two indices of the text, up to its end by default."""
        node = Sequence(self.content.source, self.content.span(min(start, self.end), self.end if end is None else end))
        for item in items:
            node.add(item)
        self.put(name, node)


def build(document: Document, logical: Logical, keyword: str) -> Mapping | None:
    """The node of an instruction; None, with a notice, where Docker would refuse it."""
    text = logical.content.text
    start = skip_space(text, 0)
    return _instruction(document, logical, keyword or text.split()[0].upper(), start, nested=False)


def _instruction(document: Document, logical: Logical, keyword: str, start: int, *, nested: bool) -> Mapping | None:
    content = logical.content
    end = len(content.text.rstrip())
    behind = start
    while behind < end and content.text[behind] not in SPACE:
        behind += 1
    place = document.source.place(content.span(start, behind))
    form = _FORMS.get(keyword)
    if form is None:
        shown = keyword if len(keyword) <= 30 else keyword[:30] + "..."
        _refuse(document, place, f"`{shown}` is no Dockerfile instruction; the line is not judged.")
        return None
    span = content.span(start, end)
    if logical.heredocs:
        line, column = document.source.position(logical.heredocs[-1].end)
        span = span._replace(end_line=line, end_column=column)
    node = Mapping(document.source, span)
    head = Scalar(document.source, content.span(start, behind), keyword)
    node.add(Scalar(document.source, head.span, "instruction"), head)
    builder = _Builder(document, logical, node, end)
    flags, rest = flag_words(content.text, behind, document.escape)
    flags = [(begin, min(stop, end)) for begin, stop in flags]
    if flags:
        builder.sequence(
            "flags", [word(content, begin, stop, document.escape) for begin, stop in flags], flags[0][0], flags[-1][1]
        )
    try:
        if rest >= end:
            raise _Bad(f"`{keyword}` has no argument")
        if keyword == "ONBUILD":
            _onbuild(builder, logical, rest, nested)
        else:
            form(builder, rest)
    except _Bad as bad:
        _refuse(document, place, f"{bad}; the instruction is not judged.")
        return None
    return node


def _refuse(document: Document, place: Place, reason: str) -> None:
    document.notices.append(Notice(NoticeKind.SYNTAX, place, reason))


def _onbuild(builder: _Builder, logical: Logical, rest: int, nested: bool) -> None:
    keyword = builder.content.text[rest : builder.end].split(maxsplit=1)[0].upper()
    if nested or keyword in ("ONBUILD", "FROM", "MAINTAINER"):
        raise _Bad(f"`{keyword}` is not allowed behind ONBUILD")
    trigger = _instruction(builder.document, logical, keyword, rest, nested=True)
    if trigger is None:
        raise _Bad("What stands behind ONBUILD is not understood")
    builder.put("trigger", trigger)


def _whole(builder: _Builder, rest: int) -> None:
    """The rest of the line as one word."""
    builder.sequence("words", [word(builder.content, rest, builder.end, builder.document.escape)], rest)


def _list(builder: _Builder, rest: int) -> None:
    """Words separated by whitespace."""
    escape = builder.document.escape
    words: list[Node] = [word(builder.content, begin, end, escape) for begin, end in plain_words(builder.content.text, rest)]
    builder.sequence("words", words, rest)


def _paths(builder: _Builder, rest: int) -> None:
    """COPY, ADD, VOLUME: a JSON array or words, and here-documents."""
    strings = json_strings(builder.content.text, rest)
    if strings is None:
        _list(builder, rest)
    else:
        builder.sequence("words", [string(builder.content, item, builder.document.escape) for item in strings], rest)
    _put_heredocs(builder)


def _copy(builder: _Builder, rest: int) -> None:
    _paths(builder, rest)
    words = builder.node.entries["words"]
    if isinstance(words, Sequence) and len(words.items) < 2:
        raise _Bad("A source and a destination are needed")


def _command(builder: _Builder, rest: int) -> None:
    """RUN, CMD, ENTRYPOINT: a JSON array or the shell's text."""
    strings = json_strings(builder.content.text, rest)
    if strings is not None:
        builder.sequence("exec", [string(builder.content, item, builder.document.escape) for item in strings], rest)
        return
    builder.put("shell", script(builder.content.slice(rest, builder.end)))
    if builder.heredocs:
        _put_heredocs(builder)
        builder.put("script", script(_script(builder, rest)))


def _script(builder: _Builder, rest: int) -> Text:
    """What the shell reads: the body where the line is nothing but its marker, else the line and the bodies as in a script."""
    joined = TextBuilder(builder.content.source)
    words = quoted_words(builder.content.text, rest, builder.document.escape)
    markers = heredoc_words(builder.content.text, rest, builder.document.escape)
    if len(words) == len(markers) == 1:
        return builder.heredocs[0].body
    joined.add_text(builder.content.slice(rest, builder.end))
    at = builder.content.offsets[-1]
    for heredoc in builder.heredocs:
        joined.add("\n", max(heredoc.body.offsets[0] - 1, 0))
        joined.add_text(heredoc.body)
        joined.add(heredoc.name, max(heredoc.end - len(heredoc.name), 0))
    return joined.build(at)


def _put_heredocs(builder: _Builder) -> None:
    nodes: list[Node] = [_heredoc(builder, heredoc) for heredoc in builder.heredocs]
    if nodes:
        builder.sequence("heredocs", nodes, 0)


def _heredoc(builder: _Builder, heredoc: Heredoc) -> Mapping:
    body = script(heredoc.body)
    node = Mapping(body.source, body.span)
    for name, value in (
        ("name", Scalar(body.source, heredoc.named, heredoc.name, plain=not heredoc.quoted)),
        ("quoted", Scalar(body.source, heredoc.named, "true" if heredoc.quoted else "false")),
        ("body", body),
    ):
        node.add(Scalar(body.source, heredoc.named, name), value)
    return node


def _shell(builder: _Builder, rest: int) -> None:
    _command(builder, rest)
    if "exec" not in builder.node.entries:
        raise _Bad("`SHELL` needs the JSON form")


def _health(builder: _Builder, rest: int) -> None:
    kind = builder.content.text[rest : builder.end].split(maxsplit=1)[0]
    end = rest + len(kind)
    kind = kind.upper()
    if kind not in ("NONE", "CMD"):
        raise _Bad(f"`HEALTHCHECK` takes NONE or CMD, not `{kind[:30]}`")
    builder.put("type", Scalar(builder.content.source, builder.content.span(rest, end), kind))
    if kind == "CMD":
        start = skip_space(builder.content.text, end)
        if start >= builder.end:
            raise _Bad("`HEALTHCHECK CMD` has no command")
        _command(builder, start)


def _assignments(builder: _Builder, rest: int) -> None:
    """ENV and LABEL: ``name=value ...``, or the old ``name value``."""
    content, escape = builder.content, builder.document.escape
    words = quoted_words(content.text, rest, escape)
    pairs = Mapping(content.source, content.span(rest, builder.end))
    first = content.text[words[0][0] : words[0][1]]
    if "=" not in first:
        name_end = plain_words(content.text, rest)[0][1]
        start = skip_space(content.text, name_end)
        if start >= builder.end:
            raise _Bad(f"`{first[:60]}` has no value")
        pairs.add(word(content, rest, name_end, escape), word(content, start, builder.end, escape))
    else:
        for begin, end in words:
            _assign(builder, pairs, begin, end)
    builder.put("pairs", pairs)


def _arguments(builder: _Builder, rest: int) -> None:
    """ARG: ``name`` or ``name=default``, several of them."""
    content = builder.content
    pairs = Mapping(content.source, content.span(rest, builder.end))
    for begin, end in quoted_words(content.text, rest, builder.document.escape):
        if "=" in content.text[begin:end]:
            _assign(builder, pairs, begin, end)
        else:
            name = word(content, begin, end, builder.document.escape)
            pairs.add(name, Opaque(content.source, name.span, name.text, f"`ARG {name.text}` has no default"))
    builder.put("pairs", pairs)


def _assign(builder: _Builder, pairs: Mapping, begin: int, end: int) -> None:
    content, escape = builder.content, builder.document.escape
    end = min(end, builder.end)
    equals = content.text.find("=", begin, end)
    if equals == -1:
        raise _Bad(f"`{content.text[begin:end][:60]}` lacks `=`; values with spaces need quotes")
    pairs.add(word(content, begin, equals, escape), word(content, equals + 1, end, escape))


_FORMS: dict[str, Callable[[_Builder, int], None]] = {
    "ADD": _copy,
    "ARG": _arguments,
    "CMD": _command,
    "COPY": _copy,
    "ENTRYPOINT": _command,
    "ENV": _assignments,
    "EXPOSE": _list,
    "FROM": _list,
    "HEALTHCHECK": _health,
    "LABEL": _assignments,
    "MAINTAINER": _whole,
    "ONBUILD": _whole,
    "RUN": _command,
    "SHELL": _shell,
    "STOPSIGNAL": _whole,
    "USER": _whole,
    "VOLUME": _paths,
    "WORKDIR": _whole,
}

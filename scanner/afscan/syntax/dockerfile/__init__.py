"""Dockerfiles: text in, nodes out.

The root is a :class:`Sequence` with one :class:`Mapping` per instruction, in order. Keys of an instruction:

``instruction``
    the keyword in upper case (all instructions).
``flags``
    Sequence of words such as ``--from=build``, only where there are any.
``words``
    Sequence of words: FROM, COPY, ADD, VOLUME, EXPOSE; a single one holding the whole rest of the line: USER, WORKDIR,
    STOPSIGNAL, MAINTAINER.
``pairs``
    Mapping of names to words: ENV, LABEL, ARG. An ``ARG`` without a default is an :class:`Opaque`.
``exec`` or ``shell``
    RUN, CMD, ENTRYPOINT, SHELL and the command of HEALTHCHECK: Sequence of the JSON form's strings, or the shell's text as one
    scalar with its continuations joined.
``script``
    RUN with here-documents: the whole that the shell gets to read.
``heredocs``
    Sequence of Mappings ``name``, ``body``, ``quoted`` (true: nothing in it is expanded).
``type``
    HEALTHCHECK: ``NONE`` or ``CMD``.
``trigger``
    ONBUILD: the instruction that it holds back, a Mapping like the others.

Instructions are found by dockerfile-parse, after what it does not know has been taken out of the text (:mod:`.lines`): it gets
one whole instruction per line. It is handed a file object and asked for its structure alone: it opens no file and reads no
environment.
"""

from io import BytesIO

from afscan.model.node import Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.source import Source
from afscan.syntax import Parsed
from afscan.syntax.dockerfile.instructions import build
from afscan.syntax.dockerfile.lines import Document, read_lines
from afscan.syntax.dockerfile.nodes import Word

__all__ = ["Word", "parse"]


def parse(source: Source) -> Parsed:
    """Parse a Dockerfile; a line that Docker would refuse is a notice, and the rest goes on."""
    document = read_lines(source)
    keywords = _keywords(document)
    instructions = []
    for logical in document.instructions:
        node = build(document, logical, keywords.get(logical.line, ""))
        if node is not None:
            instructions.append(node)
    if not instructions:
        if not document.notices:
            document.notices.append(Notice(NoticeKind.SYNTAX, source.whole, "There is no Dockerfile instruction in this text."))
        return Parsed([], document.notices)
    first, last = instructions[0].span, instructions[-1].span
    root = Sequence(source, first._replace(end_line=last.end_line, end_column=last.end_column))
    for node in instructions:
        root.add(node)
    return Parsed([root], document.notices)


def _keywords(document: Document) -> dict[int, str]:
    """The keyword of each instruction by its first line."""
    from dockerfile_parse import DockerfileParser  # noqa: PLC0415

    rows = ["\n"] * document.lines
    for logical in document.instructions:
        # Continuations are joined already; an escape character left at the end must not join two instructions.
        rows[logical.line] = logical.content.text.replace("\\", "/").replace("`", "/") + "\n"
    text = "".join(rows).encode("utf-8", "replace")
    structure = DockerfileParser(fileobj=BytesIO(text), env_replace=False).structure
    return {found["startline"]: found["instruction"] for found in structure if found["instruction"] != "COMMENT"}

"""Helpers for tests: a text through the real pipeline, and the text that stands at a place."""

from pathlib import Path

from afscan.interpret import interpret
from afscan.model.place import Place
from afscan.model.source import Source
from afscan.model.stack import Stack
from afscan.platforms.reading import Interpretation
from afscan.syntax import Parsed, parse

ROOT = Path(__file__).parent.parent


def parsed(text: str, syntax: str, name: str = "input") -> Parsed:
    """A text parsed by one syntax."""
    return parse(Source(name, text, syntax=syntax))


def interpreted(text: str, name: str) -> Interpretation:
    """A text read as a file of this name: parsed, interpreted, embedded texts included; a Compose file as a project of its own."""
    from afscan.join import projects  # noqa: PLC0415

    out = interpret(Source(name, text))[0]
    stack = Stack("", complete=False)
    stack.add(out.subjects)
    stack.notices += out.notices
    out.subjects += projects.join(stack)
    out.notices = stack.notices
    return out


def composed(text: str, name: str = "compose.yaml") -> Interpretation:
    """A Compose file read as a project of its own, of a stack that is not known as a whole; embedded texts are not interpreted."""
    from afscan.join import projects  # noqa: PLC0415
    from afscan.model.subjects import ComposeFile  # noqa: PLC0415
    from afscan.platforms import compose  # noqa: PLC0415

    source, read, out = Source(name, text, syntax="yaml"), Interpretation(), Interpretation()
    for root in parse(source).roots:
        compose.interpret(source, root, read)
    files = [one for one in read.subjects if isinstance(one, ComposeFile)]
    out.notices += read.notices
    projects.read_files(files, [], out, complete=False)
    return out


def stack_of(files: dict[str, str], *, complete: bool = True) -> Stack:
    """Files by path, interpreted and joined as one stack."""
    from afscan.join import join_all  # noqa: PLC0415

    stack = Stack("", complete=complete)
    for path, text in files.items():
        stack.paths.append(path)
        out, sources, _ = interpret(Source(path, text))
        stack.add(out.subjects)
        stack.notices += out.notices
        stack.sources += sources
    join_all(stack)
    return stack


def text_at(files: "dict[str, str] | str", place: Place) -> str:
    """The text between the start and the end of a place."""
    text = files if isinstance(files, str) else files[place.path]
    source = Source(place.path, text)
    span = place.span
    return text[source.offset(span.line, span.column) : source.offset(span.end_line, span.end_column)]

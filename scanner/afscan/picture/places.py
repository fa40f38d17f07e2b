"""Places and names as records; hosts as they are written."""

from afscan.model.place import Place
from afscan.model.subjects import Subject
from afscan.model.value import Value
from afscan.picture.records import At, Mention


def at(place: Place) -> At:
    """A place as a record."""
    span = place.span
    return At(path=place.path, line=span.line, column=span.column, end_line=span.end_line, end_column=span.end_column)


def mention(subject: Subject) -> Mention:
    """A subject by its name and place."""
    return Mention(name=subject.name, place=at(subject.place))


def host_and_port(host: Value[str]) -> tuple[Value[str], int | None]:
    """A host taken apart that may carry a port, a scheme or a path: ``https://logs.example.com:9200/x``."""
    rest = host.or_else("").partition("://")[2] or host.or_else("")
    rest = rest.split("/", 1)[0].rpartition("@")[2]
    name, _, port = rest.rpartition(":")
    if name and ":" not in name and port.isascii() and port.isdecimal() and len(port) <= 5:
        return host.map(lambda _: name), int(port)
    return host.map(lambda _: rest), None

"""Places and names as records."""

from afscan.model.place import Place
from afscan.model.subjects import Subject
from afscan.picture.records import At, Mention


def at(place: Place) -> At:
    """A place as a record."""
    span = place.span
    return At(path=place.path, line=span.line, column=span.column, end_line=span.end_line, end_column=span.end_column)


def mention(subject: Subject) -> Mention:
    """A subject by its name and place."""
    return Mention(name=subject.name, place=at(subject.place))

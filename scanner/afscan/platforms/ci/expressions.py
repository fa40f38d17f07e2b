"""GitHub's expressions: ``${{ ... }}`` is replaced before anything else reads the text.

Source: GitHub documentation, "Evaluate expressions in workflows and actions" and "Contexts reference".
"""

from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.patterns import pattern
from afscan.model.value import Value
from afscan.platforms.reading import Reader

EXPRESSION = pattern(r"\$\{\{[^{}]{0,2000}\}\}")
_MATRIX = pattern(r"\$\{\{\s*matrix\.([\w-]{1,80})\s*\}\}")
_BARE = pattern(r"\$\{\{(.{0,2000}?)\}\}\Z", 16)  # re.DOTALL


def text(reader: Reader, *path: str) -> Value[str]:
    """A string; unknown where a part of it is an expression."""
    found = reader.text(*path)
    return evaluated(found)


def evaluated(value: Value[str]) -> Value[str]:
    """A value of which nothing is an expression; unknown where something is."""
    match = EXPRESSION.search(value.or_else(""))
    return Value.unknown(value.node, f"`{match.group()[:80]}` is filled in when it runs", value.at) if match else value


def boolean(reader: Reader, *path: str) -> Value[bool]:
    """A boolean; unknown where an expression gives it. ``${{ true }}`` is true."""
    node = reader.node.get(*path)
    if isinstance(node, Scalar) and "${{" in node.text:
        word = bare(node.text).lower()
        return Value.of(word == "true", node) if word in ("true", "false") else evaluated(Value.of(node.text, node)).map(bool)
    return reader.boolean(*path)


def bare(condition: str) -> str:
    """A condition without the braces that may stand around it (``if:`` takes both forms)."""
    match = _BARE.match(condition.strip())
    return match.group(1).strip() if match else condition.strip()


def never(condition: Value[str]) -> bool:
    """Whether a job or step is switched off (``if: false``)."""
    return bare(condition.or_else("")).lower() in ("false", "'false'")


def matrix_values(value: Value[str], job: Node) -> Iterator[Value[str]]:
    """A text for each value of the one matrix variable in it, each at the value's place in the matrix.

    The text itself where there is no such variable; unknown where its values are not written as a list.
    """
    written = value.or_else("")
    match = _MATRIX.search(written)
    listed = job.get("strategy", "matrix", match.group(1)) if match else None
    rest = _MATRIX.sub("", written)
    if match is None or EXPRESSION.search(rest) or not isinstance(listed, Sequence) or _MATRIX.sub("", written, 1) != rest:
        yield evaluated(value)
        return
    for item in listed.items:
        if isinstance(item, Scalar):
            yield evaluated(Value.of(_MATRIX.sub(lambda _, item=item: item.text, written), item))  # type: ignore[misc]


def scalars(reader: Reader, key: str) -> "list[Value[str]]":
    """A string, or a list of strings: ``on: push``, ``runs-on: [self-hosted, linux]``."""
    node = reader.node.get(key)
    if isinstance(node, Scalar):
        return [] if node.is_null else [evaluated(Value.of(node.text, node))]
    if isinstance(node, Mapping):
        return []
    return [evaluated(item) for item in reader.strings(key)]


def string_map(reader: Reader, *path: str) -> "dict[str, Value[str]]":
    """A mapping of scalars as it is written; an expression in place of the whole mapping says nothing."""
    node = reader.node.get(*path)
    if isinstance(node, Scalar) and "${{" in node.text:
        return {}
    found: dict[str, Value[str]] = {}
    mapping = reader.mapping(*path)
    for key, value in mapping.entries.items() if mapping is not None else ():
        if isinstance(value, Scalar):
            found[key] = Value.of("" if value.is_null else value.text, value)
        elif isinstance(value, Opaque):
            found[key] = Value.unknown(value, value.reason)
        else:
            reader.out.notice(NoticeKind.WRONG_TYPE, value.head, f"`{key}` should be a string; it is not judged.")
    return found

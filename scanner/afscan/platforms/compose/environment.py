"""``environment``, ``env_file`` and ``build.args``: names and values.

Source: the Compose Specification, "environment": a name without a value is passed on from where Compose runs; "env_file": of
several files the last one wins, and ``environment`` wins over all of them.
"""

import re

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.subjects import Container, DotenvFile, Origin, Variable
from afscan.model.value import Value
from afscan.platforms.compose.library import MAX_VARIABLES
from afscan.platforms.compose.reading import Context, Fields, document_of, present

_ONLY_VARIABLES = re.compile(r"(?:\$\{[A-Za-z_][A-Za-z0-9_]*\})+\Z")


def add_environment(fields: Fields, container: Container) -> None:
    """Put a service's variables into its container; files that are not here and definitions elsewhere are unknown sources."""
    own = named_values(fields, "environment")
    _add_files(fields, container, {name: value for name, value, _ in own})
    for name, value, origin in own:
        if name:
            container.environment[name] = Variable(name=name, value=value, origin=origin)
        else:
            container.environment_from.append(Value.unknown(value.node, "the variable's name comes from the environment"))
    node = fields.get("environment")
    if node is not None and not isinstance(node, Mapping | Sequence):
        reason = node.reason if isinstance(node, Opaque) else "it is neither a mapping nor a list"
        container.environment_from.append(Value.unknown(node, reason))
    if fields.gap is not None:
        container.environment_from.append(fields.gap)


def _add_files(fields: Fields, container: Container, own: "dict[str, Value[str]]") -> None:
    """Put the variables of a service's ``env_file`` into its container."""
    context = fields.context
    for item in fields.items("env_file", single=True):
        written = present(item.get("path")) or item if isinstance(item, Mapping) else item
        path = context.text(written) if isinstance(written, Scalar) else Value.unknown(written, "it is no path")
        place = context.path(path.or_else(""), written)
        file = context.library.dotenv(place, document_of(written.source)) if path.is_set else None
        if file is None:
            # No notice: that a file with secrets is not committed is as it should be. What it may set is unknown.
            text = written.text if isinstance(written, Scalar) else "the file"
            reason = f"`{text}`, which is read when the container starts, is not among the files that were read"
            container.environment_from.append(Value.unknown(written, reason))
            continue
        form = item.get("format") if isinstance(item, Mapping) else None
        raw = isinstance(form, Scalar) and form.text == "raw"
        if not _take(file, context, written, container, own, raw=raw):
            container.environment_from.append(Value.unknown(written, "too many variables come from files"))


def _take(file: DotenvFile, context: Context, at: Node, container: Container, own: "dict[str, Value[str]]", *, raw: bool) -> bool:
    """Put a dotenv file's variables into a container; False where there are too many of them in the stack."""
    from afscan.platforms.dotenv import entries_of  # noqa: PLC0415 - only who has such a file pays for it

    library, project = context.library, context.scope(at).lookup
    assert isinstance(file.node, Mapping)
    library.variables += len(file.node.entries)
    if library.variables > MAX_VARIABLES:
        context.notice(NoticeKind.LIMIT, at.place, "Files bring in too many variables; those of this one are not judged.")
        return False

    def lookup(name: str) -> str | None:
        known = project(name)
        value = own.get(name)
        return value.value if known is None and value is not None and value.is_set and "${" not in value.or_else("") else known

    file.used |= file.node.entries.keys()
    for name, (value, origin) in entries_of(file.node, lookup, raw=raw).items():
        container.environment[name] = Variable(name=name, value=value, origin=origin, shared=True)
    return True


def named_values(fields: Fields, *path: str) -> "list[tuple[str, Value[str], Origin]]":
    """Name, value and origin of each entry of a map or list of variables. A missing variable stays in the value as
    ``${NAME}``; a value that is nothing else is unknown, and so is one that is passed on from where Compose runs."""
    found: list[tuple[str, Value[str], Origin]] = []
    for name, node, start in fields.pairs(*path):
        if isinstance(node, Scalar):
            if start < 0 and not node.is_null:
                found.append((name, fields.context.known(node), _origin(node, fields.context)))
            elif start > 0:
                found.append((name, *_listed(node, start, fields.context)))
            else:
                at = node.parent.key_place(name) if isinstance(node.parent, Mapping) and start < 0 else None
                known = fields.context.scope(node).lookup(name)
                reason = f"`{name}` is passed on from the environment"
                value = Value.of(known, node, at) if known is not None else Value.unknown(node, reason, at)
                found.append((name, value, Origin.INTERPOLATED))
        elif isinstance(node, Opaque):
            found.append((name, Value.unknown(node, node.reason), Origin.UNKNOWN))
        else:
            fields.context.wrong_type(node, "a string")
            found.append((name, Value.unknown(node, "it is not a string"), Origin.UNKNOWN))
    return found


def _listed(node: Scalar, start: int, context: Context) -> "tuple[Value[str], Origin]":
    """The value behind ``NAME=`` in an item of a list, placed at the value alone."""
    value = context.known(node)
    at = node.part(start, len(node.text)) if start < len(node.text) else None
    value = Value(value.state, value.value, node, value.reason, at).map(lambda text: text[start:])
    text = context.expanded(node)
    if text.missing and value.is_set and _ONLY_VARIABLES.match(text.partial, start):
        value = Value.unknown(node, f"`${{{text.missing[0]}}}` comes from the environment", at)
    return value, _origin(node, context, start)


def _origin(node: Scalar, context: Context, start: int = 0) -> Origin:
    """Where a value comes from: a variable with a default is still a variable."""
    from afscan.platforms.variables import origin_of  # noqa: PLC0415

    text = context.expanded(node)
    if text.malformed:
        return Origin.UNKNOWN
    return origin_of(text.partial[start:], expands=False) if text.literal else Origin.INTERPOLATED

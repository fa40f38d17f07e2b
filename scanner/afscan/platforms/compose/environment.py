"""``environment``, ``env_file`` and ``build.args``: names and values.

Source: the Compose Specification, "environment": a name without a value is passed on from where Compose runs.
"""

import re

from afscan.model.node import Mapping, Opaque, Scalar, Sequence
from afscan.model.subjects import Container, Origin, Variable
from afscan.model.value import Value
from afscan.platforms.compose.reading import Context, Fields, present

_ONLY_VARIABLES = re.compile(r"(?:\$\{[A-Za-z_][A-Za-z0-9_]*\})+\Z")


def add_environment(fields: Fields, container: Container) -> None:
    """Put a service's variables into its container; what comes from files or from a definition elsewhere is an unknown source."""
    for name, value, origin in named_values(fields, "environment"):
        if name:
            container.environment[name] = Variable(name=name, value=value, origin=origin)
        else:
            container.environment_from.append(Value.unknown(value.node, "the variable's name comes from the environment"))
    node = fields.get("environment")
    if node is not None and not isinstance(node, Mapping | Sequence):
        reason = node.reason if isinstance(node, Opaque) else "it is neither a mapping nor a list"
        container.environment_from.append(Value.unknown(node, reason))
    for file in fields.items("env_file", single=True):
        written = present(file.get("path")) or file if isinstance(file, Mapping) else file
        path = written.text if isinstance(written, Scalar) else "the file"
        container.environment_from.append(Value.unknown(written, f"`{path}` is read when the container starts"))
    if fields.gap is not None:
        container.environment_from.append(fields.gap)


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
                value = Value.unknown(node, f"`{name}` is passed on from the environment", at)
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

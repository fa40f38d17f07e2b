"""``build``: which Dockerfile a service is made from.

Source: the Compose Build Specification: a string is the context; ``dockerfile`` is relative to the context and defaults to
``Dockerfile``; an inline Dockerfile takes its place.
"""

import posixpath
import re

from afscan.model.node import Mapping, Node, Opaque, Scalar
from afscan.model.subjects import BuildReference
from afscan.model.value import Value
from afscan.platforms.compose.embedding import Embedding
from afscan.platforms.compose.environment import named_values
from afscan.platforms.compose.reading import Context, Fields

_REMOTE = re.compile(r"(?:[a-z][a-z0-9+.-]*://|git@|github\.com/|service:)", re.IGNORECASE)


def build_of(fields: Fields, service: str, embedding: Embedding) -> BuildReference | None:
    """What a service builds; None where it builds nothing here."""
    node, context = fields.get("build"), fields.context
    if isinstance(node, Scalar):
        where = _context(context.text(node), context)
        file = _dockerfile(where, Value.unset(node))
        return BuildReference(node=node, context=where, dockerfile=file, target=Value.unset(node))
    if isinstance(node, Mapping):
        return _long(Fields(node, context), service, embedding)
    if node is None:
        return None
    if not isinstance(node, Opaque):
        context.wrong_type(node, "a path or a mapping")
    unknown = Value.unknown(node, node.reason if isinstance(node, Opaque) else "it is neither a path nor a mapping")
    return BuildReference(node=node, context=unknown, dockerfile=unknown, target=unknown)


def _long(build: Fields, service: str, embedding: Embedding) -> BuildReference:
    where = build.text("context")
    where = Value.of(build.context.path(".", build.node), build.node) if where.is_unset else _context(where, build.context)
    inline = build.get("dockerfile_inline")
    if isinstance(inline, Scalar):
        source = embedding.embed(inline, name=f"{inline.source.path}#{service}.Dockerfile", holder="heredoc", syntax="dockerfile")
        file: Value[str] = Value.of(source.name, inline)
    else:
        file = _dockerfile(where, build.text("dockerfile"))
    arguments = {name: value for name, value, _ in named_values(build, "args") if name}
    return BuildReference(node=build.node, context=where, dockerfile=file, target=build.text("target"), arguments=arguments)


def _context(where: Value[str], context: Context) -> Value[str]:
    return where.map(lambda text: text if _REMOTE.match(text) else context.path(text, where.node))


def _dockerfile(where: Value[str], file: Value[str]) -> Value[str]:
    """The Dockerfile's path; unknown where the context is not here."""
    node: Node = file.node if not file.is_unset else where.node
    if where.is_unknown or file.is_unknown:
        return Value.unknown(node, where.reason or file.reason)
    folder = where.or_else(".")
    if _REMOTE.match(folder):
        return Value.unknown(node, f"the build context `{folder}` is not in these files")
    return Value.of(posixpath.normpath(posixpath.join(folder, file.or_else("Dockerfile"))), node)

"""Environment of a container, and the ``$(NAME)`` references that Kubernetes expands.

Source: Kubernetes API reference, EnvVar and Container: ``$(NAME)`` in ``value``, ``command`` and ``args`` is replaced by a
variable of the container (in ``value``: by one defined before it, or by ``envFrom``); ``$$(NAME)`` yields ``$(NAME)``; a
reference that cannot be resolved stays as it is. ``${NAME}`` means nothing to Kubernetes.
"""

import re

from afscan.model.node import Mapping, Node, Opaque
from afscan.model.notice import NoticeKind
from afscan.model.subjects import Origin, Variable
from afscan.model.value import Value
from afscan.platforms.kubernetes.objects import scalar_text, string_list
from afscan.platforms.reading import Reader

Environment = dict[str, Variable]

_REFERENCE = re.compile(r"\$(?:\$|\(([^)]{0,256})\))")
_WHOLE = re.compile(r"\$\([^)]{0,256}\)\Z")
_INJECTED = re.compile(r"[A-Z][A-Z0-9_]*_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\w+)?)\Z")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
_SLACK = 4096
"""How much longer than as written an expanded text may become: `A: $(B)$(B)`, `B: $(C)$(C)` ... doubles with every line."""

_SOURCES = {
    "secretKeyRef": ("Secret", "name", "key"),
    "configMapKeyRef": ("ConfigMap", "name", "key"),
    "fieldRef": ("field", "fieldPath", ""),
    "resourceFieldRef": ("resource", "resource", ""),
    "fileKeyRef": ("file", "path", "key"),
}


def sources_of(container: Reader) -> list[Value[str]]:
    """The ConfigMaps and Secrets of ``envFrom``, by name; the parent's key (``configMapRef``, ``secretRef``) tells which."""
    found = []
    for item in container.readers("envFrom"):
        for kind in ("configMapRef", "secretRef"):
            name = item.text(kind, "name")
            if not name.is_unset:
                found.append(name)
    return found


def environment_of(container: Reader, sources: list[Value[str]]) -> Environment:
    """The variables that a container's ``env`` sets, in order; the last one of a name wins.

    A value keeps the references to what is not known here (a Secret's entry, ``envFrom``) as ``$(NAME)`` with
    :attr:`Origin.INTERPOLATED`. Where a text was expanded, ``at`` is the place of the whole scalar: offsets do not fit any more.
    """
    found: Environment = {}
    for item in container.readers("env"):
        name = item.text("name")
        if name.is_unset:
            item.out.notice(NoticeKind.WRONG_TYPE, item.node.head, "An environment variable without a name; it is not judged.")
        if name.is_set:
            found[name.or_else("")] = _variable(item, name.or_else(""), found, bool(sources))
    return found


def _variable(item: Reader, name: str, known: Environment, more: bool) -> Variable:
    from afscan.platforms.variables import origin_of  # noqa: PLC0415  (start-up time: only where there are containers)

    written = item.text("value")
    source = item.node.get("valueFrom")
    if written.is_unknown:
        return Variable(name=name, value=written, origin=Origin.UNKNOWN)
    if not written.or_else("") and source is not None:
        return Variable(name=name, value=_from(item, source), origin=Origin.REFERENCE)
    if written.is_unset:
        node = item.node.get("value") or item.node
        return Variable(name=name, value=Value.of("", node), origin=Origin.EMPTY)
    text = written.or_else("")
    expanded, pending = expand(text, known, more=more)
    if expanded is None:
        unknown: Value[str] = Value.unknown(written.node, "its references expand to a text too long to follow")
        return Variable(name=name, value=unknown, origin=Origin.UNKNOWN)
    value = written if expanded == text else Value.of(expanded, written.node, written.node.place)
    if pending:
        return Variable(name=name, value=value, origin=Origin.INTERPOLATED)
    if _WHOLE.match(expanded):
        return Variable(name=name, value=value, origin=Origin.PLACEHOLDER)
    return Variable(name=name, value=value, origin=origin_of(expanded, expands=False))


def _from(item: Reader, source: Node) -> Value[str]:
    """What ``valueFrom`` says: a value that is known to the cluster alone."""
    if isinstance(source, Opaque):
        return Value.unknown(source, source.reason)
    item.mapping("valueFrom")
    for key, (what, name, entry) in _SOURCES.items():
        node = source.get(key)
        if isinstance(node, Mapping):
            told = f"it comes from {what} `{scalar_text(node.get(name))}`"
            return Value.unknown(node, f"{told}, key `{scalar_text(node.get(entry))}`" if entry else told)
    return Value.unknown(source, "it comes from the cluster")


def expand(text: str, known: Environment, *, more: bool) -> tuple[str | None, bool]:
    """A text with its references replaced, and whether any is left that the cluster can resolve.

    :param more: whether there are variables beyond the known ones (``envFrom``).
    :returns: None for the text where it grows out of bounds.
    """
    if "$" not in text:
        return text, False
    parts: list[str] = []
    room, end, pending = len(text) + _SLACK, 0, False
    for match in _REFERENCE.finditer(text):
        name = match.group(1)
        if name is None:
            replaced = "$"
        elif name in known:
            value = known[name].value
            replaced = value.or_else("") if value.is_set else match.group()
            pending = pending or not value.is_set or known[name].origin is Origin.INTERPOLATED
        else:
            replaced = match.group()
            pending = pending or bool(_INJECTED.match(name)) or (more and bool(_IDENTIFIER.match(name)))
        parts += (text[end : match.start()], replaced)
        end = match.end()
        room -= len(replaced) - len(match.group())
        if room < len(text):
            return None, False
    return "".join((*parts, text[end:])), pending


def words_of(container: Reader, key: str, environment: Environment) -> Value[list[str]]:
    """``command`` or ``args``, expanded; references that are not known here stay as ``$(NAME)``."""
    written = string_list(container, key)
    if not written.is_set:
        return written
    words = []
    for word in written.or_else([]):
        expanded, _ = expand(word, environment, more=True)
        if expanded is None:
            return Value.unknown(written.node, "its references expand to a text too long to follow")
        words.append(expanded)
    return Value.of(words, written.node)

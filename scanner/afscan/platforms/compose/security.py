"""Who a service runs as and what it may do: ``user``, ``security_opt``, ``cap_add`` and ``cap_drop``.

Source: the Compose Specification and "Docker security": ``security_opt`` takes ``=`` and ``:``; a capability may be written
with ``CAP_``.
"""

import re

from afscan.model.node import Node, Opaque, Scalar, Sequence
from afscan.model.value import Value
from afscan.platforms.compose.reading import Fields

_SEPARATOR = re.compile("[=:]")


def user_of(fields: Fields) -> Value[str]:
    """The user without its group; an empty text leaves the image's."""
    user = fields.text("user")
    if user.is_set and user.value == "":
        return fields.missing("user")
    name = user.map(lambda text: text.partition(":")[0].strip())
    return Value.unknown(user.node, "it names a group alone") if name.is_set and name.value == "" else name


def _options(fields: Fields) -> "list[tuple[Node, str, str]]":
    """The entries of ``security_opt`` as node, name and argument."""
    found: list[tuple[Node, str, str]] = []
    for node in fields.items("security_opt"):
        if isinstance(node, Scalar):
            text = fields.context.expanded(node).partial.strip()
            name, argument = (*_SEPARATOR.split(text, 1), "")[:2]
            found.append((node, name.strip().lower(), argument.strip()))
        elif not isinstance(node, Opaque):
            fields.context.wrong_type(node, "a string")
    return found


def escalation_of(fields: Fields) -> Value[bool]:
    """Whether privileges may grow: ``no-new-privileges`` forbids it."""
    for option, name, argument in reversed(_options(fields)):
        if name == "no-new-privileges":
            if "${" in argument:
                return Value.unknown(option, "it comes from the environment")
            return Value.of(argument.lower() in ("false", "0"), option)
    node = fields.get("security_opt")
    if node is not None and not isinstance(node, Sequence):
        return Value.unknown(node, node.reason if isinstance(node, Opaque) else "it is not a list")
    return fields.missing("security_opt")


def profile_of(fields: Fields, kind: str) -> Value[str] | None:
    """What ``security_opt`` says of ``seccomp`` or ``apparmor``; None without a word of it: Docker then applies its own profile."""
    for node, name, argument in reversed(_options(fields)):
        if "${" in name:
            return Value.unknown(node, "it comes from the environment")
        if name == kind:
            if "${" in argument and not argument.partition("${")[0]:
                return Value.unknown(node, "it comes from the environment")
            return Value.of("Unconfined" if argument.lower() == "unconfined" else "Localhost", node)
    written = fields.get("security_opt")
    return Value.unknown(written, written.reason) if isinstance(written, Opaque) else None


def capabilities_of(fields: Fields, key: str) -> list[Value[str]]:
    """The capabilities under ``cap_add`` or ``cap_drop``, in upper case without ``CAP_``."""
    found: list[Value[str]] = []
    for node in fields.items(key):
        if isinstance(node, Scalar | Opaque):
            found.append(fields.context.text(node).map(lambda text: text.strip().upper().removeprefix("CAP_")))
        else:
            fields.context.wrong_type(node, "a capability's name")
    return found


def capability_place_of(fields: Fields) -> Value[str]:
    """Where capabilities are dropped; unknown where that cannot be evaluated, unset at the service where none are."""
    node = fields.get("cap_drop")
    if node is None:
        return fields.missing("cap_drop")
    if not isinstance(node, Sequence):
        return Value.unknown(node, node.reason if isinstance(node, Opaque) else "it is not a list")
    for item in capabilities_of(fields, "cap_drop"):
        if item.is_unknown:
            return Value.unknown(node, item.reason)
    return Value.of("cap_drop", node)

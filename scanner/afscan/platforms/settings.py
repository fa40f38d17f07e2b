"""Settings of servers: from the text that is written to what the server makes of it."""

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from afscan.model.node import Node
from afscan.model.place import Place
from afscan.model.source import Source
from afscan.model.subjects import ConfigFile, Origin, Setting
from afscan.model.value import Value

T = TypeVar("T")

_HOLDERS = {"configmap": "configmap", "secret": "secret", "secret-template": "secret"}


def holder_of(source: Source) -> str:
    """What holds a text, in the words of :attr:`Credential.holder`: a ConfigMap, a Secret, or a file."""
    return _HOLDERS.get(source.holder, "file")


def typed(value: Value[str], convert: Callable[[str], T | None], what: str) -> Value[T]:
    """A setting's text as ``what`` it should be; unknown where the server would refuse it."""
    if not value.is_set:
        return Value(value.state, None, value.node, value.reason, value.at)
    found = convert(value.or_else(""))
    if found is None:
        return Value.unknown(value.node, f"`{shortened(value.or_else(''))}` is not {what}", value.at)
    return Value.of(found, value.node, value.at)


def shortened(text: str) -> str:
    """At most forty characters of a text, on one line, for a message."""
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:37] + "..."


def whole_number(text: str) -> int | None:
    """A decimal number, as C's integer parsers take it."""
    text = text.strip()
    digits = text[1:] if text[:1] in ("-", "+") else text
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) <= 19 else None


def yes_no(text: str) -> bool | None:
    """Redis' booleans."""
    return {"yes": True, "no": False}.get(text.lower())


def on_off(text: str) -> bool | None:
    """PostgreSQL's booleans (on/off, true/false, yes/no, 1/0, and unique prefixes of the words)."""
    word = text.strip().strip("'").lower()
    if word in ("on", "1") or (word and ("true".startswith(word) or "yes".startswith(word))):
        return True
    if word in ("off", "of", "0") or (word and ("false".startswith(word) or "no".startswith(word))):
        return False
    return None


def truth(text: str) -> bool | None:
    """Booleans as the Rust crate ``config`` and most images' scripts take them."""
    return {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False, "off": False, "no": False}.get(
        text.lower()
    )


def lower(text: str) -> str | None:
    """An enumeration's word, which is not case-sensitive."""
    return text.strip().lower()


def last(settings: Iterable[Setting]) -> dict[str, Setting]:
    """The settings that count: the last one of each name."""
    return {setting.name: setting for setting in settings}


def lookup(settings: dict[str, Setting], name: str, owner: Node, unread: str = "") -> Value[str]:
    """The text of a setting; where it is absent, unset at ``owner``, or unknown for the reason ``unread``."""
    found = settings.get(name)
    if found is not None:
        return found.value
    return Value.unknown(owner, unread) if unread else Value.unset(owner)


class Layered:
    """A server's settings in their layers, the later one wins; ``owner`` is what lacks those that are absent.

    ``unread`` says why an absence is not certain, empty where it is.
    """

    def __init__(self, settings: list[Setting], owner: Node, unread: str = "") -> None:
        self.by_name = last(settings)
        self.owner = owner
        self.unread = unread

    def text(self, name: str) -> Value[str]:
        """The text of a setting."""
        return lookup(self.by_name, name, self.owner, self.unread)

    def switch(self, name: str) -> Value[bool]:
        """True or false."""
        return typed(self.text(name), truth, "true or false")

    def number(self, name: str) -> Value[int]:
        """A whole number."""
        return typed(self.text(name), whole_number, "a whole number")


def file_subject(source: Source, root: Node, product: str, settings: list[Setting]) -> ConfigFile:
    """The subject for one configuration file."""
    return ConfigFile(name=source.name, node=root, platform=product, product=product, settings=settings)


_EXPANDED = {
    "compose-config": (re.compile(r"\$\{[A-Za-z_][^{}]*\}"), "the environment", Origin.INTERPOLATED),
    "secret-template": (re.compile(r"\{\{[^{}]*\}\}"), "the secret store", Origin.REFERENCE),
}
"""Texts that somebody completes before a server reads them: what in them, by what, and which origin that is.

Compose interpolates ``configs.*.content``; the External Secrets Operator fills the templates of Secrets.
"""


def written(text: str, node: Node, at: Place | None = None) -> Value[str]:
    """A text as its server reads it: what it says, unless somebody completes it first."""
    expanded = _EXPANDED.get(node.source.holder)
    match = expanded[0].search(text) if expanded is not None else None
    if match is not None and expanded is not None:
        return Value.unknown(node, f"`{match[0]}` comes from {expanded[1]}", at)
    return Value.of(text, node, at)


def origin_in(value: Value[str]) -> Origin:
    """Where a secret in a configuration file comes from; no server expands ``${VAR}`` in its own file."""
    from afscan.platforms.variables import origin_of  # noqa: PLC0415  (start-up time: only where there are secrets)

    if value.is_unknown:
        expanded = _EXPANDED.get(value.node.source.holder)
        return expanded[2] if expanded is not None else Origin.UNKNOWN
    return origin_of(value.or_else(""), expands=False)


def is_zero(text: str) -> bool:
    """Whether a number, with or without a unit, is zero: ``0``, ``0s``, ``0.0``."""
    digits = text.strip().strip("'\"").rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
    return bool(digits) and not digits.strip("0.")

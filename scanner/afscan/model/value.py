"""Values: what a subject's field says, with its place: set, unset or unknown."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from afscan.model.node import Node
from afscan.model.place import Place

T = TypeVar("T")
U = TypeVar("U")


class Value(Generic[T]):
    """A field of a subject.

    * set: ``value`` is what counts, ``node`` is where it is written;
    * unset: nobody writes it, ``node`` is what lacks it (the container, the file), ``value`` is None;
    * unknown: it is written but cannot be evaluated, ``node`` is where, ``reason`` says why in a short clause
      ("`var.replicas` has no default").

    ``at`` overrides the place (a part of a scalar, a command-line argument). A product's own default is not "set": the
    subject that knows the default says so in its documentation and offers a method for the effective value.
    """

    __slots__ = ("at", "node", "reason", "state", "value")

    def __init__(self, state: str, value: T | None, node: Node, reason: str = "", at: Place | None = None) -> None:
        self.state = state
        self.value = value
        self.node = node
        self.reason = reason
        self.at = at

    @staticmethod
    def of(value: U, node: Node, at: Place | None = None) -> "Value[U]":
        """A value that is written at ``node``."""
        return Value("set", value, node, "", at)

    @staticmethod
    def unset(owner: Node) -> "Value[Any]":
        """A value that ``owner`` does not carry."""
        return Value("unset", None, owner)

    @staticmethod
    def unknown(node: Node, reason: str, at: Place | None = None) -> "Value[Any]":
        """A value that is written at ``node`` but cannot be evaluated."""
        return Value("unknown", None, node, reason, at)

    @property
    def is_set(self) -> bool:
        """Written and evaluated."""
        return self.state == "set"

    @property
    def is_unset(self) -> bool:
        """Written nowhere."""
        return self.state == "unset"

    @property
    def is_unknown(self) -> bool:
        """Written, but not to be evaluated from here."""
        return self.state == "unknown"

    @property
    def place(self) -> Place:
        """Where it is written; for an unset one the head of what lacks it."""
        return self.at if self.at is not None else self.node.head

    def or_else(self, default: T) -> T:
        """The value where set, else ``default`` (also when unknown: ask ``is_unknown`` first)."""
        return self.value if self.state == "set" and self.value is not None else default

    def map(self, function: Callable[[T], U]) -> "Value[U]":
        """The same place and state with the value transformed; unset and unknown stay as they are."""
        if self.state == "set" and self.value is not None:
            return Value("set", function(self.value), self.node, "", self.at)
        return Value(self.state, None, self.node, self.reason, self.at)

    def __repr__(self) -> str:
        return f"Value({self.state}, {self.value!r}{', ' + self.reason if self.reason else ''})"

"""What an expression evaluates to: a known value, or the reason why nobody knows it yet."""

import math
from typing import Any

from afscan.model.node import Node
from afscan.model.record import record


@record(slots=True)
class Known:
    """A value and the node that it stems from: str, int, float, bool, None, or a list (or :class:`Set`) or dict of results."""

    value: Any
    node: Node


@record(slots=True)
class Unknown:
    """No value; ``reason`` is a clause for a person: "`var.size` has no default". ``failed``: Terraform finds an error here."""

    reason: str
    node: Node
    failed: bool = False


Result = Known | Unknown

MAX_ELEMENTS = 10_000
"""How many elements a computed list or object may have, and how many values one result may hold in all."""

MAX_TEXT = 100_000
"""How long a computed string may become, in characters."""


class Set(list):  # type: ignore[type-arg]
    """The elements of a set, each once, strings in their order."""


class NotKnownError(Exception):
    """A value that is needed is not known; the message is the reason."""


def text_of(value: Any) -> str:
    """A primitive as Terraform turns it into a string.

    :raises NotKnownError: if it is null, a list or an object.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float) and math.isfinite(value):
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    if isinstance(value, str):
        return value
    raise NotKnownError("this is no string")


def plain(result: Result, budget: list[int] | None = None) -> Any:
    """A result as bare Python values.

    :raises NotKnownError: if any part is unknown, or there is too much of it.
    """
    budget = [MAX_ELEMENTS] if budget is None else budget
    budget[0] -= 1
    if isinstance(result, Unknown):
        raise NotKnownError(result.reason)
    if budget[0] < 0:
        raise NotKnownError("the value is too large")
    if isinstance(result.value, list):
        return [plain(item, budget) for item in result.value]
    if isinstance(result.value, dict):
        return {key: plain(item, budget) for key, item in result.value.items()}
    return result.value


def wrap(value: Any, node: Node) -> Known:
    """Bare Python values as a result; all of it stems from ``node``."""
    if isinstance(value, list):
        return Known([wrap(item, node) for item in value], node)
    if isinstance(value, dict):
        return Known({str(key): wrap(item, node) for key, item in value.items()}, node)
    return Known(value, node)

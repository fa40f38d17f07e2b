"""Interpolation: the variables that Compose expands in every value of its files. Pure functions of text.

Source: the Compose Specification, "Interpolation", and compose-go's ``template`` package where the text leaves a question open:
``$`` before anything that is no name and no brace stays as it is; braces inside a default balance; ``$$`` is a dollar sign.

Only what files say counts: a name that the lookup does not know is *missing* (it comes from the environment of whoever runs
Compose), unless the text gives a default.
"""

import re
from array import array
from collections.abc import Callable
from typing import NamedTuple

from afscan.model.record import record

MAX_NESTING = 20
"""How deep defaults may nest (``${A:-${B:-...}}``); deeper ones count as malformed."""

Lookup = Callable[[str], "str | None"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-+?]")
_BRACE = re.compile(r"[{}]")


class Use(NamedTuple):
    """One variable in a text, at ``text[start:end]``, and what keeps it from being empty.

    ``guard``: ``given`` (its value is known and not empty), ``default`` (a text that is not empty), ``demanded`` (``:?``), ``set``
    (``?``: an empty value passes) or ``none``.
    """

    name: str
    guard: str
    start: int
    end: int


@record(slots=True, frozen=True)
class Interpolated:
    """The outcome of interpolating one text.

    ``text`` is the result, None where a variable is missing or the text is malformed. ``partial`` is the text as far as it
    is known: each missing variable stands in it as ``${NAME}``. ``given`` is whether the lookup gave a value. ``offsets`` gives
    for each character of ``partial``, and for its end, the offset in the original that it comes from; None where nothing was
    replaced. ``malformed`` are the (start, end) of what Compose refuses.
    """

    text: str | None
    partial: str
    missing: tuple[str, ...] = ()
    defaulted: bool = False
    given: bool = False
    offsets: "array[int] | None" = None
    malformed: tuple[tuple[int, int], ...] = ()
    uses: tuple[Use, ...] = ()

    @property
    def literal(self) -> bool:
        """Whether the text stands in the file in full: no variable in it."""
        return not self.missing and not self.defaulted and not self.given and not self.malformed

    @property
    def only_variables(self) -> bool:
        """Whether nothing is known of the text: missing variables and not a character beside them."""
        return bool(self.missing) and not re.sub(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}", "", self.partial)


def interpolate(text: str, lookup: Lookup = lambda name: None) -> Interpolated:
    """Expand the variables of a text.

    :param text: a scalar as it stands in the file, unquoted.
    :param lookup: the value of a variable, None where it is not known. The default knows none.
    """
    if "$" not in text:
        return Interpolated(text, text)
    run = _Run(text, lookup)
    run.expand(0, len(text), 0)
    run.offsets.append(len(text))
    partial = "".join(run.parts)
    known = None if run.missing or run.malformed else partial
    missing, malformed = tuple(dict.fromkeys(run.missing)), tuple(run.malformed)
    return Interpolated(known, partial, missing, run.defaulted, run.given, run.offsets, malformed, tuple(run.uses))


class _Run:
    """One interpolation under way."""

    def __init__(self, text: str, lookup: Lookup) -> None:
        self.text = text
        self.lookup = lookup
        self.parts: list[str] = []
        self.offsets: array[int] = array("q")
        self.missing: list[str] = []
        self.malformed: list[tuple[int, int]] = []
        self.uses: list[Use] = []
        self.defaulted = False
        self.given = False

    def keep(self, start: int, end: int) -> None:
        """Take characters of the original as they are."""
        self.parts.append(self.text[start:end])
        self.offsets.extend(range(start, end))

    def put(self, value: str, start: int) -> None:
        """Put a text in place of the variable that starts at an offset."""
        self.parts.append(value)
        self.offsets.extend([start] * len(value))

    def refuse(self, start: int, end: int) -> None:
        """Note a stretch that Compose refuses, and keep it as it is."""
        self.malformed.append((start, end))
        self.keep(start, end)

    def expand(self, start: int, end: int, depth: int) -> None:
        """Expand ``text[start:end]``."""
        text = self.text
        while start < end:
            dollar = text.find("$", start, end)
            if dollar < 0:
                self.keep(start, end)
                return
            self.keep(start, dollar)
            after = text[dollar + 1] if dollar + 1 < end else ""
            name = _NAME.match(text, dollar + 1, end)
            if after == "{":
                start = self.braced(dollar, end, depth)
            elif name is not None:
                self.variable(name.group(), dollar, name.end())
                start = name.end()
            elif after == "$":
                self.put("$", dollar)
                start = dollar + 2
            else:
                self.keep(dollar, dollar + 1)
                start = dollar + 1

    def braced(self, dollar: int, end: int, depth: int) -> int:
        """Expand one ``${...}``; the offset behind it."""
        text = self.text
        close = _closing(text, dollar + 1, end)
        if close is None or depth > MAX_NESTING:
            self.refuse(dollar, end)
            return end
        name = _NAME.match(text, dollar + 2, close)
        operator = _OPERATOR.match(text, name.end(), close) if name is not None else None
        if name is None or (operator is None and name.end() != close):
            self.refuse(dollar, close + 1)
        elif operator is None:
            self.variable(name.group(), dollar, close + 1)
        else:
            self.operated(name.group(), operator, dollar, close, depth)
        return close + 1

    def variable(self, name: str, start: int, end: int) -> None:
        """A variable without an operator."""
        value = self.lookup(name)
        self.uses.append(Use(name, "given" if value else "none", start, end))
        if value is None:
            self.miss(name, start)
        else:
            self.given = True
            self.put(value, start)

    def miss(self, name: str, start: int) -> None:
        """Leave a variable that nobody here knows."""
        self.missing.append(name)
        self.put(f"${{{name}}}", start)

    def operated(self, name: str, operator: "re.Match[str]", dollar: int, close: int, depth: int) -> None:
        """A variable with a default (``-``), an alternative (``+``) or a demand (``?``); with ``:`` an empty value counts
        as none."""
        value = self.lookup(name)
        kind = operator.group()[-1]
        given = value is not None and not (operator.group()[0] == ":" and value == "")
        self.given = self.given or value is not None
        if kind != "+":
            guard = "default" if close > operator.end() else "none"
            if kind == "?":
                guard = "demanded" if operator.group()[0] == ":" else "set"
            self.uses.append(Use(name, "given" if value else guard, dollar, close + 1))
        if kind == "-" and not given:
            self.defaulted = True
            self.expand(operator.end(), close, depth + 1)
        elif kind == "+" and given:
            self.expand(operator.end(), close, depth + 1)
        elif value is None or (kind == "?" and not given):
            self.miss(name, dollar)
        else:
            self.put(value, dollar)


def _closing(text: str, opening: int, end: int) -> int | None:
    """The offset of the brace that closes the one at ``opening``; None where there is none before ``end``."""
    depth = 0
    for brace in _BRACE.finditer(text, opening, end):
        depth += 1 if brace.group() == "{" else -1
        if depth == 0:
            return brace.start()
    return None

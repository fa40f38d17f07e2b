"""Thresholds in scripts: what ``curl -w '%{time_total}'`` measures and a line below compares with a number.

Source: curl.se, "curl -w": ``time_total``, ``time_starttransfer`` and ``time_connect`` are seconds.
"""

import re
from collections.abc import Iterator

from afscan.model.node import Node, Scalar
from afscan.model.objectives import Objective
from afscan.model.scripts import Command, Script
from afscan.model.value import Value

_TIMED = ("%{time_total}", "%{time_starttransfer}")
_COMPARED = r"\$\{?%s\}?[\"']?\s{0,5}(?:<=?|>=?|-lt|-le|-gt|-ge)\s{0,5}[\"']?[0-9]{1,9}(?:\.[0-9]{1,9})?(?![\w$])"


def objectives(script: Script) -> Iterator[Objective]:
    """The response times that a script measures and compares with a number, each once."""
    timed = [
        name
        for name, values in script.variables.items()
        if any(mark in getattr(value.node, "text", "") for value in values for mark in _TIMED)
    ]
    for name in timed[:20]:
        compared = re.compile(_COMPARED % re.escape(name))
        found = next((one for one in (_comparison(command, compared) for command in script.commands) if one is not None), None)
        if found is not None:
            yield Objective(
                name=f"{script.name}, {name}",
                node=found.node,
                platform="script",
                figure=found,
                measure="response time",
                alerting=Value.unset(found.node),
            )


def _comparison(command: Command, compared: re.Pattern[str]) -> Value[str] | None:
    """The comparison in one word of a command (``echo "$t < 2" | bc``), or in its words together (``[ "$t" -lt 2 ]``)."""
    if command.assignments and not command.words:
        return None
    nodes: list[Node] = [word.node for word in command.words]
    texts = [str(getattr(node, "text", "")) for node in nodes]
    for node, text in zip(nodes, texts, strict=True):
        match = compared.search(text[:2000])
        if match is not None and isinstance(node, Scalar):
            return Value.of(match.group(), node, node.part(match.start(), match.end()))
    match = compared.search(" ".join(texts)[:2000]) if command.texts[:1] in (["["], ["[["], ["test"]) else None
    return Value.of(match.group(), command.node, command.place) if match is not None else None

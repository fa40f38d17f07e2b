"""Timers and services of systemd: when something runs, and what.

``ExecStart`` is no shell text, but its quotes are close to a shell's; a line with what a shell would take for an operator is left out.
Source: systemd.timer(5), systemd.service(5) ("Command lines"), systemd.exec(5) (``Environment``).
"""

import re
from posixpath import basename

from afscan.model.node import Node, Scalar, Sequence
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.model.timers import ServiceUnit, TimerUnit
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation

PLATFORM = "systemd"

_REPEATED = frozenset(("OnCalendar", "OnUnitActiveSec", "OnUnitInactiveSec"))
_COMMANDS = frozenset(("ExecStart", "ExecStartPre", "ExecStartPost"))
_PREFIX = re.compile(r"[@:+!|-]*")
_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"")
_OPERATOR = re.compile(r"[|;&<>()`]")
_ASSIGNMENT = re.compile(r"\"(\w+)=([^\"]*)\"|'(\w+)=([^']*)'|(?<![^\s])(\w+)=([^\s\"']*)")


def recognise(source: Source, root: Node) -> bool:
    """Every text of this syntax is."""
    return source.syntax == "systemd" and isinstance(root, Sequence)


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put a unit, its command lines and the credentials in its environment into ``out``."""
    settings = [
        (section.key.text, node)
        for section in root.children()
        if isinstance(section, Sequence) and section.key is not None
        for node in section.items
        if isinstance(node, Scalar)
    ]
    unit = basename(source.name)
    if unit.endswith(".timer"):
        out.subjects.append(_timer(unit, root, [node for section, node in settings if section == "Timer"]))
        return
    service = [node for section, node in settings if section == "Service"]
    found = ServiceUnit(name=unit, node=root, platform=PLATFORM, unit=unit, kind=_last(service, "Type", root))
    out.subjects.append(found)
    for node in service:
        name = node.key.text if node.key is not None else ""
        if name in _COMMANDS:
            _embed(node, found, out)
        elif name == "Environment":
            _environment(node, unit, out)


def _timer(unit: str, root: Node, settings: list[Scalar]) -> TimerUnit:
    schedules: list[Value[str]] = []
    for node in settings:
        if node.key is not None and node.key.text in _REPEATED:
            schedules = [*schedules, Value.of(node.text, node)] if node.text else []  # an empty one resets the list
    activates = _last(settings, "Unit", root).or_else("") or f"{unit.removesuffix('.timer')}.service"
    return TimerUnit(name=unit, node=root, platform=PLATFORM, unit=unit, schedules=schedules, activates=activates)


def _last(settings: list[Scalar], name: str, root: Node) -> Value[str]:
    found = [node for node in settings if node.key is not None and node.key.text == name]
    return Value.of(found[-1].text, found[-1]) if found and found[-1].text else Value.unset(root)


def _embed(node: Scalar, service: ServiceUnit, out: Interpretation) -> None:
    """A command line as a text that a shell's grammar reads, its prefix (``-``, ``@``) blanked."""
    prefix = _PREFIX.match(node.text)
    length = prefix.end() if prefix is not None else 0
    bare = _QUOTED.sub("", node.text)
    if not node.text[length:].strip() or _OPERATOR.search(bare):
        return
    source = node.embed(name=service.unit, holder="unit", syntax="shell")
    source.text = " " * length + node.text[length:]
    source.owner, source.shell = service.unit, "sh -e"
    service.sources.append(source)
    out.embedded.append(source)


def _environment(node: Scalar, unit: str, out: Interpretation) -> None:
    """``Environment=A=b "C=d e"``: the credentials in it."""
    from afscan.model.subjects import Origin  # noqa: PLC0415
    from afscan.platforms.variables.settings import describe_setting  # noqa: PLC0415  (start-up time)

    for found in _ASSIGNMENT.finditer(node.text):
        group = next(index for index in (1, 3, 5) if found[index] is not None)
        text = found[group + 1]
        if text and "%" not in text:
            value = _piece(node, found.start(group + 1), found.end(group + 1))
            describe_setting(
                found[group], Value.of(text, value), Origin.LITERAL, owner=unit, platform=PLATFORM, holder="file", out=out
            )


def _piece(node: Scalar, start: int, end: int) -> Scalar:
    """A part of a value as a node of its own."""
    line, column = node.span.line, node.span.column
    spots = node.inner or [(line, column + index) for index in range(len(node.text) + 1)]
    return Scalar(node.source, Span(*spots[start], *spots[end]), node.text[start:end], inner=spots[start : end + 1])

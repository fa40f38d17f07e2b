"""Crontabs: what cron runs, and when. Source: crontab(5)."""

from posixpath import basename

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.source import Source
from afscan.model.subjects import Origin
from afscan.model.timers import CronEntry
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation

PLATFORM = "cron"


def recognise(source: Source, root: Node) -> bool:
    """Every text of this syntax is."""
    return source.syntax == "crontab" and isinstance(root, Sequence)


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put the entries, their commands as scripts, and the credentials among the variables into ``out``."""
    shell = "sh"
    file = basename(source.name)
    for node in root.children():
        if isinstance(node, Scalar) and node.key is not None:
            if node.key.text == "SHELL" and node.text:
                shell = node.text
            _describe(node, file, out)
        elif isinstance(node, Mapping):
            _entry(node, shell, file, out)


def _entry(node: Mapping, shell: str, file: str, out: Interpretation) -> None:
    command = node.get("command")
    if not isinstance(command, Scalar):
        return
    source = command.embed(name=file, holder="cron", syntax="shell")
    source.owner, source.shell = file, shell
    out.embedded.append(source)
    out.subjects.append(
        CronEntry(
            name=f"{file}, line {node.span.line}",
            node=node,
            platform=PLATFORM,
            schedule=_value(node, "schedule"),
            user=_value(node, "user"),
            command=Value.of(command.text, command),
            source=source,
        )
    )


def _value(entry: Mapping, name: str) -> Value[str]:
    node = entry.get(name)
    return Value.of(node.text, node) if isinstance(node, Scalar) else Value.unset(entry)


def _describe(node: Scalar, file: str, out: Interpretation) -> None:
    from afscan.platforms.variables.settings import describe_setting  # noqa: PLC0415  (start-up time)

    if node.text and node.key is not None:
        value = Value.of(node.text, node)
        describe_setting(node.key.text, value, Origin.LITERAL, owner=file, platform=PLATFORM, holder="file", out=out)

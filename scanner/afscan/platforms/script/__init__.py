"""Shell scripts as subjects: commands, what becomes of the script when one fails, and what they connect to."""

from afscan.model.node import Node
from afscan.model.source import Source
from afscan.platforms.reading import Interpretation
from afscan.syntax.shell.nodes import Statement

__all__ = ["interpret", "recognise"]


def recognise(source: Source, root: Node) -> bool:
    """Whether a parsed text is a script: whatever was parsed as one is."""
    return source.syntax == "shell" and isinstance(root, Statement)


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put a script, its commands, and the connections, credentials and images in it into ``out``."""
    from afscan.platforms.script.emitting import describe_script  # noqa: PLC0415  (start-up time)
    from afscan.platforms.script.reading import read_script  # noqa: PLC0415

    if not isinstance(root, Statement):
        return
    script = read_script(source, root, out)
    out.subjects.append(script)
    out.subjects += script.commands
    describe_script(script, root, out)

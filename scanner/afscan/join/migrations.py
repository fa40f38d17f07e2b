"""Schema changes and what takes them back: the two files, or the two parts of one file, by each tool's convention.

Sources: see :mod:`afscan.platforms.sqlstatements.scripts`. The cost is linear in scripts.
"""

from collections.abc import Iterator
from posixpath import dirname

from afscan.join.servers.files import path_of
from afscan.model.sql import Migration, SqlScript
from afscan.model.stack import Stack


def join(stack: Stack) -> Iterator[Migration]:
    """The migrations of a stack, each with its partner."""
    downs = {_key(one): one for one in stack.of(SqlScript) if one.tool and one.direction == "down"}
    for script in stack.of(SqlScript):
        if not script.tool or script.direction not in ("", "up") or (script.tool == "flyway" and not script.version):
            continue
        partner = downs.get(_key(script)) if script.direction else None
        own = script.down if script.markers and (script.down or _marked(script)) else None
        yield Migration(
            name=f"migration {script.version} {script.title}".replace("  ", " "),
            node=script.node,
            platform="sql",
            tool=script.tool,
            version=script.version,
            title=script.title,
            script=script,
            up=script.statements,
            down=partner.down if partner is not None else own,
            partner=partner,
        )


def _marked(script: SqlScript) -> bool:
    """Whether a part for the way back is marked, though nothing stands in it."""
    return script.direction == "" and any(word in script.node.source.text.lower() for word in ("migrate:down", "+goose down"))


def _key(script: SqlScript) -> tuple[str, str, str]:
    """What a migration and its partner have in common: the folder, the tool, the version; sqitch's the name and the folder above."""
    source = script.node.source
    folder = dirname(path_of(source)) if not source.owner else source.owner
    if script.tool == "sqitch":
        return dirname(folder), script.tool, script.title
    return folder, script.tool, script.version

"""DB207: restores that destroy the live database before the dump is proven."""

import re
from collections.abc import Iterator

from afscan.join.backups import is_scratch, restores, restores_in
from afscan.join.scriptruns import expanded
from afscan.model.place import Place
from afscan.model.scripts import Command
from afscan.model.stack import Stack
from afscan.platforms.script.options import command_line
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_DROP = re.compile(r"\bDROP\s+(?:DATABASE|SCHEMA)\s+(?:IF\s+EXISTS\s+)?\"?([\w$:{}'-]+)", re.IGNORECASE)


@rule("DB207", severity=Severity.HIGH, tags=("CWE-693",))
def destructive_restore(command: Command, stack: Stack) -> Iterator[Problem]:
    """Restore destroys the live database first.

    A restore that begins with `DROP DATABASE` has no way back: if the dump turns out to be empty, truncated or of the wrong day,
    what was there before is gone as well. That a file can be unpacked (`gzip -t`) proves nothing of what is in it.

    ## Fix
    - Any: restore into a new database, check what came back, then swap the names (`ALTER DATABASE ... RENAME TO`), and drop the old one
      days later.
    """
    dropped = _dropped(command)
    if dropped is None or not _restored_later(command):
        yield NOT_APPLICABLE
        return
    name, place = dropped
    name = expanded(command.script, name).strip("\"'")
    if is_scratch(name):
        return
    proof = next((one for one in restores_in(command.script) if one.order < command.order), None)
    if proof is not None:
        return  # the dump has been restored elsewhere before
    target = next((one for one in restores_in(command.script) if one.order >= command.order), None)
    related = [Related(target.place, "Only here the dump is restored.")] if target is not None and target is not command else []
    if "$" in name or not name:
        yield unknown(
            place,
            "Which database is dropped before the restore is not known: its name is set when the script runs.",
            related=related,
        )
    else:
        yield fail(place, f"`{name}` is dropped before anything proves that the dump can be restored.", related=related)


def _restored_later(command: Command) -> bool:
    return any(one.order >= command.order for one in restores_in(command.script))


def _dropped(command: Command) -> tuple[str, Place] | None:
    """The database that a command drops, and where that is said."""
    program = command.name_of_program
    if program in ("psql", "mysql", "mariadb"):
        for word, text in zip(command.words, command.texts, strict=True):
            found = _DROP.search(text)
            if found is not None:
                return found[1], word.place
        for one in command.redirections:
            found = _DROP.search(one.body.or_else("")) if one.body is not None else None
            if found is not None:
                return found[1], one.node.head
        return None
    line = command_line(program, command.texts)
    if program == "dropdb" and line.operands:
        return command.texts[line.operands[-1]], command.place
    if program == "pg_restore" and restores(command) is not None and line.option("clean") is not None:
        database = line.option("dbname")
        at = database.at if database is not None else None
        name = command.texts[at][database.offset :] if database is not None and at is not None else "$"
        return name, command.place
    return None

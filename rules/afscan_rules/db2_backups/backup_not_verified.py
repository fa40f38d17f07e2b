"""DB206: backups that nobody verifies, that hide their own failure, or that are deleted too early."""

import re
from collections.abc import Iterator

from afscan.join.backups import restores, saves
from afscan.model.backups import Backup
from afscan.model.scripts import Command, Script
from afscan.model.stack import Stack
from afscan.platforms.script.options import command_line
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_CHECKED_BY_THEMSELVES = frozenset(
    ("wal-g", "pgbackrest", "barman", "barman-cloud-backup", "redis-cli", "valkey-cli", "curl", "xtrabackup")
)
"""Tools that verify what they write, or save on the server where a script sees no file."""

_VERIFIERS = frozenset(("pg_verifybackup", "redis-check-rdb", "redis-check-aof", "neo4j-admin", "mongorestore"))
_LOST = frozenset(("no-owner", "no-privileges"))


@rule("DB206", severity=Severity.MEDIUM, tags=("CWE-354",))
def backup_not_verified(backup: Backup, stack: Stack) -> Iterator[Problem]:
    """Backup is not verified.

    A dump that failed halfway looks like a backup until it is needed. `pg_dump | gzip > file` leaves a file that `gzip -t` is
    content with even when `pg_dump` died after one table; without `pipefail` the script then goes on to delete the older dumps.
    Roles and grants are in no dump of a single database: without them the restored data belongs to nobody.

    ## Fix
    - Any: set `set -euo pipefail`, dump to a temporary name, verify it (`pg_restore --list`, `gzip -t`, better a restore), rename it,
      and only then delete what is old; save roles with `pg_dumpall --globals-only`.
    """
    command, script = backup.command, backup.script
    if command is None or script is None:
        yield NOT_APPLICABLE
        return
    yield from _hidden_failure(command)
    yield from _final_name(command, script)
    if backup.tool not in _CHECKED_BY_THEMSELVES and not _globals_only(command):
        yield from _unverified(command, script)
    yield from _roles(command, script)


def _hidden_failure(command: Command) -> Iterator[Problem]:
    """A dump in a pipeline whose failure nobody sees."""
    line = command.pipeline
    if len(line) < 2 or line[-1] is _outermost(command):
        return
    if command.pipefail.value is False:
        yield fail(
            command.place,
            f"A failure of `{command.name_of_program}` is not seen: `{line[-1].name_of_program}` ends the pipeline, and `pipefail` is off.",
        )
    elif command.pipefail.is_unknown:
        yield unknown(
            command.place, f"Whether a failure of `{command.name_of_program}` is seen is not known: {command.pipefail.reason}."
        )


def _outermost(command: Command) -> Command:
    """The command as it stands in the script: ``kubectl exec ... -- pg_dump`` of ``pg_dump``."""
    while command.wrapper is not None:
        command = command.wrapper
    return command


def _final_name(command: Command, script: Script) -> Iterator[Problem]:
    """A stream that is written to its final name: cut off, it looks like a whole one."""
    last = command.pipeline[-1] if command.pipeline else _outermost(command)
    target = next(
        (one for one in last.redirections if one.operator in (">", "1>", ">|") and one.text not in ("", "/dev/null")), None
    )
    if target is None or saves(command) not in ("postgres", "mysql") or _is_custom(command):
        return
    later = [one for one in script.commands if one.order > command.order]
    removed = any(t.signals and ("ERR" in t.signals or "EXIT" in t.signals) and "rm" in t.action for t in script.traps)
    renamed = any(one.name_of_program in ("mv", "ln", "install") and target.text in one.texts for one in later)
    if not removed and not renamed and not re.search(r"(?:\.(?:tmp|part|partial|new|incomplete)|/tmp/|tmp)", target.text):
        yield fail(
            target.node.head,
            "The dump is written to its final name: one that breaks off leaves a file there that looks like a backup.",
            related=[Related(command.place, "This is the dump.")],
        )


def _is_custom(command: Command) -> bool:
    """Whether a dump has a table of contents, so that a truncated one is told from a whole one."""
    line = command_line(command.name_of_program, command.texts)
    option = line.option("format")
    text = command.texts[option.at][option.offset :] if option is not None and option.at is not None else ""
    return text[:1] in ("c", "d", "t")


def _globals_only(command: Command) -> bool:
    """Whether a dump holds roles and tablespaces only: SQL without data, for which there is no verifier but its own exit code."""
    if command.name_of_program != "pg_dumpall":
        return False
    line = command_line("pg_dumpall", command.texts)
    return any(line.option(name) is not None for name in ("globals-only", "roles-only", "tablespaces-only"))


def _unverified(command: Command, script: Script) -> Iterator[Problem]:
    later = [one for one in script.commands if one.order > command.order]
    proof = next((one for one in later if _verifies(one)), None)
    if proof is None:
        if any(one.name_of_program == "" and one.program.is_unknown for one in later):
            yield unknown(
                command.place, "Whether this dump is verified is not known: the script runs a program that is computed."
            )
        else:
            yield fail(command.place, f"Nothing in {script.name} verifies what `{command.name_of_program}` has written.")
        return
    early = next((one for one in script.commands if one.order < proof.order and one.order > 0 and _deletes_old(one)), None)
    if early is not None:
        yield fail(
            early.place,
            "Older backups are deleted before the new one is verified.",
            related=[Related(proof.place, "Here it is verified.")],
        )


def _verifies(command: Command) -> bool:
    program, words = command.name_of_program, command.texts
    if program in _VERIFIERS or restores(command) is not None:
        return True
    if program in ("gzip", "gunzip", "zstd", "xz", "lz4", "bzip2"):
        return command_line(program, words).option("test", "t") is not None
    if program == "pg_restore":
        return command_line(program, words).option("list", "file") is not None
    if program in ("sha256sum", "md5sum"):
        return any(word in ("-c", "--check") for word in words)
    return False


def _deletes_old(command: Command) -> bool:
    words = command.texts
    if command.name_of_program == "find":
        return "-delete" in words or ("-exec" in words and "rm" in words)
    if command.name_of_program == "aws":
        return words[1:3] == ["s3", "rm"]
    return False


def _roles(command: Command, script: Script) -> Iterator[Problem]:
    """``--no-owner --no-privileges`` in a dump, with nothing that saves roles and grants."""
    if command.name_of_program != "pg_dump":
        return
    line = command_line("pg_dump", command.texts)
    dropped = [one for one in line.options if one.name in _LOST]
    if len({one.name for one in dropped}) < 2 or any(one.name_of_program == "pg_dumpall" for one in script.commands):
        return
    yield fail(
        command.words[dropped[0].word].place,
        "The dump leaves out owners and grants, and no `pg_dumpall --globals-only` saves the roles: a restore has no access rights.",
    )

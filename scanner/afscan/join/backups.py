"""What saves each datastore, and what restores it: commands of known tools in scripts, with their schedules.

Source: postgresql.org "Backup and Restore", the manuals of WAL-G, pgBackRest and Barman; redis.io "Redis persistence"; qdrant.tech
"Snapshots"; neo4j.com "Backup and restore"; dev.mysql.com "mysqldump"; mongodb.com "mongodump".
"""

import re
from collections.abc import Iterable, Iterator

from afscan.join.scriptruns import is_scheduled, option_value
from afscan.model.backups import Backup, RestoreTest
from afscan.model.scripts import Command, Script
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Subject
from afscan.model.value import Value
from afscan.platforms.script.options import command_line

_DUMPS = {
    "pg_dump": "postgres",
    "pg_dumpall": "postgres",
    "pg_basebackup": "postgres",
    "mysqldump": "mysql",
    "mariadb-dump": "mysql",
    "xtrabackup": "mysql",
    "mongodump": "mongodb",
}
_WITH_VERB = {
    "wal-g": ("postgres", ("backup-push",), ("backup-fetch",)),
    "pgbackrest": ("postgres", ("backup",), ("restore",)),
    "barman": ("postgres", ("backup",), ("recover", "restore")),
    "barman-cloud-backup": ("postgres", (), ("-",)),
    "neo4j-admin": ("neo4j", ("dump", "backup"), ("load", "restore")),
    "redis-cli": ("redis", ("BGSAVE", "SAVE", "bgsave", "save", "--rdb"), ()),
    "valkey-cli": ("redis", ("BGSAVE", "SAVE", "bgsave", "save", "--rdb"), ()),
}
"""Programs with subcommands: product, those that save, those that restore."""

_RESTORES = {"pg_restore": "postgres", "mongorestore": "mongodb"}
_READERS = frozenset(
    ("gunzip", "zcat", "gzip", "cat", "zstd", "zstdcat", "xz", "xzcat", "lz4", "pv", "aws", "gsutil", "gpg", "openssl", "age")
)
_SNAPSHOT = re.compile(r"/snapshots(?:/|\?|\Z)")
_BACKUP = re.compile(r"backup|pgbackrest|wal-g|barman|restic|velero|kopia", re.IGNORECASE)
_SCRATCH = re.compile(r"test|scratch|tmp|temp|verify|verification|check|drill|restore|staging|candidate", re.IGNORECASE)


def join(stack: Stack) -> Iterable[Subject]:
    """A :class:`Backup` for each command that saves a datastore, a :class:`RestoreTest` for each that restores one."""
    return [one for script in stack.of(Script) for one in _of_script(stack, script)]


def _of_script(stack: Stack, script: Script) -> Iterator[Subject]:
    scheduled: Value[bool] | None = None
    for command in script.commands:
        found = saves(command) or restores(command)
        if found is None:
            continue
        scheduled = scheduled if scheduled is not None else is_scheduled(stack, script)
        host, database = _where(command)
        named = f"{script.name}, {command.name_of_program}"
        if saves(command) is not None:
            yield Backup(
                name=named,
                node=command.node,
                platform="script",
                product=found,
                tool=command.name_of_program,
                host=host,
                database=database,
                scheduled=scheduled,
                schedules=script.schedules,
                command=command,
                script=script,
            )
        else:
            yield RestoreTest(
                name=named,
                node=command.node,
                platform="script",
                product=found,
                tool=command.name_of_program,
                host=host,
                database=database,
                scratch=database.map(is_scratch),
                scheduled=scheduled,
                schedules=script.schedules,
                command=command,
                script=script,
            )


def saves(command: Command) -> str | None:
    """The product of the datastore that a command saves; None where it saves none."""
    program = command.name_of_program
    if program in _DUMPS:
        return None if {"--version", "--help"} & set(command.texts) else _DUMPS[program]
    if program in _WITH_VERB:
        product, verbs, _ = _WITH_VERB[program]
        return product if not verbs or any(verb in command.texts for verb in verbs) else None
    if program == "curl" and any(_SNAPSHOT.search(text) for text in command.texts):
        line = command_line("curl", command.texts)
        method = line.option("request")
        verb = command.texts[method.at][method.offset :].upper() if method is not None and method.at is not None else ""
        return "qdrant" if verb == "POST" and not any("recover" in t or "upload" in t for t in command.texts) else None
    return None


def restores(command: Command) -> str | None:
    """The product of the datastore into which a command restores; None where it restores nothing."""
    program = command.name_of_program
    if program in _RESTORES:
        line = command_line(program, command.texts)
        return None if line.option("list", "file") is not None else _RESTORES[program]
    if program in _WITH_VERB:
        product, _, verbs = _WITH_VERB[program]
        return product if any(verb in command.texts[1:4] for verb in verbs) else None
    if program in ("psql", "mysql", "mariadb"):
        return ("postgres" if program == "psql" else "mysql") if _reads_dump(command) else None
    if program == "curl" and any("/snapshots/recover" in t or "/snapshots/upload" in t for t in command.texts):
        return "qdrant"
    return None


def _reads_dump(command: Command) -> bool:
    """Whether a client reads a dump: from a file, or from what unpacks one before it in the pipeline."""
    line = command_line(command.name_of_program, command.texts)
    if line.option("command", "execute") is not None:
        return False
    file = line.option("file")
    if file is not None and file.at is not None and re.search(r"dump|backup|restore", command.texts[file.at], re.IGNORECASE):
        return True
    if any(one.operator == "<" and re.search(r"dump|backup|\.sql", one.text) for one in command.redirections):
        return True
    before = command.pipeline[: command.pipeline.index(command)] if command in command.pipeline else []
    return any(one.name_of_program in _READERS or saves(one) is not None for one in before)


def _where(command: Command) -> tuple[Value[str], Value[str]]:
    program = command.name_of_program
    line = command_line(program, command.texts)
    host = option_value(command, line, "host")
    database = option_value(command, line, "dbname", "db", "database")
    if database.is_unset and program in ("pg_dump", "psql", "mysqldump") and line.operands:
        word = command.words[line.operands[0]]
        text = command.texts[line.operands[0]]
        database = Value.of(text, word.node) if "$" not in text else Value.unknown(word.node, word.reason)
    return host, database


def is_scratch(database: str) -> bool:
    """Whether a database's name says that nobody's data is in it."""
    return _SCRATCH.search(database) is not None


def backups_of(stack: Stack, product: str) -> list[Backup]:
    """What saves datastores of a product; what saves volumes saves all of them."""
    return [one for one in stack.of(Backup) if one.product in (product, "volumes")]


def unread_backup(stack: Stack) -> Container | None:
    """A container that is called a backup and runs no script that is known: what an image does by itself is not read."""
    key = "backups/unread"
    if key not in stack.joined:
        known = {id(script.container) for script in stack.of(Script)}
        stack.joined[key] = next((one for one in stack.of(Container) if id(one) not in known and _is_backup(one)), None)
    found: Container | None = stack.joined[key]
    return found


def _is_backup(container: Container) -> bool:
    image = container.image.repository if container.image is not None else ""
    return _BACKUP.search(f"{image} {container.name}") is not None


def restores_in(script: Script) -> list[Command]:
    """The commands of a script that restore something, in order."""
    return [command for command in script.commands if restores(command) is not None]

"""Credentials, connections and logins in a container's command line, also in the shell text that it runs."""

import re
from collections.abc import Iterator
from posixpath import basename
from typing import NamedTuple

from afscan.model.node import Node, Scalar, Sequence
from afscan.model.record import replace
from afscan.model.subjects import Container, Credential, Origin
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.secrets import credential_kind, holds_no_secret, word_set
from afscan.platforms.urls import find_urls
from afscan.platforms.variables.roles import server_of
from afscan.platforms.variables.settings import Owner, add_credential, add_login, describe_url
from afscan.platforms.variables.shellwords import statements
from afscan.platforms.variables.written import Written

SHELLS = word_set("sh bash ash dash zsh ksh busybox")
_WRAPPERS = word_set("exec sudo env nohup time then do else if while until elif ! { eval command xargs tini dumb-init")
_SILENT = word_set("echo printf : true false")
_LIBPQ = word_set(
    "psql pg_dump pg_dumpall pg_restore pg_basebackup createdb dropdb createuser dropuser vacuumdb reindexdb pgbench "
    "pg_receivewal"
)
_MYSQL = word_set("mysql mysqldump mysqladmin mysqlimport mysqlcheck mariadb mariadb-dump mariadb-admin")
_MONGO = word_set("mongosh mongo mongodump mongorestore mongoexport mongoimport")

_SHORT = {
    **dict.fromkeys(("redis-cli", "valkey-cli"), ("-a", "--pass")),
    **dict.fromkeys(("sqlcmd", "bcp"), ("-P",)),
    **dict.fromkeys(("cypher-shell", "neo4j-admin"), ("-p",)),
    **dict.fromkeys(_MONGO, ("-p",)),
    **dict.fromkeys(("ldapsearch", "ldapadd", "ldapmodify"), ("-w",)),
    "sshpass": ("-p",),
}
"""Options that carry a password in programs whose option does not say so by its name; from each program's manual."""

_USERS = {
    **dict.fromkeys(_LIBPQ, ("postgres", ("-U", "--username"))),
    **dict.fromkeys(_MYSQL, ("mysql", ("-u", "--user"))),
    **dict.fromkeys(_MONGO, ("mongodb", ("-u", "--username"))),
    **dict.fromkeys(("sqlcmd", "bcp"), ("mssql", ("-U",))),
    **dict.fromkeys(("redis-cli", "valkey-cli"), ("redis", ("--user",))),
    "cypher-shell": ("neo4j", ("-u", "--username")),
    "clickhouse-client": ("clickhouse", ("-u", "--user")),
}
"""Clients of databases: the product, and the options that name the user."""

_READERS = dict.fromkeys(word_set("redis-server redis-sentinel redis-cli valkey-server valkey-cli"), "redis")

_FIRST_USER = frozenset(("$POSTGRES_USER", "${POSTGRES_USER}"))

_CLOSING = ",;)"
"""What follows an empty value in another language that a script carries: ``MASTER_PASSWORD='',`` in a heredoc of SQL."""

_ASSIGNED = re.compile(r"(?:-D)?([A-Za-z_][\w.\-]{0,80})=(.+)", re.DOTALL)
_OPTION = re.compile(r"--?([A-Za-z][\w.\-]{0,80})(?:=(.*))?\Z", re.DOTALL)


class Argument(NamedTuple):
    """One word of a command line: its text, and start and end in the text of ``written``."""

    text: str
    written: Written
    start: int
    end: int

    def spot(self, start: int, end: int) -> tuple[int, int]:
        """The place of a part of the word in ``written``; of the whole word where quotes or escapes interrupt it."""
        segment = (self.written.text or "")[self.start : self.end]
        offset = 0 if segment == self.text else segment.find(self.text[start:end]) - start
        if segment != self.text and offset + start < 0:
            return self.start, self.end
        return self.start + offset + start, self.start + offset + end


def describe_command(container: Container, whose: Owner) -> None:
    """Emit what a container's command and arguments say."""
    words = [*_words(container.command, container), *_words(container.arguments, container)]
    for statement in _statements(words):
        _describe_statement(statement, whose)


def describe_script(text: Value[str], whose: Owner) -> None:
    """Emit what a shell text says; ``text`` is set, and its node is the scalar that holds it."""
    whole = text.or_else("")
    for statement in _script(Argument(whole, Written(text, Origin.INTERPOLATED), 0, len(whole))):
        _describe_statement(statement, whose)


def describe_argv(words: list[Scalar], whose: Owner) -> None:
    """Emit what one command says that no shell reads."""
    line = [Argument(word.text, Written(Value.of(word.text, word), Origin.LITERAL), 0, len(word.text)) for word in words]
    _describe_statement(line, whose)


def describe_words(words: list[Argument], whose: Owner) -> None:
    """Emit what one command of a script says, its words already taken apart."""
    if words:
        _describe_statement(words, whose)


def describe_probe(command: Value[list[str]], container: Container, whose: Owner) -> None:
    """Emit the credentials in a probe's command. Whom it logs in as and where is the server's own affair: it asks itself."""
    out = Interpretation()
    for statement in _statements(_words(command, container)):
        _describe_statement(statement, replace(whose, out=out))
    whose.out.subjects += [one for one in out.subjects if isinstance(one, Credential)]


def _words(line: Value[list[str]], container: Container) -> list[Argument]:
    """The words of ``command`` or ``arguments`` with their places."""
    texts = line.or_else([]) if line.is_set else []
    node = line.node
    items = node.items if isinstance(node, Sequence) else []
    found: list[Argument] = []
    cursor = 0
    for index, text in enumerate(texts):
        # A health check's list has a word before the command (CMD), or less than the shell's argv: the ends agree.
        own = len(items) - len(texts) + index
        value = Value.of(text, items[own]) if items and own >= 0 else Value.of(text, node, line.at)
        if isinstance(node, Scalar) and text and (at := node.text.find(text, cursor)) >= 0:
            cursor = at + len(text)
            whole = Written(Value.of(node.text, node), _origin(node, text, container))
            found.append(Argument(text, whole, at, cursor))
        else:
            found.append(Argument(text, Written(value, _origin(value.node, text, container)), 0, len(text)))
    return found


def _origin(node: Node, text: str, container: Container) -> Origin:
    """How to judge the parts of a word: interpolated where something in it may have been expanded.

    Compose expands ``${X}`` in a command, Kubernetes ``$(X)`` only; ``text`` is the word after that, ``node`` what is written.
    """
    written = node.text if isinstance(node, Scalar) else text
    sign = "$(" if container.platform == "kubernetes" else "$"
    return Origin.INTERPOLATED if sign in written else Origin.LITERAL


def _statements(words: list[Argument]) -> Iterator[list[Argument]]:
    """The simple commands of a command line: of the shell text in ``sh -c TEXT``, else the line itself."""
    names = [basename(word.text) for word in words]
    if not names or names[0] not in SHELLS:
        if words:
            yield words
        return
    for index, word in enumerate(words[1:], 1):
        if re.fullmatch(r"-[a-z]*c", word.text) and index + 1 < len(words):
            script = words[index + 1]
            yield from _script(script)
            return
        if not word.text.startswith(("-", "sh", "ash")):
            yield words[index:]
            return


def _script(script: Argument) -> Iterator[list[Argument]]:
    """The simple commands of a shell text; a shell expands every variable in it."""
    value = Value.of(script.text, script.written.value.node, script.written.value.at)
    written = Written(value, Origin.INTERPOLATED)
    for words in statements(script.text):
        yield [Argument(word.text, written, word.start, word.end) for word in words]


def _describe_statement(words: list[Argument], whose: Owner) -> None:
    index = 0
    while index < len(words) and (_is_assignment(words[index].text) or basename(words[index].text) in _WRAPPERS):
        index += 1
    program = basename(words[index].text) if index < len(words) else ""
    reader = _READERS.get(program) or (server_of(whose.container) if program.startswith("-") and whose.container else None)
    whose = replace(whose, reader=reader)
    local = program in _LIBPQ and not any(
        word.text.startswith(("-h", "--host", "host=", "postgres:", "postgresql:")) for word in words[index + 1 :]
    )
    for at, word in enumerate(words):
        if program in _SILENT and at > index:
            break
        before = words[at - 1].text if at else ""
        after = words[at + 1] if at + 1 < len(words) else None
        _describe_urls(word, before, whose)
        _describe_option(word, after, program, whose)
        _describe_user(word, after, program, whose, local=local)


def _is_assignment(text: str) -> bool:
    return re.match(r"[A-Za-z_]\w*=", text) is not None


def _describe_urls(word: Argument, before: str, whose: Owner) -> None:
    """URLs in a word, under the name of the option or variable that they belong to."""
    if "://" not in word.text:
        return
    option = _OPTION.match(word.text) or _ASSIGNED.match(word.text) or (_OPTION.match(before) if before.startswith("-") else None)
    name = option.group(1) if option is not None else "argument"
    for url in find_urls(word.text):
        start, _ = word.spot(*url.span)
        describe_url(url.moved(start - url.span[0]), name, word.written, whose)


def _describe_option(word: Argument, after: Argument | None, program: str, whose: Owner) -> None:
    """A credential in ``--name=value``, ``--name value``, ``NAME=value``, or in a program's own short option."""
    text = word.text
    short = _SHORT.get(program, ())
    if text in short and after is not None and not _is_option(after.text):
        _emit(text, "password", after, 0, whose)
        return
    for option in short:
        if text.startswith(option + "=") or (
            len(option) == 2 and program in ("sshpass",) and len(text) > 2 and text.startswith(option)
        ):
            _emit(option, "password", word, len(option) + text.startswith(option + "="), whose)
            return
    if program in _MYSQL and text.startswith("-p") and len(text) > 2:  # mysql(1): no blank between -p and the password
        _emit("-p", "password", word, 2, whose)
        return
    if program in ("curl", "wget") and text in ("-u", "--user") and after is not None and ":" in after.text:
        _emit(text, "password", after, after.text.index(":") + 1, whose)
        return
    named = _OPTION.match(text)
    if named is not None and (kind := credential_kind(named.group(1))) is not None:
        if named.group(2) is not None:
            _emit(named.group(1), kind, word, named.start(2), whose)
        elif after is not None and not _is_option(after.text):
            _emit(named.group(1), kind, after, 0, whose)
        return
    assigned = _ASSIGNED.match(text)
    if assigned is not None and (kind := credential_kind(assigned.group(1))) is not None:
        # A variable passed on is not seen in the process list: only what stands here in full counts.
        _emit(assigned.group(1), kind, word, assigned.start(2), whose, literal_only=not text.startswith("-D"))


def _is_option(text: str) -> bool:
    return re.match(r"--?[A-Za-z]", text) is not None


def _emit(name: str, kind: str, word: Argument, start: int, whose: Owner, *, literal_only: bool = False) -> None:
    text = word.text[start:]
    if not text.strip(_CLOSING) or holds_no_secret(kind, text):
        return
    spot = word.spot(start, len(word.text))
    origin = word.written.origin_at(*spot)
    if literal_only and origin not in (Origin.LITERAL, Origin.PLACEHOLDER):
        return
    value = word.written.part(*spot, text if origin in (Origin.LITERAL, Origin.PLACEHOLDER, Origin.HASH) else None)
    add_credential(name, kind, value, origin, whose)


def _describe_user(word: Argument, after: Argument | None, program: str, whose: Owner, *, local: bool) -> None:
    """The user with which a database's client logs in.

    :param local: it connects to the server beside it. As ``$POSTGRES_USER`` it is then the server's own first user, in its image's
        init scripts and checks (docker-library/docs, postgres, "Initialization scripts").
    """
    product, options = _USERS.get(program, ("", ()))
    for option in options:
        found, start = word, len(option)
        if word.text == option and after is not None and not _is_option(after.text):
            found, start = after, 0
        elif word.text.startswith(option + "=") and len(word.text) > start + 1:
            start += 1
        elif len(option) != 2 or not word.text.startswith(option) or len(word.text) <= 2 or word.text.startswith("--"):
            continue
        own = local and found.text[start:] in _FIRST_USER
        add_login(option, product, found.written.part(*found.spot(start, len(found.text))), whose, own=own)

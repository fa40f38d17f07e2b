"""SQL scripts: their statements (:mod:`afscan.platforms.sqlstatements`), the passwords that they give to roles, and those with which
they connect elsewhere.

* ``CREATE``/``ALTER ROLE|USER name ... PASSWORD '...'`` (PostgreSQL documentation, "CREATE ROLE"): an empty string sets no
  password; a text of the form ``md5`` + 32 hexadecimal digits, or a whole SCRAM secret, is stored as it is; anything else *is*
  the password. ``PASSWORD NULL`` removes it and is no credential. ``IDENTIFIED BY '...'`` is MySQL's and MariaDB's form.
* psql puts its variables into a statement (``:'pw'``), but nothing into quoted text: ``'${PW}'`` is a password of five characters
  unless something renders the script first. A variable that the script itself sets (``\\set pw 'literal'``) is the literal.
* ``CREATE USER MAPPING ... OPTIONS (password '...')`` and connection strings (``'host=db password=...'``) hold a password too.

Bodies in dollar quotes (``DO $$ ... $$``) and texts that ``EXECUTE`` or ``\\gexec`` runs are SQL again: sources of their own.
"""

import re
from collections.abc import Iterator

from afscan.model.node import Node, Scalar, Sequence
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.model.subjects import Credential, Origin
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.sqlstatements import script

_HASH = re.compile(r"md5[0-9a-f]{32}|SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+")
_PLACEHOLDER = re.compile(
    r"<[^<>]*>|.*\$(?:\{[^}]*\}|\([^)]*\)).*|\$[A-Z_][A-Z0-9_]*|.*\{\{.*\}\}.*|__\w+__|%[A-Z_]+%?|@@?[A-Z_]+@@?"
    r"|change[-_ ]?(?:me|it|this)\W*|(?:to[-_ ]?be[-_ ]?)?replaced?[-_ ]?(?:me|this)?|your[-_ ].*"
    r"|to[-_ ]?do|fix[-_ ]?me|x{3,}|\*{3,}|\.{3,}",
    re.IGNORECASE | re.DOTALL,
)
_CONNECTION = re.compile(r"(?:^|\s)(?:host|hostaddr|dbname|user|port|service)\s*=", re.IGNORECASE)
_CONNECTION_PASSWORD = re.compile(r"(?:^|\s)password\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s']+))", re.IGNORECASE)
_CONNECTION_USER = re.compile(r"(?:^|\s)user\s*=\s*'?([^\s']+)", re.IGNORECASE)
_ROLE_TEXT = re.compile(r"\b(?:CREATE|ALTER)\s+(?:ROLE|USER)\b", re.IGNORECASE)
_SQL_LANGUAGES = frozenset(("sql", "plpgsql"))
_LONGEST_PLACEHOLDER = 200


def recognise(source: Source, root: Node) -> bool:
    """Every SQL script is."""
    return source.syntax == "sql" and isinstance(root, Sequence)


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """The statements and credentials of a script, and the SQL within its strings."""
    variables: dict[str, list[Scalar]] = {}
    statements = [_tokens(item) for item in root.items] if isinstance(root, Sequence) else []
    found = script(source, root, statements) if source.holder != "sql" else None
    if found is not None:
        out.subjects.append(found)
    for tokens, following in zip(statements, [*statements[1:], []]):
        if tokens and tokens[0].tag == "command":
            if tokens[0].text == "\\set" and len(tokens) > 1:
                variables[tokens[1].text] = tokens[2:]
            elif tokens[0].text in ("\\getenv", "\\prompt", "\\unset"):
                variables.pop(tokens[-1 if tokens[0].text == "\\prompt" else 1].text if len(tokens) > 1 else "", None)
            continue
        _Statement(tokens, variables, out).read()
        run = bool(following) and following[0].tag == "command" and following[0].text == "\\gexec"
        out.embedded.extend(_inner_sql(source, tokens, run=run))


def _tokens(statement: Node) -> list[Scalar]:
    return [item for item in statement.children() if isinstance(item, Scalar)]


class _Statement:
    """The tokens of one statement and what psql knows when it comes to it."""

    def __init__(self, tokens: list[Scalar], variables: dict[str, list[Scalar]], out: Interpretation) -> None:
        self.tokens = tokens
        self.variables = variables
        self.out = out

    def read(self) -> None:
        """Put the credentials of this statement into the interpretation."""
        for at in range(len(self.tokens) - 2):
            if self._words(at, ("CREATE", "ALTER"), ("ROLE", "USER")):
                if self._words(at + 2, ("MAPPING",)):
                    self._mapping(at + 3)
                else:
                    self._role(at + 2)
        if not self._words(0, ("INSERT", "COMMENT")):
            for item in self.tokens:
                if item.tag in ("string", "body") and _CONNECTION.search(item.text):
                    self._connection(item)

    def _words(self, at: int, *choices: tuple[str, ...]) -> bool:
        """Whether unquoted words stand at an index, one of each tuple."""
        found = self.tokens[at : at + len(choices)]
        return len(found) == len(choices) and all(
            item.tag == "word" and item.text.upper() in words for item, words in zip(found, choices)
        )

    def _role(self, at: int) -> None:
        while self._words(at, ("IF", "NOT", "EXISTS")):
            at += 1
        role = _name(self.tokens[at]) if at < len(self.tokens) else None
        for index in range(at + 1, len(self.tokens) - 1):
            if self._words(index, ("CREATE", "ALTER"), ("ROLE", "USER")):
                return
            if self._words(index, ("PASSWORD",)):
                self._password(index, index + 1, role, "PASSWORD", "postgres")
                return
            if self._words(index, ("IDENTIFIED",)):
                by = next((i for i in range(index + 1, min(index + 5, len(self.tokens))) if self._words(i, ("BY",))), None)
                if by is not None and by + 1 < len(self.tokens) and not self._words(by + 1, ("PASSWORD", "RANDOM")):
                    self._password(by, by + 1, role, "IDENTIFIED BY", "mysql")
                return

    def _password(self, key_at: int, at: int, role: str | None, key: str, reader: str) -> None:
        item = self.tokens[at]
        if self._words(at, ("NULL",)):
            return
        value, origin = self._value(item, at)
        name = f"sql role {role}" if role is not None else f"sql role in line {self.tokens[key_at].place.line}"
        self._credential(name, item, value, origin, user=role, key=key, reader=reader)

    def _value(self, item: Scalar, at: int) -> tuple[Value[str], Origin]:
        if item.tag in ("string", "body"):
            return Value.of(item.text, item), _origin(item.text)
        if item.tag == "variable":
            name = item.text.strip(":'\"")
            written = self.variables.get(name)
            if written and all(piece.tag in ("string", "word", "identifier") for piece in written):
                text = "".join(piece.text for piece in written)
                return Value.of(text, written[0]), _origin(text)
            return Value.unknown(item, f"psql puts in the variable `{name}`"), Origin.INTERPOLATED
        if item.tag == "operator":  # ${PW}, {{ pw }}, %s: no SQL before it is rendered
            last = item
            for following in self.tokens[at + 1 : at + 12]:
                if following.span[:2] != last.span[2:]:
                    break
                last = following
            place = item.source.place(Span(*item.span[:2], *last.span[2:]))
            return Value.unknown(item, "the script has to be rendered first", place), Origin.INTERPOLATED
        return Value.unknown(item, f"`{item.text[:40]}` is not evaluated"), Origin.UNKNOWN

    def _mapping(self, at: int) -> None:
        """``... OPTIONS (user 'x', password 'y')``."""
        options = {
            self.tokens[index].text.lower(): self.tokens[index + 1]
            for index in range(at, len(self.tokens) - 1)
            if self.tokens[index].tag in ("word", "identifier") and self.tokens[index + 1].tag in ("string", "body", "variable")
        }
        if "password" in options:
            item = options["password"]
            user = options["user"].text if "user" in options and options["user"].tag == "string" else None
            value, origin = self._value(item, len(self.tokens))
            name = "sql user mapping" + (f" {user}" if user else "")
            self._credential(name, item, value, origin, user=user, key="password", reader="postgres")

    def _connection(self, item: Scalar) -> None:
        found = _CONNECTION_PASSWORD.search(item.text)
        if found is None:
            return
        group = 1 if found.group(1) is not None else 2
        text = found.group(group)
        user = _CONNECTION_USER.search(item.text)
        value = Value.of(text, item, item.part(found.start(group), max(found.end(group), found.start(group) + 1)))
        name = "sql connection string" + (f" of {user.group(1)}" if user else "")
        who = user.group(1) if user else None
        self._credential(name, item, value, _origin(text), user=who, key="password", reader="postgres")

    def _credential(
        self, name: str, node: Scalar, value: Value[str], origin: Origin, *, user: str | None, key: str, reader: str
    ) -> None:
        self.out.subjects.append(
            Credential(
                name=name,
                node=node,
                platform="sql",
                key=key,
                kind="password",
                value=value,
                origin=origin,
                user=user,
                reader=reader,
                holder="sql",
            )
        )


def _name(item: Scalar) -> str | None:
    """A role's name: unquoted ones fold to lower case; None where a variable stands for it."""
    if item.tag == "word":
        return item.text.lower()
    return item.text if item.tag in ("identifier", "string") else None


def _origin(text: str) -> Origin:
    if not text:
        return Origin.EMPTY
    if _HASH.fullmatch(text):
        return Origin.HASH
    if len(text) <= _LONGEST_PLACEHOLDER and _PLACEHOLDER.fullmatch(text):
        return Origin.PLACEHOLDER
    return Origin.LITERAL


def _inner_sql(source: Source, tokens: list[Scalar], *, run: bool) -> Iterator[Source]:
    """SQL in strings: bodies in SQL's own languages, and texts about roles that EXECUTE or (``run``) psql's ``\\gexec`` runs."""
    if run:
        yield from (_embedded(source, item) for item in tokens if item.tag in ("string", "body") and _ROLE_TEXT.search(item.text))
        return
    words = [item.text.lower() if item.tag in ("word", "identifier") else "" for item in tokens]
    if words and words[0] in ("do", "create"):
        language = words.index("language") + 1 if "language" in words else len(words)
        named = tokens[language].text.lower() if language < len(words) else "plpgsql"
        for item in tokens:
            if item.tag == "body" and named in _SQL_LANGUAGES:
                yield _embedded(source, item)
    for index, word in enumerate(words):
        if word == "execute":
            for item in tokens[index + 1 : index + 4]:  # EXECUTE 'x', EXECUTE format('x', ...)
                if item.tag in ("string", "body") and _ROLE_TEXT.search(item.text):
                    yield _embedded(source, item)
                    break


def _embedded(source: Source, item: Scalar) -> Source:
    return item.embed(name=f"{source.name} (SQL in line {item.place.line})", holder="sql", syntax="sql")

"""What a PostgreSQL server holds after its scripts: roles, tables, policies, privileges, settings; and what cannot succeed.

The statements are gone through in order. Whatever is not known (a script that is not read, a function that is called, ``EXECUTE``)
makes the rest uncertain: from there on nothing is said to be missing. Shown on PostgreSQL 15: a statement on a table, role, schema or
database that does not exist fails, also with ``CREATE ... IF NOT EXISTS``; ``ALTER SYSTEM`` fails for an unknown parameter, for
one of a library that is not loaded and within a transaction; ``CREATE EXTENSION`` for one that is not on board.
"""

from collections.abc import Iterator

from afscan.join.servers.cataloguechecks import Checks, Start, library_of
from afscan.join.servers.cataloguenames import Names
from afscan.join.servers.catalogueroles import Roles
from afscan.join.servers.initscripts import InitScripts, Scripts, Step
from afscan.model.node import Node
from afscan.model.sql import (
    Catalogue,
    ConnectStatement,
    DatabaseTable,
    FailedStatement,
    GrantStatement,
    IncludeStatement,
    OwnerStatement,
    PolicyStatement,
    RoleStatement,
    RowSecurityStatement,
    SettingStatement,
    SqlName,
    SqlScript,
    SqlStatement,
)
from afscan.model.subjects import Setting, Subject
from afscan.model.value import Value
from afscan.platforms.postgresimages import makes_tables


class Builder:
    """One catalogue in the making."""

    def __init__(self, found: Catalogue, start: Start, scripts: Scripts) -> None:
        self.found = found
        self.start = start
        self.scripts = scripts
        self.names = Names(start.user, start.database)
        self.roles = Roles(found, start.user, start.also_roles)
        self.checks = Checks(found, start, self.names, self.roles)
        self.stopped = False
        self.skipped: list[SqlStatement] = []
        self.system: dict[str, Setting] = {}
        self.tables: dict[int, DatabaseTable] = {}

    def run(self, init: InitScripts) -> None:
        """Go through all scripts."""
        if self.start.image is not None and self.start.image.runs_first:
            self._doubt(self.start.image.runs_first)
        if init.unordered:
            self._doubt("in which order the scripts run depends on the image's locale")
        for step in init.steps:
            if step.script is None:
                self._doubt(step.reason)
                continue
            self.found.scripts.append(step.script)
            self.names.connect(self.start.database)
            self.roles.current = self.roles.bootstrap
            self.checks.transaction = False
            for one, reason in self.scripts.flat(step.script, step.script.statements):
                self.step(one, reason)

    def step(self, one: SqlStatement, reason: str) -> None:
        """One statement: whether it can succeed, and what it changes."""
        if self.stopped:
            self.skipped.append(one)
        failure = self.checks.failure(one)
        if failure is not None:
            self._fail(one, *failure)
        self._apply(one, failed=failure is not None)
        if one.opaque or isinstance(one, IncludeStatement):
            self._doubt(one.opaque or f"`{one.verb}` was not followed: {reason}")

    def _doubt(self, reason: str) -> None:
        self.found.uncertain = self.found.uncertain or reason or "not all scripts are read"

    def _fail(self, one: SqlStatement, reason: str, name: SqlName | None) -> None:
        key = (name.kind, name.full) if name is not None else (one.verb, str(one.place))
        if isinstance(one, SettingStatement) and "." in one.setting.name:
            key = ("extension", library_of(one.setting.name))  # all that it brings is missing with it
        if key in self.checks.assumed:
            return
        self.checks.assumed.add(key)
        stops = self.start.image is not None and self.start.image.stops_on_error
        failed = FailedStatement(
            name=f"{one.name} of {self.found.name}",
            node=one.node,
            platform="sql",
            catalogue=self.found,
            statement=one,
            reason=reason,
            at=name.place if name is not None else one.place,
            stops=stops,
            skipped=self.skipped if stops and not self.stopped else [],
            container=self.found.container,
        )
        self.found.failures.append(failed)
        self.stopped = self.stopped or stops

    def _apply(self, one: SqlStatement, *, failed: bool) -> None:
        """What a statement changes. One that fails changes nothing, but what it means is kept for the rules."""
        if one.verb in ("BEGIN", "COMMIT", "ROLLBACK"):
            if one.verb == "ROLLBACK" and self.checks.transaction:
                self._doubt("a transaction is rolled back")
            self.checks.transaction = one.verb == "BEGIN"
        if isinstance(one, RoleStatement):
            self.roles.take(one)
        elif isinstance(one, GrantStatement):
            self.roles.grant(one)
        elif isinstance(one, SettingStatement):
            self._set(one, failed=failed)
        elif isinstance(one, PolicyStatement):
            table = self._table(one.table)
            if table is not None and one.verb == "CREATE POLICY":
                table.policies.append(one)
        elif isinstance(one, RowSecurityStatement):
            self._secure(one)
        elif isinstance(one, OwnerStatement):
            self._own(one)
        elif isinstance(one, ConnectStatement):
            self._connect(one)
        elif one.verb == "DROP POLICY":
            self._drop_policy(one)
        elif one.verb in ("CREATE SCHEMA", "CREATE DATABASE") and not failed:
            self._made_for(one)
        for name in one.drops:
            self._drop(name)
        for name in one.makes:
            self._make(one, name, failed=failed)

    def _make(self, one: SqlStatement, name: SqlName, *, failed: bool) -> None:
        if name.kind == "extension":
            if failed:
                return
            self.found.extensions.setdefault(name.name, name)
            self.checks.created_extensions.add(name.name)
            if makes_tables(name.name):
                self._doubt(f"the extension `{name.name[:60]}` may make tables")
        elif name.kind == "table" and name.text.is_set:
            table = self.names.table(name) if not failed else None
            if table is None:
                self.names.add(name, self._new_table(name, one))
            elif table.created is None:
                table.created, table.owner = one, self.roles.current
        elif name.kind == "role":
            self.roles.know(name)
        elif name.text.is_unknown:
            self._doubt(name.text.reason)
        else:
            self.names.know(name)

    def _drop(self, name: SqlName) -> None:
        if name.kind == "role":
            self.roles.drop(name.name)
        elif name.kind != "policy":
            dropped = self.names.drop(name)
            if dropped is not None:
                self.tables.pop(id(dropped), None)

    def _drop_policy(self, one: SqlStatement) -> None:
        table = self.names.table(one.needs[0]) if one.needs and one.needs[0].text.is_set else None
        if table is not None and one.drops:
            table.policies = [policy for policy in table.policies if policy.policy.name != one.drops[0].name]

    def _new_table(self, name: SqlName, made: SqlStatement | None) -> DatabaseTable:
        node: Node = made.node if made is not None else name.text.node
        table = DatabaseTable(
            name=f"table {name.full}",
            node=node,
            platform="sql",
            catalogue=self.found,
            database=self.names.database,
            schema=name.schema or self.names.schema,
            table=name.name,
            owner=self.roles.current if made is not None else "",
            row_security=Value.unset(node),
            forced=Value.unset(node),
            created=made if made is not None and made.verb == "CREATE TABLE" else None,
            container=self.found.container,
        )
        if made is None or made.verb == "CREATE TABLE":
            self.tables[id(table)] = table
        return table

    def _table(self, name: SqlName) -> DatabaseTable | None:
        """The table of a name; one that nobody here makes is remembered as such."""
        if not name.text.is_set:
            return None
        table = self.names.table(name)
        if table is None:
            table = self._new_table(name, None)
            self.names.add(name, table)
        return table

    def _secure(self, one: RowSecurityStatement) -> None:
        table = self._table(one.table)
        if table is None:
            return
        value = Value.of(one.action in ("ENABLE", "FORCE"), one.node, one.table.place)
        if one.action in ("ENABLE", "DISABLE"):
            table.row_security = value
        else:
            table.forced = value

    def _own(self, one: OwnerStatement) -> None:
        if one.target.kind == "table":
            table = self.names.table(one.target) if one.target.text.is_set else None
            if table is not None:
                table.owner = self.roles.current if one.owner.name == "current_user" else one.owner.name
        if one.owner.name in self.found.roles:
            self.found.roles[one.owner.name].owns.append(one.target)

    def _made_for(self, one: SqlStatement) -> None:
        """``AUTHORIZATION`` and ``OWNER``: whose a schema or database is; without these, of whoever makes it."""
        named = [name.name for name in one.needs if name.kind == "role" and name.text.is_set]
        role = self.found.roles.get(named[0] if named else self.roles.current)
        if role is not None:
            role.owns += one.makes

    def _connect(self, one: ConnectStatement) -> None:
        if one.database.is_unknown:
            self._doubt(f"to which database it connects is not known: {one.database.reason}")
        if one.database.is_set:
            self.names.connect(one.database)
        self.roles.current = one.user.or_else("") if not one.user.is_unset else self.roles.bootstrap

    def _set(self, one: SettingStatement, *, failed: bool) -> None:
        name = one.setting.name
        if one.scope == "system":
            if not (failed or self.stopped or one.conditional):
                self._altered(one)
        elif one.scope in ("database", "role"):
            self.found.session_settings.append(one)
        elif name == "search_path":
            self.names.search(one.value)
        elif name in ("role", "session_authorization"):
            self.roles.current = (
                self.roles.bootstrap if one.value.or_else("none").lower() in ("none", "default") else one.value.or_else("")
            )

    def _altered(self, one: SettingStatement) -> None:
        """``ALTER SYSTEM``: it writes postgresql.auto.conf; RESET takes out what stands there."""
        name = one.setting.name
        if name == "all":
            self.system.clear()
        self.system.pop(name, None)
        if not one.value.is_unset:
            self.system[name] = Setting(name=name, value=one.value, key_place=one.setting.place, layer="sql")


def catalogue(found: Catalogue, init: InitScripts, start: Start, scripts: Scripts) -> Iterator[Subject]:
    """Fill the catalogue of a server (or, without a container, of scripts that belong together); it, then all that is in it."""
    builder = Builder(found, start, scripts)
    builder.run(init)
    found.settings = list(builder.system.values())
    found.tables = list(builder.tables.values())
    found.grants = [one for one in found.grants if one.objects or not one.statement.objects]
    yield found
    yield from found.roles.values()
    yield from found.tables
    yield from found.grants
    yield from found.failures


def of_folder(listed: list[SqlScript], name: str, scripts: Scripts) -> Iterator[Subject]:
    """What scripts make that no server here runs: those of one folder, in the order of their names or versions."""
    node = listed[0].node
    unset: Value[str] = Value.unset(node)
    init = InitScripts([Step(one.name, one) for one in sorted(listed, key=_order)])
    found = Catalogue(name=name, node=node, platform="sql", bootstrap=unset)
    yield from catalogue(found, init, Start(user=unset, database=unset), scripts)


def _order(script: SqlScript) -> tuple[int, str]:
    digits = script.version.replace(".", "").replace("_", "")[:18]
    return (int(digits) if digits.isascii() and digits.isdigit() else 0), script.name

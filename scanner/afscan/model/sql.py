"""SQL scripts of PostgreSQL: their statements in order, and what a server holds once they have run.

Names are folded as PostgreSQL folds them (unquoted ones to lower case). What a variable stands for is unknown unless the script
sets it.
"""

from afscan.model.node import Node
from afscan.model.place import Place
from afscan.model.record import field, record
from afscan.model.subjects.base import Setting, Subject
from afscan.model.subjects.servers import ConfigFile
from afscan.model.subjects.workloads import Container
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class SqlName:
    """The name of a database object as a statement writes it.

    ``kind``: ``table``, ``schema``, ``role``, ``database``, ``extension``, ``function``, ``sequence``, ``type``, ``policy``,
    ``setting``. ``text`` is the last part, ``schema`` what stands before it ("" where nothing does). A role's name is ``public``
    for the keyword PUBLIC, and ``current_user`` where the statement speaks of whoever runs it.
    """

    kind: str
    text: Value[str]
    schema: str = ""
    signature: str = ""  # a function's argument types, as written

    @property
    def name(self) -> str:
        """The last part; "" where it is not known."""
        return self.text.or_else("")

    @property
    def full(self) -> str:
        """With the schema, as a person would write it."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def place(self) -> Place:
        """Where the name stands."""
        return self.text.place


@record(slots=True, kw_only=True, eq=False)
class SqlStatement(Subject):
    """One statement. ``verb`` is what it does: ``CREATE TABLE``, ``GRANT``, ``ALTER SYSTEM``, ``\\connect``; ``node`` its tokens.

    ``needs`` must exist when it runs, ``makes`` exists afterwards, ``drops`` no longer does. ``guarded``: ``IF [NOT] EXISTS`` keeps
    it from failing. ``conditional``: whether it runs depends on what cannot be seen (``IF``, ``\\if``, an exception block).
    ``opaque`` says why its effects are not known, empty where they are. ``destroys`` are names of what data is lost with.
    """

    verb: str
    needs: list[SqlName] = field(default_factory=list)
    makes: list[SqlName] = field(default_factory=list)
    drops: list[SqlName] = field(default_factory=list)
    guarded: bool = False
    replaces: bool = False  # OR REPLACE
    conditional: bool = False
    opaque: str = ""
    destroys: list[SqlName] = field(default_factory=list)

    @property
    def place(self) -> Place:
        """Its first line."""
        return self.node.head


@record(slots=True, kw_only=True, eq=False)
class RoleStatement(SqlStatement):
    """``CREATE``/``ALTER ROLE|USER|GROUP``. ``attributes`` by upper-case name (``LOGIN``, ``SUPERUSER``, ...) as the statement sets
    them; ``connection_limit`` in connections (-1 is none); ``password`` is whether one is given (not NULL)."""

    role: SqlName
    attributes: dict[str, Value[bool]] = field(default_factory=dict)
    connection_limit: Value[int]
    password: Value[bool]
    valid_until: Value[str]
    member_of: list[SqlName] = field(default_factory=list)
    members: list[SqlName] = field(default_factory=list)


@record(slots=True, kw_only=True, eq=False)
class GrantStatement(SqlStatement):
    """``GRANT``, ``REVOKE`` and the same within ``ALTER DEFAULT PRIVILEGES`` (``defaults``).

    ``privileges`` are upper case, ``ALL`` for ALL PRIVILEGES. ``object_kind``: ``table``, ``sequence``, ``schema``, ``database``,
    ``function``, ``type``, ``language``, ``tablespace``, ``parameter``, ... or ``role`` (membership: ``objects`` are the roles that
    are granted). ``everything`` marks ``ALL TABLES IN SCHEMA``: ``objects`` are then schemas. ``columns`` are those of a grant on
    columns only.
    """

    revoke: bool
    privileges: list[Value[str]]
    object_kind: str
    objects: list[SqlName]
    grantees: list[SqlName]
    everything: bool = False
    grant_option: bool = False
    columns: list[str] = field(default_factory=list)
    defaults: bool = False
    default_roles: list[SqlName] = field(default_factory=list)  # FOR ROLE; empty: whoever runs it


@record(slots=True, kw_only=True, eq=False)
class RowSecurityStatement(SqlStatement):
    """``ALTER TABLE ... ENABLE|DISABLE|FORCE|NO FORCE ROW LEVEL SECURITY``; ``action`` is these words."""

    table: SqlName
    action: str


@record(slots=True, kw_only=True, eq=False)
class SettingUse:
    """``current_setting('name', missing_ok)`` in an expression; ``missing_ok`` unset: false, so that it fails where nothing is set."""

    node: Node
    setting: Value[str]
    missing_ok: Value[bool]


@record(slots=True, kw_only=True, eq=False)
class PolicyStatement(SqlStatement):
    """``CREATE``/``ALTER POLICY``. ``command`` is ``ALL``, ``SELECT``, ...; ``using`` and ``check`` are the expressions' texts."""

    policy: SqlName
    table: SqlName
    command: str = "ALL"
    permissive: bool = True
    roles: list[SqlName] = field(default_factory=list)
    using: Value[str]
    check: Value[str]
    settings: list[SettingUse] = field(default_factory=list)


@record(slots=True, kw_only=True, eq=False)
class SettingStatement(SqlStatement):
    """A parameter that is set. ``scope``: ``system``, ``database``, ``role``, ``session`` or ``local``; ``target`` the role or
    database. ``value`` unset: it goes back to its default (RESET, DEFAULT)."""

    scope: str
    setting: SqlName
    value: Value[str]
    target: SqlName | None = None


@record(slots=True, kw_only=True, eq=False)
class FunctionStatement(SqlStatement):
    """``CREATE FUNCTION|PROCEDURE``. ``search_path`` is what ``SET search_path`` fixes for it."""

    function: SqlName
    security_definer: Value[bool]
    search_path: Value[str]
    language: str = ""


@record(slots=True, kw_only=True, eq=False)
class OwnerStatement(SqlStatement):
    """``ALTER ... OWNER TO``, ``CREATE SCHEMA|DATABASE ... AUTHORIZATION|OWNER``."""

    target: SqlName
    owner: SqlName


@record(slots=True, kw_only=True, eq=False)
class ConnectStatement(SqlStatement):
    """psql's ``\\connect``: the statements behind it run in another database, or as somebody else."""

    database: Value[str]  # unset: the same
    user: Value[str]


@record(slots=True, kw_only=True, eq=False)
class IncludeStatement(SqlStatement):
    """psql's ``\\i`` and ``\\ir`` (``relative``: to the script, not to the working directory)."""

    path: Value[str]
    relative: bool


@record(slots=True, kw_only=True, eq=False)
class SqlScript(ConfigFile):
    """A script, as one source holds it. It is a file of a server's: a PostgreSQL image runs those that it finds on its first start.

    ``statements`` run in order; ``down`` are those that take a migration back (behind ``-- +goose Down`` in the same file, or all
    of a file for that). ``tool`` names the migration tool by whose convention it is written, empty for a plain script; ``version``
    orders migrations, ``title`` is their own name, ``direction`` ``up`` or ``down`` where the file has one.
    """

    statements: list[SqlStatement] = field(default_factory=list)
    down: list[SqlStatement] = field(default_factory=list)
    tool: str = ""
    version: str = ""
    title: str = ""
    direction: str = ""
    markers: bool = False  # its parts are told by comments


@record(slots=True, kw_only=True, eq=False)
class Migration(Subject):
    """One schema change of a migration tool, joined with what takes it back.

    ``down`` is None where nothing does; it may be empty. ``partner`` is the file that holds it, where that is another one.
    """

    tool: str
    version: str
    title: str
    script: SqlScript
    up: list[SqlStatement]
    down: list[SqlStatement] | None
    partner: SqlScript | None = None


@record(slots=True, kw_only=True, eq=False)
class DatabaseRole(Subject):
    """A role after all scripts. Fields as in :class:`RoleStatement`; what no statement sets is unset at the statement that makes it.

    ``bootstrap`` is the superuser that the image creates; ``created`` the statement, None for that one. ``owns`` are
    schemas, databases and other objects that are said to be its own; tables say themselves whose they are.
    """

    catalogue: "Catalogue"
    role: str
    attributes: dict[str, Value[bool]]
    connection_limit: Value[int]
    password: Value[bool]
    valid_until: Value[str]
    member_of: dict[str, SqlName] = field(default_factory=dict)
    created: RoleStatement | None = None
    bootstrap: bool = False
    owns: list[SqlName] = field(default_factory=list)
    container: Container | None = None

    def has(self, attribute: str) -> bool | None:
        """Whether it has an attribute; None where that is not known. CREATE USER means LOGIN, CREATE ROLE does not."""
        value = self.attributes.get(attribute)
        if value is None:
            return attribute == "INHERIT" or (attribute == "SUPERUSER" and self.bootstrap)
        return None if value.is_unknown else bool(value.value)


@record(slots=True, kw_only=True, eq=False)
class DatabaseTable(Subject):
    """A table after all scripts. ``owner`` is the role's name, "" where it is not known; ``row_security`` and ``forced`` hold the
    statement that turned them on (set: True) or off; ``created`` is None where no script here makes it."""

    catalogue: "Catalogue"
    database: str
    schema: str
    table: str
    owner: str
    row_security: Value[bool]
    forced: Value[bool]
    created: SqlStatement | None = None
    policies: "list[PolicyStatement]" = field(default_factory=list)
    container: Container | None = None


@record(slots=True, kw_only=True, eq=False)
class DatabaseGrant(Subject):
    """A privilege that is granted and not taken back, to one grantee. ``privileges`` are what is left of the statement's."""

    catalogue: "Catalogue"
    statement: GrantStatement
    grantee: SqlName
    objects: list[SqlName]
    privileges: list[Value[str]]
    container: Container | None = None


@record(slots=True, kw_only=True, eq=False)
class FailedStatement(Subject):
    """A statement of an init script that cannot succeed when it comes to it. ``reason`` is a clause: "no earlier script creates the
    table `users`". ``stops``: nothing after it runs, and the server's data directory stays half made. ``skipped`` is what follows."""

    catalogue: "Catalogue"
    statement: SqlStatement
    reason: str
    at: Place
    stops: bool
    skipped: list[SqlStatement] = field(default_factory=list)
    container: Container | None = None

    @property
    def place(self) -> Place:
        """What of the statement fails."""
        return self.at


@record(slots=True, kw_only=True, eq=False)
class Catalogue(Subject):
    """What a server holds after its scripts; without a server, what the scripts of one folder make.

    ``container`` is the server's, None for scripts that no server here runs: then what they do not make may be there all the same.
    ``uncertain`` says why there may be more than is known, empty where all is. ``settings`` are the ``ALTER SYSTEM SET`` that take
    effect.
    """

    container: Container | None = None
    scripts: list[SqlScript] = field(default_factory=list)
    roles: dict[str, DatabaseRole] = field(default_factory=dict)
    tables: list[DatabaseTable] = field(default_factory=list)
    grants: list[DatabaseGrant] = field(default_factory=list)
    extensions: dict[str, SqlName] = field(default_factory=dict)
    settings: list[Setting] = field(default_factory=list)
    failures: list[FailedStatement] = field(default_factory=list)
    session_settings: list[SettingStatement] = field(default_factory=list)  # of databases and roles
    bootstrap: Value[str]
    uncertain: str = ""

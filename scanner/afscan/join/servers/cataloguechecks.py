"""Whether a statement of an init script can succeed when it comes to it. What is not certain is not said to fail."""

from afscan.join.servers.cataloguenames import Names
from afscan.join.servers.catalogueroles import Roles
from afscan.model.record import field, record
from afscan.model.sql import Catalogue, SettingStatement, SqlName, SqlStatement
from afscan.model.value import Value
from afscan.platforms.postgresimages import PostgresImage, needs_preload

_LIBRARIES = {"cron": "pg_cron"}
"""Prefixes of parameters that are not named as their library is."""

_ALONE = ("ALTER SYSTEM", "CREATE DATABASE", "DROP DATABASE")
"""What cannot run inside a transaction block."""


@record(slots=True, kw_only=True)
class Start:
    """What a server has before its scripts run. ``preloaded`` are the libraries in ``shared_preload_libraries``, None: not known."""

    image: PostgresImage | None = None
    user: Value[str]
    database: Value[str]
    preloaded: tuple[str, ...] | None = None
    derived: bool = False  # an image that is built here: more may be on board
    also_roles: list[str] = field(default_factory=list)


def library_of(parameter: str) -> str:
    """The library that brings a parameter with a prefix."""
    prefix = parameter.partition(".")[0]
    return _LIBRARIES.get(prefix, prefix)


class Checks:
    """What is known of a server at a point of its scripts, and what follows for the next statement.

    ``transaction``: a block is open; ``assumed`` is what is missing and has been said to be.
    """

    def __init__(self, found: Catalogue, start: Start, names: Names, roles: Roles) -> None:
        self.found = found
        self.start = start
        self.names = names
        self.roles = roles
        self.transaction = False
        self.created_extensions: set[str] = set()
        self.assumed: set[tuple[str, str]] = set()

    def failure(self, one: SqlStatement) -> tuple[str, SqlName | None] | None:
        """Why a statement certainly fails, with the name that is to blame; None where it does not, or nobody knows."""
        if self.found.container is None or self.start.image is None or one.conditional or self.found.uncertain:
            return None
        if self.transaction and one.verb in _ALONE:
            return f"`{one.verb}` cannot run inside a transaction block", None
        if one.verb == "CREATE EXTENSION" and one.makes:
            return self._extension(one.makes[0])
        if isinstance(one, SettingStatement):
            reason = self._parameter(one)
            if reason:
                return reason, one.setting
        return self._missing(one) or self._there_already(one)

    def _missing(self, one: SqlStatement) -> tuple[str, SqlName] | None:
        for index, name in enumerate(one.needs):
            if one.guarded and index == 0 and not one.verb.startswith("CREATE"):
                continue
            if not name.text.is_set or (name.kind, name.full) in self.assumed:
                continue
            there = self.roles.exists(name.name) if name.kind == "role" else self.names.exists(name)
            if there is False:
                what = "no earlier script creates" if name.kind != "database" else "nobody creates"
                return f"{what} the {name.kind} `{name.full[:80]}`", name
        return None

    def _there_already(self, one: SqlStatement) -> tuple[str, SqlName] | None:
        if not one.verb.startswith("CREATE") or one.guarded or one.replaces:
            return None
        for name in one.makes:
            if not name.text.is_set or name.kind not in ("role", "table", "schema", "database"):
                continue
            there = self.roles.made(name.name) if name.kind == "role" else self.names.made(name)
            if there:
                return f"the {name.kind} `{name.full[:80]}` exists already: {there}", name
        return None

    def _extension(self, name: SqlName) -> tuple[str, SqlName] | None:
        image, container = self.start.image, self.found.container
        if image is None or container is None or not name.text.is_set:
            return None
        if image.closed and not self.start.derived and name.name not in image.extensions:
            reference = (
                container.image.reference.or_else(container.image.repository) if container.image is not None else "its image"
            )
            return f"the image `{reference[:80]}` does not carry the extension `{name.name[:60]}`", name
        if needs_preload(name.name) and self.start.preloaded is not None and name.name not in self.start.preloaded:
            return f"`{name.name}` is not in `shared_preload_libraries`", name
        return None

    def _parameter(self, one: SettingStatement) -> str:
        """Why a parameter cannot be set."""
        name = one.setting.name
        if not one.setting.text.is_set or one.scope not in ("system", "database", "role"):
            return ""
        from afscan.files.postgresql import PARAMETERS  # noqa: PLC0415  (start-up time: few stacks set any)

        prefix, dot, _ = name.partition(".")
        if not dot:
            return "" if name in PARAMETERS or name in ("role", "all") else f"PostgreSQL has no parameter `{name[:60]}`"
        library = library_of(name)
        if one.scope != "system" or self.start.preloaded is None or prefix == "plpgsql":
            return ""
        if library in self.start.preloaded or library in self.created_extensions:
            return ""
        return f"`{name[:60]}` is unknown to the server: `{library}` is not in `shared_preload_libraries`"

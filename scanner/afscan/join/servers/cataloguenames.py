"""Which databases, schemas and tables there are while scripts run, and what a name without a schema means.

Source: postgresql.org, "Schemas" (search path), "System Catalogs".
"""

from afscan.model.sql import DatabaseTable, SqlName
from afscan.model.value import Value

_SYSTEM = ("pg_catalog", "information_schema", "pg_toast", "pg_temp")
_SCHEMAS = frozenset((*_SYSTEM, "public"))


class Names:
    """What exists so far, by database."""

    def __init__(self, user: Value[str], database: Value[str]) -> None:
        self.databases = {"postgres": "", "template0": "", "template1": ""}
        self.known = database.is_set
        if database.is_set:
            self.databases[database.or_else("")] = "the image creates it by its environment"
        self.user = user
        self.database = ""
        self.schema = "public"
        self.path_known = True
        self._tables: dict[tuple[str, str], dict[str, DatabaseTable]] = {}
        self._schemas: dict[str, dict[str, str]] = {}

    def connect(self, database: Value[str]) -> None:
        """Go on in another database, with the search path that a new session has."""
        self.database = database.or_else("")
        self.schema, self.path_known = "public", True

    def search(self, path: Value[str]) -> None:
        """``SET search_path``: what comes first is where tables are made."""
        first = path.or_else("public").split(",")[0].strip().strip("\"'")
        self.path_known = not path.is_unknown and first != "$user"
        self.schema = first or "public"

    def table(self, name: SqlName) -> DatabaseTable | None:
        """The table that a name means here; any of that name where none lies in the search path."""
        by_schema = self._tables.get((self.database, name.name))
        if not by_schema:
            return None
        if name.schema:
            return by_schema.get(name.schema)
        return by_schema.get(self.schema) or by_schema.get("public") or next(iter(by_schema.values()))

    def add(self, name: SqlName, table: DatabaseTable) -> None:
        """A table (or view, or sequence) is made."""
        self._tables.setdefault((self.database, name.name), {})[name.schema or self.schema] = table

    def know(self, name: SqlName) -> None:
        """A schema or database is made."""
        if name.kind == "schema":
            self._schemas.setdefault(self.database, {}).setdefault(name.name, "an earlier statement creates it")
        elif name.kind == "database":
            self.databases.setdefault(name.name, "an earlier statement creates it")

    def drop(self, name: SqlName) -> DatabaseTable | None:
        """Something is dropped; the table, where it is one."""
        if name.kind == "schema":
            self._schemas.get(self.database, {}).pop(name.name, None)
        elif name.kind == "database":
            self.databases.pop(name.name, None)
        elif name.kind == "table":
            table = self.table(name)
            if table is not None:
                self._tables[self.database, name.name].pop(table.schema, None)
            return table
        return None

    def exists(self, name: SqlName) -> bool | None:
        """Whether there is such a thing; None where that is not known."""
        if name.kind == "database":
            return name.name in self.databases or (None if not self.known else False)
        if name.kind == "schema":
            there = name.name in _SCHEMAS or name.name in self._schemas.get(self.database, {})
            return True if there else None if self.user.is_unknown else False
        if name.kind not in ("table", "sequence"):
            return None
        if name.schema in _SYSTEM or name.schema.startswith("pg_") or (not name.schema and name.name.startswith("pg_")):
            return True
        if self.table(name) is not None:
            return True
        return False if self.path_known else None

    def made(self, name: SqlName) -> str:
        """Who has made what a statement makes again; "" where nobody has."""
        if name.kind == "database":
            default = "every server has it" if name.name in ("postgres", "template0", "template1") else ""
            return self.databases.get(name.name, "") or default
        if name.kind == "schema":
            return "every database has it" if name.name == "public" else self._schemas.get(self.database, {}).get(name.name, "")
        table = self._tables.get((self.database, name.name), {}).get(name.schema or self.schema)
        if table is None or not self.path_known or table.created is None:
            return ""
        return f"{table.created.place.path}, line {table.created.place.line} creates it"

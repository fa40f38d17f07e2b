"""Which server's roles a connection to PostgreSQL has to be one of: directly, or through a pooler."""

from afscan.join.databases import catalogue_of
from afscan.join.pooling import is_postgres, pooling_of, target_of
from afscan.model.sql import Catalogue, DatabaseRole
from afscan.model.stack import Stack
from afscan.model.subjects import Connection, PgBouncer, Postgres

_KEY = "rolesbehind"


def catalogue_behind(stack: Stack, connection: Connection) -> Catalogue | None:
    """The catalogue of the one server that a connection ends at; None where that is not known, or where a pooler logs in as itself."""
    if not is_postgres(stack, connection):
        return None
    server = target_of(stack, connection).server
    if isinstance(server, PgBouncer):
        if any(not line.user.is_unset for line in server.databases):
            return None
        behind = _servers_of(stack).get(id(server), [])
        server = behind[0] if len(behind) == 1 else None
    return catalogue_of(stack, server.container) if isinstance(server, Postgres) else None


def _servers_of(stack: Stack) -> dict[int, list[Postgres]]:
    """The servers that each pooler leads to, by the pooler's ``id``."""
    found: dict[int, list[Postgres]] | None = stack.joined.get(_KEY)
    if found is None:
        found = {}
        pooling = pooling_of(stack)
        for server in pooling.databases:
            for pooler, _ in pooling.front.get(id(server), ()):
                found.setdefault(id(pooler), []).append(server)
        stack.joined[_KEY] = found
    return found


def created_elsewhere(stack: Stack, name: str) -> bool:
    """Whether a script that no server here runs by itself creates a role: somebody may run it by hand."""
    key = f"{_KEY}/elsewhere"
    if key not in stack.joined:
        stack.joined[key] = {one.role for one in stack.of(DatabaseRole) if one.container is None}
    return name in stack.joined[key]

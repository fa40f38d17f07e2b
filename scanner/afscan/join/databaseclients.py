"""Which containers are applications whose PostgreSQL connections belong into a pool, and which of them pool by themselves."""

import re
from posixpath import basename

from afscan.join.pooling import pooling_of, target_of, world_of
from afscan.model.patterns import pattern
from afscan.model.stack import Stack
from afscan.model.subjects import Connection, Container, ManagedResource, Postgres
from afscan.platforms.images import product_of

KEY = "databaseclients"

# fmt: off
_TOOLS = (
    "exporter", "pgadmin", "adminer", "pgbackrest", "wal-g", "barman", "pgbouncer", "pgpool", "pgcat", "pgdog", "odyssey",
    "supavisor", "debezium", "pgwatch", "pghero", "pganalyze", "telegraf", "flyway", "liquibase", "dbmate", "sqitch", "repmgr",
    "patroni", "spilo", "backup", "postgres-operator", "migrate/migrate",
)
"""Parts of image names of programs that must talk to the server itself: they administer, watch, copy, migrate or replicate it."""

_OTHER_POOLERS = ("pgpool", "pgcat", "pgdog", "odyssey", "supavisor")
"""Parts of image names of poolers whose configuration is not read: that they run is all that is known."""

_SERVER_IMAGES = frozenset(("postgres", "postgresql", "postgis", "pgvector", "timescaledb", "timescaledb-ha", "psql"))
_TOOL_WORDS = frozenset((
    "migrate", "migrator", "migration", "migrations", "backup", "backups", "dump", "restore", "seed", "seeder", "exporter",
))
_PROGRAMS = frozenset((
    "alembic", "flyway", "liquibase", "dbmate", "goose", "sqitch", "psql", "pg_dump", "pg_dumpall", "pg_basebackup",
    "pg_receivewal",
))
_POOLS = frozenset(("sqlalchemy", "hikari", "hikaricp", "prisma", "typeorm", "sequelize", "knex", "pgx", "asyncpg", "gorm"))
# fmt: on
_DIRECT = pattern(
    r"(?:\A|[_ .-])(?:direct|unpooled|non_?pooling|migrations?|migrate|admin|superuser|listen|replication|shadow)(?:[_ .-]|\Z)",
    re.IGNORECASE,
)


def is_application(stack: Stack, container: Container | None) -> bool:
    """Whether a container is one whose database connections belong through a pooler.

    Poolers, servers, exporters, backup and administration tools, migrations and one-off jobs need the server itself.
    """
    if container is None or container.workload.runs_to_completion or container.role in ("init", "ephemeral"):
        return False
    servers = pooling_of(stack).by_workload.get(id(container.workload), ())
    if any(server.container is container for server in servers):
        return False
    repository = container.image.repository.lower() if container.image is not None else ""
    if any(part in repository for part in _TOOLS) or basename(repository) in _SERVER_IMAGES:
        return False
    program = container.program()
    if program and basename(program[0]) in _PROGRAMS:
        return False
    return not _TOOL_WORDS & set(re.split(r"[^a-z0-9]+", container.workload.name.lower()))


def is_direct_by_name(connection: Connection) -> bool:
    """Whether the setting's own name says that it is for migrations or the like: ``DIRECT_DATABASE_URL``."""
    return _DIRECT.search(connection.name.rpartition(", ")[2]) is not None


def belongs_into_pool(stack: Stack, connection: Connection) -> bool:
    """Whether a connection to PostgreSQL is one that an application opens for its work."""
    return is_application(stack, connection.container) and not is_direct_by_name(connection)


def clients_of(stack: Stack, server: Postgres | ManagedResource) -> list[Connection]:
    """The applications' connections that lead to a server."""
    return [c for c in pooling_of(stack).clients.get(id(server), ()) if belongs_into_pool(stack, c)]


def unplaced_clients(stack: Stack) -> list[Connection]:
    """The applications' connections to PostgreSQL that lead to no server or pooler of the stack: outside it, or not known."""
    key = f"{KEY}/unplaced"
    if key not in stack.joined:
        stack.joined[key] = [
            c
            for c in pooling_of(stack).connections
            if target_of(stack, c).kind in ("absent", "other", "unknown") and belongs_into_pool(stack, c)
        ]
    found: list[Connection] = stack.joined[key]
    return found


def possible_clients(stack: Stack, world: str) -> list[Container]:
    """The applications of a world (see ``world_of``) of which it is not known what database they use: each may use any."""
    key = f"{KEY}/{world}"
    if key not in stack.joined:
        settled = {id(c.container) for c in pooling_of(stack).connections}
        stack.joined[key] = [
            c
            for c in stack.of(Container)
            if (not world or world_of(c) == world) and id(c) not in settled and is_application(stack, c) and product_of(c) is None
        ]
    found: list[Container] = stack.joined[key]
    return found


def runs_other_pooler(stack: Stack, world: str) -> bool:
    """Whether a world (see ``world_of``) runs a pooler other than PgBouncer: Pgpool, PgCat, Supavisor. Where it leads is not known."""
    key = f"{KEY}/poolers/{world}"
    if key not in stack.joined:
        stack.joined[key] = any(
            (not world or world_of(one) == world) and one.image is not None and _is_other_pooler(one.image.repository)
            for one in stack.of(Container)
            if one.role not in ("init", "ephemeral") and not one.workload.runs_to_completion
        )
    found: bool = stack.joined[key]
    return found


def _is_other_pooler(repository: str) -> bool:
    name = basename(repository.lower())
    return "exporter" not in name and any(part in name for part in _OTHER_POOLERS)


def sets_pool(container: Container) -> bool:
    """Whether a container's environment sizes a pool of database connections (``DATABASE_POOL_SIZE``)."""
    from afscan.platforms.variables.roles import Group, role_of  # noqa: PLC0415  (start-up time)

    for name in container.environment:
        prefix, role = role_of(name)
        group = Group(prefix)
        database = group.named in (None, "postgres") and (group.database or bool(_POOLS & set(prefix)))
        if database and role in ("pool", "pool part"):
            return True
    return False

"""What keeps the servers of a stack from starting, product by product (:mod:`afscan.platforms.refusals`)."""

from afscan.join.servers.products import is_official, repository
from afscan.model.subjects import PgBouncer, Postgres, RedisServer, Subject
from afscan.platforms.postgresimages import postgres_image


def note_refusals(found: Subject) -> None:
    """Fill ``refused`` of a server."""
    if isinstance(found, Postgres):
        from afscan.platforms.refusals import postgres  # noqa: PLC0415  (start-up time)

        container = found.container
        name = repository(container) if container is not None else ""
        as_it_is = container is not None and is_official(container, name)
        found.refused += postgres.refused(found, postgres_image(name) if as_it_is else None)
    elif isinstance(found, PgBouncer):
        from afscan.platforms.refusals import pgbouncer  # noqa: PLC0415

        found.refused += pgbouncer.refused(found)
    elif isinstance(found, RedisServer):
        from afscan.platforms.refusals import redis  # noqa: PLC0415

        official = found.container is not None and is_official(found.container, "redis", "valkey/valkey")
        found.refused += redis.refused(found, official=official)

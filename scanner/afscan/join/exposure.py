"""Which containers are internal services: nothing outside the platform may reach them directly."""

from afscan.model.subjects import Container
from afscan.platforms.images import facts_of, product_of


def internal_service(container: Container) -> str | None:
    """What internal service a container is, in two words for a message (``a datastore: postgres``); None where it is not known to be one.

    Datastores, queues, caches, metrics and administration interfaces are, by what is known of their images.
    """
    product = product_of(container)
    image = container.image
    facts = facts_of(image.repository, image.tag) if image is not None and image.reference.is_set else None
    if facts is not None and facts.datastore:
        return f"datastore {facts.product or product}"
    if facts is not None and facts.internal:
        return f"internal service {facts.product or product}"
    return f"datastore {product}" if product in _DATASTORES else None


_DATASTORES = frozenset(
    ("postgres", "pgbouncer", "redis", "valkey", "qdrant", "neo4j", "mysql", "mariadb", "mongodb", "elasticsearch", "opensearch", "memcached")
)
"""Products that hold or hand on data, for containers whose image is not known but whose program is."""

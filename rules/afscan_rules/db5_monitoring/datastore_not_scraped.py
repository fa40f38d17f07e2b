"""DB501: databases that nothing measures."""

from collections.abc import Iterator

from afscan.join.metrics import watch_of
from afscan.model.stack import Stack
from afscan.model.subjects import Server
from afscan.platforms.images import is_datastore
from afscan.platforms.metrics import families_of
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("DB501", severity=Severity.HIGH, absence=True, tags=("CWE-778",))
def datastore_not_scraped(server: Server, stack: Stack) -> Iterator[Problem]:
    """Database is not monitored.

    A database that nobody measures fails in front of its users: connections run out, memory fills up, a replica falls behind, and
    the first sign is an outage. PostgreSQL and Redis serve no metrics themselves and need an exporter; Qdrant and Neo4j serve their
    own, which a scrape job has to fetch. The finding speaks of this stack: what watches it from outside is not seen here.

    ## Fix
    - Kubernetes: deploy the exporter (`postgres_exporter`, `redis_exporter`) and a scrape job or ServiceMonitor for it; for Qdrant
      scrape `/metrics` on its HTTP port.
    - Compose: add the exporter as a service and its address to `scrape_configs`; for Qdrant scrape `/metrics` on its HTTP port.
    - Any: have Prometheus scrape the database, or an exporter that asks it.
    """
    if server.container is None or not is_datastore(server.product) or not families_of(server.product):
        yield NOT_APPLICABLE
        return
    watch = watch_of(stack, server)
    exporter = [Related(watch.exporter.place, "This exporter could serve its metrics.")] if watch.exporter is not None else []
    if watch.state == "unknown":
        yield unknown(
            server.container.place, f"Whether anything measures {server.name} is not known: {watch.why}.", related=exporter
        )
    elif watch.state == "no":
        yield fail(server.container.place, f"Nothing in this stack measures {server.name}: {watch.why}.", related=exporter)

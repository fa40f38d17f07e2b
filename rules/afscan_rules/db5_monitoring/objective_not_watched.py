"""DB505: what should be known of a database, and neither rule nor panel shows."""

from collections.abc import Iterator

from afscan.join.metrics import alerts_on, has_monitoring, metrics_read, panels_on, rules_elsewhere
from afscan.model.stack import Stack
from afscan.model.subjects import Server
from afscan.platforms.images import is_datastore
from afscan.platforms.metrics import aspects_of, measures
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("DB505", severity=Severity.MEDIUM, absence=True, tags=("CWE-778",))
def objective_not_watched(server: Server, stack: Stack) -> Iterator[Problem]:
    """Database objective is not watched.

    Some figures tell in advance that a database will fail its users: the latency and the size of the index of Qdrant, the number
    of connections and the time of queries of PostgreSQL, the latency of queries of Neo4j. Each should be read by an alert, or be
    on a dashboard. Judged where the stack has monitoring.

    ## Fix
    - Any: add an alert or a panel: Qdrant `rest_responses_avg_duration_seconds > 0.05` and `collections_vector_total`, PostgreSQL
      `pg_stat_database_numbackends` and `pg_stat_statements_seconds_total`, Neo4j `neo4j_database_neo4j_db_query_execution_latency_millis`.
    """
    aspects = aspects_of(server.product)
    if server.container is None or not is_datastore(server.product) or not aspects or not has_monitoring(stack):
        yield NOT_APPLICABLE
        return
    alerts, panels = alerts_on(stack, server.product), panels_on(stack, server.product)
    read = {metric for one in alerts for metric in metrics_read(stack, one)} | {m for one in panels for m in one.metrics}
    missing = [one for one in aspects if not any(measures(server.product, one, metric) for metric in read)]
    if not missing:
        return
    elsewhere = rules_elsewhere(stack)
    if elsewhere:
        message = f"Whether anything watches {_listed(missing)} of {server.name} is not known: {elsewhere}."
        yield unknown(server.container.place, message)
        return
    yield fail(
        server.container.place,
        f"No alert and no panel of this stack shows {_listed(missing)} of {server.name}.",
        related=[Related(one.alert.place, f"The alert `{one.alert.value}` reads other metrics of it.") for one in alerts[:2]],
    )


def _listed(aspects: list[str]) -> str:
    return " and ".join([f"the {one}" for one in aspects])

"""DEP105: whether a service waits until its database can answer."""

from collections.abc import Iterator

from afscan.join.delivery import awaited_service, has_health_check, is_datastore
from afscan.model.delivery import StartDependency
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown


@rule("DEP105", severity=Severity.LOW)
def dependency_start_not_awaited(dependency: StartDependency, stack: Stack) -> Iterator[Problem]:
    """Start of a datastore is not awaited.

    `depends_on: [db]` and `condition: service_started` wait until the database's container runs, which is seconds before it
    answers, or minutes after a crash. Its health check tells when it does: `condition: service_healthy` waits for that. Only
    datastores that have a health check are meant; other services come up in any order.

    ## Fix
    - Compose: write `depends_on: { db: { condition: service_healthy } }`.
    - Any: wait until the datastore's health check succeeds.
    """
    target = awaited_service(stack, dependency)
    if target is None or not target.containers or not is_datastore(target.containers[0]):
        yield NOT_APPLICABLE if target is not None or stack.complete else NOT_JUDGED
        return
    condition, watched = dependency.condition, has_health_check(target.containers[0])
    if condition.or_else("service_started") != "service_started":
        return
    if condition.is_unknown:
        yield unknown(condition.place, f"What {dependency.name} waits for is not known: {condition.reason}.")
    elif watched.is_unknown:
        yield unknown(condition.place, f"Whether {target.name} has a health check to wait for is not known: {watched.reason}.")
    elif watched.or_else(False):
        yield fail(
            condition.place,
            f"{dependency.name} is started without waiting until {target.name} can answer, though that has a health check.",
            related=[Related(watched.place, "This tells when it can answer.")],
        )
    else:
        yield NOT_APPLICABLE

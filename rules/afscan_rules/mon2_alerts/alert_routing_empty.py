"""MON202: routes of Alertmanager that drop what they get."""

import re
from collections.abc import Iterator

from afscan.model.monitoring import AlertReceiver, AlertRoute, AlertRouting
from afscan.model.stack import Stack
from afscan.model.value import Value
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_SEVERITY = re.compile(r'\s*\{?\s*"?(?:severity|priority)"?\s*=~?\s*"?\s*\(?(critical|page|emergency|p1|fatal)\b', re.IGNORECASE)


@rule("MON202", severity=Severity.HIGH, tags=("CWE-778",))
def alert_routing_empty(routing: AlertRouting, stack: Stack) -> Iterator[Problem]:
    """Alert routing is empty.

    A receiver without integrations is valid, and drops every alert that is routed to it. That is meant for alerts that should not
    wake anybody; as the only destination, or for critical alerts, it silences the whole monitoring. A receiver or a time interval
    that does not exist, or two of one name, keep Alertmanager from starting.

    ## Fix
    - Kubernetes: give the receiver an integration, with its URL or key from a mounted Secret (`url_file`, `routing_key_file`).
    - Any: give the receiver an integration such as `pagerduty_configs`, or route to one that has it.
    """
    if routing.root is None:
        yield NOT_APPLICABLE
        return
    routes = list(_inherited(routing.root))
    problems = [*_missing(routing, routes), *_refused(routing, routes)]
    if problems:
        yield from problems
        return
    reached = [_receiver(routing, receiver) for _, receiver in routes]
    if not any(one is not None and one.integrations for one in reached):
        receiver = routing.root.receiver
        yield fail(
            receiver.place,
            f"Every alert is dropped: no route of {routing.name} leads to a receiver with an integration.",
            related=_related(_receiver(routing, receiver)),
        )
        return
    for route, receiver in routes:
        found = _receiver(routing, receiver)
        if found is not None and not found.integrations and _is_for_critical(route) and not _leads_on(routing, route):
            yield fail(
                receiver.place,
                f"Critical alerts are dropped: the receiver `{found.name}` has no integration.",
                related=_related(found),
            )


def _inherited(root: AlertRoute) -> Iterator[tuple[AlertRoute, Value[str]]]:
    """Every route with its receiver, the parent's where it names none."""
    waiting = [(root, root.receiver)]
    while waiting:
        route, receiver = waiting.pop()
        yield route, receiver
        waiting += [(below, below.receiver if not below.receiver.is_unset else receiver) for below in reversed(route.routes)]


def _missing(routing: AlertRouting, routes: list[tuple[AlertRoute, Value[str]]]) -> Iterator[Problem]:
    """Receivers that do not exist, each once where it is named."""
    for route, receiver in routes:
        name = receiver.or_else("")
        if route.receiver.is_unset and route is not routing.root:
            continue
        if receiver.is_unknown or "$" in name or "{{" in name:
            why = receiver.reason or f"`{name}` is filled in by something else"
            yield unknown(receiver.place, f"Where this route of {routing.name} leads is not known: {why}.")
        elif receiver.is_unset:
            yield fail(receiver.place, f"The first route of {routing.name} names no receiver: Alertmanager does not start.")
        elif name not in routing.receivers:
            yield fail(receiver.place, f"{routing.name} has no receiver `{name}`: Alertmanager does not start.")


def _refused(routing: AlertRouting, routes: list[tuple[AlertRoute, Value[str]]]) -> Iterator[Problem]:
    """What else keeps Alertmanager from starting; the operator completes its own objects before Alertmanager reads them."""
    if routing.platform != "alertmanager":
        return
    for name in routing.repeated:
        yield fail(name.place, f"{routing.name} has `{name.value}` twice: Alertmanager does not start.")
    root = routing.root
    if root is not None and root.matchers:
        yield fail(root.node.head, f"The first route of {routing.name} has matchers: Alertmanager does not start.")
    for route, _ in routes:
        for interval in route.intervals:
            if interval.is_set and interval.value not in routing.intervals:
                yield fail(
                    interval.place, f"{routing.name} has no time interval `{interval.value}`: Alertmanager does not start."
                )


def _receiver(routing: AlertRouting, name: Value[str]) -> AlertReceiver | None:
    return routing.receivers.get(name.or_else(""))


def _related(receiver: AlertReceiver | None) -> list[Related]:
    return [Related(receiver.node.head, f"The receiver `{receiver.name}` has no integration.")] if receiver is not None else []


def _is_for_critical(route: AlertRoute) -> bool:
    """A route for critical alerts whatever their name: one that names an alert or team as well mutes a known few."""
    return len(route.matchers) == 1 and "," not in route.matchers[0] and _SEVERITY.match(route.matchers[0]) is not None


def _leads_on(routing: AlertRouting, route: AlertRoute) -> bool:
    """Whether an alert also gets somewhere else: further routes are asked, or routes below have integrations."""
    below = [_receiver(routing, receiver) for one, receiver in _inherited(route) if one is not route]
    return (not route.goes_on.is_unset and route.goes_on.value is not False) or any(
        b is not None and b.integrations for b in below
    )

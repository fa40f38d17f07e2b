"""SEC411: ways in from outside that take any host."""

from collections.abc import Iterator

from afscan.join.routes import listeners_of
from afscan.model.objects import Route
from afscan.model.stack import Stack
from afscan.model.subjects import Ingress
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("SEC411", severity=Severity.LOW, tags=("CWE-346",))
def wildcard_ingress_host(entrance: Ingress | Route, stack: Stack) -> Iterator[Problem]:
    """Ingress takes any host.

    A rule without a host (or with `*`) answers whatever name a client sends: any domain that is pointed at the load balancer,
    its bare address, scanners. Host headers that nobody expects are how caches are poisoned and links in e-mails are forged, and
    a rule for all hosts takes the requests that another team's missing host would have shown. Rules that only redirect to HTTPS
    and wildcards of one's own domain (`*.example.com`) are not meant.

    ## Fix
    - Kubernetes: write the `host` in each rule of the Ingress (`hostnames` of a route, `hostname` of the listener).
    - Any: name the hosts that are served.
    """
    if isinstance(entrance, Ingress):
        yield from _ingress(entrance)
    elif entrance.kind not in ("HTTPRoute", "GRPCRoute") or all(parent.kind != "Gateway" for parent in entrance.parents):
        yield NOT_APPLICABLE
    elif not entrance.redirects:
        yield from _route(entrance, stack)


def _ingress(ingress: Ingress) -> Iterator[Problem]:
    for route in ingress.routes:
        if route.host.is_unknown:
            yield unknown(route.host.place, f"Which hosts {ingress.name} takes is not known: {route.host.reason}.")
            return
        if route.host.or_else("") in ("", "*"):
            what = "its rule is for the host `*`" if route.host.is_set else "a rule of it names no host"
            yield fail(route.host.place, f"{ingress.name} takes requests for any host: {what}.")
            return


def _route(route: Route, stack: Stack) -> Iterator[Problem]:
    named = [host for host in route.hostnames if host.or_else("*") != "*"]
    if named or any(host.is_unknown for host in route.hostnames):
        return
    listeners = listeners_of(stack, route)
    if not listeners:
        yield unknown(
            route.place, f"Which hosts {route.name} takes is not known: the Gateway that decides it is not in this stack."
        )
        return
    wide = next((listener for _, listener in listeners if listener.hostname.is_unset), None)
    if wide is not None:
        message = f"{route.name} takes requests for any host: neither its `hostnames` nor the listener's `hostname` names one."
        yield fail(route.place, message, related=[Related(wide.node.head, "This is the listener.")])

"""SEC306: hosts of an Ingress that are served without TLS."""

from collections.abc import Iterator

from afscan.join.ingresses import answers_plaintext, certificate, redirects, serves_https_only, shared_listeners
from afscan.join.routes import routes_of
from afscan.model.objects import Gateway, GatewayListener
from afscan.model.stack import Stack
from afscan.model.subjects import Ingress
from afscan.model.value import Value
from afscan.policy import Problem, Related, Severity, fail, rule, unknown


@rule("SEC306", severity=Severity.HIGH, tags=("CWE-319",))
def ingress_without_tls(ingress: Ingress | Gateway, stack: Stack) -> Iterator[Problem]:
    """Ingress serves without TLS.

    What enters the platform from the internet enters here: a host that is missing under `spec.tls` is served in plaintext,
    sessions and passwords included. With the redirect to HTTPS off, plaintext stays open beside TLS. Controllers that bring
    their certificates otherwise (AWS, Google Cloud, Azure, Traefik, OpenShift) are judged by their own annotations. A listener
    of a Gateway that speaks HTTP may carry routes that redirect to HTTPS, and no others.

    ## Fix
    - Kubernetes: list the host under `spec.tls` with a `secretName`, and leave `ssl-redirect` at its default or `"true"`; let a
      Gateway's HTTP listener carry only a route that redirects to `https`.
    - Any: give every host a certificate, and redirect HTTP to HTTPS.
    """
    if isinstance(ingress, Gateway):
        for listener in ingress.listeners:
            yield from _listener(ingress, listener, stack)
        return
    if redirects(ingress) or serves_https_only(ingress):
        return
    covered = ingress.tls_any_host or certificate(ingress) is not None
    problems = [] if covered else list(_hosts(ingress))
    yield from problems
    if problems:
        return
    beside = answers_plaintext(ingress)
    if beside is not None and beside.plain.is_unknown:
        yield unknown(beside.plain.place, f"Whether {ingress.name} also serves plaintext is not known: {beside.plain.reason}.")
    elif beside is not None:
        yield fail(beside.plain.place, f"{ingress.name} {beside.how}.")


def _listener(gateway: Gateway, listener: GatewayListener, stack: Stack) -> Iterator[Problem]:
    """A listener that speaks plaintext to what is routed through it; without routes it serves nothing."""
    protocol = listener.protocol
    if protocol.is_unknown:
        yield unknown(protocol.place, f"Whether {gateway.name} serves plaintext is not known: {protocol.reason}.")
    if protocol.or_else("") != "HTTP":
        return
    routes = routes_of(stack, gateway, listener)
    serving = next((route for route in routes if not route.redirects), None)
    if serving is not None:
        message = f"{gateway.name} serves {serving.name} in plaintext: its listener `{listener.listener}` speaks HTTP."
        yield fail(
            protocol.place,
            message,
            related=[Related(serving.place, "This is routed through it, and does not redirect to HTTPS.")],
        )
    elif not routes and listener.admits != "Same":
        message = f"Whether {gateway.name} serves anything in plaintext is not known: routes of other namespaces may use it."
        yield unknown(protocol.place, message)


def _hosts(ingress: Ingress) -> Iterator[Problem]:
    """The hosts of the rules that no entry of ``spec.tls`` covers, each once."""
    sources = (ingress.tls, *ingress.tls_hosts, shared_listeners(ingress))
    doubtful = next((one for one in sources if one is not None and one.is_unknown), None)
    covered = [host.or_else("").lower() for host in ingress.tls_hosts if host.is_set]
    exact = set(covered)
    seen: set[str] = set()
    for route in ingress.routes:
        host = route.host
        text = host.or_else("").lower()
        if text in seen:
            continue
        seen.add(text)
        if not (host.is_set and (text in exact or ("*." + text.partition(".")[2]) in exact)):
            yield _uncovered(ingress, host, doubtful)
    if not ingress.routes and doubtful is not None:
        yield unknown(
            doubtful.place, f"Whether {ingress.name} serves its default backend over TLS is not known: {doubtful.reason}."
        )
    elif not ingress.routes and not ingress.tls.value:
        yield fail(ingress.place, f"{ingress.name} serves its default backend without TLS: it has no `spec.tls`.")


def _uncovered(ingress: Ingress, host: Value[str], doubtful: "Value[str] | Value[bool] | None") -> Problem:
    if host.is_unknown or doubtful is not None:
        reason = host.reason or (doubtful.reason if doubtful is not None else "")
        return unknown(host.place, f"Whether {ingress.name} serves this host over TLS is not known: {reason}.")
    if host.is_unset:
        return fail(
            host.place, f"{ingress.name} serves every host without TLS: its rule names no host, and no `tls` entry covers all."
        )
    return fail(host.place, f"{ingress.name} serves `{host.value}` without TLS: no entry of `spec.tls` names it.")

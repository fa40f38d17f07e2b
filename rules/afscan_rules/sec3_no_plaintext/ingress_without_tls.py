"""SEC306: hosts of an Ingress that are served without TLS."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Ingress
from afscan.policy import Problem, Severity, fail, rule, unknown

_REDIRECTS = (
    "nginx.ingress.kubernetes.io/ssl-redirect",
    "nginx.ingress.kubernetes.io/force-ssl-redirect",
    "ingress.kubernetes.io/ssl-redirect",
    "haproxy.org/ssl-redirect",
    "haproxy-ingress.github.io/ssl-redirect",
)
_CERTIFICATES = (
    "alb.ingress.kubernetes.io/certificate-arn",
    "networking.gke.io/managed-certificates",
    "ingress.gcp.kubernetes.io/pre-shared-cert",
    "networking.gke.io/pre-shared-cert",
    "appgw.ingress.kubernetes.io/appgw-ssl-certificate",
    "traefik.ingress.kubernetes.io/router.tls",
)
"""Annotations by which a controller gets its certificate without `spec.tls`, from the controllers' documentation."""


@rule("SEC306", severity=Severity.HIGH, tags=("CWE-319",))
def ingress_without_tls(ingress: Ingress, stack: Stack) -> Iterator[Problem]:
    """Ingress serves without TLS.

    What enters the platform from the internet enters here: a host that is missing under `spec.tls` is served in plaintext,
    sessions and passwords included. With `ssl-redirect` off, plaintext stays open beside TLS.

    ## Fix
    - Any: list the host under `spec.tls` with a `secretName`, and leave `ssl-redirect` at its default or `"true"`.
    """
    for name in _REDIRECTS[:1] + _REDIRECTS[2:]:
        redirect = ingress.annotations.get(name)
        forced = ingress.annotations.get(_REDIRECTS[1])
        if redirect is not None and redirect.or_else("").lower() == "false" and not (forced and forced.value == "true"):
            yield fail(redirect.place, f"{ingress.name} goes on serving plaintext beside TLS: `{name}` is off.")
    if any(ingress.annotations[name].or_else("-") not in ("", "false") for name in _CERTIFICATES if name in ingress.annotations):
        return
    if ingress.tls_any_host:
        return
    doubtful = next((host for host in ingress.tls_hosts if host.is_unknown), None)
    covered = [host.or_else("").lower() for host in ingress.tls_hosts if host.is_set]
    seen: set[str] = set()
    for route in ingress.routes:
        host = route.host
        text = host.or_else("").lower()
        if text in seen:
            continue
        seen.add(text)
        if host.is_set and any(_covers(pattern, text) for pattern in covered):
            continue
        if host.is_unknown or doubtful is not None:
            reason = host.reason or (doubtful.reason if doubtful is not None else "")
            yield unknown(host.place, f"Whether {ingress.name} serves this host over TLS is not known: {reason}.")
        elif host.is_unset:
            yield fail(host.place, f"{ingress.name} serves every host without TLS: its rule names no host, and no `tls` entry covers all.")
        else:
            yield fail(host.place, f"{ingress.name} serves `{host.value}` without TLS: no entry of `spec.tls` names it.")
    if not ingress.routes and ingress.tls.is_unset:
        yield fail(ingress.place, f"{ingress.name} serves its default backend without TLS: it has no `spec.tls`.")


def _covers(pattern: str, host: str) -> bool:
    """Whether a host of `spec.tls` covers a host of a rule; a wildcard stands for exactly one label."""
    if pattern.startswith("*."):
        return host == pattern or host.partition(".")[2] == pattern[2:]
    return pattern == host

"""What an Ingress controller makes of an Ingress's annotations: certificates, redirects, listeners.

Sources, each controller's own documentation of its annotations: ingress-nginx ("ssl-redirect", "force-ssl-redirect",
"ssl-passthrough"), NGINX Inc., AWS Load Balancer Controller ("listen-ports", "ssl-redirect", "Certificate Discovery"), GKE
("Ingress for external Application Load Balancers": HTTP is served beside HTTPS unless ``kubernetes.io/ingress.allow-http`` is
false), AGIC, Traefik, HAProxy, Kong, OpenShift ("Creating a route through an Ingress object").
"""

import json

from afscan.model.record import record
from afscan.model.subjects import Ingress
from afscan.model.value import Value

_NGINX_FORCED = ("nginx.ingress.kubernetes.io/force-ssl-redirect", "ingress.kubernetes.io/force-ssl-redirect")
_REDIRECTS = (
    "nginx.ingress.kubernetes.io/ssl-redirect",
    "ingress.kubernetes.io/ssl-redirect",
    "nginx.org/ssl-redirect",
    "haproxy.org/ssl-redirect",
    "haproxy-ingress.github.io/ssl-redirect",
)
"""Redirects that are on by default where there is a certificate."""

_GKE_CERTIFICATES = (
    "networking.gke.io/managed-certificates",
    "ingress.gcp.kubernetes.io/pre-shared-cert",
    "networking.gke.io/pre-shared-cert",
)
_CERTIFICATES = (
    *_GKE_CERTIFICATES,
    "appgw.ingress.kubernetes.io/appgw-ssl-certificate",
    "traefik.ingress.kubernetes.io/router.tls",
    "traefik.ingress.kubernetes.io/router.tls.certresolver",
    "nginx.ingress.kubernetes.io/ssl-passthrough",
    "haproxy.org/ssl-passthrough",
    "haproxy-ingress.github.io/ssl-passthrough",
    "route.openshift.io/termination",
)
"""Annotations by which a controller has a certificate, or leaves TLS to the workload, without ``spec.tls``."""

_ALB = "alb.ingress.kubernetes.io/"
_ALLOW_HTTP = "kubernetes.io/ingress.allow-http"
_FRONTEND = ("networking.gke.io/v1beta1.FrontendConfig", "networking.gke.io/FrontendConfig")
_GCE = ("gce", "gce-internal")


@record(slots=True, frozen=True)
class Beside:
    """Plaintext beside TLS: what opens it (unknown where that is not certain), and a clause that says how."""

    plain: Value[str]
    how: str = ""


def redirects(ingress: Ingress) -> bool:
    """Whether every request in plaintext is sent to HTTPS, whoever has the certificate (a load balancer in front, for one)."""
    return any(_text(ingress, name) == "true" for name in _NGINX_FORCED)


def serves_https_only(ingress: Ingress) -> bool:
    """Whether the routes are only open to HTTPS, with the controller's own certificate if need be."""
    protocols = _text(ingress, "konghq.com/protocols")
    entrypoints = _text(ingress, "traefik.ingress.kubernetes.io/router.entrypoints")
    if protocols and set(protocols.replace(" ", "").split(",")) <= {"https", "grpcs"}:
        return True
    if entrypoints and set(entrypoints.replace(" ", "").split(",")) == {"websecure"}:
        return True  # the entry point with TLS in Traefik's own chart
    return _is_alb(ingress) and _alb_protocols(ingress) == {"HTTPS"}


def certificate(ingress: Ingress) -> Value[str] | None:
    """What gives all hosts a certificate without ``spec.tls``; None where nothing does."""
    for name in _CERTIFICATES:
        value = ingress.annotations.get(name)
        if value is not None and value.or_else("-").lower() not in ("", "false"):
            return value
    if _is_alb(ingress) and "HTTPS" in _alb_protocols(ingress):
        return ingress.annotations.get(_ALB + "listen-ports")
    return None


def answers_plaintext(ingress: Ingress) -> Beside | None:
    """What keeps plaintext open on an Ingress that has certificates; None where nothing does."""
    if _is_alb(ingress):
        return _alb_beside(ingress)
    for name in _REDIRECTS:
        value = ingress.annotations.get(name)
        if value is not None and (value.is_unknown or value.or_else("").strip().lower() == "false"):
            return Beside(value, f"goes on serving plaintext beside TLS: `{name}` is off")
    if ingress.class_name.or_else("") in _GCE or any(name in ingress.annotations for name in (*_GKE_CERTIFICATES, _ALLOW_HTTP)):
        return _gke_beside(ingress)
    return None


def _gke_beside(ingress: Ingress) -> Beside | None:
    allowed = ingress.annotations.get(_ALLOW_HTTP)
    frontend = next((ingress.annotations[name] for name in _FRONTEND if name in ingress.annotations), None)
    if allowed is not None and allowed.or_else("").strip().lower() == "false":
        return None
    if frontend is not None:
        reason = f"the FrontendConfig `{frontend.or_else('?')}` may redirect it, which is not read"
        return Beside(Value.unknown(frontend.node, reason, frontend.at))
    at = allowed or certificate(ingress) or Value.unset(ingress.node)
    why = 'it is open unless `kubernetes.io/ingress.allow-http` is `"false"` or a FrontendConfig redirects it'
    return Beside(at if at.is_unknown else Value.of("", at.node, at.at), f"goes on serving plaintext beside TLS: {why}")


def _is_alb(ingress: Ingress) -> bool:
    return ingress.class_name.or_else("") == "alb" or any(name.startswith(_ALB) for name in ingress.annotations)


def _alb_protocols(ingress: Ingress) -> set[str]:
    """The protocols of the listeners; empty where they cannot be told."""
    written = ingress.annotations.get(_ALB + "listen-ports")
    if written is None:
        return {"HTTPS"} if _ALB + "certificate-arn" in ingress.annotations else {"HTTP"}
    try:
        listed = json.loads(written.or_else(""))
        protocols = {str(protocol).upper() for entry in listed for protocol in entry}
        return protocols if protocols <= {"HTTP", "HTTPS"} else set()
    except (ValueError, TypeError, RecursionError):
        return set()


def _alb_beside(ingress: Ingress) -> Beside | None:
    """An HTTP listener that does not redirect. Ingresses of one group share their listeners, and one redirect counts for all."""
    protocols = _alb_protocols(ingress)
    written = ingress.annotations.get(_ALB + "listen-ports")
    if not protocols and written is not None:
        return Beside(written if written.is_unknown else Value.unknown(written.node, "`listen-ports` cannot be read", written.at))
    if "HTTP" not in protocols or _ALB + "ssl-redirect" in ingress.annotations:
        return None
    actions = [value for name, value in ingress.annotations.items() if name.startswith(_ALB + "actions.")]
    if any(value.is_unknown or ("redirect" in value.or_else("") and "HTTPS" in value.or_else("")) for value in actions):
        return None
    at = written or Value.unset(ingress.node)
    shared = shared_listeners(ingress)
    if shared is not None:
        return Beside(shared)
    how = "goes on serving plaintext beside TLS: it has an HTTP listener without `ssl-redirect`"
    if protocols == {"HTTP"}:
        how = "is served in plaintext: without `listen-ports` or `certificate-arn` the load balancer has an HTTP listener only"
    return Beside(Value.of("", at.node, at.at), how)


def shared_listeners(ingress: Ingress) -> Value[str] | None:
    """Unknown, where other Ingresses decide as well: those of an AWS load balancer's group share listeners and redirects."""
    group = ingress.annotations.get(_ALB + "group.name")
    return None if group is None else Value.unknown(group.node, "another Ingress of its group may decide it", group.at)


def _text(ingress: Ingress, name: str) -> str:
    value = ingress.annotations.get(name)
    return value.or_else("").strip().lower() if value is not None else ""


_LOGINS = (
    "nginx.ingress.kubernetes.io/auth-url",
    "nginx.ingress.kubernetes.io/auth-type",
    "nginx.ingress.kubernetes.io/auth-secret",
    "nginx.ingress.kubernetes.io/auth-tls-secret",
    "nginx.ingress.kubernetes.io/whitelist-source-range",
    "nginx.ingress.kubernetes.io/allowlist-source-range",
    "nginx.org/basic-auth-secret",
    "haproxy.org/auth-type",
    "haproxy.org/allow-list",
    "haproxy-ingress.github.io/auth-url",
    "haproxy-ingress.github.io/allowlist-source-range",
    "traefik.ingress.kubernetes.io/router.middlewares",
    "alb.ingress.kubernetes.io/auth-type",
    "alb.ingress.kubernetes.io/inbound-cidrs",
    "alb.ingress.kubernetes.io/security-groups",
    "konghq.com/plugins",
)
"""Annotations by which a controller asks for a login, or admits certain addresses only (middlewares and plugins may)."""


def guarded(ingress: Ingress) -> bool:
    """Whether something stands before the routes: a login, or a list of addresses."""
    return any(_text(ingress, name) not in ("", "none", "0.0.0.0/0") for name in _LOGINS)


def inside_only(ingress: Ingress) -> bool:
    """Whether an Ingress is not open to the internet: its class says so, or its load balancer is internal.

    The AWS controller makes internal load balancers unless ``scheme`` says ``internet-facing``.
    """
    name = ingress.class_name.or_else("").lower()
    if "internal" in name or "private" in name:
        return True
    if name == "alb" or any(one.startswith(_ALB) for one in ingress.annotations):
        return _text(ingress, _ALB + "scheme") != "internet-facing"
    return False

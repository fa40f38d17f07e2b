"""SEC313: certificates that nobody signs, or that nobody makes."""

from collections.abc import Iterator

from afscan.join.references import satisfied
from afscan.model.objects import Reference
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("SEC313", severity=Severity.MEDIUM, absence=True, tags=("CWE-295",))
def certificate_issuer_missing(reference: Reference, stack: Stack) -> Iterator[Problem]:
    """Certificate has no issuer.

    cert-manager signs through an Issuer or ClusterIssuer. Where the one that an Ingress or Certificate names is missing, the
    request waits for ever, the Secret stays empty and the controller serves its self-signed default certificate. The same is
    true of a `tls` Secret that nothing makes. This speaks of the stack alone, and only where it has issuers or certificates of
    its own: elsewhere they are the cluster's.

    ## Fix
    - Kubernetes: declare the Issuer (in the same namespace) or ClusterIssuer, correct its kind or name, or declare a Certificate
      for the Secret.
    - Any: declare who signs the certificate.
    """
    if not reference.purpose:
        yield NOT_APPLICABLE
        return
    found = satisfied(stack, reference)
    name = reference.target.or_else("")
    if found.state == "unjudged":
        yield NOT_APPLICABLE  # it is the cluster's
    elif found.state == "unknown":
        message = f"Whether there is a {reference.kind} for {reference.owner} is not known: {found.why}."
        yield unknown(reference.target.place, message)
    elif found.state == "absent" and reference.purpose == "issuer":
        message = f"{reference.owner} names the {reference.kind} `{name}`, which is absent from this stack: nobody signs its certificate."
        related = [Related(found.by.place, "This has the name, but is in another namespace.")] if found.by is not None else []
        yield fail(reference.target.place, message, related=related)
    elif found.state == "refused":
        message = (
            f"{reference.owner} serves the certificate in the Secret `{name}` of the namespace `{reference.namespace}`, and no "
            "ReferenceGrant there allows it: the Gateway does not read it."
        )
        yield fail(reference.target.place, message)
    elif found.state == "absent":
        message = (
            f"{reference.owner} serves the certificate in the Secret `{name}`, which nothing in this stack makes: no Certificate, "
            "no annotation for cert-manager, no ExternalSecret."
        )
        yield fail(reference.target.place, message)

"""INT101: names of objects that nothing in the stack is or makes."""

from collections.abc import Iterator

from afscan.join.references import Satisfaction, satisfied
from afscan.model.objects import Reference
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_MADE_BY = {
    "Secret": "no Secret, ExternalSecret, SealedSecret or Certificate makes it",
    "PersistentVolumeClaim": "no claim and no StatefulSet makes it",
}
_EFFECT = {
    "Secret": "the pods that need it do not start",
    "ConfigMap": "the pods that need it do not start",
    "ServiceAccount": "no pod is made",
    "PersistentVolumeClaim": "the pods that need it wait for it for ever",
    "Service": "nothing answers under its name",
}


@rule("INT101", severity=Severity.HIGH, absence=True, tags=("CWE-1068",))
def dangling_reference(reference: Reference, stack: Stack) -> Iterator[Problem]:
    """Reference leads nowhere.

    A pod that names a Secret, ConfigMap, claim or service account which does not exist is not started; a route to a Service
    that nobody declares, or to a port that it has not, answers with errors; Compose refuses the whole project. Each file looks
    right by itself. What makes an object counts as the object: an ExternalSecret, a SealedSecret, a Certificate, a StatefulSet's
    claim, a generator of Kustomize, a resource of Terraform. The finding speaks of this stack only; what operators, charts and
    templates may make is unknown, and what is usually made elsewhere (Secrets where the stack makes none at all, classes of the
    cluster) is not judged.

    ## Fix
    - Kubernetes, Terraform: declare the object in the same namespace, or correct the name or key; for a route or Gateway that
      names an object of another namespace, declare a ReferenceGrant there.
    - Compose: declare it at the top level of the project, or correct the name.
    - Any: declare what is named, or correct the name.
    """
    if reference.purpose:
        yield NOT_APPLICABLE  # certificates and who signs them have a rule of their own
        return
    found = satisfied(stack, reference)
    if found.state == "unjudged":
        yield NOT_APPLICABLE  # it is usually made elsewhere
    elif found.state == "present" or (reference.optional and found.state in ("absent", "unknown")):
        return
    elif found.state == "unknown":
        message = f"Whether there is a {reference.kind} for {reference.owner} is not known: {found.why}."
        yield unknown(reference.target.place, message)
    elif found.state == "refused":
        yield _refused(reference, found)
    elif found.state == "keyless" and reference.key is not None:
        yield _without_key(reference, found)
    else:
        yield _absent(reference, found)


def _absent(reference: Reference, found: Satisfaction) -> Problem:
    kind, name = reference.kind, reference.target.or_else("")
    if kind == "file":
        message = f"{reference.owner} mounts `{name}`, which is no file of this stack: Docker makes an empty folder in its place."
        return fail(reference.target.place, message)
    if reference.platform == "compose":
        message = f"{reference.owner} names the {kind} `{name}` ({reference.how} it), which no file of the project declares."
        return fail(reference.target.place, message)
    why = _MADE_BY.get(kind, "nothing here declares it")
    effect = _EFFECT.get(kind)
    message = (
        f"{reference.owner} names the {kind} `{name}` ({reference.how} it), which is absent from this stack: {why}"
        f"{f', and without it {effect}' if effect else ''}."
    )
    related = [Related(found.by.place, "This has the name, but is in another namespace.")] if found.by is not None else []
    return fail(reference.target.place, message, related=related)


def _refused(reference: Reference, found: Satisfaction) -> Problem:
    message = (
        f"{reference.owner} names the {reference.kind} `{reference.target.or_else('')}` of the namespace `{reference.namespace}`, "
        "and no ReferenceGrant there allows it: the Gateway refuses to follow it."
    )
    related = [Related(found.by.place, "This is what it names.")] if found.by is not None else []
    return fail(reference.target.place, message, related=related)


def _without_key(reference: Reference, found: Satisfaction) -> Problem:
    assert reference.key is not None
    if reference.kind == "Service":
        message = (
            f"{reference.owner} leads to the port `{reference.key.or_else('')}` of the Service `{reference.target.or_else('')}`, "
            "which has no such port: nothing answers."
        )
        related = [Related(found.by.place, "This is the Service.")] if found.by is not None else []
        return fail(reference.key.place, message, related=related)
    message = (
        f"{reference.owner} asks for the entry `{reference.key.or_else('')}` of the {reference.kind} "
        f"`{reference.target.or_else('')}`, which has no such entry: the container does not start."
    )
    related = [Related(found.by.place, "This makes it, without that entry.")] if found.by is not None else []
    return fail(reference.key.place, message, related=related)

"""INT203: ConfigMaps that nothing mounts or reads."""

from collections.abc import Iterator

from afscan.join.mentions import collector_of, has_pods, is_found_by_others, is_used
from afscan.join.namespaces import is_excerpt, makes_pods, unread_manifests
from afscan.model.objects import ManifestObject
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("INT203", severity=Severity.MEDIUM, absence=True, tags=("CWE-1164",))
def configuration_not_mounted(item: ManifestObject, stack: Stack) -> Iterator[Problem]:
    """Configuration is not mounted.

    A ConfigMap has an effect only where a pod mounts it or takes its variables from it. One that nothing in the stack uses is
    a configuration that its readers believe in and no server runs with: a volume was renamed, a Deployment forgotten. One that
    is named anywhere else, carries labels by which controllers find such objects, or lies in a controller's own namespace is
    not meant. This speaks of the stack alone.

    ## Fix
    - Kubernetes, Terraform: mount it where its server reads it, or take it out.
    - Any: hand the configuration to the server that is meant to read it.
    """
    if item.kind != "ConfigMap" or item.group or is_excerpt(item) or not has_pods(stack) or is_found_by_others(item):
        yield NOT_APPLICABLE
        return
    if is_used(stack, item):
        return
    foreign, collector = makes_pods(stack), collector_of(stack)
    if collector is not None:
        related = [Related(collector.place, "This collects ConfigMaps by their labels.")]
        yield unknown(item.place, f"Whether anything reads {item.name} is not known: {collector.name} may.", related=related)
    elif foreign is not None:
        related = [Related(foreign.place, "This is not evaluated.")]
        yield unknown(item.place, f"Whether anything reads {item.name} is not known: {foreign.name} may.", related=related)
    elif unread_manifests(stack):
        yield unknown(item.place, f"Whether anything reads {item.name} is not known: files that may do so could not be read.")
    else:
        message = f"{item.name} has no effect: nothing in this stack mounts it, takes variables from it or names it."
        yield fail(item.place, message)

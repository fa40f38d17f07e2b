"""INT104: objects in an API version that the server no longer knows."""

from collections.abc import Iterator

from afscan.join.clusters import clusters_of
from afscan.model.objects import ManifestObject
from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource
from afscan.platforms.kubernetesapis import Removal, as_of, removal_of
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("INT104", severity=Severity.HIGH, tags=("CWE-477",))
def api_version_not_served(item: ManifestObject, stack: Stack) -> Iterator[Problem]:
    """API version is no longer served.

    Kubernetes and its operators stop serving old versions of their APIs. A manifest in such a version is refused (`no matches for
    kind`), so a budget, a policy or a schedule that is in the files is not in the cluster. The version of the cluster that the
    stack's Terraform declares decides; where none is known, the oldest release that still gets fixes.

    ## Fix
    - Kubernetes: write the served version that the message names, and adapt the fields that changed with it.
    - Terraform: use the resource of the served version, such as `kubernetes_cron_job_v1`.
    - Any: write a version that the server serves.
    """
    if not item.version.is_set:
        yield NOT_APPLICABLE
        return
    removal = removal_of(item.version.or_else(""), item.kind)
    if removal is None:
        return
    known = clusters_of(stack) if removal.product == "kubernetes" else []
    versions = [version for _, version in known if version is not None]
    if known and len(versions) < len(known):
        message = (
            f"Whether {item.name} is refused is not known: `{item.version.value}` is served until Kubernetes {_text(removal)}."
        )
        yield unknown(
            item.version.place, message, related=[Related(known[0][0].place, "The version of this cluster is not known.")]
        )
        return
    if versions and min(versions) < removal.removed:
        return
    yield fail(item.version.place, _message(item, removal, versions), related=_related(known))


def _message(item: ManifestObject, removal: Removal, versions: list[tuple[int, int]]) -> str:
    gone = f"{item.name} is written in `{item.version.value}`, which {removal.title} no longer serves since {_text(removal)}"
    instead = f"write `{removal.instead}`" if removal.instead else "nothing took its place"
    if versions:
        lowest = min(versions)
        return f"{gone}; the cluster of this stack is {lowest[0]}.{lowest[1]}: it is refused ({instead})."
    return f"{gone}: it is refused ({instead}). {removal.why[:1].upper()}{removal.why[1:]} (as of {as_of()})."


def _text(removal: Removal) -> str:
    return f"{removal.removed[0]}.{removal.removed[1]}"


def _related(known: list[tuple[ManagedResource, tuple[int, int] | None]]) -> list[Related]:
    return [Related(cluster.place, "This is the cluster, with its version.") for cluster, _ in known[:1]]

"""Which version of Kubernetes the objects of a stack go to, as far as the stack declares a cluster."""

from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource
from afscan.platforms.kubernetesapis import parse_version

KEY = "clusters"


def clusters_of(stack: Stack) -> list[tuple[ManagedResource, tuple[int, int] | None]]:
    """The managed clusters of a stack that name a version; None where it is not known. Without one the provider picks it."""
    found: list[tuple[ManagedResource, tuple[int, int] | None]] | None = stack.joined.get(KEY)
    if found is None:
        found = stack.joined[KEY] = [
            (one, parse_version(one.engine_version.or_else("")))
            for one in stack.of(ManagedResource)
            if one.product == "cluster" and one.engine_version is not None and not one.engine_version.is_unset
        ]
    return found

"""Which version of Kubernetes the objects of a stack go to, as far as the stack declares a cluster."""

from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource
from afscan.platforms.kubernetes.apis import parse_version

KEY = "clusters"


def clusters_of(stack: Stack) -> list[tuple[ManagedResource, tuple[int, int] | None]]:
    """The managed clusters of a stack, with their versions; None where one is written and not known, or left to the provider."""
    found: list[tuple[ManagedResource, tuple[int, int] | None]] | None = stack.joined.get(KEY)
    if found is None:
        found = stack.joined[KEY] = [
            (one, parse_version(one.engine_version.or_else("")) if one.engine_version is not None else None)
            for one in stack.of(ManagedResource)
            if one.product == "cluster"
        ]
    return found

"""DB208: datastores whose data go with their container."""

from collections.abc import Iterator

from afscan.join.namespaces import is_excerpt
from afscan.join.persistence import Home, home_of, is_cache, is_redis, is_throwaway, redis_of, writes
from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.platforms.images import product_of
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("DB208", severity=Severity.MEDIUM, tags=("CWE-404",))
def persistence_off(container: Container, stack: Stack) -> Iterator[Problem]:
    """Data are not kept.

    A database that writes into its container, or into an emptyDir, is empty after the next update, eviction or node failure.
    Redis loses everything with a restart where both the append-only file and snapshots are off. A Redis that is a cache may:
    one that evicts any key (`maxmemory-policy allkeys-...`), or is called so. One whose purpose nothing tells is not judged,
    nor is what files for tests start.

    ## Fix
    - Kubernetes: run it as a StatefulSet with `volumeClaimTemplates` mounted at its data directory; for Redis `appendonly yes`.
    - Compose: mount a named volume at its data directory (`data:/var/lib/postgresql/data`); for Redis `appendonly yes`.
    - Redis: set `appendonly yes`, or leave `save` at its default.
    - Any: keep the data on storage that outlives the container.
    """
    home = home_of(container) if container.role == "main" and not container.workload.runs_to_completion else None
    if home is None or is_throwaway(container) or (home.mount is None and is_excerpt(container)):
        yield NOT_APPLICABLE
    elif container.privileged.is_unknown:  # all that is not written is unknown: the file adds to another one
        yield unknown(container.place, f"Whether {container.name} keeps its data is not known: {container.privileged.reason}.")
    elif is_redis(container):
        yield from _redis(container, home, stack)
    elif home.kept is False:
        yield _lost(container, home)


def _redis(container: Container, home: Home, stack: Stack) -> Iterator[Problem]:
    server = redis_of(stack, container)
    cache = is_cache(server, container)
    if cache or server is None:
        yield NOT_APPLICABLE
        return
    written, at = writes(server)
    if written is None:
        yield unknown(at.place, f"Whether {container.name} writes its data to disk is not known: {at.reason}.")
    elif not written and (cache is False or home.kept):
        related = [Related(home.mount.node.head, "This volume stays empty.")] if home.kept and home.mount is not None else []
        message = f"{container.name} keeps its data in memory only: `save` is empty and `appendonly` is off."
        yield fail(at.place, message, related=related)
    elif written and home.kept is False and (cache is False or at.is_set):
        yield _lost(container, home)


def _lost(container: Container, home: Home) -> Problem:
    product = product_of(container) or "its data"
    if home.mount is not None:
        what = (
            "an anonymous volume, which the next container does not get"
            if home.mount.kind == "volume"
            else "an emptyDir or tmpfs"
        )
        message = f"{container.name} ({product}) keeps its data in {what}: they are lost when it is replaced."
        return fail(home.mount.node.head, message)
    return fail(
        container.place, f"{container.name} ({product}) mounts nothing at `{home.path}`: its data are lost when it is replaced."
    )

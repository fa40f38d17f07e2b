"""Where the data of a datastore go when its container does, and whether Redis writes any.

Sources: the images' documentation (:mod:`afscan.platforms.datadirectories`); Kubernetes documentation, "Volumes" (an emptyDir goes
with its pod); Docker documentation, "Volumes" (an anonymous volume stays behind when its container is removed, and the next one gets
a new one); redis.io, "Redis persistence": snapshots are on by default, ``save ""`` turns them off, ``appendonly`` is off by default.
"""

import re
from collections.abc import Iterator

from afscan.model.record import record
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Mount, RedisServer
from afscan.model.value import Value
from afscan.platforms.datadirectories import data_directory
from afscan.platforms.images import product_of

KEY = "persistence"

_CACHE = re.compile(r"cach", re.IGNORECASE)
_KEEPS = re.compile(r"session|queue|broker|celery|sidekiq|bull|jobs?\b|store|persist|state|database", re.IGNORECASE)
_THROWAWAY = re.compile(r"(?:^|[/._-])(?:tests?|ci|e2e|testing|integration)(?:[/._-]|$)", re.IGNORECASE)
_REDIS = ("redis", "valkey", "keydb")


@record(slots=True)
class Home:
    """Where a datastore's data go. ``kept`` None: not known. ``mount`` is the one that holds them, None where there is none."""

    kept: bool | None
    mount: Mount | None = None
    path: str = ""


def home_of(container: Container) -> Home | None:
    """Where a datastore keeps its data; None for a container that is none, or of which the folder is not known."""
    product = product_of(container)
    known = data_directory("redis" if product in _REDIS else product) if product is not None else None
    if known is None:
        return None
    moved = next((container.environment[name].value for name in known.moved_by if name in container.environment), None)
    if moved is not None and not moved.is_set:
        return Home(None)
    paths = (moved.or_else(""),) if moved is not None else known.paths
    holding = [mount for mount in container.mounts if any(_holds(mount, path) for path in paths)]
    if any(_lasts(mount) for mount in holding):
        return Home(True, next(mount for mount in holding if _lasts(mount)), paths[0])
    if any(mount.target.is_unknown or (_lasts(mount) and not mount.read_only) for mount in container.mounts):
        return Home(None)  # a folder that is set elsewhere may be on one of these
    return Home(False, holding[0] if holding else None, paths[0])


def _holds(mount: Mount, path: str) -> bool:
    target = mount.target.or_else("").rstrip("/")
    return bool(target) and (f"{path}/".startswith(f"{target}/") or f"{target}/".startswith(f"{path}/"))


def _lasts(mount: Mount) -> bool:
    """Whether what a mount holds outlives the container. An anonymous volume of Docker does not, as far as anybody finds it."""
    anonymous = mount.kind == "volume" and mount.source.is_unset
    return mount.kind in ("volume", "host", "other") and not anonymous


def is_throwaway(container: Container) -> bool:
    """Whether a file says that it is for tests: what runs there is meant to be lost."""
    return _THROWAWAY.search(container.node.source.file.path) is not None


def redis_of(stack: Stack, container: Container) -> RedisServer | None:
    """The Redis server that runs in a container."""
    index: dict[int, RedisServer] | None = stack.joined.get(KEY)
    if index is None:
        servers = (one for one in stack.of(RedisServer) if one.container is not None)
        index = stack.joined[KEY] = {id(one.container): one for one in servers}
    return index.get(id(container))


def is_redis(container: Container) -> bool:
    """Whether a container is Redis or what took its place, which may be a cache."""
    return product_of(container) in _REDIS


def writes(server: RedisServer) -> tuple[bool | None, Value[str]]:
    """Whether Redis writes its data to disk, and what decides: the log of writes or the snapshots. None: not known."""
    log, snapshots = server.setting("appendonly"), server.setting("save")
    if log.or_else("").strip().lower() == "yes":
        return True, log
    if log.is_unknown or snapshots.is_unknown:
        return None, log if log.is_unknown else snapshots
    off = snapshots.is_set and snapshots.or_else("").strip().strip("\"'") == ""
    return not off, snapshots


def is_cache(server: RedisServer | None, container: Container) -> bool | None:
    """Whether a Redis is a cache, which may be lost: it evicts any key, or its name says so. None: nothing tells."""
    policy = server.setting("maxmemory-policy").or_else("") if server is not None else ""
    if policy.startswith("allkeys-") or _CACHE.search(" ".join(_names(container))):
        return True
    return False if policy == "noeviction" or _KEEPS.search(" ".join(_names(container))) else None


def _names(container: Container) -> Iterator[str]:
    """What a container is called: itself, its workload, and the names by which others reach it."""
    yield container.name
    yield container.workload.name.partition(" ")[2]
    yield from container.workload.aliases

"""Which containers a log pipeline covers, by the names of the files that a node writes their output to.

``/var/log/containers/<pod>_<namespace>_<container>-<id>.log`` and ``/var/log/pods/<namespace>_<pod>_<uid>/<container>/<n>.log``; a pod's
name begins with its workload's. What is generated in these names is stood in for by samples.
Source: kubernetes.io, "Logging Architecture"; kubelet, ContainerLogsDir; Ruby, ``Dir.glob``.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache

from afscan.model.monitoring import LogInput
from afscan.model.subjects import Container, Workload

_SAMPLE_ID = "0" * 64
SUFFIXES = {
    "Pod": "",
    "StatefulSet": "-0",
    "Deployment": "-6d4cf56db6-x7k2p",
    "CronJob": "-28391040-x7k2p",
    **dict.fromkeys(("ReplicaSet", "ReplicationController", "DaemonSet", "Job"), "-x7k2p"),
}
"""What the controllers of Kubernetes append to a workload's name to make a pod's, with samples for what is generated."""

_MAX_GLOB = 500
_MAX_ALTERNATIVES = 64


def uncovered_by(inputs: list[LogInput], workload: Workload) -> list[Container]:
    """The containers of a workload whose logs none of some inputs reads; init containers are not asked."""
    readers = [
        ([path.or_else("") for path in one.paths if path.is_set], [path.or_else("") for path in one.excluded if path.is_set])
        for one in inputs
    ]
    return [
        container
        for container in workload.containers
        if container.role in ("main", "sidecar") and not any(_reads(paths, left_out, container) for paths, left_out in readers)
    ]


def _reads(paths: list[str], left_out: list[str], container: Container) -> bool:
    return any(
        any(fits(path, name) for path in paths) and not any(fits(path, name) for path in left_out)
        for name in _log_files(container)
    )


def _log_files(container: Container) -> Iterator[str]:
    """Names of the files that a node writes a container's output to, with samples for what is generated."""
    workload = container.workload
    own = workload.name.rpartition(" ")[2]
    name = container.name.rpartition(" ")[2]
    pod = own + SUFFIXES.get(workload.kind, "")
    namespace = workload.namespace or "default"
    yield f"/var/log/containers/{pod}_{namespace}_{name}-{_SAMPLE_ID}.log"
    yield f"/var/log/pods/{namespace}_{pod}_2f6f6b1c-0a4e-4d0a-9d0e-0c1f7c2b7f10/{name}/0.log"
    yield f"/var/lib/docker/containers/{_SAMPLE_ID}/{_SAMPLE_ID}-json.log"


_BRACKETS = re.compile(r"\[[^\]]*\]")
_BRACES = re.compile(r"\{([^{}]*)\}")


@lru_cache(maxsize=256)
def _globs(glob: str) -> tuple[str, ...]:
    """The patterns that a path with ``{a,b}`` stands for. A set in brackets becomes ``?``: names here are samples."""
    found = [_BRACKETS.sub("?", glob[:_MAX_GLOB])]
    while len(found) < _MAX_ALTERNATIVES:
        braces = _BRACES.search(found[0])
        if braces is None:
            break
        head, tail = found[0][: braces.start()], found[0][braces.end() :]
        found = [*found[1:], *(head + one + tail for one in braces[1].split(","))]
    return tuple(found[:_MAX_ALTERNATIVES])


def fits(glob: str, path: str) -> bool:
    """Whether a path fits a pattern as Ruby's ``Dir.glob`` and glob(3) take it: only ``**`` crosses a slash."""
    return any(_fits_one(one, path) for one in _globs(glob))


def _fits_one(glob: str, path: str) -> bool:
    if "**" in glob:
        return fnmatchcase(path, glob.replace("**/", "*"))
    wanted, given = glob.split("/"), path.split("/")
    return len(wanted) == len(given) and all(map(fnmatchcase, given, wanted))

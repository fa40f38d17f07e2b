"""SEC209: folders of the host that must not be mounted."""

from collections.abc import Iterator
from posixpath import normpath

from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.policy import Problem, Severity, fail, rule, unknown

_SOCKETS = ("docker.sock", "containerd.sock", "crio.sock", "podman.sock")
_TREES = ("/etc", "/proc", "/sys", "/boot", "/dev", "/root", "/var/run", "/run", "/var/lib/kubelet", "/var/lib/docker", "/var/lib/containerd")
"""Folders whose content hands over the host, with everything below them."""

_HARMLESS = frozenset(("/etc/localtime", "/etc/timezone", "/etc/ssl/certs", "/etc/ca-certificates", "/etc/pki", "/dev/null", "/dev/shm"))
"""What programs mount read-only every day; public or of no use to an attacker."""


@rule("SEC209", severity=Severity.HIGH, tags=("CWE-668",))
def host_path_mounted(container: Container, stack: Stack) -> Iterator[Problem]:
    """Host path is mounted.

    The runtime's socket is root on the host for whoever can write to it, and so are the host's root, /etc, /proc and the
    runtime's own folders. A container that holds one of them is not contained.

    ## Fix
    - Kubernetes, Terraform: replace the `hostPath` by a PersistentVolumeClaim, an `emptyDir` or a projected volume.
    - Compose: mount the one file or named volume that is needed; reach the Docker API through a filtering proxy.
    """
    for mount in container.mounts:
        if mount.kind != "host":
            continue
        source = mount.source
        if source.is_unknown:
            yield unknown(source.place, f"Which host path {container.name} mounts is not known: {source.reason}.")
            continue
        path = normpath("/" + source.or_else("").lstrip("/")) if source.or_else("").startswith("/") else ""
        what = _danger(path, read_only=mount.read_only)
        if what:
            yield fail(source.place, f"{container.name} mounts the host's {path}: {what}.")


def _danger(path: str, *, read_only: bool) -> str:
    """Why an absolute host path must not be mounted, as a clause; empty where nothing is wrong with it."""
    if not path:
        return ""
    if path.rpartition("/")[2] in _SOCKETS:
        return "whoever reaches the container runtime's socket is root on the host"
    if path == "/":
        return "that is the whole host"
    if read_only and any(path == h or path.startswith(h + "/") for h in _HARMLESS):
        return ""
    if any(path == tree or path.startswith(tree + "/") for tree in _TREES) and path not in _HARMLESS:
        return "it is one of the folders through which the host can be taken over"
    return ""

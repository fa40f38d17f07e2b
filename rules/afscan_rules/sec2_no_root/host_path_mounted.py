"""SEC209: folders of the host that must not be mounted."""

from collections.abc import Iterator
from posixpath import normpath

from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.platforms.images import watched_of_host
from afscan.policy import Problem, Severity, fail, rule, unknown

_SOCKETS = frozenset(
    (
        "buildkitd.sock",
        "containerd.sock",
        "cri-dockerd.sock",
        "crio.sock",
        "docker.sock",
        "dockershim.sock",
        "podman.sock",
    )
)

_WHOLE = frozenset(
    ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/usr", "/var", "/var/lib", "/var/run")
)
"""Folders that hold the host's system, users and sockets; what lies in them may be harmless, the whole is not."""

_TREES = (
    *("/boot", "/proc", "/root", "/etc/kubernetes", "/etc/ssh", "/etc/systemd", "/etc/pam.d", "/etc/cron.d", "/etc/crontab"),
    *("/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d", "/etc/docker", "/etc/containerd", "/etc/rancher"),
    *("/run/containerd", "/run/crio", "/run/dbus", "/run/docker", "/run/podman", "/run/systemd", "/run/k3s"),
    *("/var/lib/containerd", "/var/lib/docker", "/var/lib/etcd", "/var/lib/kubelet", "/var/lib/rancher", "/var/lib/containers"),
    *("/dev/disk", "/dev/kmem", "/dev/kmsg", "/dev/mapper", "/dev/mem", "/dev/port"),
)
"""Files and folders that hand over the host or its credentials, with everything below them, even read-only."""

_WRITABLE_TREES = (
    *("/bin", "/lib", "/lib64", "/sbin", "/sys", "/usr", "/etc/passwd", "/etc/group", "/etc/hosts", "/etc/ld.so.preload"),
    *("/etc/profile.d", "/etc/ssl", "/etc/pki", "/etc/ca-certificates"),
)
"""What everybody on the host runs, reads or trusts: programs read it every day, but a container must not write to it."""

_LOGS = ("/var/lib/docker/containers",)
"""Where Docker keeps its containers' logs: log collectors read them."""


@rule("SEC209", severity=Severity.HIGH, tags=("CWE-668",))
def host_path_mounted(container: Container, stack: Stack) -> Iterator[Problem]:
    """Host path is mounted.

    The runtime's socket is root on the host for whoever can connect to it, even where it is mounted read-only, and so are the
    host's root, /etc, /proc and the runtime's own folders. A container that holds one of them is not contained. Agents that
    measure the host, and are known to read such a folder for it (Prometheus' node exporter), may mount it read-only.

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
        text = source.or_else("")
        path = normpath("/" + text.lstrip("/")) if text.startswith("/") else ""
        what = _danger(path, read_only=mount.read_only) if path else ""
        if what and not (mount.read_only and _is_watched(path, watched_of_host(container))):
            yield fail(source.place, f"{container.name} mounts the host's {path}: {what}.")


def _is_watched(path: str, watched: frozenset[str]) -> bool:
    """Whether a path is, or lies in, what an agent has to see; a socket is more than to see."""
    return path.rpartition("/")[2] not in _SOCKETS and any(
        path == one or path.startswith(one.rstrip("/") + "/") for one in watched
    )


def _danger(path: str, *, read_only: bool) -> str:
    """Why an absolute host path must not be mounted, as a clause; empty where nothing is wrong with it."""
    if path.rpartition("/")[2] in _SOCKETS:
        return "whoever reaches the container runtime's socket is root on the host"
    if path == "/":
        return "that is the whole host"
    real = path.removeprefix("/var") if path.startswith("/var/run/") else path  # /var/run is a link to /run
    if read_only and _within(real, _LOGS):
        return ""
    if path in _WHOLE and not (read_only and path in _WRITABLE_TREES):
        return "it is one of the folders through which the host can be taken over"
    if _within(real, _TREES):
        return "through it the host can be taken over, or its secrets read"
    if not read_only and _within(real, _WRITABLE_TREES):
        return "it may write to what the host itself runs or trusts"
    return ""


def _within(path: str, trees: tuple[str, ...]) -> bool:
    return any(path == tree or path.startswith(tree + "/") for tree in trees)

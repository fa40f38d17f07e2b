"""Security contexts: what holds for one container when its own and its pod's are put together.

Source: Kubernetes API reference, PodSecurityContext and SecurityContext: where both have a field, the container's wins, field by
field. ``privileged``, ``allowPrivilegeEscalation``, ``capabilities`` and ``readOnlyRootFilesystem`` exist on containers only.
"""

from collections.abc import Callable
from typing import TypeVar

from afscan.model.node import Mapping, Node
from afscan.model.record import field, record
from afscan.model.subjects import HostNamespace, IgnoredSetting
from afscan.model.value import Value
from afscan.platforms.kubernetes.objects import PLATFORM, section
from afscan.platforms.reading import Reader

T = TypeVar("T")

_CONTAINER_ONLY = ("privileged", "allowPrivilegeEscalation", "capabilities", "readOnlyRootFilesystem", "procMount")
_POD_ONLY = ("fsGroup", "fsGroupChangePolicy", "supplementalGroups", "supplementalGroupsPolicy", "sysctls")
_HOST_NAMESPACES = {"hostNetwork": "network", "hostPID": "pid", "hostIPC": "ipc"}


@record(slots=True)
class Security:
    """The fields of a container that come from security contexts; see :class:`afscan.model.subjects.Container`."""

    user: Value[str]
    run_as_non_root: Value[bool]
    privileged: Value[bool]
    privilege_escalation: Value[bool]
    capabilities: Value[str]
    read_only_root: Value[bool]
    seccomp: Value[str] | None
    apparmor: Value[str] | None = None
    added: list[Value[str]] = field(default_factory=list)
    dropped: list[Value[str]] = field(default_factory=list)


def security_of(container: Reader, pod: Reader, windows: Node | None) -> Security:
    """What holds for a container.

    :param pod: the pod's ``spec``.
    :param windows: where the pod says that it runs on Windows, None otherwise.
    """
    own, shared = section(container, "securityContext"), pod.at("securityContext")
    added, dropped, capabilities = _capabilities(own)
    found = Security(
        user=_merged(own, shared, lambda r: r.integer("runAsUser").map(str)),
        run_as_non_root=_merged(own, shared, lambda r: r.boolean("runAsNonRoot")),
        privileged=own.boolean("privileged"),
        privilege_escalation=own.boolean("allowPrivilegeEscalation"),
        capabilities=capabilities,
        read_only_root=own.boolean("readOnlyRootFilesystem"),
        seccomp=_merged(own, shared, lambda r: r.text("seccompProfile", "type")),
        apparmor=_merged(own, shared, lambda r: r.text("appArmorProfile", "type")),
        added=added,
        dropped=dropped,
    )
    if windows is not None:
        return _on_windows(found, own, shared, windows)
    # Kubernetes documentation, "Configure a Security Context": allowPrivilegeEscalation is always true for a container that is
    # privileged or has CAP_SYS_ADMIN.
    admin = next((name for name in added if name.value in ("SYS_ADMIN", "ALL")), None)
    if found.privileged.value is True:
        found.privilege_escalation = found.privileged
    elif admin is not None:
        found.privilege_escalation = Value.of(True, admin.node)
    return found


def _merged(own: Reader, shared: Reader, read: Callable[[Reader], Value[T]]) -> Value[T]:
    """The container's field; the pod's where the container leaves it out; unset is placed at the container."""
    mine = read(own)
    if not mine.is_unset:
        return mine
    theirs = read(shared)
    return mine if theirs.is_unset else theirs


def _capabilities(own: Reader) -> tuple[list[Value[str]], list[Value[str]], Value[str]]:
    """What is added and dropped, and the place of it all."""
    written = section(own, "capabilities")
    if not isinstance(written.node, Mapping):
        return [], [], own.text("capabilities", "add")
    added = [_capability(value) for value in written.strings("add")]
    dropped = [_capability(value) for value in written.strings("drop")]
    unknown = next((value for value in (*added, *dropped) if value.is_unknown), None)
    if unknown is not None:
        return added, dropped, Value.unknown(written.node, unknown.reason)
    said = [f"drop {value.value}" for value in dropped] + [f"add {value.value}" for value in added]
    return added, dropped, Value.of(", ".join(said), written.node)


def _capability(value: Value[str]) -> Value[str]:
    return value.map(lambda text: text.strip().upper().removeprefix("CAP_"))


def _on_windows(found: Security, own: Reader, shared: Reader, windows: Node) -> Security:
    """Windows pods have none of the Linux fields: what would be asked of them is unknown. A host process is privileged.

    Source: Kubernetes API reference, PodSpec ``os``, and "Create a Windows HostProcess Pod".
    """
    reason = "the pod runs on Windows, which has no such setting"
    host_process = _merged(own, shared, lambda r: r.boolean("windowsOptions", "hostProcess"))
    nothing: Value[str] = Value.unknown(windows, reason)
    return Security(
        user=nothing,
        run_as_non_root=found.run_as_non_root,
        privileged=host_process,
        privilege_escalation=Value.unknown(windows, reason),
        capabilities=nothing,
        read_only_root=Value.unknown(windows, reason),
        seccomp=None,
    )


def host_namespaces(pod: Reader) -> list[HostNamespace]:
    """The host's namespaces that a pod writes something about. ``hostUsers: true`` is the default and says nothing."""
    found = []
    for key, kind in _HOST_NAMESPACES.items():
        shared = pod.boolean(key)
        if not shared.is_unset:
            found.append(HostNamespace(kind=kind, shared=shared))
    users = pod.boolean("hostUsers")
    if users.is_unknown or users.value is False:
        found.append(HostNamespace(kind="user", shared=users))
    return found


def misplaced(reader: Reader, owner: str, *, pod: bool) -> list[IgnoredSetting]:
    """Fields of a security context that exist on the other level only: Kubernetes refuses or drops them."""
    context = reader.node.get("securityContext")
    if not isinstance(context, Mapping):
        return []
    level, other = ("pod", "container") if pod else ("container", "pod")
    return [
        IgnoredSetting(
            name=f"{owner}, securityContext.{key}",
            node=context.entries[key],
            platform=PLATFORM,
            product="kubernetes",
            setting=f"securityContext.{key}",
            why=f"the `securityContext` of a {level} has no `{key}`: Kubernetes refuses or drops it",
            instead=f"`{key}` in the `securityContext` of the {other}",
        )
        for key in (_CONTAINER_ONLY if pod else _POD_ONLY)
        if key in context.entries
    ]

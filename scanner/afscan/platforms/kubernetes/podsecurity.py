"""Pod Security Standards: what the levels ``baseline`` and ``restricted`` forbid of a pod, field by field.

Source: Kubernetes documentation, "Pod Security Standards" (every control of both profiles, as of Kubernetes 1.35), which the
admission plugin PodSecurity enforces. ``restricted`` forbids all that ``baseline`` does. Controls that are about Linux alone do
not hold for a pod that says ``os.name: windows``.
"""

from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Opaque, Scalar
from afscan.model.objects import PodViolation
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation, Reader

BASELINE, RESTRICTED = "baseline", "restricted"

_CAPABILITIES = frozenset(
    (
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP"),
        *("SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    )
)
_SELINUX_TYPES = frozenset(("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"))
_PROFILES = frozenset(("RuntimeDefault", "Localhost"))
_SYSCTLS = frozenset(
    (
        *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
        *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
        *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
        *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
    )
)
_VOLUMES = frozenset(
    (
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"),
        "image",  # newer than the profile's list; nothing of the node is in it
    )
)
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_HANDLERS = (
    *(("livenessProbe",), ("readinessProbe",), ("startupProbe",)),
    *(("lifecycle", "postStart"), ("lifecycle", "preStop")),
)
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


class _Pod:
    """One pod's ``spec``: what is found goes to ``violations``, what cannot be told to ``doubts``."""

    def __init__(self, node: Node, annotations: Node | None) -> None:
        self.reader = Reader(node, Interpretation())
        self.annotations = annotations
        self.windows = self.reader.text("os", "name").or_else("").lower() == "windows"
        self.violations: list[PodViolation] = []
        self.doubts: list[PodViolation] = []
        self.containers = [one for kind in _CONTAINERS for one in self.reader.readers(kind)]
        for kind in _CONTAINERS:
            listed = node.get(kind)
            for one in (listed, *(listed.children() if listed is not None else ())):
                if isinstance(one, Opaque):
                    self._put(self.doubts, BASELINE, "containers", Value.unknown(one, one.reason), one.reason)

    def refuse(self, level: str, control: str, at: Value[str], what: str, *, bad: bool) -> None:
        """Keep a field that is ``bad``, or that is not known."""
        if at.is_unknown:
            self._put(self.doubts, level, control, at, at.reason)
        elif bad:
            self._put(self.violations, level, control, at, what)

    def _put(self, into: list[PodViolation], level: str, control: str, at: Value[str], what: str) -> None:
        into.append(PodViolation(level=level, control=control, at=at, what=what))

    def contexts(self) -> Iterator[Reader]:
        """The security contexts of the pod and of its containers that are written."""
        for owner in (self.reader, *self.containers):
            context = owner.at("securityContext")
            if isinstance(context.node, Mapping | Opaque):
                yield context


def violations_of(node: Node, annotations: Node | None = None) -> tuple[list[PodViolation], list[PodViolation]]:
    """What both levels forbid of a pod's ``spec``, and what cannot be told.

    :param annotations: of the pod's metadata (AppArmor profiles were written there before Kubernetes 1.30).
    """
    pod = _Pod(node, annotations)
    _pod_wide(pod)
    for context in pod.contexts():
        _baseline_context(pod, context)
    for container in pod.containers:
        _baseline_container(pod, container)
    _restricted(pod)
    return pod.violations, pod.doubts


def _pod_wide(pod: _Pod) -> None:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        on = pod.reader.boolean(key)
        pod.refuse(BASELINE, "Host Namespaces", on.map(str), f"`{key}` is `true`", bad=on.value is True)
    for volume in pod.reader.readers("volumes"):
        entries = volume.node.entries if isinstance(volume.node, Mapping) else {}
        kinds = [key for key, value in entries.items() if key != "name" and not (isinstance(value, Scalar) and value.is_null)]
        for key in kinds:
            at = Value.of(key, entries[key])
            title = volume.text("name").or_else("?")
            if key == "hostPath":
                pod.refuse(BASELINE, "HostPath Volumes", at, f"the volume `{title}` is a path of the node", bad=True)
            pod.refuse(RESTRICTED, "Volume Types", at, f"the volume `{title}` is of the type `{key}`", bad=key not in _VOLUMES)
    for sysctl in pod.reader.readers("securityContext", "sysctls"):
        name = sysctl.text("name")
        pod.refuse(BASELINE, "Sysctls", name, f"it sets the sysctl `{name.value}`", bad=name.value not in _SYSCTLS)
    written = pod.annotations.entries if isinstance(pod.annotations, Mapping) else {}
    for key, value in written.items():
        if key.startswith(_APPARMOR):
            text = value.text if isinstance(value, Scalar) else ""
            fine = text in ("", "runtime/default") or text.startswith("localhost/")
            pod.refuse(BASELINE, "AppArmor", Value.of(text, value), f"its AppArmor profile is `{text[:60]}`", bad=not fine)


def _baseline_context(pod: _Pod, context: Reader) -> None:
    host = context.boolean("windowsOptions", "hostProcess")
    pod.refuse(BASELINE, "HostProcess", host.map(str), "`hostProcess` is `true`", bad=host.value is True)
    apparmor = context.text("appArmorProfile", "type")
    wrong = apparmor.is_set and apparmor.value not in _PROFILES
    pod.refuse(BASELINE, "AppArmor", apparmor, f"its AppArmor profile is `{apparmor.value}`", bad=wrong)
    seccomp = context.text("seccompProfile", "type")
    wrong = seccomp.is_set and seccomp.value not in _PROFILES
    pod.refuse(BASELINE, "Seccomp", seccomp, f"its seccomp profile is `{seccomp.value}`", bad=wrong)
    kind = context.text("seLinuxOptions", "type")
    wrong = kind.is_set and kind.value not in _SELINUX_TYPES
    pod.refuse(BASELINE, "SELinux", kind, f"its SELinux type is `{kind.value}`", bad=wrong)
    for key in ("user", "role") if context.node.get("seLinuxOptions") is not None else ():
        value = context.text("seLinuxOptions", key)
        pod.refuse(BASELINE, "SELinux", value, f"it sets the SELinux {key}", bad=bool(value.or_else("")))
    user = context.integer("runAsUser")
    if not pod.windows:
        pod.refuse(RESTRICTED, "Running as Non-root user", user.map(str), "`runAsUser` is `0`", bad=user.value == 0)


def _baseline_container(pod: _Pod, container: Reader) -> None:
    context = container.at("securityContext")
    privileged = context.boolean("privileged")
    bad = privileged.value is True
    pod.refuse(BASELINE, "Privileged Containers", privileged.map(str), "`privileged` is `true`", bad=bad)
    for name in context.strings("capabilities", "add"):
        bad = name.or_else("") not in _CAPABILITIES
        pod.refuse(BASELINE, "Capabilities", name, f"it adds the capability `{name.value}`", bad=bad)
    for port in container.readers("ports"):
        number = port.integer("hostPort")
        pod.refuse(BASELINE, "Host Ports", number.map(str), f"`hostPort` is `{number.value}`", bad=bool(number.or_else(0)))
    proc = context.text("procMount")
    pod.refuse(BASELINE, "/proc Mount Type", proc, f"`procMount` is `{proc.value}`", bad=proc.or_else("Default") != "Default")
    for path in _HANDLERS:
        for way in ("httpGet", "tcpSocket"):
            if container.node.get(*path, way) is None:
                continue
            host = container.text(*path, way, "host")
            what = f"`{path[-1]}` goes to the host `{host.value}`"
            pod.refuse(BASELINE, "Host Probes / Lifecycle Hooks", host, what, bad=bool(host.or_else("")))


def _restricted(pod: _Pod) -> None:
    shared = pod.reader.at("securityContext")
    shared_root, shared_seccomp = shared.boolean("runAsNonRoot"), shared.text("seccompProfile", "type")
    if shared_root.value is False:
        pod.refuse(RESTRICTED, "Running as Non-root", shared_root.map(str), "`runAsNonRoot` is `false`", bad=True)
    for container in pod.containers:
        context = container.at("securityContext")
        root = context.boolean("runAsNonRoot")
        if root.is_unset and shared_root.is_unknown:
            root = shared_root
        elif root.is_unset and shared_root.is_unset:
            pod.refuse(RESTRICTED, "Running as Non-root", _absent(container), "`runAsNonRoot` is not set", bad=True)
        pod.refuse(RESTRICTED, "Running as Non-root", root.map(str), "`runAsNonRoot` is `false`", bad=root.value is False)
        if pod.windows:
            continue
        if context.text("seccompProfile", "type").is_unset:
            at = shared_seccomp if shared_seccomp.is_unknown else _absent(container)
            pod.refuse(RESTRICTED, "Seccomp", at, "no `seccompProfile` is set", bad=shared_seccomp.is_unset)
        _escalation(pod, container, context)


def _escalation(pod: _Pod, container: Reader, context: Reader) -> None:
    allowed = context.boolean("allowPrivilegeEscalation")
    at = _absent(container) if allowed.is_unset else allowed.map(str)
    what = "`allowPrivilegeEscalation` is not `false`"
    pod.refuse(RESTRICTED, "Privilege Escalation", at, what, bad=allowed.value is not False)
    added, dropped = context.strings("capabilities", "add"), context.strings("capabilities", "drop")
    for name in added:
        bad = name.or_else("") != "NET_BIND_SERVICE"
        if name.or_else("") in _CAPABILITIES or name.is_unknown:  # the others are forbidden by `baseline` already
            pod.refuse(RESTRICTED, "Capabilities", name, f"it adds the capability `{name.value}`", bad=bad)
    unknown = next((name for name in dropped if name.is_unknown), None)
    if not any(name.value == "ALL" for name in dropped):
        at = unknown if unknown is not None else _absent(container)
        pod.refuse(RESTRICTED, "Capabilities", at, "it does not drop the capability `ALL`", bad=True)


def _absent(container: Reader) -> Value[str]:
    """The place of what a container lacks; unknown where its security context is."""
    context = container.node.get("securityContext")
    if isinstance(context, Opaque):
        return Value.unknown(context, context.reason)
    below = context.get("capabilities") if context is not None else None
    return Value.unknown(below, below.reason) if isinstance(below, Opaque) else Value.unset(container.node)

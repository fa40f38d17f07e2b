"""Every control of the Pod Security Standards, at its place; what restricted demands; what is not known."""

import pytest

from afscan.join.admission import refused
from afscan.model.objects import PodAdmission
from support import stack_of, text_at

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}\n"
FINE = """\
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: shop}
spec:
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: c
      image: i:1
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""


def admission(text: str) -> PodAdmission:
    (found,) = stack_of({"n.yaml": NAMESPACE, "p.yaml": text}).of(PodAdmission)
    return found


def test_a_pod_that_restricted_admits() -> None:
    assert refused(admission(FINE), "restricted") == ([], [])


BASELINE = [
    ("  containers:", "  hostNetwork: true\n  containers:", "Host Namespaces", "true"),
    ("  containers:", "  hostPID: true\n  containers:", "Host Namespaces", "true"),
    ("  containers:", "  hostIPC: true\n  containers:", "Host Namespaces", "true"),
    ("{runAsNonRoot", "{windowsOptions: {hostProcess: true}, runAsNonRoot", "HostProcess", "true"),
    ("{allow", "{privileged: true, allow", "Privileged Containers", "true"),
    ("{drop", "{add: [NET_ADMIN], drop", "Capabilities", "NET_ADMIN"),
    ("  containers:", "  volumes: [{name: v, hostPath: {path: /}}]\n  containers:", "HostPath Volumes", "hostPath"),
    ("      image", "      ports: [{containerPort: 1, hostPort: 81}]\n      image", "Host Ports", "81"),
    ("      image", "      livenessProbe: {httpGet: {host: 10.0.0.1, port: 1}}\n      image", "Host Probes / Lifecycle Hooks", "10.0.0.1"),
    ("      image", "      lifecycle: {preStop: {tcpSocket: {host: a.b, port: 1}}}\n      image", "Host Probes / Lifecycle Hooks", "a.b"),
    ("{allow", "{appArmorProfile: {type: Unconfined}, allow", "AppArmor", "Unconfined"),
    ("namespace: shop}", "namespace: shop, annotations: {container.apparmor.security.beta.kubernetes.io/c: unconfined}}", "AppArmor", "unconfined"),
    ("{allow", "{seLinuxOptions: {type: spc_t}, allow", "SELinux", "spc_t"),
    ("{allow", "{seLinuxOptions: {user: u}, allow", "SELinux", "u"),
    ("{allow", "{procMount: Unmasked, allow", "/proc Mount Type", "Unmasked"),
    ("{allow", "{seccompProfile: {type: Unconfined}, allow", "Seccomp", "Unconfined"),
    ("{runAsNonRoot", "{sysctls: [{name: kernel.msgmax, value: '1'}], runAsNonRoot", "Sysctls", "kernel.msgmax"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "control", "at"), BASELINE)
def test_controls_of_baseline(old: str, new: str, control: str, at: str) -> None:
    text = FINE.replace(old, new, 1)
    assert text != FINE
    violations, doubts = refused(admission(text), "baseline")
    assert not doubts
    (found,) = violations
    assert found.control == control
    assert at in text_at({"p.yaml": text}, found.at.place)
    assert control in {one.control for one in refused(admission(text), "restricted")[0]}


RESTRICTED = [
    ("  containers:", "  volumes: [{name: v, nfs: {server: a, path: /}}]\n  containers:", "Volume Types"),
    ("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "Privilege Escalation"),
    ("allowPrivilegeEscalation: false, ", "", "Privilege Escalation"),
    ("runAsNonRoot: true, ", "", "Running as Non-root"),
    ("{allow", "{runAsNonRoot: false, allow", "Running as Non-root"),
    ("{allow", "{runAsUser: 0, allow", "Running as Non-root user"),
    (", seccompProfile: {type: RuntimeDefault}", "", "Seccomp"),
    ("{drop: [ALL]}", "{drop: [NET_RAW]}", "Capabilities"),
    ("{drop: [ALL]}", "{drop: [ALL], add: [CHOWN]}", "Capabilities"),
]


@pytest.mark.parametrize(("old", "new", "control"), RESTRICTED)
def test_controls_of_restricted(old: str, new: str, control: str) -> None:
    text = FINE.replace(old, new, 1)
    assert text != FINE
    found = admission(text)
    assert refused(found, "baseline") == ([], [])
    assert [one.control for one in refused(found, "restricted")[0]] == [control]
    assert refused(found, "privileged") == ([], [])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{drop: [ALL]}", "{drop: [ALL], add: [NET_BIND_SERVICE]}"),
        ("  containers:", "  volumes: [{name: a}, {name: b, emptyDir: {}}, {name: c, csi: {driver: x}}]\n  containers:"),
        ("{runAsNonRoot", "{sysctls: [{name: net.ipv4.tcp_keepalive_time, value: '1'}], runAsNonRoot"),
        ("{allow", "{runAsNonRoot: true, seccompProfile: {type: Localhost}, allow"),
        ("      image", "      ports: [{containerPort: 1, hostPort: 0}]\n      image"),
        ("{allow", "{seLinuxOptions: {type: container_t}, procMount: Default, allow"),
    ],
)
def test_what_restricted_admits(old: str, new: str) -> None:
    text = FINE.replace(old, new, 1)
    assert text != FINE
    assert refused(admission(text), "restricted") == ([], [])


def test_pods_of_windows_owe_no_linux_settings() -> None:
    text = FINE.replace("  containers:", "  os: {name: windows}\n  containers:").replace(
        "      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n", ""
    )
    assert refused(admission(text.replace(", seccompProfile: {type: RuntimeDefault}", "")), "restricted") == ([], [])


def test_init_containers_count() -> None:
    text = FINE + "  initContainers: [{name: i, image: i:1}]\n"
    assert {one.control for one in refused(admission(text), "restricted")[0]} == {"Privilege Escalation", "Capabilities"}


def test_without_a_level_or_a_namespace_nothing_is_said() -> None:
    stack = stack_of(
        {"n.yaml": NAMESPACE.replace(", labels: {pod-security.kubernetes.io/enforce: restricted}", ""), "p.yaml": FINE}
    )
    assert not stack.of(PodAdmission)
    stack = stack_of({"n.yaml": NAMESPACE, "p.yaml": FINE.replace(", namespace: shop", "")})
    assert not stack.of(PodAdmission)

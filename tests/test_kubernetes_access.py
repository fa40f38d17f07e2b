"""Namespaces, service accounts, roles, bindings and foreign objects; what the joins make of them."""

import pytest

from afscan.join import namespaces
from afscan.join.policies import isolation, named_ports
from afscan.model.cluster import ForeignObject, Namespace, Role, RoleBinding, ServiceAccount
from afscan.model.objects import ManifestObject
from afscan.model.subjects import Container, NetworkPolicy, Subject, Workload
from support import composed, interpreted, stack_of, text_at

NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    team: orders
    pod-security.kubernetes.io/enforce: baseline
"""

ACCESS = """\
apiVersion: v1
kind: ServiceAccount
metadata: { name: orders, namespace: shop }
automountServiceAccountToken: no
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: reader, namespace: ignored }
rules:
  - apiGroups: [""]
    resources: [pods]
    resourceNames: [one]
    verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader, namespace: shop }
roleRef: { kind: ClusterRole, name: reader, apiGroup: rbac.authorization.k8s.io }
subjects:
  - { kind: ServiceAccount, name: orders }
  - { kind: Group, name: "system:serviceaccounts:tools" }
  - { kind: User, name: "system:serviceaccount:edge:gateway" }
"""


def _pod(name: str, namespace: str = "shop", extra: str = "") -> str:
    place = f"  namespace: {namespace}\n" if namespace else ""
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n{place}  labels: {{ app: {name} }}\n"
        f"spec:\n{extra}  containers:\n    - name: main\n      image: ghcr.io/example/{name}:1.0.0\n"
        "      ports: [{ name: store, containerPort: 6379 }]\n"
    )


def told(text: str) -> list[Subject]:
    """What a manifest says beside the names of its objects."""
    return [one for one in interpreted(text, "n.yaml").subjects if not isinstance(one, ManifestObject)]


def test_a_namespace_and_its_level() -> None:
    (found,) = told(NAMESPACE)
    assert isinstance(found, Namespace)
    assert (found.namespace, found.enforce.value, found.unknown_labels) == ("shop", "baseline", False)
    assert text_at(NAMESPACE, found.enforce.place) == "baseline"
    assert found.labels["team"] == "orders"


def test_a_missing_level_is_placed_at_the_namespace() -> None:
    text = NAMESPACE.rpartition("    pod-security")[0]
    (found,) = told(text)
    assert isinstance(found, Namespace)
    assert found.enforce.is_unset
    assert text_at(text, found.enforce.place) == "shop"


def test_accounts_roles_and_bindings() -> None:
    account, role, binding = told(ACCESS)
    assert isinstance(account, ServiceAccount)
    assert isinstance(role, Role)
    assert isinstance(binding, RoleBinding)
    assert (account.account, account.namespace, account.automount.value) == ("orders", "shop", False)
    assert role.namespace == ""
    assert [name.value for name in role.rules[0].names] == ["one"]
    assert (binding.namespace, binding.role_kind, binding.role.value) == ("shop", "ClusterRole", "reader")


@pytest.mark.parametrize(
    "text",
    [
        "kind: Role\napiVersion: rbac.authorization.k8s.io/v1\nrules: 7\n",
        "kind: Role\napiVersion: rbac.authorization.k8s.io/v1\nrules: [7, {verbs: {a: b}}]\n",
        "kind: RoleBinding\napiVersion: rbac.authorization.k8s.io/v1\nroleRef: [1]\nsubjects: x\n",
        "kind: Namespace\napiVersion: v1\nmetadata: {labels: [a]}\n",
        "kind: ServiceAccount\napiVersion: v1\nautomountServiceAccountToken: maybe\n",
    ],
)
def test_wrong_types_are_noted(text: str) -> None:
    out = interpreted(text, "a.yaml")
    assert len([one for one in out.subjects if not isinstance(one, ManifestObject)]) == 1
    assert out.notices


@pytest.mark.parametrize(
    ("version", "kind", "makes", "restricts"),
    [
        ("postgresql.cnpg.io/v1", "Cluster", True, False),
        ("cilium.io/v2", "CiliumNetworkPolicy", False, True),
        ("crd.projectcalico.org/v1", "NetworkPolicy", False, True),
    ],
)
def test_foreign_objects(version: str, kind: str, makes: bool, restricts: bool) -> None:
    (found,) = told(f"apiVersion: {version}\nkind: {kind}\nmetadata: {{ name: x }}\n")
    assert isinstance(found, ForeignObject)
    assert (found.makes_pods, found.restricts_network) == (makes, restricts)


@pytest.mark.parametrize(
    ("version", "kind"),
    [("cert-manager.io/v1", "Challenge"), ("snapshot.storage.k8s.io/v1", "VolumeSnapshot"), ("batch/v2", "Lease")],
)
def test_harmless_objects_say_nothing(version: str, kind: str) -> None:
    assert told(f"apiVersion: {version}\nkind: {kind}\nmetadata: {{ name: x }}\n") == []


def test_a_rollout_is_a_workload_and_nothing_foreign() -> None:
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: x }\nspec:\n  selector: { matchLabels: { app: x } }\n"
        "  template:\n    metadata: { labels: { app: x } }\n    spec:\n      containers: [{ name: a, image: a:1 }]\n"
    )
    assert not [s for s in interpreted(text, "r.yaml").subjects if isinstance(s, ForeignObject)]


def test_who_is_bound() -> None:
    stack = stack_of({"a.yaml": ACCESS})
    assert namespaces.is_bound(stack, "shop", "orders")
    assert namespaces.is_bound(stack, "tools", "anything")
    assert namespaces.is_bound(stack, "edge", "gateway")
    assert not namespaces.is_bound(stack, "edge", "orders")
    assert not namespaces.is_bound(stack, "shop", "default")


def test_an_account_is_found_where_a_namespace_is_not_written() -> None:
    stack = stack_of({"a.yaml": ACCESS, "p.yaml": _pod("orders", ""), "q.yaml": _pod("orders", "edge")})
    unwritten, other = stack.of(Workload)
    assert namespaces.account_of(stack, unwritten, "orders") is stack.of(ServiceAccount)[0]
    assert namespaces.account_of(stack, other, "orders") is None


def test_a_stack_is_whole_where_nothing_else_runs() -> None:
    pod = {"p.yaml": _pod("orders")}
    assert namespaces.whole(stack_of(pod))
    assert not namespaces.whole(stack_of(pod, complete=False))
    operator = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: x }\n"
    assert not namespaces.whole(stack_of({**pod, "o.yaml": operator}))
    templated = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n"
    assert not namespaces.whole(stack_of({**pod, "t.yaml": templated}))
    assert namespaces.unread_manifests(stack_of({**pod, "t.yaml": templated}))


def test_a_patch_belongs_to_the_workload_of_its_kind_and_name() -> None:
    patch = "apiVersion: v1\nkind: Pod\nmetadata: { name: orders }\nspec: { containers: [{ name: c, resources: {} }] }\n"
    stack = stack_of({"p.yaml": _pod("orders"), "q.yaml": _pod("cache"), "patch.yaml": patch})
    found = [namespaces.patch_of(stack, workload) for workload in stack.of(Workload)]
    assert [one.patched if one is not None else None for one in found] == ["orders", None]


def test_policies_that_name_no_namespace_may_be_for_any() -> None:
    policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: p }\nspec: { podSelector: {} }\n"
    stack = stack_of({"p.yaml": _pod("cache"), "n.yaml": policy})
    (workload,) = stack.of(Workload)
    found = isolation(stack, workload, ingress=True)
    assert (found.policies, found.perhaps) == ([], stack.of(NetworkPolicy))
    elsewhere = stack_of({"p.yaml": _pod("cache"), "n.yaml": policy.replace("name: p", "name: p, namespace: edge")})
    found = isolation(elsewhere, elsewhere.of(Workload)[0], ingress=True)
    assert (found.policies, found.perhaps) == ([], [])


def test_names_of_ports_are_those_of_the_selected_pods() -> None:
    policy = (
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: p, namespace: shop }\n"
        "spec: { podSelector: { matchLabels: { app: NAME } } }\n"
    )
    stack = stack_of({"p.yaml": _pod("cache"), "n.yaml": policy.replace("NAME", "cache")})
    assert named_ports(stack, stack.of(NetworkPolicy)[0], "store") == [6379]
    other = stack_of({"p.yaml": _pod("cache"), "n.yaml": policy.replace("NAME", "web")})
    assert named_ports(other, other.of(NetworkPolicy)[0], "store") == []


def test_what_a_pod_says_of_its_token() -> None:
    text = _pod("orders", extra="  serviceAccountName: orders\n  automountServiceAccountToken: true\n")
    (workload,) = [s for s in interpreted(text, "p.yaml").subjects if isinstance(s, Workload)]
    assert workload.service_account is not None
    assert workload.automount_token is not None
    assert (workload.service_account.value, workload.automount_token.value) == ("orders", True)
    assert text_at(text, workload.automount_token.place) == "true"


def test_profiles_of_compose_services() -> None:
    text = (
        "services:\n  a:\n    image: a:1\n    security_opt:\n      - seccomp:unconfined\n      - apparmor=${PROFILE}\n"
        "      - no-new-privileges:true\n  b:\n    image: b:1\n"
    )
    first, second = [s for s in composed(text).subjects if isinstance(s, Container)]
    assert first.seccomp is not None
    assert first.apparmor is not None
    assert text_at(text, first.seccomp.place) == "seccomp:unconfined"
    assert first.seccomp.value == "Unconfined"
    assert first.apparmor.is_unknown
    assert second.seccomp is None
    assert second.apparmor is None

"""Namespaces, service accounts, roles and their bindings; custom resources as far as their effects are known.

Source: Kubernetes documentation, "Pod Security Admission" (labels of namespaces), "Configure Service Accounts for Pods"
(``automountServiceAccountToken``: the pod's wins over the account's, both default to true) and "Using RBAC Authorization".
"""

from afscan.model.cluster import ForeignObject, Namespace, Role, RoleBinding, RoleRule, RoleSubject, ServiceAccount
from afscan.model.node import Mapping, Opaque
from afscan.model.value import Value
from afscan.platforms.kubernetes.objects import PLATFORM, KubernetesObject, section
from afscan.platforms.reading import Reader

_ENFORCE = "pod-security.kubernetes.io/enforce"

_NO_PODS = frozenset(
    (
        *("cert-manager.io", "acme.cert-manager.io", "external-secrets.io", "generators.external-secrets.io", "bitnami.com"),
        *("networking.istio.io", "security.istio.io", "telemetry.istio.io", "traefik.io", "traefik.containo.us", "kyverno.io"),
        *("cilium.io", "crd.projectcalico.org", "projectcalico.org", "secrets-store.csi.x-k8s.io", "secrets.hashicorp.com"),
        *("config.linkerd.io", "policy.linkerd.io", "karpenter.sh", "karpenter.k8s.aws"),
        *("constraints.gatekeeper.sh", "templates.gatekeeper.sh", "velero.io", "cloud.google.com", "elbv2.k8s.aws"),
    )
)
"""API groups of which no kind makes pods in a stack's namespaces, by their products' documentation."""

_NO_POD_KINDS = frozenset(
    (
        *(
            ("monitoring.coreos.com", kind)
            for kind in ("PrometheusRule", "ServiceMonitor", "PodMonitor", "Probe", "ScrapeConfig")
        ),
        ("monitoring.coreos.com", "AlertmanagerConfig"),
        *(("keda.sh", kind) for kind in ("ScaledObject", "TriggerAuthentication", "ClusterTriggerAuthentication")),
        ("argoproj.io", "AppProject"),
        *(("source.toolkit.fluxcd.io", kind) for kind in ("GitRepository", "OCIRepository", "HelmRepository", "Bucket")),
    )
)
_POLICIES = frozenset(
    (
        *(("cilium.io", kind) for kind in ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy")),
        *(
            (group, kind)
            for group in ("crd.projectcalico.org", "projectcalico.org")
            for kind in ("NetworkPolicy", "GlobalNetworkPolicy")
        ),
        *(("policy.networking.k8s.io", kind) for kind in ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy")),
        ("crd.antrea.io", "NetworkPolicy"),
        ("crd.antrea.io", "ClusterNetworkPolicy"),
    )
)


def read_namespace(item: KubernetesObject) -> None:
    """Emit a Namespace."""
    metadata = section(item.reader, "metadata")
    written = metadata.string_map("labels")
    labels = {name: value.or_else("") for name, value in written.items() if value.is_set}
    item.out.subjects.append(
        Namespace(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            namespace=item.name,
            enforce=_label(item, metadata),
            labels=labels,
            unknown_labels=len(labels) != len(written) or isinstance(metadata.node.get("labels"), Opaque),
        )
    )


def _label(item: KubernetesObject, metadata: Reader) -> Value[str]:
    """The level; where it is missing, it is the Namespace that lacks it."""
    found = metadata.text("labels", _ENFORCE)
    return Value.unset(item.node) if found.is_unset else found.map(lambda text: text.strip())


def read_service_account(item: KubernetesObject) -> None:
    """Emit a ServiceAccount."""
    item.out.subjects.append(
        ServiceAccount(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            account=item.name,
            namespace=item.namespace,
            automount=item.reader.boolean("automountServiceAccountToken"),
        )
    )


def read_role(item: KubernetesObject) -> None:
    """Emit a Role or ClusterRole."""
    unread = item.node.get("rules")
    rules = [_rule(rule) for rule in item.reader.readers("rules")]
    if isinstance(unread, Opaque):
        rules = [RoleRule(node=unread, groups=[], resources=[], verbs=[], names=[], unread=unread.reason)]
    item.out.subjects.append(
        Role(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            role=item.name,
            namespace=item.namespace if item.kind == "Role" else "",
            rules=rules,
            aggregated=isinstance(item.node.get("aggregationRule"), Mapping),
        )
    )


def _rule(rule: Reader) -> RoleRule:
    groups, resources, verbs, names = (rule.strings(key) for key in ("apiGroups", "resources", "verbs", "resourceNames"))
    unknown = next((value for value in (*groups, *resources, *verbs, *names) if value.is_unknown), None)
    return RoleRule(
        node=rule.node,
        groups=groups,
        resources=resources,
        verbs=verbs,
        names=names,
        unread=unknown.reason if unknown is not None else "",
    )


def read_role_binding(item: KubernetesObject) -> None:
    """Emit a RoleBinding or ClusterRoleBinding."""
    reference = section(item.reader, "roleRef")
    item.out.subjects.append(
        RoleBinding(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            namespace=item.namespace if item.kind == "RoleBinding" else "",
            role_kind=reference.text("kind").or_else(""),
            role=reference.text("name"),
            bound=[_bound(one) for one in item.reader.readers("subjects")],
        )
    )


def _bound(one: Reader) -> RoleSubject:
    kind, name, namespace = one.text("kind"), one.text("name"), one.text("namespace")
    return RoleSubject(node=one.node, kind=kind.or_else(""), account=name, namespace=namespace)


def read_foreign(node: Mapping, kind: str, group: str, name: str) -> ForeignObject | None:
    """What a custom resource may do to a stack; None where that is nothing of interest."""
    policy = (group, kind) in _POLICIES
    own = "." not in group or group.endswith(".k8s.io")
    makes = not own and not policy and group not in _NO_PODS and (group, kind) not in _NO_POD_KINDS
    if not makes and not policy:
        return None
    return ForeignObject(
        name=f"{kind} {name}", node=node, platform=PLATFORM, kind=kind, group=group, makes_pods=makes, restricts_network=policy
    )

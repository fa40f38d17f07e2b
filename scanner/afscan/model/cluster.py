"""Subjects of a cluster's own administration: namespaces, service accounts, roles, and what is not read but has effects."""

from afscan.model.node import Node
from afscan.model.record import field, record
from afscan.model.subjects import Subject
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class Namespace(Subject):
    """A Kubernetes Namespace that is declared in the files.

    ``enforce`` is its level of Pod Security (label ``pod-security.kubernetes.io/enforce``); unset: the cluster's default, which is
    ``privileged``. ``labels`` are those with known values; ``unknown_labels``: there are others.
    """

    namespace: str
    enforce: Value[str]
    labels: dict[str, str] = field(default_factory=dict)
    unknown_labels: bool = False


@record(slots=True, kw_only=True, eq=False)
class ServiceAccount(Subject):
    """A Kubernetes ServiceAccount. ``automount`` unset: the default, true."""

    account: str
    namespace: str
    automount: Value[bool]


@record(slots=True, kw_only=True, eq=False)
class RoleRule:
    """One rule of a role: each list holds what is written; ``*`` is everything. ``names`` empty: objects of every name.

    ``unread`` is the reason why a part of it is not known, empty where all is.
    """

    node: Node
    groups: list[Value[str]]
    resources: list[Value[str]]
    verbs: list[Value[str]]
    names: list[Value[str]]
    unread: str = ""


@record(slots=True, kw_only=True, eq=False)
class Role(Subject):
    """A Kubernetes Role, or ClusterRole where ``namespace`` is empty. ``aggregated``: a controller fills in its rules."""

    role: str
    namespace: str
    rules: list[RoleRule]
    aggregated: bool = False


@record(slots=True, kw_only=True, eq=False)
class RoleSubject:
    """Who is bound. ``kind``: ``ServiceAccount``, ``User``, ``Group``; ``namespace`` is a service account's."""

    node: Node
    kind: str
    account: Value[str]
    namespace: Value[str]


@record(slots=True, kw_only=True, eq=False)
class RoleBinding(Subject):
    """A Kubernetes RoleBinding, or ClusterRoleBinding where ``namespace`` is empty. ``role_kind``: ``Role`` or ``ClusterRole``."""

    namespace: str
    role_kind: str
    role: Value[str]
    bound: list[RoleSubject]


@record(slots=True, kw_only=True, eq=False)
class ForeignObject(Subject):
    """An object of another API than Kubernetes' own, of which only the effects are known.

    ``makes_pods``: its controller may make pods (an operator's database, a Helm release); ``restricts_network``: it is a network
    policy of the network's own kind (Cilium, Calico).
    """

    kind: str
    group: str
    makes_pods: bool = False
    restricts_network: bool = False


@record(slots=True, kw_only=True, eq=False)
class ManifestPatch(Subject):
    """A change that Kustomize makes to a workload's manifest, and that is not made here: a patch that no kustomization of the
    stack names, or one that could not be evaluated. ``patched`` is the workload's name.

    With ``files`` it may change any object that is read from these.
    """

    kind: str
    patched: str
    files: frozenset[str] = frozenset()

"""Subjects of a cluster's API: the objects that are declared, who refers to whom, how traffic enters, where secrets come from."""

from afscan.model.node import Node
from afscan.model.record import field, record
from afscan.model.selectors import Selector
from afscan.model.subjects import Subject, Workload
from afscan.model.value import Value

GATEWAYS = "gateway.networking.k8s.io"
LOGIN = "it logs in with"
"""How a secret store refers to the Secret with its own credentials (:attr:`Reference.how`)."""


@record(slots=True, kw_only=True, eq=False)
class ManifestObject(Subject):
    """Any object of a manifest: what it is and what it is called. ``version`` is its ``apiVersion`` as written."""

    kind: str
    group: str
    version: Value[str]
    object_name: str
    namespace: str


@record(slots=True, kw_only=True, eq=False)
class GeneratedObject(Subject):
    """An object that something other than a manifest makes: a generator of Kustomize, a resource of Terraform.

    ``namespace`` ``*`` is any; ``object_name`` ``*`` is any name. ``keys`` None: not known.
    """

    kind: str
    object_name: str
    namespace: str
    keys: list[str] | None = None


@record(slots=True, kw_only=True, eq=False)
class Reference(Subject):
    """Somebody names an object that has to exist. ``node`` is where, ``target`` the name.

    ``namespace`` is the one in which it is looked up, empty for kinds that have none; ``origin`` that of who refers. ``owner`` is
    who refers (``Deployment api``), ``how`` in what way (``it mounts``). ``purpose``: ``tls`` for a certificate's Secret that an
    Ingress or Gateway serves, ``issuer`` for who signs a certificate, empty for all others. ``key`` is the entry (of a Service
    the port) that is asked for, None where none is. ``settled``: what its own reader knows (``present``, ``absent``,
    ``unknown``); empty where the join finds out.
    """

    kind: str
    group: str
    target: Value[str]
    namespace: str
    owner: str
    how: str
    optional: bool = False
    purpose: str = ""
    settled: str = ""
    origin: str = ""
    key: Value[str] | None = None


@record(slots=True, kw_only=True, eq=False)
class WorkloadSelector(Subject):
    """The selector by which a controller finds its own pods."""

    workload: Workload
    selector: Selector


@record(slots=True, kw_only=True, eq=False)
class PodViolation:
    """A field of a pod that a level of Pod Security forbids. ``what`` is a clause: "`hostNetwork` is `true`"."""

    level: str  # baseline, restricted
    control: str
    at: Value[str]
    what: str


@record(slots=True, kw_only=True, eq=False)
class PodTemplate(Subject):
    """The pods that a workload makes, as written; ``node`` is their ``spec``. ``annotations`` are their metadata's."""

    workload: Workload
    annotations: Node | None = None


@record(slots=True, kw_only=True, eq=False)
class PodAdmission(Subject):
    """What levels of Pod Security forbid of a workload's pods. ``doubts`` are fields that are not known."""

    workload: Workload
    violations: list[PodViolation]
    doubts: list[PodViolation]


@record(slots=True, kw_only=True, eq=False)
class Schedule(Subject):
    """When a CronJob runs, and how many finished Jobs it keeps. Unset ``concurrency``: ``Allow``."""

    workload: Workload
    schedule: Value[str]
    suspended: Value[bool]
    concurrency: Value[str]
    time_zone: Value[str]
    deadline: Value[int]  # seconds
    successful_kept: Value[int]  # 3 by default
    failed_kept: Value[int]  # 1 by default


@record(slots=True, kw_only=True, eq=False)
class GatewayListener:
    """One listener of a Gateway. ``mode`` unset: ``Terminate``. ``protocol``: HTTP, HTTPS, TLS, TCP, UDP."""

    node: Node
    listener: str
    hostname: Value[str]
    port: Value[int]
    protocol: Value[str]
    mode: Value[str]
    certificates: list[Value[str]]
    admits: str = "Same"  # from which namespaces routes may attach: Same, All, Selector, None


@record(slots=True, kw_only=True, eq=False)
class Gateway(Subject):
    """A Gateway of the Gateway API."""

    gateway: str
    namespace: str
    class_name: Value[str]
    listeners: list[GatewayListener]
    annotations: dict[str, Value[str]] = field(default_factory=dict)


@record(slots=True, kw_only=True, eq=False)
class GatewayClass(Subject):
    """A GatewayClass: which controller serves its Gateways."""

    class_name: str
    controller: Value[str]


@record(slots=True, kw_only=True, eq=False)
class RouteParent:
    """What a route attaches to. ``section`` is the listener's name; unset: every listener that admits it."""

    node: Node
    kind: str
    parent: Value[str]
    namespace: str
    section: Value[str]
    port: Value[int]


@record(slots=True, kw_only=True, eq=False)
class RouteBackend:
    """Where a route leads: a Service's port."""

    node: Node
    kind: str
    service: Value[str]
    namespace: str
    port: Value[int]


@record(slots=True, kw_only=True, eq=False)
class Route(Subject):
    """A route of the Gateway API. ``redirects``: every rule sends the client to HTTPS and serves nothing itself."""

    kind: str
    namespace: str
    hostnames: list[Value[str]]
    parents: list[RouteParent]
    backends: list[RouteBackend]
    redirects: bool = False


@record(slots=True, kw_only=True, eq=False)
class ReferenceGrant(Subject):
    """Who may refer into a namespace: (group, kind, namespace) of those who do, (kind, name or "") of what they may name."""

    namespace: str
    sources: list[tuple[str, str, str]]
    targets: list[tuple[str, str]]


@record(slots=True, kw_only=True, eq=False)
class CertificateIssuer(Subject):
    """cert-manager's Issuer, or ClusterIssuer where ``namespace`` is empty. ``method``: acme, ca, selfSigned, vault, venafi."""

    kind: str
    issuer: str
    namespace: str
    method: str
    server: Value[str]  # of ACME


@record(slots=True, kw_only=True, eq=False)
class Certificate(Subject):
    """cert-manager's Certificate: it fills the Secret ``secret``. ``issuer_kind`` unset: ``Issuer``."""

    namespace: str
    secret: Value[str]
    issuer: Value[str]
    issuer_kind: Value[str]
    issuer_group: Value[str]
    names: list[Value[str]]
    is_ca: Value[bool]


@record(slots=True, kw_only=True, eq=False)
class SecretStore(Subject):
    """External Secrets' SecretStore, or ClusterSecretStore where ``namespace`` is empty.

    ``provider`` is the key under ``spec.provider``; ``static`` the credentials that it logs in with, where they are a Secret's.
    """

    kind: str
    store: str
    namespace: str
    provider: Value[str]
    static: list[Value[str]]


@record(slots=True, kw_only=True, eq=False)
class ExternalSecret(Subject):
    """External Secrets' ExternalSecret or ClusterExternalSecret: it makes the Secret ``secret``.

    ``keys`` are the entries of that Secret; None where they are only known to the store (``dataFrom``) or to templates.
    ``namespace`` ``*``: the namespaces that a selector finds. ``merges``: the Secret has to exist already.
    """

    kind: str
    secret: Value[str]
    namespace: str
    keys: list[str] | None
    merges: bool = False


@record(slots=True, kw_only=True, eq=False)
class PushSecret(Subject):
    """External Secrets' PushSecret: it writes a Secret into stores."""

    namespace: str
    secret: Value[str]


@record(slots=True, kw_only=True, eq=False)
class SealedSecret(Subject):
    """Bitnami's SealedSecret: it makes the Secret of its name. ``keys`` are that Secret's entries, encrypted here."""

    secret: str
    namespace: str
    keys: list[str]


@record(slots=True, kw_only=True, eq=False)
class SecretManifest(Subject):
    """A Secret that is written out. ``encrypted``: by SOPS. ``entries`` are its values by key, decoded;
    unknown where one is encrypted or no text. ``encoded``: some are written in base64."""

    secret: str
    namespace: str
    secret_type: Value[str]
    entries: dict[str, Value[str]]
    encrypted: bool = False
    encoded: bool = False


@record(slots=True, kw_only=True, eq=False)
class VolumeClaim(Subject):
    """A PersistentVolumeClaim. ``class_name`` unset: the cluster's default class; empty: none, it waits for a volume made by hand."""

    claim: str
    namespace: str
    class_name: Value[str]
    access_modes: list[Value[str]]
    size: Value[float]  # bytes
    volume: Value[str]


@record(slots=True, kw_only=True, eq=False)
class Volume(Subject):
    """A PersistentVolume. ``backing`` is the kind of storage behind it: ``hostPath``, ``nfs``, ``csi`` ..."""

    volume: str
    class_name: Value[str]
    backing: str
    claim: Value[str]
    reclaim: Value[str]


@record(slots=True, kw_only=True, eq=False)
class VerticalAutoscaler(Subject):
    """A VerticalPodAutoscaler. ``mode`` unset: ``Recreate``; ``Off`` only recommends."""

    namespace: str
    target_kind: str
    target: Value[str]
    mode: Value[str]

"""Objects of the Gateway API, cert-manager, External Secrets, Sealed Secrets, storage and schedules: values and exact places."""

from typing import TypeVar

import pytest

from afscan.model.notice import NoticeKind
from afscan.model.objects import (
    Certificate,
    CertificateIssuer,
    ExternalSecret,
    Gateway,
    GatewayClass,
    GeneratedObject,
    ManifestObject,
    PushSecret,
    ReferenceGrant,
    Route,
    Schedule,
    SealedSecret,
    SecretManifest,
    SecretStore,
    VerticalAutoscaler,
    Volume,
    VolumeClaim,
    WorkloadSelector,
)
from afscan.model.subjects import Subject
from support import interpreted, text_at

S = TypeVar("S", bound=Subject)


def one(text: str, kind: type[S], name: str = "o.yaml") -> S:
    (found,) = [s for s in interpreted(text, name).subjects if type(s) is kind]
    return found


def every(text: str, kind: type[S]) -> list[S]:
    return [s for s in interpreted(text, "o.yaml").subjects if isinstance(s, kind)]


GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: edge
  namespace: infra
  annotations: {cert-manager.io/cluster-issuer: letsencrypt}
spec:
  gatewayClassName: cilium
  listeners:
    - name: plain
      protocol: HTTP
      port: 80
    - name: secure
      protocol: HTTPS
      port: 443
      hostname: "*.example.com"
      allowedRoutes: {namespaces: {from: All}}
      tls:
        mode: Terminate
        certificateRefs:
          - name: edge-tls
          - {kind: Vault, name: other}
"""

ROUTE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: api, namespace: shop}
spec:
  parentRefs:
    - name: edge
      namespace: infra
      sectionName: secure
  hostnames: [api.example.com]
  rules:
    - matches: [{path: {value: /}}]
      backendRefs:
        - name: api
          port: 8080
        - name: blobs
          kind: Bucket
          group: storage.example.com
"""


def test_a_gateway_and_its_listeners() -> None:
    found = one(GATEWAY, Gateway)
    assert (found.name, found.gateway, found.namespace, found.class_name.value) == ("Gateway edge", "edge", "infra", "cilium")
    plain, secure = found.listeners
    assert (plain.listener, plain.protocol.value, plain.port.value, plain.mode.is_unset) == ("plain", "HTTP", 80, True)
    assert text_at(GATEWAY, plain.node.head) == "plain"
    assert text_at(GATEWAY, plain.protocol.place) == "HTTP"
    assert [value.value for value in secure.certificates] == ["edge-tls"]
    assert text_at(GATEWAY, secure.certificates[0].place) == "edge-tls"
    assert (secure.admits, secure.hostname.value) == ("All", "*.example.com")


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"])
def test_a_route(kind: str) -> None:
    text = ROUTE.replace("HTTPRoute", kind).replace("/v1\n", "/v1alpha2\n")
    found = one(text, Route)
    assert (found.kind, found.namespace, found.redirects) == (kind, "shop", False)
    (parent,) = found.parents
    assert (parent.parent.value, parent.namespace, parent.section.value) == ("edge", "infra", "secure")
    api, blobs = found.backends
    assert (api.service.value, api.port.value, api.namespace, api.kind) == ("api", 8080, "shop", "Service")
    assert text_at(text, api.service.place) == "api"
    assert text_at(text, api.port.place) == "8080"
    assert blobs.kind == "Bucket"
    assert text_at(text, found.hostnames[0].place) == "api.example.com"


def test_a_route_that_redirects_only() -> None:
    rule = "{filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}]}"
    text = f"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r}}\nspec: {{rules: [{rule}]}}\n"
    assert one(text, Route).redirects
    assert not one(text.replace("scheme: https", "scheme: http"), Route).redirects
    assert not one(text.replace("{filters", "{backendRefs: [{name: a}], filters"), Route).redirects


def test_classes_and_grants() -> None:
    text = "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c}\nspec: {controllerName: x.io/y}\n"
    found = one(text, GatewayClass)
    assert (found.class_name, text_at(text, found.controller.place)) == ("c", "x.io/y")
    text = (
        "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: g, namespace: shop}\nspec:\n"
        "  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: edge}]\n  to: [{group: '', kind: Service}]\n"
    )
    grant = one(text, ReferenceGrant)
    assert grant.sources == [("gateway.networking.k8s.io", "HTTPRoute", "edge")]
    assert grant.targets == [("Service", "")]


CERTIFICATES = """\
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: letsencrypt}
spec:
  acme:
    server: https://acme.example.com/directory
    privateKeySecretRef: {name: account}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: internal, namespace: shop}
spec: {ca: {secretName: ca}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: api, namespace: shop}
spec:
  secretName: api-tls
  dnsNames: [api, api.shop.svc]
  issuerRef: {kind: Issuer, name: internal}
"""


def test_issuers_and_certificates() -> None:
    cluster, own = every(CERTIFICATES, CertificateIssuer)
    assert (cluster.kind, cluster.issuer, cluster.namespace, cluster.method) == ("ClusterIssuer", "letsencrypt", "", "acme")
    assert text_at(CERTIFICATES, cluster.server.place) == "https://acme.example.com/directory"
    assert (own.kind, own.issuer, own.namespace, own.method) == ("Issuer", "internal", "shop", "ca")
    found = one(CERTIFICATES, Certificate)
    assert (found.secret.value, found.issuer.value, found.issuer_kind.value, found.issuer_group.is_unset) == (
        "api-tls", "internal", "Issuer", True,
    )  # fmt: skip
    assert text_at(CERTIFICATES, found.issuer.place) == "internal"
    assert [name.value for name in found.names] == ["api", "api.shop.svc"]


STORE = """\
apiVersion: external-secrets.io/v1beta1
kind: SecretStore
metadata: {name: aws, namespace: shop}
spec:
  provider:
    aws:
      service: SecretsManager
      auth:
        secretRef:
          accessKeyIDSecretRef: {name: aws-keys, key: id}
          secretAccessKeySecretRef: {name: aws-keys, key: secret}
"""


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
def test_stores_with_static_keys(version: str) -> None:
    text = STORE.replace("v1beta1", version)
    found = one(text, SecretStore)
    assert (found.kind, found.store, found.namespace, found.provider.value) == ("SecretStore", "aws", "shop", "aws")
    assert [value.value for value in found.static] == ["aws-keys", "aws-keys"]
    assert text_at(text, found.static[0].place) == "aws-keys"
    cluster = one(text.replace("SecretStore\n", "ClusterSecretStore\n"), SecretStore)
    assert (cluster.kind, cluster.namespace) == ("ClusterSecretStore", "")


@pytest.mark.parametrize(
    ("spec", "secret", "keys"),
    [
        ("{data: [{secretKey: a}, {secretKey: b}]}", "e", ["a", "b"]),
        ("{target: {name: t}, data: [{secretKey: a}]}", "t", ["a"]),
        ("{target: {template: {data: {x: '{{ .a }}'}}}, data: [{secretKey: a}]}", "e", ["x"]),
        ("{target: {template: {mergePolicy: Merge, data: {x: y}}}, data: [{secretKey: a}]}", "e", ["a", "x"]),
        ("{dataFrom: [{extract: {key: all}}]}", "e", None),
        ("{target: {template: {templateFrom: [{configMap: {name: c}}]}}, data: [{secretKey: a}]}", "e", None),
    ],
)
def test_external_secrets_and_their_keys(spec: str, secret: str, keys: list[str] | None) -> None:
    found = one(
        f"apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {{name: e}}\nspec: {spec}\n", ExternalSecret
    )
    assert (found.secret.value, found.keys, found.namespace) == (secret, keys, "default")


def test_secrets_for_many_namespaces_and_pushed_ones() -> None:
    text = (
        "apiVersion: external-secrets.io/v1\nkind: ClusterExternalSecret\nmetadata: {name: c}\n"
        "spec: {externalSecretName: pull, externalSecretSpec: {data: [{secretKey: a}]}}\n"
    )
    found = one(text, ExternalSecret)
    assert (found.secret.value, found.namespace, found.keys) == ("pull", "*", ["a"])
    text = (
        "apiVersion: external-secrets.io/v1alpha1\nkind: PushSecret\nmetadata: {name: p}\nspec: {selector: {secret: {name: s}}}\n"
    )
    pushed = one(text, PushSecret)
    assert text_at(text, pushed.secret.place) == "s"


def test_sealed_and_plain_and_encrypted_secrets() -> None:
    text = (
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: s, namespace: shop}\n"
        "spec: {encryptedData: {password: AgBy}, template: {metadata: {name: db}}}\n"
    )
    sealed = one(text, SealedSecret)
    assert (sealed.secret, sealed.namespace, sealed.keys) == ("db", "shop", ["password"])
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: Opaque\ndata: {a: eA==}\nstringData: {b: c}\n"
    plain = one(text, SecretManifest)
    assert (sorted(plain.entries), plain.encrypted, plain.encoded) == (["a", "b"], False, True)
    assert text_at(text, plain.entries["a"].place) == "eA=="
    assert plain.entries["a"].value == "x"
    assert one(text + "sops: {mac: x}\n", SecretManifest).encrypted


def test_claims_and_volumes() -> None:
    text = (
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: shop}\nspec:\n  storageClassName: fast\n"
        "  accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: 2Gi}}\n"
    )
    claim = one(text, VolumeClaim)
    assert (claim.claim, claim.class_name.value, claim.size.value) == ("data", "fast", 2 * 1024**3)
    assert text_at(text, claim.class_name.place) == "fast"
    text = (
        "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: v}\nspec: {capacity: {storage: 1Gi}, nfs: {server: a, path: /}, "
        "claimRef: {name: data}, persistentVolumeReclaimPolicy: Retain}\n"
    )
    volume = one(text, Volume)
    assert (volume.backing, volume.claim.value, volume.reclaim.value) == ("nfs", "data", "Retain")


CRON = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec:
  schedule: "15 2 * * *"
  timeZone: Etc/UTC
  suspend: true
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 300
  failedJobsHistoryLimit: 5
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i:1}]}}}}
"""


def test_schedules() -> None:
    found = one(CRON, Schedule)
    assert (found.schedule.value, found.suspended.value, found.concurrency.value) == ("15 2 * * *", True, "Forbid")
    assert (found.deadline.value, found.failed_kept.value, found.successful_kept.is_unset) == (300, 5, True)
    assert text_at(CRON, found.schedule.place) == '"15 2 * * *"'
    assert found.workload.name == "CronJob backup"


def test_vertical_autoscalers() -> None:
    text = (
        "apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: {name: v, namespace: shop}\n"
        'spec: {targetRef: {kind: Deployment, name: api}, updatePolicy: {updateMode: "Off"}}\n'
    )
    found = one(text, VerticalAutoscaler)
    assert (found.target_kind, found.target.value, found.mode.value) == ("Deployment", "api", "Off")


def test_every_object_is_known_by_its_name() -> None:
    text = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w, namespace: n}\n"
    found = one(text, ManifestObject)
    assert (found.kind, found.group, found.object_name, found.namespace) == ("Widget", "example.com", "w", "n")
    assert text_at(text, found.version.place) == "example.com/v1"


def test_generators_of_a_kustomization() -> None:
    text = (
        "resources: [api.yaml]\nconfigMapGenerator:\n- name: settings\n  files: [a.conf]\nsecretGenerator:\n- name: keys\n"
        "  namespace: shop\n"
    )
    found = [s for s in interpreted(text, "kustomization.yaml").subjects if isinstance(s, GeneratedObject)]
    assert [(g.kind, g.object_name, g.namespace) for g in found] == [("ConfigMap", "settings", "*"), ("Secret", "keys", "shop")]
    assert text_at(text, found[0].place) == "settings"
    far = one("resources: ['https://example.com/base?ref=v1']\n", GeneratedObject, "kustomization.yaml")
    assert (far.kind, far.object_name) == ("*", "*")


def test_controllers_find_their_pods_by_selectors() -> None:
    text = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n"
        "  selector: {matchLabels: {app: a}, matchExpressions: [{key: tier, operator: NotIn, values: [x]}]}\n"
        "  template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i:1}]}}\n"
    )
    found = one(text, WorkloadSelector)
    assert found.selector.matches(found.workload.labels) is True
    assert found.selector.matches({"app": "a", "tier": "x"}) is False


@pytest.mark.parametrize(
    "body",
    [
        "spec: 7", "spec: []", "spec: {listeners: 1, rules: {a: b}, provider: [1], data: 3, template: 1, issuerRef: x}",
        "spec: {listeners: [1, {tls: 5}], rules: [{backendRefs: 2, filters: [[]]}], parentRefs: [{name: [a]}]}",
        "spec: {provider: {aws: {auth: [1]}}, target: {template: [1]}, dataFrom: 1, selector: []}",
        "data: 5\nstringData: [1]\nspec: {encryptedData: [], resources: {requests: {storage: x}}}",
    ],
)  # fmt: skip
def test_wrong_types_never_fail(body: str) -> None:
    groups = {
        "gateway.networking.k8s.io/v1": ("Gateway", "GatewayClass", "HTTPRoute", "ReferenceGrant"),
        "cert-manager.io/v1": ("Issuer", "Certificate"),
        "external-secrets.io/v1": ("SecretStore", "ExternalSecret", "ClusterExternalSecret", "PushSecret"),
        "bitnami.com/v1alpha1": ("SealedSecret",),
        "v1": ("Secret", "PersistentVolume", "PersistentVolumeClaim"),
        "autoscaling.k8s.io/v1": ("VerticalPodAutoscaler",),
    }
    for version, kinds in groups.items():
        for kind in kinds:
            out = interpreted(f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: x}}\n{body}\n", "h.yaml")
            assert {notice.kind for notice in out.notices} <= {NoticeKind.WRONG_TYPE, NoticeKind.PARTIAL}

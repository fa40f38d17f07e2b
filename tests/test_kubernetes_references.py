"""Who names which object, what satisfies it, and what stays open."""

import pytest

from afscan.join.clusters import clusters_of
from afscan.join.references import satisfied, target_of, users_of
from afscan.join.routes import backends_of, reached, routes_of
from afscan.model.objects import Gateway, Reference, Route
from afscan.model.stack import Stack
from afscan.model.subjects import Ingress
from afscan.platforms.kubernetesapis import as_of, parse_version, removal_of
from support import stack_of, text_at

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      serviceAccountName: api
      priorityClassName: high
      imagePullSecrets: [{name: pull}]
      containers:
        - name: api
          image: api:1
          ports: [{name: web, containerPort: 8080}]
          envFrom:
            - secretRef: {name: all, optional: true}
          env:
            - name: PASSWORD
              valueFrom: {secretKeyRef: {name: keys, key: password}}
          volumeMounts: [{name: c, mountPath: /c}]
      volumes:
        - name: c
          configMap: {name: settings, items: [{key: a.conf, path: a.conf}]}
        - name: p
          persistentVolumeClaim: {claimName: data-db-0}
        - name: q
          projected: {sources: [{secret: {name: sealed}}, {configMap: {name: kube-root-ca.crt}}]}
"""

MAKERS = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: keys, namespace: shop}
spec: {data: [{secretKey: password}]}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: sealed, namespace: shop}
spec: {encryptedData: {a: b}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {a.conf: x}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: api, namespace: shop}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: "db:1"}]}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {storageClassName: gp3}}]
"""


def states(files: dict[str, str]) -> dict[tuple[str, str], str]:
    stack = stack_of(files)
    return {(one.kind, one.target.or_else("?")): satisfied(stack, one).state for one in stack.of(Reference)}


def reference(stack: Stack, kind: str, target: str) -> Reference:
    (found,) = [one for one in stack.of(Reference) if (one.kind, one.target.value) == (kind, target)]
    return found


def test_references_of_a_pod_and_what_makes_them() -> None:
    assert states({"d.yaml": DEPLOYMENT, "m.yaml": MAKERS}) == {
        ("ServiceAccount", "api"): "present",
        ("PriorityClass", "high"): "unjudged",
        ("Secret", "pull"): "absent",
        ("Secret", "all"): "absent",
        ("Secret", "keys"): "present",
        ("Secret", "sealed"): "present",
        ("ConfigMap", "settings"): "present",
        ("ConfigMap", "kube-root-ca.crt"): "present",
        ("PersistentVolumeClaim", "data-db-0"): "present",
        ("Service", "db"): "absent",
        ("StorageClass", "gp3"): "present",
    }


def test_places_of_references() -> None:
    stack = stack_of({"d.yaml": DEPLOYMENT})
    secret = reference(stack, "Secret", "keys")
    assert text_at(DEPLOYMENT, secret.place) == "keys"
    assert secret.place.span.line == 20
    assert (secret.owner, secret.namespace, secret.how) == ("Deployment api", "shop", "its variable `PASSWORD` comes from")
    assert secret.key is not None
    assert text_at(DEPLOYMENT, secret.key.place) == "password"
    assert reference(stack, "Secret", "all").optional
    assert users_of(stack, "Secret", "shop", "keys") == [secret]
    assert users_of(stack, "Secret", "other", "keys") == []


def test_without_anything_that_makes_secrets_their_absence_says_nothing() -> None:
    assert states({"d.yaml": DEPLOYMENT})["Secret", "keys"] == "unjudged"
    assert states({"d.yaml": DEPLOYMENT})["ConfigMap", "settings"] == "absent"


@pytest.mark.parametrize(
    ("old", "new", "kind", "target", "state"),
    [
        ("{secretKey: password}", "{secretKey: passwort}", "Secret", "keys", "keyless"),
        ("data: {a.conf: x}", "data: {b.conf: x}", "ConfigMap", "settings", "keyless"),
        ("metadata: {name: settings, namespace: shop}", "metadata: {name: settings}", "ConfigMap", "settings", "present"),
        (
            "metadata: {name: settings, namespace: shop}",
            "metadata: {name: settings, namespace: x}",
            "ConfigMap",
            "settings",
            "absent",
        ),
        ("metadata: {name: sealed, namespace: shop}", "metadata: {name: other, namespace: shop}", "Secret", "sealed", "absent"),
    ],
)
def test_names_namespaces_and_keys(old: str, new: str, kind: str, target: str, state: str) -> None:
    assert MAKERS.count(old) == 1
    assert states({"d.yaml": DEPLOYMENT, "m.yaml": MAKERS.replace(old, new)})[kind, target] == state


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("chart.yaml", "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x, namespace: shop}\n"),
        ("templates/x.yaml", "kind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n"),
        ("main.tf", 'resource "helm_release" "x" {\n  name      = "x"\n  namespace = "shop"\n}\n'),
        ("kustomization.yaml", "resources: ['https://example.com/base?ref=v1']\n"),
    ],
)
def test_what_may_come_from_elsewhere_is_not_known(name: str, text: str) -> None:
    assert states({"d.yaml": DEPLOYMENT, name: text})["ConfigMap", "settings"] == "unknown"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("kustomization.yaml", "configMapGenerator: [{name: settings, files: [a.conf]}]\n"),
        (
            "main.tf",
            'resource "kubernetes_config_map_v1" "x" {\n  metadata {\n    name = "settings"\n    namespace = "shop"\n  }\n}\n',
        ),
    ],
)
def test_generators_and_terraform_make_objects(name: str, text: str) -> None:
    assert states({"d.yaml": DEPLOYMENT, name: text})["ConfigMap", "settings"] == "present"


INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop, annotations: {cert-manager.io/cluster-issuer: le}}
spec:
  ingressClassName: nginx
  tls: [{hosts: [a.example.com], secretName: web-tls}]
  rules:
    - host: a.example.com
      http: {paths: [{path: /, backend: {service: {name: api, port: {name: http}}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{name: http, port: 80, targetPort: web}]}
"""


def test_an_ingress_leads_to_a_service_and_its_workload() -> None:
    stack = stack_of({"i.yaml": INGRESS, "d.yaml": DEPLOYMENT})
    (ingress,) = stack.of(Ingress)
    (backend,) = backends_of(stack, ingress)
    assert backend.service is not None
    assert backend.service.service_name == "api"
    assert [(workload.name, ports) for workload, ports in reached(backend)] == [("Deployment api", [8080])]
    assert satisfied(stack, reference(stack, "Secret", "web-tls")).state == "present"
    assert reference(stack, "ClusterIssuer", "le").purpose == "issuer"
    assert satisfied(stack, reference(stack, "ClusterIssuer", "le")).state == "unjudged"
    target = target_of(stack, "shop", "Deployment", "api")
    assert target is not None
    assert target_of(stack, "shop", "Deployment", "nothing") is None


GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: c
  listeners: [{name: a, protocol: HTTP, port: 80}, {name: b, protocol: HTTPS, port: 443, tls: {certificateRefs: [{name: t}]}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{name: edge, namespace: infra, sectionName: b}]
  rules: [{backendRefs: [{name: api, port: 80}, {name: lost, port: 80}]}]
"""


def test_a_route_attaches_to_the_listener_that_it_names() -> None:
    stack = stack_of({"g.yaml": GATEWAY, "i.yaml": INGRESS, "d.yaml": DEPLOYMENT})
    (gateway,), (route,) = stack.of(Gateway), stack.of(Route)
    assert [routes_of(stack, gateway, listener) for listener in gateway.listeners] == [[], [route]]
    found, lost = backends_of(stack, route)
    assert [(workload.name, ports) for workload, ports in reached(found)] == [("Deployment api", [8080])]
    assert lost.service is None
    web = reference(stack_of({"i.yaml": INGRESS.replace("name: http}}}}", "name: https}}}}")}), "Service", "api")
    assert web.key is not None
    assert web.key.value == "https"
    assert satisfied(stack, reference(stack, "Service", "lost")).state == "absent"
    assert satisfied(stack, reference(stack, "Gateway", "edge")).state == "present"


def test_removed_api_versions() -> None:
    found = removal_of("batch/v1beta1", "CronJob")
    assert found is not None
    assert (found.title, found.removed, found.instead) == ("Kubernetes", (1, 25), "batch/v1")
    assert found.oldest >= found.removed
    assert removal_of("batch/v1", "CronJob") is None
    eso = removal_of("external-secrets.io/v1beta1", "ExternalSecret")
    assert eso is not None
    assert (eso.removed, eso.instead) == ((0, 17), "external-secrets.io/v1")
    assert removal_of("external-secrets.io/v1alpha1", "PushSecret") is None
    assert as_of() >= "2026-11"
    assert parse_version("v1.29.3-gke.100") == (1, 29)
    assert parse_version("latest") is None


@pytest.mark.parametrize(
    ("kind", "line", "version"),
    [
        ("aws_eks_cluster", 'version = "1.24"', [(1, 24)]),
        ("google_container_cluster", 'min_master_version = "1.27.3-gke.100"', [(1, 27)]),
        ("google_container_cluster", 'min_master_version = "latest"', [None]),
        ("azurerm_kubernetes_cluster", 'kubernetes_version = "1.29"', [(1, 29)]),
        ("azurerm_kubernetes_cluster", "kubernetes_version = var.x", [None]),
        ("aws_eks_cluster", 'role_arn = "x"', []),
    ],
)
def test_the_cluster_that_terraform_declares(kind: str, line: str, version: list[tuple[int, int] | None]) -> None:
    text = f'variable "x" {{}}\nresource "{kind}" "a" {{\n  name = "a"\n  {line}\n}}\n'
    assert [found for _, found in clusters_of(stack_of({"main.tf": text}))] == version

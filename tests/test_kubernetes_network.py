"""Services, Ingresses and NetworkPolicies."""

from typing import TypeVar

import pytest

from afscan.model.notice import NoticeKind
from afscan.model.subjects import Ingress, NetworkPolicy, Service, Subject, labels_match
from support import interpreted, text_at

S = TypeVar("S", bound=Subject)


def one(text: str, kind: type[S]) -> S:
    (found,) = [s for s in interpreted(text, "n.yaml").subjects if isinstance(s, kind)]
    return found


def service(spec: str, annotations: str = "{}") -> str:
    return f"apiVersion: v1\nkind: Service\nmetadata:\n  name: db\n  annotations: {annotations}\nspec:\n{spec}"


def policy(spec: str) -> str:
    return f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: np}}\nspec:\n{spec}"


def test_service() -> None:
    text = service(
        "  type: LoadBalancer\n  selector: {app: db}\n  externalIPs: [192.0.2.1]\n  loadBalancerSourceRanges: [10.0.0.0/8]\n"
        "  ports:\n  - port: 5432\n    targetPort: pg\n    nodePort: 30000\n    name: sql\n  - port: 53\n    protocol: UDP\n"
    )
    found = one(text, Service)
    assert (found.name, found.service_name, found.namespace) == ("Service db", "db", "default")
    assert (found.kind.value, found.selector, found.headless, found.internal) == ("LoadBalancer", {"app": "db"}, False, False)
    assert text_at(text, found.kind.place) == "LoadBalancer"
    assert text_at(text, found.external_ips[0].place) == "192.0.2.1"
    assert [v.value for v in found.source_ranges] == ["10.0.0.0/8"]
    sql, dns = found.ports
    assert (sql.port.value, sql.target.value, sql.node_port.value, sql.name, sql.protocol) == (5432, "pg", 30000, "sql", "tcp")
    assert text_at(text, sql.target.place) == "pg"
    assert dns.target.is_unset
    assert dns.protocol == "udp"


def test_service_defaults() -> None:
    found = one(service("  clusterIP: None\n  ports: [{port: 1, targetPort: '2'}]\n"), Service)
    assert found.kind.is_unset
    assert found.selector is None
    assert found.headless
    assert found.ports[0].target.value == 2


@pytest.mark.parametrize("selector", ["selector: {}", "selector:", "type: ExternalName\n  externalName: db.example.com"])
def test_services_that_select_nothing(selector: str) -> None:
    assert one(service(f"  {selector}\n"), Service).selector is None


@pytest.mark.parametrize(
    ("annotation", "internal"),
    [
        ("service.beta.kubernetes.io/aws-load-balancer-scheme: internal", True),
        ("service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing", False),
        ("service.beta.kubernetes.io/aws-load-balancer-internal: 'true'", True),
        ("service.beta.kubernetes.io/aws-load-balancer-internal: 0.0.0.0/0", True),
        ("service.beta.kubernetes.io/aws-load-balancer-internal: 'false'", False),
        ("service.beta.kubernetes.io/aws-load-balancer-type: external", True),
        ("service.beta.kubernetes.io/aws-load-balancer-type: nlb", False),
        ("networking.gke.io/load-balancer-type: Internal", True),
        ("cloud.google.com/load-balancer-type: External", False),
        ("service.beta.kubernetes.io/azure-load-balancer-internal: 'true'", True),
        ("service.beta.kubernetes.io/azure-load-balancer-internal: 'false'", False),
    ],
)
def test_internal_load_balancers(annotation: str, internal: bool) -> None:
    assert one(service("  type: LoadBalancer\n", f"{{{annotation}}}"), Service).internal is internal


INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    kubernetes.io/ingress.class: nginx
    nginx.ingress.kubernetes.io/ssl-redirect: "false"
spec:
  defaultBackend:
    service: {name: fallback, port: {name: http}}
  tls:
  - hosts:
    - a.example.com
    secretName: a-tls
  rules:
  - host: a.example.com
    http:
      paths:
      - path: /api
        pathType: Prefix
        backend:
          service:
            name: api
            port:
              number: 80
  - host: b.example.com
"""


def test_ingress() -> None:
    found = one(INGRESS, Ingress)
    assert [(r.host.value, r.path.value, r.service.value, r.port.value) for r in found.routes] == [
        (None, None, "fallback", "http"),
        ("a.example.com", "/api", "api", 80),
        ("b.example.com", None, None, None),
    ]
    assert text_at(INGRESS, found.routes[1].service.place) == "api"
    assert found.routes[2].host.place.line == 26
    assert found.tls.value is True
    assert text_at(INGRESS, found.tls.place) == "tls"
    assert [h.value for h in found.tls_hosts] == ["a.example.com"]
    assert text_at(INGRESS, found.tls_hosts[0].place) == "a.example.com"
    assert not found.tls_any_host
    assert found.class_name.value == "nginx"
    assert text_at(INGRESS, found.annotations["nginx.ingress.kubernetes.io/ssl-redirect"].place) == '"false"'


def test_ingress_of_old_versions() -> None:
    text = """\
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: old}
spec:
  tls:
  - secretName: any
  backend: {serviceName: all, servicePort: http}
  rules:
  - http:
      paths:
      - backend:
          serviceName: api
          servicePort: 8080
"""
    found = one(text, Ingress)
    assert [(r.host.value, r.service.value, r.port.value) for r in found.routes] == [(None, "all", "http"), (None, "api", 8080)]
    assert found.routes[1].host.is_unset
    assert found.tls_any_host


def test_ingress_without_tls_is_placed_at_its_spec() -> None:
    text = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec:\n  rules: []\n"
    found = one(text, Ingress)
    assert found.tls.is_unset
    assert text_at(text, found.tls.place) == "spec"


def test_network_policy() -> None:
    text = policy(
        "  podSelector: {matchLabels: {app: api}}\n  policyTypes: [Ingress, Egress]\n"
        "  ingress:\n  - from:\n    - namespaceSelector: {matchLabels: {name: ingress}}\n      podSelector: {}\n"
        "    ports: [{port: 8000}, {port: http, protocol: TCP}, {port: 9000, endPort: 9010}]\n"
        "  egress:\n  - to: []\n    ports: [{protocol: UDP, port: 53}, {protocol: SCTP}]\n"
        "  - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]\n"
    )
    found = one(text, NetworkPolicy)
    assert (found.pods, found.unknown_selector) == ({"app": "api"}, False)
    assert found.ingress is not None
    assert found.egress is not None
    (rule,) = found.ingress
    assert rule.peers is not None
    assert (rule.peers[0].namespaces, rule.peers[0].pods, rule.peers[0].unknown) == ({"name": "ingress"}, {}, False)
    assert rule.ports is not None
    assert [p.value for p in rule.ports] == [8000, "http", "9000-9010"]
    dns, world = found.egress
    assert dns.peers is None
    assert dns.ports is not None
    assert ([p.value for p in dns.ports], dns.protocols) == ([53, None], ["udp", "sctp"])
    assert dns.ports[1].is_unset
    assert world.ports is None
    assert world.peers is not None
    assert world.peers[0].cidr is not None
    assert text_at(text, world.peers[0].cidr.place) == "0.0.0.0/0"
    assert [v.value for v in world.peers[0].excepted] == ["10.0.0.0/8"]


@pytest.mark.parametrize(
    ("spec", "ingress", "egress"),
    [
        ("podSelector: {}", True, False),
        ("podSelector: {}\n  egress: []", True, False),
        ("podSelector: {}\n  egress: [{}]", True, True),
        ("podSelector: {}\n  policyTypes: [Egress]\n  ingress: [{}]", False, True),
        ("podSelector: {}\n  policyTypes: [Egress]", False, True),
    ],
)
def test_what_a_policy_restricts(spec: str, ingress: bool, egress: bool) -> None:
    found = one(policy(f"  {spec}\n"), NetworkPolicy)
    assert (found.ingress is not None, found.egress is not None) == (ingress, egress)
    assert found.pods == {}


@pytest.mark.parametrize(
    ("expression", "labels", "unknown"),
    [
        ("{key: app, operator: In, values: [db]}", {"app": "db"}, False),
        ("{key: app, operator: Exists}", {"app": "*"}, False),
        ("{key: app, operator: In, values: [a, b]}", {}, True),
        ("{key: app, operator: NotIn, values: [a]}", {}, True),
        ("{key: app, operator: DoesNotExist}", {}, True),
    ],
)
def test_match_expressions(expression: str, labels: dict[str, str], unknown: bool) -> None:
    found = one(policy(f"  podSelector: {{matchExpressions: [{expression}]}}\n"), NetworkPolicy)
    assert (found.pods, found.unknown_selector) == (labels, unknown)


def test_labels_match() -> None:
    assert labels_match({}, {})
    assert labels_match({"a": "*", "b": "1"}, {"a": "x", "b": "1"})
    assert not labels_match({"a": "*"}, {"b": "1"})
    assert not labels_match({"a": "1"}, {"a": "2"})


def test_a_peer_list_that_cannot_be_read_is_not_everywhere() -> None:
    out = interpreted(policy("  podSelector: 3\n  ingress: [{from: 3, ports: 3}]\n"), "n.yaml")
    (found,) = [s for s in out.subjects if isinstance(s, NetworkPolicy)]
    assert found.unknown_selector
    assert found.ingress is not None
    (rule,) = found.ingress
    assert rule.peers is not None
    assert rule.peers[0].unknown
    assert rule.ports is not None
    assert rule.ports[0].is_unknown
    assert {n.kind for n in out.notices} == {NoticeKind.WRONG_TYPE}


@pytest.mark.parametrize(
    "spec", ["  3\n", "  ports: 3\n", "  ports: [3]\n", "  ports: [{port: x}]\n", "  selector: 3\n", "  type: []\n"]
)
def test_wrong_types_in_services_are_noted(spec: str) -> None:
    assert {n.kind for n in interpreted(service(spec), "n.yaml").notices} == {NoticeKind.WRONG_TYPE}


@pytest.mark.parametrize(
    "spec",
    [
        "rules: 3",
        "rules: [{http: 3}]",
        "rules: [{http: {paths: [{backend: 3}]}}]",
        "tls: 3",
        "tls: [3]",
        "rules: [{http: {paths: [{backend: {service: 3}}]}}]",
    ],
)
def test_wrong_types_in_ingresses_are_noted(spec: str) -> None:
    text = f"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i}}\nspec: {{{spec}}}\n"
    assert {n.kind for n in interpreted(text, "n.yaml").notices} == {NoticeKind.WRONG_TYPE}

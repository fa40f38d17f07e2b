"""What the hosts of connections mean: Services, pods, Compose names, managed resources, outside, nothing."""

import pytest

from afscan.join.endpoints import endpoint_of, meaning
from afscan.model.stack import Stack
from afscan.model.subjects import Connection, Workload
from support import stack_of

CLUSTER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: c, image: acme/api:1, ports: [{name: http, containerPort: 8000}]}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: data}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: "postgres:16.10", ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: data}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: bare, namespace: shop}
spec: {ports: [{port: 1}]}
---
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: shop}
spec: {type: ExternalName, externalName: db.data.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: away, namespace: shop}
spec: {type: ExternalName, externalName: shop.abc.eu-west-1.rds.amazonaws.com}
---
apiVersion: v1
kind: Service
metadata: {name: ring, namespace: shop}
spec: {type: ExternalName, externalName: ring.shop.svc}
"""


def named(stack: Stack, name: str) -> Workload:
    (found,) = [one for one in stack.of(Workload) if one.name.endswith(f" {name}")]
    return found


@pytest.fixture(scope="module")
def stack() -> Stack:
    return stack_of({"k.yaml": CLUSTER})


@pytest.mark.parametrize(
    ("host", "kind", "leads", "why"),
    [
        ("api", "workload", ["Deployment api"], ""),
        ("API.shop.", "workload", ["Deployment api"], ""),
        ("api.shop.svc.cluster.local", "workload", ["Deployment api"], ""),
        ("db.data", "workload", ["StatefulSet db"], ""),
        ("db-0.db.data.svc.cluster.local", "workload", ["StatefulSet db"], ""),
        ("alias", "workload", ["StatefulSet db"], ""),
        ("bare", "service", [], "Service bare has no selector"),
        ("away", "managed", [], "Amazon RDS"),
        ("ring", "unknown", [], "Service ring is an alias of itself"),
        ("db", "absent", [], "no Service in the namespace shop is called `db`"),
        ("cache.data", "absent", [], "no Service in the namespace data is called `cache`"),
        ("cache.shop.svc", "absent", [], "no Service in the namespace shop is called `cache`"),
        ("cache.other.svc.cluster.local", "external", [], "the namespace other is none of this stack's"),
        ("dns.kube-system.svc", "external", [], "the namespace kube-system is none of this stack's"),
        ("kubernetes", "external", [], "it is provided by the platform"),
        ("kubernetes.default.svc", "external", [], "it is provided by the platform"),
        ("localhost", "loopback", ["Deployment api"], ""),
        ("127.0.0.1", "loopback", ["Deployment api"], ""),
        ("10.0.0.7", "external", [], "an address"),
        ("api.example.com", "external", [], ""),
        ("example.com", "external", [], ""),
        ("master.cart.abc123.euw1.cache.amazonaws.com", "managed", [], "Amazon ElastiCache"),
        ("0.0.0.0", "unknown", [], "it is an address to listen on"),
        ("", "unknown", [], "no host is written here"),
    ],
)
def test_names_in_a_cluster(stack: Stack, host: str, kind: str, leads: list[str], why: str) -> None:
    found = meaning(stack, host, named(stack, "api"))
    assert (found.kind, [one.name for one in found.workloads], found.why) == (kind, leads, why)


def test_a_short_name_needs_a_place(stack: Stack) -> None:
    assert meaning(stack, "cache", None).kind == "unknown"
    assert meaning(stack, "cache", None, "shop").kind == "absent"
    assert meaning(stack, "api", None, "shop").kind == "workload"


def test_a_pod_may_give_names_an_address_itself() -> None:
    for written, kind in (
        ("hostAliases: [{ip: 10.0.0.1, hostnames: [Cache]}]", "external"),
        ("dnsConfig: {searches: [x]}", "unknown"),
    ):
        text = CLUSTER.replace(
            "spec: {containers: [{name: c, image: acme", f"spec: {{{written}, containers: [{{name: c, image: acme"
        )
        stack = stack_of({"k.yaml": text})
        assert meaning(stack, "cache", named(stack, "api")).kind == kind


def test_a_namespace_that_is_not_written_may_be_the_other() -> None:
    stack = stack_of({"k.yaml": CLUSTER.replace("name: api, namespace: shop}\nspec: {selector", "name: api}\nspec: {selector")})
    assert [one.name for one in meaning(stack, "api", named(stack, "api")).workloads] == []
    stack = stack_of({"k.yaml": CLUSTER.replace("name: db, namespace: data", "name: db")})
    assert meaning(stack, "db", named(stack, "api")).kind == "workload"


COMPOSE = """\
name: NAME
services:
  api:
    image: acme/api:1
    environment:
      DATABASE_URL: postgres://app@db/app
      CACHE_URL: redis://cache:6380/0
      SEARCH_URL: http://search/x
      OTHER_URL: https://api.example.com/v1
      SELF_URL: http://localhost:9000/x
  db: {image: "postgres:16.10", container_name: main-db}
"""


def test_connections_of_a_compose_project() -> None:
    stack = stack_of({"one/compose.yaml": COMPOSE.replace("NAME", "one"), "two/compose.yaml": COMPOSE.replace("NAME", "two")})
    found = [(one.url.value, endpoint_of(stack, one)) for one in stack.of(Connection)]
    assert [(url, e.kind, e.port, e.assumed) for url, e in found[: len(found) // 2]] == [
        ("postgres://app@db/app", "workload", 5432, False),
        ("redis://cache:6380/0", "absent", 6380, False),
        ("http://search/x", "absent", 80, False),
        ("https://api.example.com/v1", "external", 443, False),
        ("http://localhost:9000/x", "loopback", 9000, False),
    ]
    first, second = (e for url, e in found if "db/app" in str(url))
    assert [one.project for one in (*first.workloads, *second.workloads)] == ["one", "two"]


@pytest.mark.parametrize(
    "change",
    [
        ("image: acme/api:1", "image: acme/api:1\n    external_links: [cache]"),
        ("image: acme/api:1", "image: acme/api:1\n    network_mode: host"),
        ("services:", "networks: {default: {external: true, name: common}}\nservices:"),
    ],
)
def test_a_compose_service_may_know_more_names(change: tuple[str, str]) -> None:
    stack = stack_of({"compose.yaml": COMPOSE.replace(*change)})
    assert meaning(stack, "cache", named(stack, "api")).kind == "unknown"
    assert [one.name for one in meaning(stack, "main-db", named(stack, "api")).workloads] == ["service db"]


@pytest.mark.parametrize("written", ['["cache:10.0.0.1"]', '["cache=10.0.0.1"]', "{cache: 10.0.0.1}"])
def test_extra_hosts(written: str) -> None:
    text = COMPOSE.replace("image: acme/api:1", f"image: acme/api:1\n    extra_hosts: {written}")
    stack = stack_of({"compose.yaml": text})
    found = meaning(stack, "cache", named(stack, "api"))
    assert (found.kind, found.why) == ("external", "service api gives it an address itself")
    assert meaning(stack, "other", named(stack, "api")).kind == "absent"


def test_projects_meet_on_an_external_network() -> None:
    shared = "networks: {default: {external: true, name: common}}\n"
    one = shared + COMPOSE.replace("NAME", "one").replace("db:", "store:")
    two = shared + COMPOSE.replace("NAME", "two").replace("api:", "web:", 1)
    stack = stack_of({"one/compose.yaml": one, "two/compose.yaml": two})
    assert [w.project for w in meaning(stack, "db", named(stack, "api")).workloads] == ["two"]


def test_ports_behind_a_service(stack: Stack) -> None:
    text = CLUSTER + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: c, "
    text += "image: acme/web:1, env: [{name: A_URL, value: 'http://api'}, {name: B_URL, value: 'http://api:81'}, "
    text += "{name: C_URL, value: 'postgres://x@db.data:6432/x'}]}]}\n"
    stack = stack_of({"k.yaml": text})
    found = [endpoint_of(stack, one) for one in stack.of(Connection)]
    assert [(e.port, [e.port_in(w) for w in e.workloads]) for e in found] == [(80, [8000]), (81, [None]), (6432, [6432])]


TERRAFORM = """\
resource "aws_db_instance" "main" {
  identifier = "shop"
  engine     = "postgres"
}
resource "aws_elasticache_replication_group" "cart" {
  replication_group_id = "cart"
}
resource "kubernetes_pod" "api" {
  metadata {
    name = "api"
  }
  spec {
    container {
      name  = "c"
      image = "acme/api:1"
      env {
        name  = "DATABASE_URL"
        value = "postgres://app@${aws_db_instance.main.address}:5432/app"
      }
      env {
        name  = "REPLICA_URL"
        value = "postgres://app@shop.abc.eu-west-1.rds.amazonaws.com/app"
      }
      env {
        name  = "OTHER_URL"
        value = "postgres://app@other.abc.eu-west-1.rds.amazonaws.com/app"
      }
      env {
        name  = "CACHE_URL"
        value = "rediss://master.cart.abc.euw1.cache.amazonaws.com:6379"
      }
    }
  }
}
"""


def test_managed_resources() -> None:
    stack = stack_of({"main.tf": TERRAFORM})
    found = [endpoint_of(stack, one) for one in stack.of(Connection)]
    assert [(e.kind, e.resource.name if e.resource else None, e.port) for e in found] == [
        ("managed", "aws_db_instance.main", 5432),
        ("managed", "aws_db_instance.main", 5432),
        ("managed", None, 5432),
        ("managed", "aws_elasticache_replication_group.cart", 6379),
    ]

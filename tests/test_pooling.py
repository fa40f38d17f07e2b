"""Who reaches PostgreSQL, through which pooler, with how many connections; what network policies let through."""

import pytest

from afscan.join.databaseclients import clients_of, is_application, is_direct_by_name, possible_clients, sets_pool
from afscan.join.policies import allows_port, closest, isolation, means, means_outside
from afscan.join.pooling import behind, is_postgres, poolers_of, pooling_of, target_of, world_of
from afscan.join.poolsizes import demands_on, server_connections
from afscan.model.stack import Stack
from afscan.model.subjects import Connection, Container, ManagedResource, NetworkPolicy, PgBouncer, Postgres, Workload
from support import stack_of, text_at

INI = """[databases]
app = host={host} port=5432 dbname=app{line}

[pgbouncer]
listen_addr = 0.0.0.0
listen_port = 6432
auth_type = scram-sha-256
auth_file = /etc/pgbouncer/userlist.txt
{rest}
"""


def compose(**services: str) -> str:
    text = "services:\n"
    for name, body in services.items():
        text += f"  {name.replace('_', '-')}:\n" + "".join(f"    {line}\n" for line in body.strip().splitlines())
    return text


def one(stack: Stack, name: str) -> Connection:
    (found,) = [c for c in stack.of(Connection) if c.name.endswith(name)]
    return found


def container(stack: Stack, name: str) -> Container:
    (found,) = [c for c in stack.of(Container) if c.workload.name.endswith(f" {name}")]
    return found


POOLED = compose(
    api="image: acme/api:1\nenvironment:\n  DATABASE_URL: postgres://app@pool:5432/app\n  OTHER: postgres://app@db/app",
    tools="image: acme/tools:1\nenvironment:\n  DATABASE_HOST: db\n  OUTSIDE_URL: postgres://app@db.example.net/app\n  MY_URL: mysql://x@db/y",
    pool="image: edoburu/pgbouncer:v1.24.1-p1\nenvironment: {DB_HOST: db}",
    db="image: postgres:16.10",
)


def test_what_a_connection_leads_to() -> None:
    stack = stack_of({"compose.yaml": POOLED})
    (pooler,), (server,) = stack.of(PgBouncer), stack.of(Postgres)
    pooled, direct = target_of(stack, one(stack, "DATABASE_URL")), target_of(stack, one(stack, "OTHER"))
    assert (pooled.kind, pooled.server) == ("pooler", pooler)
    assert (direct.kind, direct.server) == ("database", server)
    assert target_of(stack, one(stack, "OUTSIDE_URL")).kind == "absent"
    by_target = one(stack, "api, OTHER"), one(stack, "tools, DATABASE_HOST")
    assert clients_of(stack, server) == list(by_target)
    assert by_target[1].product is None, "only the target tells what it is"
    assert is_postgres(stack, by_target[1])
    assert not is_postgres(stack, one(stack, "MY_URL"))
    assert poolers_of(stack, server) == [pooler]


def kubernetes(host: str, *, namespace: str = "apps") -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: api, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: api}}}}
  template:
    metadata: {{labels: {{app: api}}}}
    spec:
      containers:
        - name: api
          image: acme/api:1
          env: [{{name: DATABASE_URL, value: "postgres://app@{host}/app"}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: postgres, namespace: data}}
spec:
  serviceName: postgres
  selector: {{matchLabels: {{app: postgres}}}}
  template:
    metadata: {{labels: {{app: postgres}}}}
    spec:
      containers: [{{name: postgres, image: "postgres:16.10"}}]
---
apiVersion: v1
kind: Service
metadata: {{name: postgres, namespace: data}}
spec: {{selector: {{app: postgres}}, ports: [{{port: 5432}}]}}
"""


@pytest.mark.parametrize(
    ("host", "namespace", "kind"),
    [
        ("postgres.data", "apps", "database"),
        ("postgres.data.svc.cluster.local.", "apps", "database"),
        ("postgres", "apps", "absent"),
        ("postgres", "data", "database"),
        ("localhost", "apps", "absent"),
        ("10.0.0.7", "apps", "absent"),
    ],
)
def test_names_of_a_cluster(host: str, namespace: str, kind: str) -> None:
    stack = stack_of({"k.yaml": kubernetes(host, namespace=namespace)})
    assert target_of(stack, one(stack, "DATABASE_URL")).kind == kind


RDS = """
resource "aws_db_instance" "main" {
  identifier = "orders"
  engine     = "postgres"
}
resource "aws_rds_cluster" "main" {
  cluster_identifier = "catalogue"
  engine             = "aurora-postgresql"
}
resource "aws_rds_cluster_instance" "main" {
  identifier         = "catalogue-0"
  cluster_identifier = aws_rds_cluster.main.id
  engine             = "aurora-postgresql"
}
resource "aws_db_proxy" "main" {
  name          = "orders"
  engine_family = "POSTGRESQL"
}
resource "aws_db_instance" "shop" {
  identifier = "shop"
  engine     = "mysql"
}
"""
REGION = "us-west-2.rds.amazonaws.com"


@pytest.mark.parametrize(
    ("host", "kind", "server"),
    [
        (f"orders.c9akciq32rng.{REGION}", "managed", "aws_db_instance.main"),
        (f"Orders.c9akciq32rng.{REGION}", "managed", "aws_db_instance.main"),
        (f"orders.proxy-c9akciq32rng.{REGION}", "pooler", "aws_db_proxy.main"),
        (f"elsewhere.proxy-c9akciq32rng.{REGION}", "pooler", None),
        (f"catalogue.cluster-c9akciq32rng.{REGION}", "managed", "aws_rds_cluster.main"),
        (f"catalogue.cluster-ro-c9akciq32rng.{REGION}", "managed", "aws_rds_cluster.main"),
        (f"catalogue.cluster-custom-c9akciq32rng.{REGION}", "absent", None),
        (f"shop.c9akciq32rng.{REGION}", "absent", None),
        (f"orders-2.c9akciq32rng.{REGION}", "absent", None),
        ("rds.amazonaws.com", "absent", None),
    ],
)
def test_host_names_of_rds(host: str, kind: str, server: str | None) -> None:
    service = compose(api=f"image: acme/api:1\nenvironment: {{DATABASE_URL: 'postgres://app@{host}/app'}}")
    stack = stack_of({"main.tf": RDS, "compose.yaml": service})
    found = target_of(stack, one(stack, "DATABASE_URL"))
    assert (found.kind, found.server.name if found.server is not None else None) == (kind, server)


def test_the_instances_of_a_cluster_are_no_servers_of_their_own() -> None:
    stack = stack_of({"main.tf": RDS})
    assert [m.name for m in pooling_of(stack).managed] == ["aws_db_instance.main", "aws_rds_cluster.main"]
    assert [m.name for m in pooling_of(stack).proxies] == ["aws_db_proxy.main"]


def deployment(name: str, value: str) -> str:
    return f"""
resource "kubernetes_deployment_v1" "{name}" {{
  metadata {{ name = "{name}" }}
  spec {{
    template {{
      metadata {{ labels = {{ app = "{name}" }} }}
      spec {{
        container {{
          name  = "{name}"
          image = "acme/{name}:1"
          env {{
            name  = "DATABASE_HOST"
            value = {value}
          }}
        }}
      }}
    }}
  }}
}}
"""


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("aws_db_instance.main.address", "managed"),
        ("aws_db_instance.main[0].address", "managed"),
        ('"${aws_rds_cluster.main.reader_endpoint}"', "managed"),
        ("aws_db_proxy.main.endpoint", "pooler"),
        ("aws_db_instance.main.password", "unknown"),
        ("aws_db_instance.nobody.address", "unknown"),
        ("var.host", "unknown"),
    ],
)
def test_addresses_that_terraform_hands_on(value: str, kind: str) -> None:
    stack = stack_of({"main.tf": RDS + deployment("api", value)})
    assert target_of(stack, one(stack, "DATABASE_HOST")).kind == kind


def test_an_address_does_not_tell_two_modules_apart() -> None:
    calls = "".join(f'module "{name}" {{\n  source = "./db"\n  name   = "{name}"\n}}\n' for name in ("a", "b"))
    module = 'variable "name" {}\nresource "aws_db_instance" "main" {\n  identifier = var.name\n  engine = "postgres"\n}\n'
    stack = stack_of({"main.tf": calls + deployment("api", "aws_db_instance.main.address"), "db/main.tf": module})
    assert target_of(stack, one(stack, "DATABASE_HOST")).kind == "unknown"


def test_a_pooler_beside_the_application_in_its_pod() -> None:
    pod = """
apiVersion: v1
kind: Pod
metadata: {name: api}
spec:
  containers:
    - {name: api, image: "acme/api:1", env: [{name: DATABASE_URL, value: "postgres://app@127.0.0.1:5432/app"}]}
    - {name: pool, image: "edoburu/pgbouncer:v1.24.1-p1", env: [{name: DB_HOST, value: db.example.net}]}
"""
    stack = stack_of({"pod.yaml": pod})
    assert target_of(stack, one(stack, "DATABASE_URL")).server is stack.of(PgBouncer)[0]


@pytest.mark.parametrize(("port", "kind"), [(5432, "database"), (6432, "pooler")])
def test_a_pooler_beside_its_database_is_told_by_the_port(port: int, kind: str) -> None:
    text = kubernetes(f"postgres.data:{port}")
    pool = '{name: pool, image: "bitnami/pgbouncer:1.24.1", env: [{name: POSTGRESQL_HOST, value: 127.0.0.1}]}'
    text = text.replace('image: "postgres:16.10"}', f'image: "postgres:16.10"}}, {pool}')
    text = text.replace("ports: [{port: 5432}]", "ports: [{name: a, port: 5432}, {name: b, port: 6432}]")
    stack = stack_of({"k.yaml": text})
    assert target_of(stack, one(stack, "DATABASE_URL")).kind == kind
    assert poolers_of(stack, stack.of(Postgres)[0]) == stack.of(PgBouncer)


def test_the_same_server_outside_the_stack() -> None:
    services = compose(
        api="image: acme/api:1\nenvironment: {DATABASE_URL: 'postgres://app@DB.example.net./app'}",
        job="image: acme/job:1\nenvironment: {DATABASE_URL: 'postgres://app@db2.example.net/app'}",
        pool="image: edoburu/pgbouncer:v1.24.1-p1\nenvironment: {DB_HOST: db.example.net}",
    )
    stack = stack_of({"compose.yaml": services})
    assert behind(stack, one(stack, "api, DATABASE_URL")) is stack.of(PgBouncer)[0]
    assert behind(stack, one(stack, "job, DATABASE_URL")) is None


def test_a_pooler_of_another_world_is_none() -> None:
    """Compose and a cluster in one stack: a pooler that leads who knows where is not before Compose's database."""
    pool = """
apiVersion: v1
kind: Pod
metadata: {name: pool}
spec: {containers: [{name: pool, image: "edoburu/pgbouncer:1.24", env: [{name: DB_HOST, value: db.example.net}]}]}
"""
    stack = stack_of({"compose.yaml": compose(db="image: postgres:16.10"), "pool.yaml": pool})
    (server,) = stack.of(Postgres)
    assert poolers_of(stack, server) == []
    assert {world_of(c) for c in stack.of(Container)} == {"compose", "cluster"}
    stack = stack_of({"pool.yaml": pool + "---" + kubernetes("postgres.data")})
    assert poolers_of(stack, stack.of(Postgres)[0]) == stack.of(PgBouncer)


@pytest.mark.parametrize(
    ("service", "body", "expected"),
    [
        ("api", "image: acme/api:1", True),
        ("api", "image: acme/api:1\ncommand: sh -c 'alembic upgrade head && exec uvicorn app'", True),
        ("api", "build: .", True),
        ("exporter", "image: acme/api:1", False),
        ("metrics", "image: quay.io/prometheuscommunity/postgres-exporter:v0.17.1", False),
        ("admin", "image: dpage/pgadmin4:9.6", False),
        ("db-migrate", "image: acme/api:1", False),
        ("schema", "image: acme/api:1\ncommand: alembic upgrade head", False),
        ("shell", "image: postgres:16.10\ncommand: sleep infinity", False),
        ("nightly", "image: acme/api:1\nrestart: 'no'\ndeploy: {restart_policy: {condition: none}}", False),
    ],
)
def test_what_an_application_is(service: str, body: str, expected: bool) -> None:
    stack = stack_of({"compose.yaml": compose(**{service: body})})
    assert is_application(stack, container(stack, service)) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DATABASE_URL", False),
        ("DIRECT_URL", True),
        ("DATABASE_URL_UNPOOLED", True),
        ("POSTGRES_URL_NON_POOLING", True),
        ("MIGRATIONS_DATABASE_URL", True),
        ("DIRECTORY_DATABASE_URL", False),
    ],
)
def test_connections_that_say_that_they_are_direct(name: str, expected: bool) -> None:
    stack = stack_of({"compose.yaml": compose(api=f"image: acme/api:1\nenvironment: {{{name}: 'postgres://a@db/a'}}")})
    assert is_direct_by_name(one(stack, name)) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DATABASE_POOL_SIZE", True),
        ("DB_POOL_MIN", True),
        ("SQLALCHEMY_MAX_OVERFLOW", True),
        ("SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE", True),
        ("REDIS_MAX_CONNECTIONS", False),
        ("WORKER_POOL_SIZE", False),
        ("POOL_SIZE", False),
    ],
)
def test_pool_settings_of_clients(name: str, expected: bool) -> None:
    stack = stack_of({"compose.yaml": compose(api=f"image: acme/api:1\nenvironment: {{{name}: 5}}")})
    assert sets_pool(container(stack, "api")) is expected


def test_who_may_use_a_database() -> None:
    services = compose(
        api="image: acme/api:1\nenvironment: {DATABASE_URL: 'postgres://a@db/a'}",
        worker="image: acme/worker:1",
        cache="image: redis:7.4",
        backup="image: acme/backup:1",
        db="image: postgres:16.10",
    )
    stack = stack_of({"compose.yaml": services})
    assert [c.workload.name for c in possible_clients(stack, "compose")] == ["service worker"]
    assert possible_clients(stack, "cluster") == []


POOL = compose(
    pool="image: edoburu/pgbouncer:v1.24.1-p1\nvolumes: ['./pool:/etc/pgbouncer']\ndeploy: {replicas: 2}",
    db="image: postgres:16.10",
)
USERS = '"app" "x"\n"report" "y"\n"operator" "z"\n'


@pytest.mark.parametrize(
    ("rest", "line", "expected"),
    [
        ("", "", 60),
        ("reserve_pool_size = 5", "", 75),
        ("max_db_connections = 50", "", 50),
        ("max_db_connections = 500", "", 60),
        ("admin_users = operator, root", "", 40),
        ("max_user_connections = 10", "", 30),
        ("default_pool_size = 7", "", 21),
        ("", " pool_size=3", 9),
        ("max_db_connections = 50", " max_db_connections=10", 10),
        ("max_db_connections = 50", " max_db_connections=0", 60),
        ("", " user=app", 20),
        ("max_user_connections = 5", " user=app", 5),
        ("auth_user = lookup\nmax_db_connections = 50", "", 50),
        ("default_pool_size = 0\nmax_db_connections = 50", "", 50),
        ("auth_user = lookup", "", None),
        ("default_pool_size = 0", "", None),
        ("max_db_connections = many", "", None),
    ],
)
def test_how_many_connections_a_pooler_opens(rest: str, line: str, expected: int | None) -> None:
    files = {"compose.yaml": POOL, "pool/pgbouncer.ini": INI.format(host="db", rest=rest, line=line), "pool/userlist.txt": USERS}
    stack = stack_of(files)
    (pooler,), (server,) = stack.of(PgBouncer), stack.of(Postgres)
    each = server_connections(pooler, pooler.databases)
    assert each.value == expected
    assert each.is_unknown is (expected is None)
    (demand,) = demands_on(stack, server)
    assert (demand.replicas.value, demand.total) == (2, 2 * (expected or 0))
    if expected is not None and "max_db_connections" in rest:
        assert text_at(files, each.place) in ("50", "500")


def test_only_the_lines_that_lead_to_a_server_count() -> None:
    ini = INI.format(host="db", rest="max_db_connections = 30", line="\nother = host=db.example.net dbname=other")
    stack = stack_of({"compose.yaml": POOL, "pool/pgbouncer.ini": ini, "pool/userlist.txt": '"app" "x"\n'})
    (demand,) = demands_on(stack, stack.of(Postgres)[0])
    assert demand.each.value == 20
    assert pooling_of(stack).open_ended == stack.of(PgBouncer)


def test_several_hosts_of_one_line() -> None:
    stack = stack_of({"compose.yaml": POOL, "pool/pgbouncer.ini": INI.format(host="nowhere,db", rest="", line="")})
    assert [d.name for d in demands_on(stack, stack.of(Postgres)[0])] == ["service pool"]


def test_one_on_each_node_is_not_known() -> None:
    text = POOL.replace("deploy: {replicas: 2}", "deploy: {mode: global}")
    stack = stack_of({"compose.yaml": text, "pool/pgbouncer.ini": INI.format(host="db", rest="", line="")})
    (demand,) = demands_on(stack, stack.of(Postgres)[0])
    assert demand.replicas.is_unknown


def test_a_file_that_nobody_runs_asks_nothing() -> None:
    ini = INI.format(host="db", rest="", line="")
    stack = stack_of({"compose.yaml": compose(db="image: postgres:16.10"), "deploy/pgbouncer.ini": ini})
    (server,) = stack.of(Postgres)
    assert demands_on(stack, server) == []
    assert poolers_of(stack, server) == stack.of(PgBouncer)


def policy(spec: str, *, name: str = "p", namespace: str = "data") -> str:
    return f"""---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: {namespace}}}
spec: {spec}
"""


def workload(stack: Stack, name: str) -> Workload:
    (found,) = [w for w in stack.of(Workload) if w.name.endswith(f" {name}")]
    return found


@pytest.mark.parametrize(
    ("spec", "cut"),
    [
        ("{podSelector: {}, policyTypes: [Ingress]}", True),
        ("{podSelector: {matchLabels: {app: postgres}}}", True),
        ("{podSelector: {matchLabels: {app: redis}}}", False),
        ("{podSelector: {}, policyTypes: [Egress]}", False),
        ("{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [x]}]}}", True),
        ("{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [postgres]}]}}", False),
        ("{podSelector: {matchExpressions: [{key: app, operator: Exists}]}}", True),
    ],
)
def test_which_policies_cut_a_workload_off(spec: str, cut: bool) -> None:
    stack = stack_of({"k.yaml": kubernetes("postgres.data") + policy(spec)})
    assert bool(isolation(stack, workload(stack, "postgres"), ingress=True).policies) is cut
    assert isolation(stack, workload(stack, "api"), ingress=True).policies == [], "it is in another namespace"


def test_the_policy_to_point_at_and_all_rules() -> None:
    text = policy("{podSelector: {}}", name="deny") + policy(
        "{podSelector: {matchLabels: {app: postgres}}, ingress: [{ports: [{port: 1}]}]}", name="own"
    )
    text += policy("{podSelector: {matchExpressions: [{key: app, operator: Near, values: [x]}]}, ingress: [{}]}", name="perhaps")
    stack = stack_of({"k.yaml": kubernetes("postgres.data") + text})
    found = isolation(stack, workload(stack, "postgres"), ingress=True)
    assert closest(found.policies, ingress=True).name == "NetworkPolicy own"
    assert [p.name for p in found.policies] == ["NetworkPolicy deny", "NetworkPolicy own"]
    assert [p.name for p in found.perhaps] == ["NetworkPolicy perhaps"]


@pytest.mark.parametrize(
    ("peers", "expected"),
    [
        ("[{podSelector: {}}]", False),
        ("[{namespaceSelector: {}}]", True),
        ("[{namespaceSelector: {}, podSelector: {matchLabels: {app: api}}}]", True),
        ("[{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}]", False),
        ("[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: apps}}}]", True),
        ("[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: web}}}]", False),
        ("[{namespaceSelector: {matchLabels: {team: web}}}]", None),
        ("[{ipBlock: {cidr: 10.0.0.0/8}}]", None),
        ("[{namespaceSelector: {}, podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [api]}]}}]", False),
        ("[{namespaceSelector: {}, podSelector: {matchExpressions: [{key: app, operator: Near, values: [api]}]}}]", None),
    ],
)
def test_whom_a_rule_may_admit(peers: str, expected: bool | None) -> None:
    text = policy(f"{{podSelector: {{}}, ingress: [{{from: {peers}}}]}}")
    stack = stack_of({"k.yaml": kubernetes("postgres.data") + text})
    (found,) = stack.of(NetworkPolicy)
    assert found.ingress is not None
    (peer,) = found.ingress[0].peers or ()
    assert means(stack, found, peer, workload(stack, "api")) is expected
    assert means_outside(peer, None) is (None if "ipBlock" in peers else False)
    assert means_outside(peer, "10.1.2.3") is ("ipBlock" in peers)


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ("[]", True),
        ("[{port: 5432}]", True),
        ("[{port: 5432, protocol: UDP}]", False),
        ("[{port: 53, protocol: UDP}, {port: 5432}]", True),
        ("[{port: 6432}]", False),
        ("[{port: 5000, endPort: 6000}]", True),
        ("[{port: 6000, endPort: 7000}]", False),
        ("[{port: postgres}]", True),
        ("[{port: metrics}]", False),
        ("[{port: nobodys}]", False),
        ("[{protocol: TCP}]", True),
    ],
)
def test_which_ports_a_rule_may_allow(ports: str, expected: bool) -> None:
    named = "ports: [{name: postgres, containerPort: 5432}, {name: metrics, containerPort: 9187}]"
    text = kubernetes("postgres.data").replace('image: "postgres:16.10"', f'image: "postgres:16.10", {named}')
    stack = stack_of({"k.yaml": text + policy(f"{{podSelector: {{}}, ingress: [{{ports: {ports}}}]}}")})
    (found,) = stack.of(NetworkPolicy)
    assert found.ingress is not None
    assert allows_port(found.ingress[0], 5432, "tcp", workload(stack, "postgres")) is expected


def test_everything_is_looked_up_once() -> None:
    """Many clients of one Service: each name is resolved once, and none of them looks at all others."""
    services = {f"api{n}": "image: acme/api:1\nenvironment: {DATABASE_URL: 'postgres://a@pool/a'}" for n in range(50)}
    stack = stack_of({"compose.yaml": compose(**services, pool="image: edoburu/pgbouncer:1.24\nenvironment: {DB_HOST: db}")})
    pooling = pooling_of(stack)
    assert len(pooling.clients[id(stack.of(PgBouncer)[0])]) == 50
    assert pooling_of(stack) is pooling


def test_odd_inputs_do_no_harm() -> None:
    files = {
        "compose.yaml": compose(api="image: acme/api:1\nenvironment: {DATABASE_URL: 'postgres://a@,,/a', DATABASE_HOST: ', ,'}"),
        "pgbouncer.ini": "[databases]\n* = host=, port=x\n\n[pgbouncer]\nlisten_port = y\n",
        "main.tf": 'resource "aws_db_instance" "x" {\n  engine = "postgres"\n}\n',
    }
    stack = stack_of(files)
    assert [m.name for m in pooling_of(stack).managed] == ["aws_db_instance.x"]
    assert all(target_of(stack, c).kind in ("absent", "unknown") for c in stack.of(Connection))
    assert all(m.endpoints == [] for m in stack.of(ManagedResource))

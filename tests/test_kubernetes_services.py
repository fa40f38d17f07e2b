"""The join of Services with workloads, and names that lead to workloads."""

import pytest

from afscan.interpret import interpret
from afscan.join import projects
from afscan.join.endpoints import meaning
from afscan.join.services import find_service, join, selected, services_of, target_container_ports
from afscan.model.source import Source
from afscan.model.stack import Stack
from afscan.model.subjects import Service, Workload


def services_joined(files: dict[str, str]) -> Stack:
    """Files interpreted, with this join alone (and the one that reads Compose projects)."""
    stack = Stack("", complete=True)
    for path, text in files.items():
        stack.add(interpret(Source(path, text))[0].subjects)
    stack.add(projects.join(stack))
    stack.add(join(stack))
    return stack


def deployment(name: str, labels: str, *, namespace: str = "default", kind: str = "Deployment", ports: str = "[]") -> str:
    return (
        f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec: {{selector: {{}}, template: {{metadata: {{labels: {labels}}}, "
        f"spec: {{containers: [{{name: c, image: i, ports: {ports}}}]}}}}}}\n---\n"
    )


def service(name: str, spec: str, *, namespace: str = "default") -> str:
    return f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{{spec}}}\n---\n"


PLATFORM = (
    deployment(
        "api", "{app: api, tier: web}", ports="[{containerPort: 8000, name: http}, {containerPort: 53, name: dns, protocol: UDP}]"
    )
    + deployment("worker", "{app: worker, tier: web}")
    + deployment("api", "{app: api}", namespace="dev")
    + deployment("redis", "{app: redis}", kind="StatefulSet")
    + service("api", "selector: {app: api}, ports: [{port: 80, targetPort: http}]")
    + service("web", "selector: {tier: web, app: worker}")
    + service("all", "selector: {tier: web}")
    + service("nothing", "selector: {app: gone}")
    + service("manual", "ports: [{port: 1}]")
    + service("api", "selector: {app: api}", namespace="dev")
    + service("redis", "clusterIP: None, selector: {app: redis}")
    + service("first", "selector: {statefulset.kubernetes.io/pod-name: redis-0}")
    + service("outside", "type: ExternalName, externalName: api.dev.svc.cluster.local")
    + service("loop", "type: ExternalName, externalName: loop.default.svc")
)


@pytest.fixture(scope="module")
def stack() -> Stack:
    return services_joined({"platform.yaml": PLATFORM})


def names(workloads: list[Workload]) -> list[str]:
    return [f"{w.namespace}/{w.name}" for w in workloads]


def by_name(stack: Stack, name: str, namespace: str = "default") -> Service:
    return next(s for s in stack.of(Service) if (s.namespace, s.service_name) == (namespace, name))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("api", ["default/Deployment api"]),
        ("web", ["default/Deployment worker"]),
        ("all", ["default/Deployment api", "default/Deployment worker"]),
        ("nothing", []),
        ("manual", []),
        ("first", ["default/StatefulSet redis"]),
        ("outside", []),
    ],
)
def test_what_a_service_selects(stack: Stack, name: str, expected: list[str]) -> None:
    assert names(by_name(stack, name).selects) == expected


def test_services_of_a_workload(stack: Stack) -> None:
    api = next(w for w in stack.of(Workload) if w.name == "Deployment api" and w.namespace == "default")
    assert [s.service_name for s in services_of(stack, api)] == ["api", "all"]
    dev = next(w for w in stack.of(Workload) if w.namespace == "dev")
    assert [(s.namespace, s.service_name) for s in services_of(stack, dev)] == [("dev", "api")]


def test_an_empty_selector_of_a_policy_selects_its_namespace(stack: Stack) -> None:
    assert names(selected(stack, "dev", {})) == ["dev/Deployment api"]
    assert names(selected(stack, "default", {"tier": "*"})) == ["default/Deployment api", "default/Deployment worker"]
    assert selected(stack, "nowhere", {}) == []


@pytest.mark.parametrize(
    ("host", "namespace", "expected"),
    [
        ("api", "default", ["default/Deployment api"]),
        ("API.", "default", ["default/Deployment api"]),
        ("api", "dev", ["dev/Deployment api"]),
        ("api", "", ["default/Deployment api"]),
        ("redis", "", ["default/StatefulSet redis"]),
        ("redis", "dev", []),
        ("api.dev", "default", ["dev/Deployment api"]),
        ("api.dev.svc", "default", ["dev/Deployment api"]),
        ("api.dev.svc.cluster.local", "default", ["dev/Deployment api"]),
        ("redis-0.redis", "default", ["default/StatefulSet redis"]),
        ("redis-0.redis.default", "dev", ["default/StatefulSet redis"]),
        ("redis-0.redis.default.svc.cluster.local", "dev", ["default/StatefulSet redis"]),
        ("x.api", "default", []),
        ("outside", "default", ["dev/Deployment api"]),
        ("loop", "default", []),
        ("manual", "default", []),
        ("Deployment api", "default", []),
        ("10.0.0.1", "default", []),
        ("::1", "default", []),
        ("api.example.com", "default", []),
        ("", "default", []),
        ("..", "default", []),
    ],
)
def test_host_names(stack: Stack, host: str, namespace: str, expected: list[str]) -> None:
    assert names(meaning(stack, host, None, namespace).workloads) == expected


def test_find_service_also_finds_one_without_workloads(stack: Stack) -> None:
    found = find_service(stack, "manual", "default")
    assert found is not None
    assert found.service_name == "manual"


def test_compose_names_lead_to_compose_services() -> None:
    compose = "services:\n  db:\n    image: postgres:16\n    container_name: main-db\n  web:\n    image: web:1\n"
    stack = services_joined(
        {"compose.yaml": compose, "k8s.yaml": service("db", "selector: {app: db}") + deployment("db", "{app: db}")}
    )
    assert [w.platform for w in meaning(stack, "db", None).workloads] == ["compose"]
    assert [w.platform for w in meaning(stack, "main-db", None).workloads] == ["compose"]
    assert [w.platform for w in meaning(stack, "db", None, "default").workloads] == ["kubernetes"]


def test_target_ports(stack: Stack) -> None:
    api = next(w for w in stack.of(Workload) if w.name == "Deployment api" and w.namespace == "default")
    (named,) = by_name(stack, "api").ports
    assert target_container_ports(named, api) == [8000]
    ports = "{port: 1}, {port: 2, targetPort: 3}, {port: 4, targetPort: nope}, {port: 5, targetPort: dns}, {port: x}"
    other = services_joined({"s.yaml": service("s", f"ports: [{ports}]")})
    found = by_name(other, "s").ports
    assert [target_container_ports(port, api) for port in found] == [[1], [3], [], [], []]


def test_thousands_of_services_and_workloads() -> None:
    many = "".join(deployment(f"d{i}", f"{{app: d{i}, part-of: all, group: g{i % 50}}}") for i in range(400))
    many += "".join(service(f"s{i}", f"selector: {{app: d{i}, part-of: all}}") for i in range(400))
    many += "".join(service(f"a{i}", "selector: {part-of: all}") for i in range(50))
    stack = services_joined({"many.yaml": many})
    assert all(len(s.selects) == 1 for s in stack.of(Service) if s.service_name.startswith("s"))
    everything = [s for s in stack.of(Service) if s.service_name.startswith("a")]
    assert all(len(s.selects) == 400 for s in everything)
    # Equal selectors share one list: memory does not grow with the product of both.
    assert all(s.selects is everything[0].selects for s in everything)

"""Reachability: NetworkPolicies and Compose networks, against naive readings of their documentation."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.join.reachability import may_reach
from afscan.model.selectors import Requirement, Selector
from afscan.model.stack import Stack
from afscan.model.subjects import Workload
from support import stack_of, text_at

# --- NetworkPolicies: a small universe -----------------------------------------------------------------------------------------

Json = dict[str, Any]
SPACES = ("a", "b", "c")  # c is never declared
LABELS = [{}, {"app": "x"}, {"app": "y"}, {"app": "x", "tier": "t"}, {"tier": "t"}]

expressions = st.fixed_dictionaries(
    {"key": st.sampled_from(["app", "tier", "team"]), "operator": st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"])}
).flatmap(
    lambda one: (
        st.builds(
            lambda values: {**one, "values": values},
            st.lists(st.sampled_from(["x", "y", "t"]), min_size=1, max_size=2, unique=True),
        )
        if one["operator"] in ("In", "NotIn")
        else st.just(one)
    )
)


def selectors(*labels: Json) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {}, optional={"matchLabels": st.sampled_from(labels), "matchExpressions": st.lists(expressions, max_size=2)}
    )


pod_selectors = selectors({"app": "x"}, {"app": "y"}, {"tier": "t"}, {"app": "x", "tier": "t"})
space_selectors = selectors({"team": "x"}, {"kubernetes.io/metadata.name": "a"}, {"kubernetes.io/metadata.name": "c"})
peers = st.one_of(
    st.fixed_dictionaries({"podSelector": pod_selectors}),
    st.fixed_dictionaries({"namespaceSelector": space_selectors}),
    st.fixed_dictionaries({"namespaceSelector": space_selectors, "podSelector": pod_selectors}),
    st.just({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}),
)
ports = st.sampled_from(
    [
        {"port": 80},
        {"port": 81},
        {"port": "web"},
        {"port": 80, "protocol": "UDP"},
        {"port": 70, "endPort": 80},
        {"protocol": "TCP"},
    ]
)


def rules(way: str) -> st.SearchStrategy[list[Json]]:
    one = st.fixed_dictionaries({}, optional={way: st.lists(peers, max_size=2), "ports": st.lists(ports, max_size=2)})
    return st.lists(one, max_size=2)


policies = st.fixed_dictionaries(
    {"namespace": st.sampled_from(SPACES), "podSelector": pod_selectors},
    optional={
        "policyTypes": st.lists(st.sampled_from(["Ingress", "Egress"]), max_size=2, unique=True),
        "ingress": rules("from"),
        "egress": rules("to"),
    },
)
pods = st.fixed_dictionaries(
    {"namespace": st.sampled_from(SPACES), "labels": st.sampled_from(LABELS), "web": st.sampled_from([None, 80, 81])}
)
declared = st.fixed_dictionaries({}, optional={"a": st.sampled_from([{}, {"team": "x"}]), "b": st.just({"team": "y"})})


def manifests(spaces: Json, workloads: list[Json], held: list[Json]) -> str:
    objects: list[Json] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}} for name, labels in spaces.items()
    ]
    for number, pod in enumerate(workloads):
        container: Json = {"name": "c", "image": "acme/app:1"}
        if pod["web"] is not None:
            container["ports"] = [{"name": "web", "containerPort": pod["web"]}]
        metadata = {"name": f"p{number}", "namespace": pod["namespace"], "labels": pod["labels"]}
        objects.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}})
    for number, policy in enumerate(held):
        spec = {key: value for key, value in policy.items() if key != "namespace"}
        metadata = {"name": f"n{number}", "namespace": policy["namespace"]}
        objects.append({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec})
    return "\n---\n".join(map(json.dumps, objects))


# --- the documentation's text, read naively; None is "not known" ---------------------------------------------------------------


def every(answers: list[bool | None]) -> bool | None:
    return False if False in answers else None if None in answers else True


def some(answers: list[bool | None]) -> bool | None:
    return True if True in answers else None if None in answers else False


def selects(selector: Json, labels: Json | None, known: Json) -> bool | None:
    """Whether all of matchLabels and matchExpressions hold. ``labels`` None: only those in ``known`` are known."""
    answers: list[bool | None] = []
    asked = [{"key": k, "operator": "In", "values": [v]} for k, v in selector.get("matchLabels", {}).items()]
    for one in [*asked, *selector.get("matchExpressions", [])]:
        if labels is None and one["key"] not in known:
            answers.append(None)
            continue
        value = (labels if labels is not None else known).get(one["key"])
        if one["operator"] == "In":
            answers.append(value in one["values"])
        elif one["operator"] == "NotIn":
            answers.append(value not in one["values"])
        else:
            answers.append((value is not None) is (one["operator"] == "Exists"))
    return every(answers)


def peer_means(peer: Json, policy: Json, pod: Json, spaces: Json) -> bool | None:
    """Pods in the policy's namespace, in selected namespaces, or both; pods' addresses are not known."""
    if "ipBlock" in peer:
        return None
    name = {"kubernetes.io/metadata.name": pod["namespace"]}
    labels = {**spaces[pod["namespace"]], **name} if pod["namespace"] in spaces else None
    here = pod["namespace"] == policy["namespace"]
    space = selects(peer["namespaceSelector"], labels, name) if "namespaceSelector" in peer else here
    return every([space, selects(peer.get("podSelector", {}), pod["labels"], {})])


def port_meant(entry: Json, port: int, server: Json) -> bool:
    if entry.get("protocol", "TCP") != "TCP":
        return False
    if "endPort" in entry:
        return bool(entry["port"] <= port <= entry["endPort"])
    return "port" not in entry or entry["port"] == port or (entry["port"] == "web" and server["web"] == port)


def let(direction: str, ends: tuple[Json, Json], port: int, held: list[Json], spaces: Json) -> bool | None:
    """One direction: not isolated, or allowed by a rule of a policy that isolates."""
    client, server = ends
    way, subject, other = ("from", server, client) if direction == "Ingress" else ("to", client, server)
    isolating = []
    for policy in held:
        types = policy.get("policyTypes") or (["Ingress", "Egress"] if policy.get("egress") else ["Ingress"])
        if (
            direction in types
            and policy["namespace"] == subject["namespace"]
            and selects(policy["podSelector"], subject["labels"], {})
        ):
            isolating.append(policy)
    if not isolating:
        return True
    answers: list[bool | None] = []
    for policy in isolating:
        for one in policy.get(direction.lower(), []):
            peer = some([peer_means(p, policy, other, spaces) for p in one[way]]) if one.get(way) else True
            meant = some([port_meant(p, port, server) for p in one["ports"]]) if one.get("ports") else True
            answers.append(every([peer, meant]))
    return some(answers)


def naive(client: Json, server: Json, port: int, held: list[Json], spaces: Json) -> str:
    if client is server:
        return "yes"  # a pod cannot block access to itself
    answer = every([let(direction, (client, server), port, held, spaces) for direction in ("Egress", "Ingress")])
    return {True: "yes", False: "no", None: "unknown"}[answer]


@settings(max_examples=300, deadline=None)
@given(declared, st.lists(pods, min_size=2, max_size=3), st.lists(policies, max_size=4))
def test_reachability_is_what_the_documentation_says(spaces: Json, workloads: list[Json], held: list[Json]) -> None:
    stack = stack_of({"k.yaml": manifests(spaces, workloads, held)})
    built = stack.of(Workload)
    for client, server in itertools.product(range(len(workloads)), repeat=2):
        for port in (80, 81):
            found = may_reach(stack, built[client], built[server], port)
            wanted = naive(workloads[client], workloads[server], port, held, spaces)
            assert found.verdict == wanted, (client, server, port, found.why)
            assert (found.verdict != "no") or (found.policies and found.direction in ("egress", "ingress"))


@settings(max_examples=100, deadline=None)
@given(declared, st.lists(pods, min_size=2, max_size=2), st.lists(policies, max_size=3), st.sampled_from([{}, {"team": "x"}]))
def test_what_is_certain_stays_so_when_more_is_known(spaces: Json, workloads: list[Json], held: list[Json], other: Json) -> None:
    """Whatever the labels of the namespaces that are not declared turn out to be, a yes or no was right."""
    less, more = (
        stack_of({"k.yaml": manifests(s, workloads, held)}) for s in (spaces, {**dict.fromkeys(SPACES, other), **spaces})
    )
    before, after = (may_reach(s, s.of(Workload)[0], s.of(Workload)[1], 80).verdict for s in (less, more))
    assert before in ("unknown", after)


# --- named cases ---------------------------------------------------------------------------------------------------------------

BASE = """\
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {containers: [{name: c, image: acme/api:1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c, image: postgres:16.10, ports: [{name: pg, containerPort: 5432}]}]}
"""
DENY = """\
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""
API = """\
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Egress]
  egress:
    - to: [{podSelector: {matchLabels: {app: db}}}]
      ports: [{port: pg}]
"""
DB = """\
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
    - from: [{podSelector: {matchLabels: {app: api}}}]
"""


def named(stack: Stack, name: str) -> Workload:
    (found,) = [one for one in stack.of(Workload) if one.name.endswith(f" {name}")]
    return found


@pytest.mark.parametrize(
    ("text", "port", "verdict", "by"),
    [
        ("", 5432, "yes", []),
        (DENY, 5432, "no", ["NetworkPolicy deny"]),
        (DENY + API, 5432, "no", ["NetworkPolicy deny"]),
        (DENY + API + DB, 5432, "yes", ["NetworkPolicy api", "NetworkPolicy db"]),
        (DENY + API + DB, 9187, "no", ["NetworkPolicy deny", "NetworkPolicy api"]),
    ],
)
def test_the_policies_that_decide(text: str, port: int, verdict: str, by: list[str]) -> None:
    stack = stack_of({"k.yaml": BASE + text})
    found = may_reach(stack, named(stack, "api"), named(stack, "db"), port)
    assert (found.verdict, [one.name for one in found.policies]) == (verdict, by)


def test_places_and_directions() -> None:
    files = {"k.yaml": BASE + DENY + API}
    stack = stack_of(files)
    found = may_reach(stack, named(stack, "api"), named(stack, "db"), 5432)
    assert (found.direction, found.workload, found.why) == (
        "ingress",
        named(stack, "db"),
        "no rule for ingress of Pod db lets it through",
    )
    assert found.closest is not None
    assert (found.closest.place.span.line, text_at(files, found.closest.place)) == (13, "deny")
    out = may_reach(stack, named(stack, "api"), named(stack, "db"), 1)
    assert out.closest is not None
    assert (out.direction, out.closest.place.span.line) == ("egress", 18)
    files["k.yaml"] += DB
    stack = stack_of(files)
    let_through = may_reach(stack, named(stack, "api"), named(stack, "db"), 5432)
    assert [(one.node.span.line, one.node.span.column) for one in let_through.rules] == [(23, 7), (32, 7)]


OUTSIDE = """\
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Egress]
  egress:
    - to: [PEER]
      ports: [{port: 5432}]
"""


@pytest.mark.parametrize(
    ("peer", "address", "verdict"),
    [
        ("{podSelector: {}}", None, "no"),
        ("{namespaceSelector: {}}", "10.1.1.1", "no"),
        ("{ipBlock: {cidr: 0.0.0.0/0}}", None, "yes"),
        ("{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}", None, "unknown"),
        ("{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}", "10.1.1.1", "no"),
        ("{ipBlock: {cidr: 10.0.0.0/16}}", "10.0.1.1", "yes"),
        ("{ipBlock: {cidr: 10.0.0.0/16}}", "10.1.1.1", "no"),
        ("{ipBlock: {cidr: nonsense}}", "10.1.1.1", "unknown"),
        ("", None, "yes"),
    ],
)
def test_what_is_outside_the_cluster_has_an_address(peer: str, address: str | None, verdict: str) -> None:
    stack = stack_of({"k.yaml": BASE + OUTSIDE.replace("PEER", peer)})
    assert may_reach(stack, named(stack, "api"), None, 5432, address=address).verdict == verdict
    assert may_reach(stack, named(stack, "api"), None, 5433, address=address).verdict == "no"


def test_udp_is_another_port() -> None:
    text = API.replace("{port: pg}", "{port: 53, protocol: UDP}")
    stack = stack_of({"k.yaml": BASE + text})
    assert may_reach(stack, named(stack, "api"), named(stack, "db"), 53).verdict == "no"
    assert may_reach(stack, named(stack, "api"), named(stack, "db"), 53, "udp").verdict == "yes"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            ("spec: {containers: [{name: c, image: acme", "spec: {hostNetwork: true, containers: [{name: c, image: acme"),
            "Pod api is in its node's network",
        ),
        (
            ("metadata: {name: api, namespace: shop", "metadata: {name: api"),
            "whether NetworkPolicy shut cuts off Pod api is not known",
        ),
        (("app: api}}", "app: api}, matchExpressions: [{key: x}]}"), "whether NetworkPolicy shut cuts off Pod api is not known"),
    ],
)
def test_what_policies_do_not_decide_is_unknown(change: tuple[str, str], why: str) -> None:
    shut = OUTSIDE.replace("to: [PEER]", "to: [{podSelector: {}}]").replace("name: api", "name: shut").replace("5432", "1")
    certain, stack = stack_of({"k.yaml": BASE + shut}), stack_of({"k.yaml": (BASE + shut).replace(*change)})
    assert may_reach(certain, named(certain, "api"), named(certain, "db"), 5432).verdict == "no"
    found = may_reach(stack, named(stack, "api"), named(stack, "db"), 5432)
    assert (found.verdict, found.why) == ("unknown", why)


def test_policies_of_the_network_itself_leave_it_open() -> None:
    cilium = "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c, namespace: shop}\nspec: {}\n"
    stack = stack_of({"k.yaml": BASE + DENY + cilium})
    assert may_reach(stack, named(stack, "api"), named(stack, "db"), 5432).verdict == "unknown"


def test_a_pod_by_its_generated_label_is_some_of_its_set() -> None:
    text = DB.replace("matchLabels: {app: db}", "matchLabels: {app: db, statefulset.kubernetes.io/pod-name: db-0}")
    stack = stack_of({"k.yaml": BASE.replace("kind: Pod", "kind: Pod") + text.replace("app: api", "app: web")})
    found = may_reach(stack, named(stack, "api"), named(stack, "db"), 5432)
    assert (found.verdict, found.why) == ("unknown", "whether NetworkPolicy db cuts off Pod db is not known")


def test_selectors() -> None:
    one = Selector([Requirement("app", "In", ("x",)), Requirement("tier", "NotIn", ("a",))])
    assert one.matches({"app": "x"}) is True
    assert one.matches({"app": "x"}, more=True) is None
    assert one.matches({"app": "y"}, more=True) is False
    assert Selector([Requirement("", "Exists", unread="it is a variable")]).matches({}) is None
    assert Selector().selects_all
    assert not one.selects_all


# --- Compose networks ----------------------------------------------------------------------------------------------------------

networks = st.lists(st.sampled_from(["front", "back", "shared"]), max_size=2, unique=True)
services = st.fixed_dictionaries({"networks": networks, "mode": st.sampled_from([None, None, "host", "none"])})
projects = st.fixed_dictionaries({"one": st.lists(services, min_size=1, max_size=2), "two": st.lists(services, max_size=2)})


def project(name: str, held: list[Json]) -> str:
    written: Json = {}
    for number, one in enumerate(held):
        service: Json = {"image": "acme/app:1"}
        if one["mode"]:
            service["network_mode"] = one["mode"]
        elif one["networks"]:
            service["networks"] = one["networks"]
        written[f"{name}{number}"] = service
    declared_networks = {"front": {}, "back": {"internal": True}, "shared": {"external": True}}
    return json.dumps({"name": name, "services": written, "networks": declared_networks})


def joined(name: str, one: Json) -> set[str]:
    """The networks that a service is in, by the names that the engine gives them."""
    return {"shared" if n == "shared" else f"{name}_{n}" for n in one["networks"] or ["default"]}


def naive_networks(client: tuple[str, Json], server: tuple[str, Json], same: bool) -> str:
    modes = client[1]["mode"], server[1]["mode"]
    if same or modes == ("host", "host"):
        return "yes"
    if "none" in modes:
        return "no"
    if "host" in modes:
        return "unknown"
    return "yes" if joined(*client) & joined(*server) else "no"


@settings(max_examples=150, deadline=None)
@given(projects)
def test_compose_networks(held: dict[str, list[Json]]) -> None:
    stack = stack_of({f"{name}/compose.yaml": project(name, services) for name, services in held.items() if services})
    flat = [(name, one, named(stack, f"{name}{n}")) for name, many in held.items() for n, one in enumerate(many)]
    for (name, one, client), (other, two, server) in itertools.product(flat, repeat=2):
        found = may_reach(stack, client, server, 80)
        assert found.verdict == naive_networks((name, one), (other, two), client is server), (client.name, server.name, found.why)


COMPOSE = """\
name: shop
services:
  api: {image: acme/api:1, networks: [front, back]}
  db: {image: "postgres:16.10", networks: [back], ports: ["5432:5432", "127.0.0.1:9187:9187"]}
  side: {image: acme/side:1, network_mode: "service:api"}
  job: {image: acme/job:1, network_mode: "container:other"}
  web: {image: acme/web:1, networks: [front]}
  cut: {image: acme/cut:1, networks: [back]}
networks:
  front:
  back: {internal: true}
"""


@pytest.mark.parametrize(
    ("client", "server", "port", "verdict", "why"),
    [
        ("api", "db", 5432, "yes", "they share the network `back`"),
        ("side", "db", 5432, "yes", "they share the network `back`"),
        ("side", "api", 80, "yes", "they share one network interface"),
        ("web", "db", 5432, "yes", "service db publishes the port on the host"),
        ("web", "db", 9187, "no", "service web and service db share no network"),
        ("cut", "web", 80, "no", "service cut and service web share no network"),
        ("job", "db", 5432, "unknown", "the network of service job is not known"),
        ("api", None, 443, "yes", ""),
        ("cut", None, 443, "no", "service cut is in internal networks only"),
    ],
)
def test_compose_services(client: str, server: str | None, port: int, verdict: str, why: str) -> None:
    stack = stack_of({"compose.yaml": COMPOSE})
    found = may_reach(stack, named(stack, client), named(stack, server) if server else None, port)
    assert (found.verdict, found.why) == (verdict, why)


def test_names_of_networks() -> None:
    text = """\
name: shop
services:
  api: {image: acme/api:1, networks: [a, b, c, d, e], environment: {}}
networks:
  a:
  b: {name: common}
  c: {external: true}
  d: {external: {name: old}}
  e: {name: "${NET}"}
"""
    (found,) = stack_of({"compose.yaml": text}).of(Workload)
    assert [(one.key, one.name.state, one.name.value, one.internal) for one in found.attachments] == [
        ("a", "set", "shop_a", False),
        ("b", "set", "common", False),
        ("c", "set", "c", None),
        ("d", "set", "old", None),
        ("e", "unknown", None, False),
    ]


def test_different_worlds_do_not_tell() -> None:
    stack = stack_of({"k.yaml": BASE, "compose.yaml": COMPOSE.replace("  db:", "  store:")})
    assert may_reach(stack, named(stack, "store"), named(stack, "db"), 5432).verdict == "unknown"

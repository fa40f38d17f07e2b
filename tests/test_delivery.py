"""Updates, disruption budgets, autoscalers, dependencies and secrets in variables: what is read, and what belongs together."""

import pytest

from afscan.join.delivery import autoscaler_of, awaited_service, bounds_of, budget_of, fewest_pods, percentage, scaled_by
from afscan.model.delivery import Autoscaler, DisruptionBudget, Rollout, SecretVariable, StartDependency
from afscan.model.node import Scalar
from afscan.model.source import Source
from afscan.model.subjects import Container, Workload
from afscan.model.value import Value
from afscan.platforms.compose.interpolation import interpolate
from support import composed, stack_of, text_at

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  revisionHistoryLimit: 3
  selector: {}
  strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 10%, maxSurge: 2}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: c, image: i}]}
---
"""
SCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}
  minReplicas: 3
  maxReplicas: 9
  metrics:
    - {type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 80}}}
    - {type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: 1}}}
    - {type: ContainerResource, containerResource: {name: cpu, container: c, target: {type: Utilization}}}
---
"""
BUDGET = """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: api, namespace: shop}
spec: {minAvailable: 1, selector: {matchLabels: {app: api}}}
"""


def test_an_update_is_read_with_its_places() -> None:
    files = {"api.yaml": DEPLOYMENT}
    rollout = stack_of(files).of(Rollout)[0]
    assert rollout.history is not None
    assert (rollout.history.value, text_at(files, rollout.history.place)) == (3, "3")
    assert rollout.strategy is not None
    assert rollout.strategy.value == "RollingUpdate"
    assert rollout.max_unavailable is not None
    assert (rollout.max_unavailable.value, text_at(files, rollout.max_unavailable.place)) == ("10%", "10%")
    assert rollout.max_surge is not None
    assert rollout.max_surge.value == 2
    assert rollout.workload.name == "Deployment api"


def test_a_workload_its_autoscaler_and_its_budget_find_each_other() -> None:
    files = {"api.yaml": DEPLOYMENT, "scaling.yaml": SCALER + BUDGET}
    stack = stack_of(files)
    workload, scaler = stack.of(Workload)[0], stack.of(Autoscaler)[0]
    assert autoscaler_of(stack, workload) is scaler
    assert scaled_by(stack, scaler) is workload
    assert fewest_pods(stack, workload).value == 3
    assert budget_of(stack, workload) == (stack.of(DisruptionBudget)[0], True)
    assert [(m.resource.value, m.container.value) for m in scaler.metrics] == [("memory", None), ("cpu", "c")]
    assert text_at(files, scaler.metrics[0].node.head) == "memory"


@pytest.mark.parametrize("changed", ["namespace: shop", "kind: Deployment, name: api"])
def test_what_is_called_otherwise_does_not_belong_together(changed: str) -> None:
    stack = stack_of({"api.yaml": DEPLOYMENT, "scaling.yaml": SCALER.replace(changed, changed + "s")})
    assert autoscaler_of(stack, stack.of(Workload)[0]) is None
    assert scaled_by(stack, stack.of(Autoscaler)[0]) is None
    assert fewest_pods(stack, stack.of(Workload)[0]).value == 1


@pytest.mark.parametrize(
    ("selector", "covered"),
    [
        ("selector: {}", (True, True)),
        ("selector: {matchLabels: {app: web}}", (False, False)),
        ("minAvailable: 1", (False, False)),
        ("selector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}", (True, False)),
    ],
)
def test_which_budgets_cover_a_workload(selector: str, covered: tuple[bool, bool]) -> None:
    budget = BUDGET.replace("minAvailable: 1, selector: {matchLabels: {app: api}}", selector)
    stack = stack_of({"api.yaml": DEPLOYMENT, "budget.yaml": budget})
    found, certain = budget_of(stack, stack.of(Workload)[0])
    assert (found is not None, certain) == covered


@pytest.mark.parametrize(
    ("unavailable", "surge", "pods", "down"),
    [
        (None, None, 1, 0),
        (None, None, 4, 1),
        ("50%", None, 3, 1),
        ("100%", "0", 3, 3),
        (None, 0, 1, 1),
        (0, 0, 5, 1),
        (2, None, 2, 2),
        ("many", None, 2, None),
    ],
)
def test_how_many_pods_an_update_takes_away(
    unavailable: int | str | None, surge: int | str | None, pods: int, down: int | None
) -> None:
    source = Source("x", "x")
    node = Scalar(source, source.whole.span, "x")

    def value(written: int | str | None) -> "Value[int | str]":
        return Value.unset(node) if written is None else Value.of(written, node)

    surges = value(f"{surge}%" if isinstance(surge, str) else surge)
    workload = stack_of({"api.yaml": DEPLOYMENT}).of(Workload)[0]
    rollout = Rollout(
        name="r", node=node, platform="kubernetes", workload=workload, max_unavailable=value(unavailable), max_surge=surges
    )
    assert bounds_of(rollout, pods) == down
    assert percentage(value("25%")) == 25
    assert percentage(value(25)) is None


COMPOSE = """\
services:
  api:
    image: api
    depends_on:
      db: {condition: service_healthy}
      cache:
        condition: service_started
    pids_limit: 100
    logging: {options: {max-size: 10m}}
    deploy: {update_config: {failure_action: rollback}}
  job:
    image: job
    depends_on: [db]
  db: {image: "postgres:16"}
  cache: {image: "redis:7"}
"""


def test_what_compose_says_of_starting_and_updating() -> None:
    out = composed(COMPOSE)
    found = [one for one in out.subjects if isinstance(one, StartDependency)]
    assert [(one.name, one.target, one.condition.value) for one in found] == [
        ("service api", "db", "service_healthy"),
        ("service api", "cache", "service_started"),
        ("service job", "db", None),
    ]
    assert [text_at(COMPOSE, one.condition.place) for one in found] == ["service_healthy", "service_started", "db"]
    updates = [one.failure_action for one in out.subjects if isinstance(one, Rollout)]
    assert [action.value for action in updates if action is not None] == ["rollback"]
    api = next(one for one in out.subjects if isinstance(one, Container))
    assert api.pids_limit is not None
    assert api.pids_limit.value == 100
    assert api.log_output is not None
    assert (api.log_output.driver.is_unset, api.log_output.max_size.value) == (True, 10 * 2**20)


def test_a_dependency_leads_to_the_service_of_its_project() -> None:
    stack = stack_of({"a/compose.yaml": COMPOSE, "b/compose.yaml": COMPOSE})
    for dependency in stack.of(StartDependency):
        target = awaited_service(stack, dependency)
        assert target is not None
        assert target.name == f"service {dependency.target}"
        assert target.node.source.path == dependency.place.path


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("${A}", [("A", "none", 0, 4)]),
        ("x $A.", [("A", "none", 2, 4)]),
        ("${A:?set it}${B?}", [("A", "demanded", 0, 12), ("B", "set", 12, 17)]),
        ("${A:-}", [("A", "none", 0, 6)]),
        ("${A:-${B}}", [("A", "default", 0, 10), ("B", "none", 5, 9)]),
        ("${A:+x} $$B", []),
        ("${KNOWN}${KNOWN:-x}", [("KNOWN", "given", 0, 8), ("KNOWN", "given", 8, 19)]),
        ("${EMPTY}", [("EMPTY", "none", 0, 8)]),
    ],
)
def test_what_keeps_a_variable_from_being_empty(text: str, uses: list[tuple[str, str, int, int]]) -> None:
    assert [tuple(use) for use in interpolate(text, {"KNOWN": "1", "EMPTY": ""}.get).uses] == uses


def test_secrets_in_variables_stand_at_their_references() -> None:
    text = (
        "services:\n  api:\n    image: api:${TAG}\n    environment:\n      - DB_PASSWORD=${PW}\n"
        "      - URL=amqp://u:${BROKER_PASSWORD:?}@b\n      - USER_NAME=${USER_NAME}\n"
    )
    found = [one for one in composed(text).subjects if isinstance(one, SecretVariable)]
    assert [(one.variable, one.guard, text_at(text, one.place)) for one in found] == [
        ("PW", "none", "${PW}"),
        ("BROKER_PASSWORD", "demanded", "${BROKER_PASSWORD:?}"),
    ]

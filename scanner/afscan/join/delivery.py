"""Who scales a workload, which budget protects it, which service another one waits for.

The index is made where a rule first asks for it, in time linear in subjects. Sources: Kubernetes documentation, "Horizontal Pod
Autoscaling", "Specifying a Disruption Budget" and "Deployments" (how bounds of a rolling update are rounded).
"""

from afscan.join.gitops import namespace_given
from afscan.join.health import health_check_of
from afscan.join.services import selected
from afscan.model.delivery import Autoscaler, DisruptionBudget, ResourceQuota, Rollout, StartDependency
from afscan.model.notice import NoticeKind
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import Container, ContainerDefaults, Workload
from afscan.model.value import Value
from afscan.platforms.images import facts_of_product, facts_of_reference, product_of

KEY = "delivery"

REPLICATED = frozenset(("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout", "DeploymentConfig"))
"""Kinds whose pods the cluster moves from node to node, and whose number is written or scaled."""


@record(slots=True)
class Delivery:
    """Indexes: autoscalers and workloads by namespace and name (``Deployment api``); budgets by the ``id`` of the workload;
    namespaces with workloads, quotas and limits; Compose services by project, overlay and name."""

    scalers: dict[tuple[str, str], Autoscaler] = field(default_factory=dict)
    named: dict[tuple[str, str], Workload] = field(default_factory=dict)
    budgets: dict[int, DisruptionBudget] = field(default_factory=dict)
    doubtful: dict[int, DisruptionBudget] = field(default_factory=dict)
    rollouts: dict[int, Rollout] = field(default_factory=dict)
    inhabited: set[str] = field(default_factory=set)
    quotas: set[str] = field(default_factory=set)
    limits: set[str] = field(default_factory=set)
    services: dict[tuple[str, str, str], Workload] = field(default_factory=dict)
    unread: bool = False


def _delivery(stack: Stack) -> Delivery:
    found: Delivery | None = stack.joined.get(KEY)
    if found is None:
        found = stack.joined[KEY] = _indexed(stack)
    return found


def _indexed(stack: Stack) -> Delivery:
    index = Delivery()
    for scaler in stack.of(Autoscaler):
        if scaler.target.is_set:
            index.scalers.setdefault((scaler.namespace, f"{scaler.target_kind} {scaler.target.value}"), scaler)
    for workload in stack.of(Workload):
        if workload.namespace:
            index.named.setdefault((workload.namespace, workload.name), workload)
            index.inhabited.add(namespace_given(stack, workload) or workload.namespace)
        else:
            service = workload.name.removeprefix("service ")
            index.services.setdefault((workload.project, workload.overlay, service), workload)
            index.services.setdefault((workload.project, workload.node.source.path, service), workload)
    index.rollouts = {id(one.workload): one for one in stack.of(Rollout)}
    index.quotas = {one.namespace for one in stack.of(ResourceQuota)}
    index.limits = {one.namespace for one in stack.of(ContainerDefaults)}
    index.unread = any(notice.kind in (NoticeKind.TEMPLATED, NoticeKind.SYNTAX) for notice in stack.notices)
    _index_budgets(stack, index)
    return index


def _index_budgets(stack: Stack, index: Delivery) -> None:
    done: set[tuple[str, frozenset[tuple[str, str]], bool]] = set()
    for budget in stack.of(DisruptionBudget):
        if budget.selector is None and not budget.unknown_selector:
            continue  # selects nothing
        selector = budget.selector or {}
        key = (budget.namespace, frozenset(selector.items()), budget.unknown_selector)
        if key in done:
            continue
        done.add(key)
        into = index.doubtful if budget.unknown_selector else index.budgets
        for workload in selected(stack, budget.namespace, selector):
            into.setdefault(id(workload), budget)


def files_unread(stack: Stack) -> bool:
    """Whether files of the stack could not be read that may hold what seems to be absent."""
    return _delivery(stack).unread


def autoscaler_of(stack: Stack, workload: Workload) -> Autoscaler | None:
    """The autoscaler that sets a workload's number of replicas."""
    return _delivery(stack).scalers.get((workload.namespace, workload.name))


def scaled_by(stack: Stack, scaler: Autoscaler) -> Workload | None:
    """The workload that an autoscaler scales; None where it is not in this stack or its name is not known."""
    if not scaler.target.is_set:
        return None
    return _delivery(stack).named.get((scaler.namespace, f"{scaler.target_kind} {scaler.target.value}"))


def rollout_of(stack: Stack, workload: Workload) -> Rollout | None:
    """How a workload is updated, where that is written."""
    return _delivery(stack).rollouts.get(id(workload))


def budget_of(stack: Stack, workload: Workload) -> tuple[DisruptionBudget | None, bool]:
    """The budget that covers a workload's pods, and whether that is certain (a selector may be known in part only)."""
    index = _delivery(stack)
    found = index.budgets.get(id(workload))
    return (found, True) if found is not None else (index.doubtful.get(id(workload)), False)


def fewest_pods(stack: Stack, workload: Workload) -> Value[int]:
    """How many pods of a workload there are at least: an autoscaler's minimum, else its replicas; 1 where nobody says."""
    scaler = autoscaler_of(stack, workload)
    written = scaler.minimum if scaler is not None else workload.replicas
    return Value.of(1, written.node) if written.is_unset else written


def bounds_of(rollout: Rollout, pods: int) -> int | None:
    """How many of ``pods`` a rolling update of a Deployment may take away at once; None where that is not known.

    Shares of what may be missing are rounded down, of what may be added up; if both come out as none, one may be missing
    (deployment controller, ``ResolveFenceposts``).
    """
    unavailable = _resolved(rollout.max_unavailable, pods, up=False)
    surge = _resolved(rollout.max_surge, pods, up=True)
    if unavailable is None or (unavailable == 0 and surge is None):
        return None
    return 1 if unavailable == 0 and surge == 0 else unavailable


def _resolved(value: "Value[int | str] | None", pods: int, *, up: bool) -> int | None:
    if value is None or value.is_unset:
        percent = 25
    elif isinstance(value.value, int):
        return value.value
    else:
        share = percentage(value)
        if share is None:
            return None
        percent = share
    return -(-pods * percent // 100) if up else pods * percent // 100  # whole numbers: a float would round 29 % of 100 to 28


def percentage(value: "Value[int | str]") -> int | None:
    """The number before the sign of a share (``25%``); None where it is none."""
    text = value.value if isinstance(value.value, str) else ""
    number = text.removesuffix("%")
    return int(number) if text.endswith("%") and number.isascii() and number.isdecimal() and len(number) <= 4 else None


def writes_alone(workload: Workload) -> bool:
    """Whether the pods write to claimed storage, which often admits one pod at a time."""
    return any(mount.kind == "volume" and not mount.read_only for one in workload.containers for mount in one.mounts)


def lacks_bounds(stack: Stack, namespace: str) -> tuple[bool, bool] | None:
    """Whether a namespace has no ResourceQuota, and whether it has no LimitRange; None where no workload lives in it."""
    index = _delivery(stack)
    if namespace not in index.inhabited:
        return None
    return namespace not in index.quotas, namespace not in index.limits


def awaited_service(stack: Stack, dependency: StartDependency) -> Workload | None:
    """The service that another one is started after; None where it is not in the files."""
    services, owner = _delivery(stack).services, dependency.workload
    for where in dict.fromkeys((owner.overlay, owner.node.source.path, "")):
        found = services.get((owner.project, where, dependency.target))
        if found is not None:
            return found
    return None


def is_datastore(container: Container) -> bool:
    """Whether a container is a database, cache or queue that is known."""
    product = product_of(container)
    facts = facts_of_product(product) if product is not None else None
    return facts is not None and facts.datastore


def has_health_check(container: Container) -> Value[bool]:
    """Whether something tells when a container can answer: its own health check, its Dockerfile's, or the image's."""
    own = container.liveness
    if not own.is_unset:
        return own.map(lambda probe: probe.kind != "none")
    if container.stage is not None and not health_check_of(container.stage).is_unset:
        return health_check_of(container.stage).map(lambda probe: probe.kind != "none")
    facts = facts_of_reference(container.image) if container.image is not None else None
    return Value.of(facts is not None and facts.health_check, own.node)

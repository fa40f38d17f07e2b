"""Subjects of delivery: how workloads are updated, kept running while nodes are drained, scaled and started."""

from afscan.model.node import Node
from afscan.model.place import Place
from afscan.model.record import field, record
from afscan.model.subjects import Subject, Workload
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class Rollout(Subject):
    """How a workload's replicas give way to those of a new revision.

    ``history`` is how many old revisions are kept to go back to (Kubernetes: 10 by default), ``failure_action`` what follows an
    update that fails (Compose: ``pause`` by default). ``strategy`` is ``Recreate`` or ``RollingUpdate``; the bounds of a rolling
    update are numbers of pods, or shares as written (``25%``, the default of both). ``replicas_ignored`` marks a workload whose
    number of replicas is written for its creation only (Terraform's ``ignore_changes``).
    """

    workload: Workload
    history: Value[int] | None = None
    failure_action: Value[str] | None = None
    strategy: Value[str] | None = None
    max_unavailable: "Value[int | str] | None" = None
    max_surge: "Value[int | str] | None" = None
    replicas_ignored: bool = False


@record(slots=True, kw_only=True, eq=False)
class DisruptionBudget(Subject):
    """A PodDisruptionBudget. ``selector`` has the form of :func:`~afscan.model.subjects.labels_match`, None selects nothing;
    ``unknown_selector`` says that a part of it is not evaluated."""

    namespace: str
    selector: dict[str, str] | None
    unknown_selector: bool = False
    selector_node: Node | None = None  # where the selector is written


@record(slots=True, kw_only=True, eq=False)
class UtilizationMetric:
    """A metric that is a share of what containers request: ``cpu`` or ``memory``; ``container`` where it is of one alone."""

    node: Node
    resource: Value[str]
    container: Value[str]


@record(slots=True, kw_only=True, eq=False)
class Autoscaler(Subject):
    """A HorizontalPodAutoscaler, or KEDA's ScaledObject. ``target`` and ``target_kind`` name the workload that it scales.

    ``minimum`` unset means 1. Of its metrics those that are shares of requests are listed.
    """

    namespace: str
    target_kind: str
    target: Value[str]
    minimum: Value[int]
    metrics: list[UtilizationMetric] = field(default_factory=list)


@record(slots=True, kw_only=True, eq=False)
class ResourceQuota(Subject):
    """A ResourceQuota: what all pods of a namespace may take together."""

    namespace: str


@record(slots=True, kw_only=True, eq=False)
class StartDependency(Subject):
    """A service that is started after another one (Compose ``depends_on``).

    ``target`` is the other's name, ``condition`` what is waited for: ``service_started`` (the default), ``service_healthy`` or
    ``service_completed_successfully``.
    """

    workload: Workload
    target: str
    condition: Value[str]


@record(slots=True, kw_only=True, eq=False)
class SecretVariable(Subject):
    """A variable that stands for a secret in a file whose reader expands it from the environment (Compose ``${NAME}``).

    ``guard`` is what keeps it from being empty: ``demanded`` (``:?``), ``default`` (a text that is not empty), ``given`` (its
    value is known), ``set`` (``?``: it has to be set, and may be empty), or ``none``.
    """

    variable: str
    guard: str
    at: Place

    @property
    def place(self) -> Place:
        """The reference itself."""
        return self.at

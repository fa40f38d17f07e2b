"""Whether a stack is watched at all."""

from afscan.model.place import Place
from afscan.model.record import record
from afscan.model.subjects import Subject, Workload


@record(slots=True, kw_only=True, eq=False)
class MonitoringCoverage(Subject):
    """One per stack with Kubernetes workloads, made by the join.

    ``by`` is what collects metrics, in a clause with its place, None where nothing of the stack does. ``owed`` says why the stack has
    to bring its own monitoring, with its place; None where it may well rely on its cluster's.
    """

    workloads: list[Workload]
    by: tuple[str, Place] | None
    owed: tuple[str, Place] | None

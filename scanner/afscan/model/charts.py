"""Helm charts, before the join renders them."""

from afscan.model.record import record
from afscan.model.subjects.base import Subject


@record(slots=True, kw_only=True, eq=False)
class ChartFile(Subject):
    """A ``Chart.yaml``; ``node`` is its root, ``directory`` the chart's folder ("" for the working directory)."""

    chart: str
    directory: str

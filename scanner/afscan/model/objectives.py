"""Figures that a stack states of itself: thresholds of its scripts, service level objectives."""

from afscan.model.record import record
from afscan.model.subjects.base import Subject
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class Objective(Subject):
    """A figure to which something is held (MON303).

    ``figure`` is what is said, at its place (``$seconds < 2.0``, a target of ``99.9``); ``measure`` what it is about (``response time``,
    ``availability``). ``alerting`` is whether what states it makes alerts of it; unset: it makes none itself, and other rules may.
    """

    figure: Value[str]
    measure: str
    alerting: Value[bool]

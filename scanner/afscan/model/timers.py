"""Subjects of machines' own schedulers: timers and services of systemd, entries of crontabs."""

from afscan.model.record import field, record
from afscan.model.source import Source
from afscan.model.subjects import Subject
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class TimerUnit(Subject):
    """A ``.timer`` of systemd. ``schedules`` are the settings that elapse again and again (``OnCalendar``, ``OnUnitActiveSec``), as
    written; one with ``OnBootSec`` alone runs once. ``activates`` is the unit that it starts: the service of its own name unless
    ``Unit=`` says otherwise."""

    unit: str
    schedules: list[Value[str]] = field(default_factory=list)
    activates: str


@record(slots=True, kw_only=True, eq=False)
class ServiceUnit(Subject):
    """A ``.service`` of systemd. ``sources`` are the command lines of ``ExecStart`` and its like as texts of their own; ``kind`` is
    ``Type``, unset: it keeps running (``simple``)."""

    unit: str
    kind: Value[str]
    sources: list[Source] = field(default_factory=list)

    @property
    def is_oneshot(self) -> bool:
        """Whether it ends by itself and is not started again."""
        return self.kind.value == "oneshot"


@record(slots=True, kw_only=True, eq=False)
class CronEntry(Subject):
    """A line of a crontab. ``repeats``: it is no ``@reboot``. ``source`` is its command as a text of its own."""

    schedule: Value[str]
    user: Value[str]
    command: Value[str]
    source: Source | None = None

    @property
    def repeats(self) -> bool:
        """Whether it runs again and again."""
        return self.schedule.value != "@reboot"

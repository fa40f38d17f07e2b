"""Subjects of backup and recovery: what saves a datastore, what proves that it can be restored."""

from afscan.model.record import field, record
from afscan.model.scripts import Command, Script
from afscan.model.subjects import Subject
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class Backup(Subject):
    """Something that saves a datastore.

    ``product`` is ``postgres``, ``redis``, ``qdrant``, ``neo4j``, ``mysql``, ``mongodb``, or ``volumes`` (Velero); ``tool`` the program
    or object that does it. ``host`` and ``database`` are unset where nothing names them. ``command`` and ``script`` are None for an
    operator's object. ``scheduled``: set where it is known whether something runs it again and again; ``schedules`` are where that is
    written.
    """

    product: str
    tool: str
    host: Value[str]
    database: Value[str]
    scheduled: Value[bool]
    schedules: list[Value[str]] = field(default_factory=list)
    command: Command | None = None
    script: Script | None = None


@record(slots=True, kw_only=True, eq=False)
class RestoreTest(Subject):
    """A restore. Fields as in :class:`Backup`; ``scratch`` is whether it goes into a database that is no one's: only then it proves
    a backup without risking the data."""

    product: str
    tool: str
    host: Value[str]
    database: Value[str]
    scratch: Value[bool]
    scheduled: Value[bool]
    schedules: list[Value[str]] = field(default_factory=list)
    command: Command | None = None
    script: Script | None = None

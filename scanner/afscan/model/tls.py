"""Which TLS versions and cipher suites something accepts, where that is written."""

from afscan.model.record import record
from afscan.model.subjects import Subject
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class TlsSetting(Subject):
    """One setting that chooses TLS versions or cipher suites: of a server, a listener, a client that verifies others.

    ``setting`` is its name, ``value`` what it says; unset where nobody writes it and the default is known. ``weakness`` says in a
    clause what is accepted that should not be ("it accepts TLS 1.0"), empty where nothing is.
    """

    setting: str
    value: Value[str]
    weakness: str = ""

"""SEC503: servers that let everybody in."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Authentication
from afscan.policy import Problem, Severity, fail, rule, unknown


@rule("SEC503", severity=Severity.CRITICAL, tags=("CWE-306",))
def authentication_off(authentication: Authentication, stack: Stack) -> Iterator[Problem]:
    """Authentication is off.

    A datastore that asks for no password belongs to whoever can open a connection: a neighbouring container, a forgotten
    published port, a server-side request forgery. Several products ask for none unless they are told to.

    ## Fix
    - Redis: set `requirepass`, or an ACL file with `user default off`.
    - PgBouncer: set `auth_type = scram-sha-256`.
    - Qdrant: set `service.api_key` through `QDRANT__SERVICE__API_KEY`.
    - Any: turn the server's authentication on, and give each client credentials of its own.
    """
    required = authentication.required
    if required.is_unknown:
        yield unknown(required.place, f"Whether {authentication.name} asks for credentials is not known: {required.reason}.")
    elif not required.value:
        yield fail(required.place, f"{authentication.name} lets everybody in: {authentication.how}.")

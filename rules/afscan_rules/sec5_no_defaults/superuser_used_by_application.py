"""SEC504: applications that log in as an all-powerful user."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Login
from afscan.platforms.secrets import product_name
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC504", severity=Severity.HIGH, tags=("CWE-250", "CWE-1392"))
def superuser_used_by_application(login: Login, stack: Stack) -> Iterator[Problem]:
    """Application logs in as a superuser.

    An application that connects as `postgres`, `root` or `neo4j` turns every injection into the whole server: row-level
    security does not bind a superuser, and it can read files and run programs. Scripts and jobs count; the first user that a
    server makes for itself does not.

    ## Fix
    - PgBouncer: give the database line a `user` of its own, or none, so that clients keep theirs.
    - Any: create a role for the application with the grants that it needs, and log in with that.
    """
    if login.administrative or login.user.is_unset:
        yield NOT_APPLICABLE
    elif login.user.is_unknown:
        yield unknown(login.user.place, f"As whom {login.name} logs in is not known: {login.user.reason}.")
    elif login.superuser:
        product = product_name(login.product)
        yield fail(login.user.place, f"This logs in to {product} as `{login.user.value}`, who may do everything there.")

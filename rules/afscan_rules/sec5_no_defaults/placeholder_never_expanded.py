"""SEC502: placeholders that nobody replaces."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Credential, Origin
from afscan.platforms.secrets import is_weak, kind_name, product_name
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC502", severity=Severity.CRITICAL, tags=("CWE-1188",))
def placeholder_never_expanded(credential: Credential, stack: Stack) -> Iterator[Problem]:
    """Placeholder is never expanded.

    Redis, PgBouncer, PostgreSQL and Qdrant read their files as they are, and Kubernetes puts in `$(NAME)` only:
    `requirepass ${REDIS_PASSWORD}` makes that very text the password, which anybody who has seen the repository can type. The
    same goes for a `<hash>` that was never filled in. Compose expands `${NAME}` before the server reads it: that is fine.

    ## Fix
    - Redis: mount an ACL file from a secret, or start `redis-server` with the password from the environment.
    - PgBouncer: mount `userlist.txt` from a secret.
    - Qdrant: remove the key from the file, and set `QDRANT__SERVICE__API_KEY` in the environment.
    - Kubernetes: use `secretKeyRef`, or `$(NAME)` for a variable that is set above.
    - SQL: take the password from a psql variable, `PASSWORD :'name'`.
    - Any: render the file before it is used, or pass the secret in a way that the program reads.
    """
    value = credential.value
    if credential.origin is not Origin.PLACEHOLDER or not value.is_set:
        yield NOT_APPLICABLE
        return
    if is_weak(value.or_else(""), user=credential.user, product=credential.reader, key=credential.key) is not None:
        yield NOT_APPLICABLE  # a stand-in such as `changeme`: that is a weak password
        return
    what = kind_name(credential.kind)
    if credential.reader is not None:
        yield fail(
            value.place,
            f"Nothing fills in this placeholder: {product_name(credential.reader)} takes its very text as the {what} "
            f"(`{credential.key}`).",
        )
    else:
        yield unknown(value.place, f"Whether anything fills in this placeholder for the {what} `{credential.key}` is not known.")

"""SEC502: placeholders that nobody replaces."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Credential, Origin
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC502", severity=Severity.CRITICAL, tags=("CWE-1188",))
def placeholder_never_expanded(credential: Credential, stack: Stack) -> Iterator[Problem]:
    """Placeholder is never expanded.

    Redis, PgBouncer, PostgreSQL and Qdrant read their files as they are: `requirepass ${REDIS_PASSWORD}` makes that very text
    the password, which anybody who has seen the repository can type. The same goes for a `<hash>` that was never filled in.

    ## Fix
    - Redis: mount an ACL file from a secret, or start `redis-server` with the password from the environment.
    - PgBouncer: mount `userlist.txt` from a secret.
    - Qdrant: remove the key from the file, and set `QDRANT__SERVICE__API_KEY` in the environment.
    - Any: render the file before it is mounted, or pass the secret in a way that the program reads.
    """
    if credential.origin is not Origin.PLACEHOLDER or not credential.value.is_set:
        yield NOT_APPLICABLE
        return
    if not _looks_replaced(credential.value.or_else("")):
        yield NOT_APPLICABLE  # a stand-in such as `changeme`: that is a weak password
        return
    product = {"postgres": "PostgreSQL", "pgbouncer": "PgBouncer", "redis": "Redis", "qdrant": "Qdrant"}.get(credential.reader or "")
    if product is not None:
        yield fail(
            credential.value.place,
            f"{product} expands nothing in this file: the text of this placeholder is itself the {credential.kind} in `{credential.key}`.",
        )
    else:
        yield unknown(credential.value.place, f"Whether anything fills in this placeholder for `{credential.key}` is not known.")


def _looks_replaced(text: str) -> bool:
    """Whether a text is the kind that a tool would replace (``${X}``, ``<hash>``), rather than a word."""
    return "${" in text or "$(" in text or ("<" in text and ">" in text) or "{{" in text or text.startswith("$")

"""SEC501: credentials that can be guessed."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Credential, Origin
from afscan.platforms.secrets import is_weak
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule


@rule("SEC501", severity=Severity.CRITICAL, tags=("CWE-521", "CWE-1392"))
def default_or_weak_password(credential: Credential, stack: Stack) -> Iterator[Problem]:
    """Password is a default or weak.

    Well-known passwords, names of users and products, words such as "password" with something around them and short strings
    are the first that anybody tries, by program, within seconds.

    ## Fix
    - Any: generate at least 20 random characters, and keep them in a secret store.
    """
    value = credential.value
    if credential.origin not in (Origin.LITERAL, Origin.PLACEHOLDER, Origin.INTERPOLATED) or not value.is_set:
        yield NOT_APPLICABLE
        return
    reason = is_weak(value.or_else(""), user=credential.user, product=credential.reader, key=credential.key)
    if reason is not None:
        whose = f" of user `{credential.user}`" if credential.user else ""
        yield fail(value.place, f"The {credential.kind}{whose} in `{credential.key}` can be guessed: {reason}.")

"""SEC105: passwords inside URLs."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Credential, Origin
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC105", severity=Severity.HIGH, tags=("CWE-522",))
def credential_in_url(credential: Credential, stack: Stack) -> Iterator[Problem]:
    """Password is part of a URL.

    URLs are logged, shown in error messages and kept in histories by programs that would never do that with a password. A
    password written there in full is also in the repository.

    ## Fix
    - Any: take the whole URL from a secret, or give user and password in settings of their own that refer to one.
    """
    if not credential.in_url:
        yield NOT_APPLICABLE
    elif credential.origin is Origin.LITERAL and credential.value.is_set:
        user = f" of user `{credential.user}`" if credential.user else ""
        yield fail(credential.value.place, f"The URL in `{credential.key}` carries the password{user} in full.")
    elif credential.origin is Origin.UNKNOWN:
        yield unknown(credential.value.place, f"What the URL in `{credential.key}` carries is not known: {credential.value.reason}.")

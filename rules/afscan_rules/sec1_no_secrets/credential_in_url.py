"""SEC105: passwords inside URLs."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Credential, Origin
from afscan.platforms.secrets import is_of_a_test, kind_name, literal_place, literal_text
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule


@rule("SEC105", severity=Severity.HIGH, tags=("CWE-522",))
def credential_in_url(credential: Credential, stack: Stack) -> Iterator[Problem]:
    """Password is part of a URL.

    URLs are logged, shown in error messages and kept in histories by programs that would never do that with a password. A
    password written there in full is also in the repository. One that a variable puts in is not; a URL in an image is judged
    with the image's other secrets.

    ## Fix
    - Kubernetes: give user and password in variables of their own with `secretKeyRef`, and put them in with `$(NAME)`.
    - GitHub: keep the URL as a secret, and write `${{ secrets.NAME }}`.
    - Compose: write `${NAME:?}` in place of the password, or use `secrets:`.
    - Any: take the whole URL from a secret, or give user and password in settings of their own that refer to one.
    """
    if not credential.in_url or credential.holder in ("image", "secret") or is_of_a_test(credential, stack.root):
        yield NOT_APPLICABLE
    elif literal_text(credential) is not None:
        user = f" of user `{credential.user}`" if credential.user else ""
        what = kind_name(credential.kind)
        yield fail(literal_place(credential), f"The URL in `{credential.key}` carries the {what}{user} in full.")
    elif credential.origin in (Origin.PLACEHOLDER, Origin.EMPTY, Origin.UNKNOWN):
        yield NOT_APPLICABLE

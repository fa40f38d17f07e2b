"""SEC501: credentials that can be guessed."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Credential, Origin
from afscan.platforms.secrets import is_of_a_test, is_weak, is_written_here, kind_name, literal_place
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule


@rule("SEC501", severity=Severity.CRITICAL, tags=("CWE-521", "CWE-1392"))
def default_or_weak_password(credential: Credential, stack: Stack) -> Iterator[Problem]:
    """Password is a default or weak.

    Well-known passwords, names of users and products, words such as "password" with something around them and short strings
    are the first that anybody tries, by program, within seconds. The default of a variable counts: `${PASSWORD:-postgres}` is
    the password wherever nobody sets the variable. A setting that takes its value from a secret store passes: no default is in
    force, and what the store holds is not in the files.

    ## Fix
    - Compose: write `${NAME:?}` instead of a default, and generate at least 20 random characters for it.
    - Any: generate at least 20 random characters, and keep them in a secret store.
    """
    value, origin = credential.value, credential.origin
    if origin in (Origin.REFERENCE, Origin.HASH) or (origin is Origin.INTERPOLATED and not is_written_here(credential)):
        return
    if (
        origin not in (Origin.LITERAL, Origin.PLACEHOLDER, Origin.INTERPOLATED)
        or not value.is_set
        or is_of_a_test(credential, stack.root)
    ):
        yield NOT_APPLICABLE
        return
    reason = is_weak(value.or_else(""), user=credential.user, product=credential.reader, key=credential.key)
    if reason is not None:
        whose = f" of user `{credential.user}`" if credential.user else ""
        what = kind_name(credential.kind)
        yield fail(literal_place(credential), f"The {what}{whose} in `{credential.key}` can be guessed: {reason}.")
    elif origin is Origin.PLACEHOLDER:
        yield NOT_APPLICABLE  # text that something should fill in: whether it does is another rule's question

"""SEC106: secrets on command lines."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Credential, Origin
from afscan.platforms.secrets import kind_name
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule


@rule("SEC106", severity=Severity.MEDIUM, tags=("CWE-214",))
def secret_on_command_line(credential: Credential, stack: Stack) -> Iterator[Problem]:
    """Secret stands on a command line.

    What a program is started with, everybody on the machine can read: `ps`, `/proc`, `kubectl describe`, `docker inspect`, the log of
    a build. That the value comes from a variable does not help: the shell puts it there before the program starts.

    ## Fix
    - Kubernetes: give the secret as an environment variable from `secretKeyRef`, or mount it as a file, and let the program read that.
    - Compose: mount it with `secrets:`, and use the program's own variable or file (`REDISCLI_AUTH`, `PGPASSFILE`, `--password-file`).
    - Any: use the program's own variable or file (`REDISCLI_AUTH`, `PGPASSFILE`, `MYSQL_PWD`, `curl --netrc-file`).
    """
    if credential.holder not in ("command-line", "environment") or credential.in_url:
        yield NOT_APPLICABLE
        return
    if credential.holder == "environment":
        return  # handed over as it should be
    if credential.origin in (Origin.PLACEHOLDER, Origin.EMPTY):
        yield NOT_APPLICABLE
        return
    what = kind_name(credential.kind)
    yield fail(credential.value.place, f"The {what} (`{credential.key}`) is part of a command line: the process list shows it.")

"""SEC505: whether a secret that nobody sets is noticed."""

from collections.abc import Iterator

from afscan.model.delivery import SecretVariable
from afscan.model.stack import Stack
from afscan.policy import Problem, Severity, fail, rule


@rule("SEC505", severity=Severity.LOW, profile="strict", tags=("CWE-1188", "CWE-258"))
def secret_may_be_empty(variable: SecretVariable, stack: Stack) -> Iterator[Problem]:
    """Secret may be empty.

    Compose puts an empty text where `${NAME}` is not set, with a warning that scrolls by. A password that is empty by mistake is
    refused at best; Redis takes `requirepass ""` for no password at all. `${NAME:?}` stops the start instead. A variable whose
    value is known, or that has a default which is not empty, is not meant here.

    ## Fix
    - Compose: write `${NAME:?set NAME in .env}`.
    - Any: demand the variable where it is read.
    """
    if variable.guard == "none":
        yield fail(variable.place, f"If `{variable.variable}` is not set, this secret is empty, and nothing stops the start.")
    elif variable.guard == "set":
        yield fail(
            variable.place, f"`{variable.variable}` has to be set but may be empty: `?` lets an empty value pass, `:?` does not."
        )

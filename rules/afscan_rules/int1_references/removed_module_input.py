"""INT106: inputs that a Terraform module no longer has."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.terraform import ModuleInput
from afscan.policy import Problem, Severity, fail, rule, unknown


@rule("INT106", severity=Severity.HIGH)
def removed_module_input(given: ModuleInput, stack: Stack) -> Iterator[Problem]:
    """Module input was removed.

    A module from the registry has the inputs of the version that is installed, which is the newest that the constraint admits, and
    without a constraint the newest of all. Terraform refuses an argument that this version does not have, and with it the whole
    configuration: the cluster is never made, or never changed again.

    ## Fix
    - Terraform: use the input's new name, or set a `version` that has the old one.
    - Any: write what the installed version understands.
    """
    if given.absent.is_unknown:
        reason = given.absent.reason
        yield unknown(given.absent.place, f"Whether {given.source} has the input `{given.input}` is not known: {reason}.")
    elif given.absent.value:
        chosen = "no `version` is set, so the newest is installed"
        if given.installed.is_set:
            chosen = f"`{given.installed.value}` admits newer ones"
        instead = f" It is `{given.instead}` now." if given.instead else ""
        message = f"`{given.input}` is no input of {given.source} since version {given.removed}, and {chosen}.{instead}"
        yield fail(given.absent.place, message)

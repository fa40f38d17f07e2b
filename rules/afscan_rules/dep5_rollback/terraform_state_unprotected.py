"""DEP506: Terraform's state on somebody's disk, or open to two runs at once."""

from collections.abc import Iterator
from posixpath import basename

from afscan.model.stack import Stack
from afscan.model.subjects import TerraformRoot
from afscan.policy import NOT_JUDGED, Problem, Severity, fail, rule, unknown

_TERRAGRUNT = frozenset(("terragrunt.hcl", "terragrunt.hcl.json", "terragrunt.stack.hcl"))
"""Terragrunt writes the backend and the required version of the modules that it runs (``remote_state``, ``generate``)."""


@rule("DEP506", severity=Severity.MEDIUM, tags=("CWE-667",))
def terraform_state_unprotected(root: TerraformRoot, stack: Stack) -> Iterator[Problem]:
    """Terraform state is not protected.

    The state says what exists. In a local file it is lost with a laptop and differs between two; without a lock two runs at once
    overwrite each other's, and there is no way back to what was. A version of Terraform that is too new rewrites it for good.
    Modules that others call have no state and are not judged; nor is what a part of the files lacks, as the rest may have it.

    ## Fix
    - Terraform: add a backend that locks (`backend "s3"` with `use_lockfile = true`) and a `required_version`.
    - Any: keep the state of the infrastructure remotely, locked and versioned.
    """
    backend, locking = root.backend, root.locking
    generated = backend.is_unset and any(basename(path) in _TERRAGRUNT for path in stack.paths)
    if generated:
        yield unknown(
            backend.place, "Where Terraform keeps the state is not known: Terragrunt may write the backend's configuration."
        )
    elif backend.is_unset and not stack.complete:
        yield NOT_JUDGED
    elif backend.is_unset:
        yield fail(backend.place, "Terraform keeps the state in a local file: no backend is configured.")
    elif backend.value == "local":
        yield fail(backend.place, "Terraform keeps the state in a local file: that is what the backend `local` is.")
    elif locking.is_unknown:
        yield unknown(locking.place, f"Whether the state is locked while it changes is not known: {locking.reason}.")
    elif locking.value is False:
        how = "neither `use_lockfile` nor `dynamodb_table` is set" if backend.value == "s3" else "no lock is configured"
        yield fail(locking.place, f"The state in the backend `{backend.value}` is not locked while it changes: {how}.")
    if root.required_version.is_unset and not generated and stack.complete:
        message = "Any version of Terraform may change this state: `required_version` is not set."
        yield fail(root.required_version.place, message, severity=Severity.LOW)

"""SEC108: secrets that Terraform prints."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import TerraformOutput, TerraformVariable
from afscan.platforms.secrets import kind_name
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("SEC108", severity=Severity.MEDIUM, tags=("CWE-532",))
def sensitive_variable_unmarked(value: TerraformVariable | TerraformOutput, stack: Stack) -> Iterator[Problem]:
    """Secret is not marked as sensitive.

    Terraform prints every value in plans and at the end of a run, and the pipeline keeps the log. `sensitive = true` replaces it by
    a note. What is marked in the root module stays marked below, so modules that others call are not judged, nor are hashes and
    lengths of secrets.

    ## Fix
    - Terraform: add `sensitive = true` to the variable or output.
    - Any: mark secrets as such, so that tools do not print them.
    """
    exposed = value.exposes if isinstance(value, TerraformOutput) else None
    if exposed is not None and exposed.is_unset:
        yield NOT_APPLICABLE
    elif value.sensitive.is_unknown:
        yield unknown(value.sensitive.place, f"Whether {value.name} is sensitive is not known: {value.sensitive.reason}.")
    elif value.sensitive.value is not True:
        how = "`sensitive` is off" if value.sensitive.is_set else "it has no `sensitive = true`"
        if isinstance(value, TerraformVariable):
            yield fail(value.sensitive.place, f"Terraform prints the {kind_name(value.credential)} in `{value.name}`: {how}.")
        else:
            related = [Related(value.exposes.place, "This is the secret.")]
            message = f"Terraform prints `{value.exposes.value}` as `{value.name}`: {how}."
            yield fail(value.sensitive.place, message, related=related)

"""INT102: references in Terraform to what no file of the module declares."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.terraform import TerraformReference
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_SHOWN = 5
"""How many further places a finding lists."""


@rule("INT102", severity=Severity.HIGH, absence=True)
def undeclared_terraform_reference(reference: TerraformReference, stack: Stack) -> Iterator[Problem]:
    """Terraform refers to what is not declared.

    Terraform refuses the whole module, so nothing of what it says is ever applied: not the encryption, not the backups. A module
    sees what its own folder declares and nothing else; outputs of other modules come in through variables. Excerpts in documents are
    not judged: what they do not show may exist.

    ## Fix
    - Terraform: declare the variable, resource or module in the module's folder, or correct the name; `terraform validate` tells.
    - Any: refer to what exists.
    """
    if reference.excerpt:
        yield NOT_APPLICABLE
    elif reference.declared.is_unknown:
        reason = reference.declared.reason
        yield unknown(reference.node.head, f"Whether `{reference.target}` is declared is not known: {reason}.")
    elif not reference.declared.value:
        where = f"`{reference.module}`" if reference.module else "this folder"
        message = (
            f"`{reference.target}` is not declared: no file in {where} has this {reference.kind}. This speaks of this stack only."
        )
        related = [Related(place, "It is referred to here, too.") for place in reference.others[:_SHOWN]]
        yield fail(reference.declared.place, message, related=related)

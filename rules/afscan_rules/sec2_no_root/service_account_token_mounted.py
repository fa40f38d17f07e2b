"""SEC211: tokens for the Kubernetes API in pods that do not call it."""

from collections.abc import Iterator

from afscan.join.namespaces import account_of, is_bound, is_excerpt, unread_manifests
from afscan.model.stack import Stack
from afscan.model.subjects import Workload
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown


@rule("SEC211", severity=Severity.LOW, tags=("CWE-522",))
def service_account_token_mounted(workload: Workload, stack: Stack) -> Iterator[Problem]:
    """Service account token is mounted without need.

    Kubernetes puts a token for its API into every pod unless the pod or its service account says no; the pod's word counts
    first. Whoever reads a file in the container has the token, and with it whatever is granted to that account, now or later.
    A workload whose account is bound to a role here does call the API and needs it.

    ## Fix
    - Kubernetes, Terraform: set `automountServiceAccountToken: false` on the pod (or on a service account of its own).
    """
    own, written = workload.automount_token, workload.service_account
    if own is None or written is None:
        yield NOT_APPLICABLE
        return
    if own.value is False:
        return
    if own.is_unknown or written.is_unknown:
        doubtful = own if own.is_unknown else written
        yield unknown(doubtful.place, f"Whether {workload.name} gets a token is not known: {doubtful.reason}.")
        return
    name = written.or_else("") or "default"
    account = account_of(stack, workload, name)
    if own.is_unset and account is not None and account.automount.value is False:
        return
    if is_bound(stack, workload.namespace, name):
        yield NOT_APPLICABLE
    elif not stack.complete or is_excerpt(workload) or unread_manifests(stack):
        yield NOT_JUDGED  # the account or a binding may be in the rest
    elif own.value is True:
        yield fail(
            own.place, f"{workload.name} mounts a token of the service account `{name}`, to which nothing here is granted."
        )
    elif account is None and name != "default":
        message = f"Whether {workload.name} gets a token depends on the service account `{name}`, which nothing here declares."
        yield unknown(written.place, message)
    elif account is not None and account.automount.is_unknown:
        yield unknown(own.place, f"Whether {workload.name} gets a token is not known: {account.automount.reason}.")
    else:
        related = [Related(account.place, "Its service account does not switch it off either.")] if account is not None else []
        message = (
            f"{workload.name} gets a token of the service account `{name}`, to which nothing here is granted: "
            "`automountServiceAccountToken` is not `false`."
        )
        yield fail(own.place, message, related=related)

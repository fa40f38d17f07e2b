"""SEC107: keys of a cloud that are valid until somebody withdraws them."""

from collections.abc import Iterator

from afscan.model.ci import StaticCloudKeys
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Origin
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule

_CLUSTERS = frozenset(("kubernetes", "terraform"))
_PAIR = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@rule("SEC107", severity=Severity.MEDIUM, tags=("CWE-798", "CWE-262"))
def long_lived_cloud_keys(subject: StaticCloudKeys | Container, stack: Stack) -> Iterator[Problem]:
    """Cloud keys are long-lived.

    A static access key works from anywhere, for whoever has it, until somebody withdraws it: it leaks with a log, a backup or a
    former colleague's laptop. Clouds hand out identities instead: a workflow proves by OIDC which repository it is, a pod which
    service account it runs as, and gets keys that expire within the hour. Keys of a storage that only speaks like a cloud's (an
    endpoint of its own) are none of these.

    ## Fix
    - GitHub: use `role-to-assume` with `permissions: {id-token: write}` (AWS), `workload_identity_provider` (Google Cloud) or a
      federated credential (Azure), and delete the key.
    - Kubernetes, Terraform: bind the service account to a role of the cloud (EKS Pod Identity or IRSA, GKE and Azure Workload Identity).
    - Any: use the identity of what runs instead of a key.
    """
    if isinstance(subject, Container):
        yield from _container(subject)
    elif subject.static.value:
        yield fail(subject.static.place, f"{subject.what} logs in to {subject.cloud} with a static key ({subject.how}).")


def _container(container: Container) -> Iterator[Problem]:
    """A container with a key in its environment, or with a file of keys mounted from a Secret."""
    if container.platform not in _CLUSTERS:
        yield NOT_APPLICABLE
        return
    names = container.environment
    other = any("ENDPOINT" in name.upper() for name in names) or "AWS_SESSION_TOKEN" in names
    key = names.get(_PAIR[0])
    found = False
    if key is not None and _PAIR[1] in names and not other and key.origin in (Origin.REFERENCE, Origin.LITERAL):
        found = True
        yield fail(key.value.place, f"{container.name} logs in to AWS with a static key (`{_PAIR[0]}`).")
    for mount in container.mounts:
        if mount.kind == "secret" and "/.aws" in mount.target.or_else(""):
            found = True
            yield fail(mount.node.head, f"{container.name} gets a file of AWS keys mounted at `{mount.target.value}`.")
    if not found:
        yield NOT_APPLICABLE

"""DEP406: pull policies under which a moved tag never arrives."""

from collections.abc import Iterator

from afscan.join.localimages import is_local
from afscan.model.stack import Stack
from afscan.model.subjects import Container
from afscan.platforms.revisions import BRANCH, kind_of
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_KEEPS = frozenset(("IfNotPresent", "Never"))


@rule("DEP406", severity=Severity.LOW, profile="strict", tags=("CWE-1357",))
def pull_policy_hides_change(container: Container, stack: Stack) -> Iterator[Problem]:
    """Pull policy hides a changed image.

    A tag such as `latest` or `main` moves, and a node that already has an image of that name keeps it under `IfNotPresent` or
    `Never`: two nodes run two versions under one name, and a fix that was pushed arrives on some of them. Kubernetes pulls always for
    `latest` and for no tag, and otherwise only what is not there. A version's tag and a digest may stay where they are.

    ## Fix
    - Kubernetes: name a version or a digest; with a tag that moves at least set `imagePullPolicy: Always`.
    - Any: name a version or a digest.
    """
    policy, image = container.pull_policy, container.image
    if policy is None or image is None or is_local(stack, image) or image.version is None:
        yield NOT_APPLICABLE
        return
    tag, digest = image.version
    always = tag in (None, "latest")
    if digest is not None or not (always or kind_of(tag or "") == BRANCH):
        return
    if policy.is_unknown:
        yield unknown(policy.place, f"When {container.name} pulls its image is not known: {policy.reason}.")
        return
    effective = policy.value if policy.is_set else "Always" if always else "IfNotPresent"
    if effective in _KEEPS:
        how = f"`imagePullPolicy: {effective}`" if policy.is_set else "the default `IfNotPresent`"
        place = policy.place if policy.is_set else image.reference.place
        what = f"the tag `{tag}`, which moves," if tag is not None else "an image without a tag, which is `latest`,"
        yield fail(place, f"{container.name} runs {what} under {how}: a node keeps the image that it has.")

"""DEP401: the tag `latest`."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ImageReference
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DEP401", severity=Severity.HIGH, tags=("CWE-1357",))
def image_tag_latest(image: ImageReference, stack: Stack) -> Iterator[Problem]:
    """Image tag is latest.

    `latest` is whatever was pushed last: two nodes can run two versions, a rollback restores the same words and another
    program, and nobody can say what was deployed on Tuesday. A variable whose default is `latest` comes to the same.

    ## Fix
    - Any: name a version, such as `:1.8.2`, best together with a digest.
    """
    if image.built_here or image.stage:
        yield NOT_APPLICABLE
    elif image.reference.is_unknown:
        yield unknown(image.reference.place, f"The image of {image.name} is not known: {image.reference.reason}.")
    elif image.reference.is_unset:
        yield NOT_APPLICABLE
    elif image.digest is None and (image.tag or "").lower() == "latest":  # with a digest the tag is only a comment
        yield fail(image.reference.place, f"`{image.reference.value}` is whatever was pushed last.")


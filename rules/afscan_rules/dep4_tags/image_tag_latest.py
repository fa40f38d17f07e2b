"""DEP401: the tag `latest`."""

from collections.abc import Iterator

from afscan.join.localimages import is_local
from afscan.model.stack import Stack
from afscan.model.subjects import ImageReference
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DEP401", severity=Severity.HIGH, tags=("CWE-1357",))
def image_tag_latest(image: ImageReference, stack: Stack) -> Iterator[Problem]:
    """Image tag is latest.

    `latest` is whatever was pushed last: two nodes can run two versions, a rollback restores the same words and another
    program, and nobody can say what was deployed on Tuesday. A variable whose default is `latest` comes to the same, and so does
    a variant of it (`latest-pg16`). With a digest beside it the tag is only a comment; what is built here is no registry's tag.

    ## Fix
    - Any: name a version, such as `:1.8.2`, best together with a digest.
    """
    reference, version = image.reference, image.version
    if is_local(stack, image) or reference.is_unset:
        yield NOT_APPLICABLE
    elif version is None:
        yield unknown(reference.place, f"The image of {image.name} is not known: {reference.reason}.")
    elif version == (None, None):
        yield NOT_APPLICABLE  # that is image-tag-missing
    else:
        tag, digest = version
        if digest is None and tag is not None and _is_latest(tag):
            yield fail(reference.place, f"`{reference.or_else(image.written)}` is whatever was pushed last.")


def _is_latest(tag: str) -> bool:
    name = tag.lower()
    return name == "latest" or name.startswith("latest-") or name.endswith("-latest")

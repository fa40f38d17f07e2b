"""DEP402: images without tag and digest."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ImageReference
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DEP402", severity=Severity.HIGH, tags=("CWE-1357",))
def image_tag_missing(image: ImageReference, stack: Stack) -> Iterator[Problem]:
    """Image tag is missing.

    A name without a tag means `latest`, only less visibly: what is deployed changes whenever somebody pushes.

    ## Fix
    - Any: add a version, such as `:1.8.2`, or a digest.
    """
    reference = image.reference
    if image.built_here or image.stage or reference.is_unset:
        yield NOT_APPLICABLE
    elif reference.is_unknown:
        yield unknown(reference.place, f"The image of {image.name} is not known: {reference.reason}.")
    elif image.tag is None and image.digest is None:
        yield fail(reference.place, f"`{reference.value}` has neither tag nor digest: that means `latest`.")

"""DEP403: images named by tag only."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ImageReference
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DEP403", severity=Severity.LOW, profile="strict", tags=("CWE-494",))
def image_not_pinned_by_digest(image: ImageReference, stack: Stack) -> Iterator[Problem]:
    """Image is not pinned by digest.

    A tag can be moved to another image at any time, by the publisher or by whoever takes over the registry account. A digest
    is the image.

    ## Fix
    - Any: append the digest, `:1.8.2@sha256:...`, and let a bot renew both together.
    """
    reference = image.reference
    if image.built_here or image.stage or reference.is_unset:
        yield NOT_APPLICABLE
    elif reference.is_unknown:
        yield unknown(reference.place, f"The image of {image.name} is not known: {reference.reason}.")
    elif image.digest is None and image.tag is None:
        yield NOT_APPLICABLE  # that is image-tag-missing
    elif image.digest is None:
        yield fail(reference.place, f"`{reference.value}` is pinned by a tag, which can move, and by no digest.")

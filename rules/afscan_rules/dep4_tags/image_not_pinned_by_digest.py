"""DEP403: images named by tag only."""

from collections.abc import Iterator

from afscan.join.localimages import is_local
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
    reference, version = image.reference, image.version
    if is_local(stack, image) or reference.is_unset or version == (None, None):
        yield NOT_APPLICABLE  # without any tag: that is image-tag-missing
    elif version is None:
        yield unknown(reference.place, f"The image of {image.name} is not known: {reference.reason}.")
    elif version[1] is None:
        yield fail(reference.place, f"`{reference.or_else(image.written)}` is pinned by a tag, which can move, and by no digest.")

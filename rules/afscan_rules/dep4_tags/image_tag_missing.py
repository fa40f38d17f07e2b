"""DEP402: images without tag and digest."""

from collections.abc import Iterator

from afscan.join.localimages import is_local
from afscan.model.stack import Stack
from afscan.model.subjects import ImageReference
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DEP402", severity=Severity.HIGH, tags=("CWE-1357",))
def image_tag_missing(image: ImageReference, stack: Stack) -> Iterator[Problem]:
    """Image tag is missing.

    A name without a tag means `latest`, only less visibly: what is deployed changes whenever somebody pushes. Build stages,
    `scratch` and what a service of the stack builds itself have no tag to miss.

    ## Fix
    - Any: add a version, such as `:1.8.2`, or a digest.
    """
    reference, version = image.reference, image.version
    if is_local(stack, image) or reference.is_unset:
        yield NOT_APPLICABLE
    elif version == (None, None):
        yield fail(reference.place, f"`{reference.or_else(image.written)}` has neither tag nor digest: that means `latest`.")
    elif version is None and not _ends_in_tag(image.written):
        yield unknown(reference.place, f"The image of {image.name} is not known: {reference.reason}.")


def _ends_in_tag(written: str) -> bool:
    """Whether a name with unknown parts has a tag or digest, whatever its value (`app:${VERSION}`)."""
    last = written.rpartition("/")[2]
    return "@" in last or ":" in last.partition("$")[0]

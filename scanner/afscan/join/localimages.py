"""Images that a stack builds itself: a Compose service may run what another service of the stack builds under that name."""

from afscan.model.stack import Stack
from afscan.model.subjects import ImageReference

KEY = "localimages"


def is_local(stack: Stack, image: ImageReference) -> bool:
    """Whether a reference names something that is built here: a stage of the same file, its own build, another service's."""
    if image.built_here or image.stage:
        return True
    if KEY not in stack.joined:
        built = (one for one in stack.of(ImageReference) if one.built_here and one.reference.is_set)
        stack.joined[KEY] = {(one.platform, _name(one)) for one in built}
    names: set[tuple[str, str]] = stack.joined[KEY]
    return image.reference.is_set and (image.platform, _name(image)) in names


def _name(image: ImageReference) -> str:
    """The reference with the tag that counts where none is written."""
    text = image.reference.or_else("")
    return text if image.version != (None, None) else f"{text}:latest"

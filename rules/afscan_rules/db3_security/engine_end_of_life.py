"""DB307: engines that get no more fixes."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource, Server
from afscan.platforms.lifecycles import as_of, product_of_image, support_of
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DB307", severity=Severity.MEDIUM, tags=("CWE-1104",))
def engine_end_of_life(engine: ManagedResource | Server, stack: Stack) -> Iterator[Problem]:
    """Engine is past the end of its support.

    A vulnerability that is found now stays open in it, or is mended for a surcharge only. The dates are the projects' and the
    cloud's own, in a table of a given day: the verdict changes with the table, not overnight. What the table does not list, such as
    an image of your own with its own numbers, is not judged.

    ## Fix
    - Terraform: raise `engine_version` (or the cluster's `version`) to a supported one, after a rehearsal on a copy.
    - Any: upgrade to a version that is supported.
    """
    if isinstance(engine, ManagedResource):
        product, version = engine.lifecycle, engine.engine_version
        if not product or version is None or version.is_unset:
            yield NOT_APPLICABLE
            return
        text, place, reason = version.value, version.place, version.reason
    else:
        image = engine.container.image if engine.container is not None else None
        product = product_of_image(image.repository) if image is not None and not image.built_here else ""
        if image is None or not product:
            yield NOT_APPLICABLE
            return
        known = image.version
        text, place, reason = known[0] or "latest" if known else None, image.reference.place, image.reference.reason
    if text is None:
        yield unknown(place, f"Which version {engine.name} runs is not known: {reason}.")
        return
    support = support_of(product, text)
    if support is None:
        yield NOT_APPLICABLE
    elif support.ended:
        message = f"{engine.name} runs {support.title} {support.line}: {support.kind} ended on {support.ended}"
        yield fail(place, f"{message} (dates known as of {as_of()}).")

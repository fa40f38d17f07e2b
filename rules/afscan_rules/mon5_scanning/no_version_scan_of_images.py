"""MON505: images that no scan looks into."""

from collections.abc import Iterator

from afscan.join.repository import scanning_registry, ships, unread_upkeep
from afscan.model.ci import Repository
from afscan.model.stack import Stack
from afscan.model.subjects import Container, ImageBuild
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("MON505", severity=Severity.LOW, absence=True, tags=("CWE-1104",))
def no_version_scan_of_images(repository: Repository, stack: Stack) -> Iterator[Problem]:
    """Images are not scanned.

    Most of an image is not what the repository holds: an operating system, a language, their libraries. A scan of the code, of its
    dependencies or of the Dockerfile does not see them. Judged where workflows scan something else, so that it is known how this
    repository scans; a registry of the stack that scans what arrives counts.

    ## Fix
    - GitHub: scan the image that was built before it is pushed (Trivy: `scan-type: image`, `image-ref`, `exit-code: "1"`).
    - GitLab: include `Jobs/Container-Scanning.gitlab-ci.yml`.
    - Terraform: set `image_scanning_configuration { scan_on_push = true }` on the registry.
    - Any: scan every image that is built or deployed.
    """
    image = _image(stack)
    if image is None or not repository.scans or not ships(stack):
        yield NOT_APPLICABLE
        return
    if scanning_registry(stack) is not None or any("images" in one.covers or not one.covers for one in repository.scans):
        return
    place = repository.scans[0].place
    related = [Related(image.place, "This is such an image.")]
    notice = unread_upkeep(stack)
    if notice is not None or repository.opaque:
        name = repository.opaque[0][0] if repository.opaque else f"`{notice.place.path if notice is not None else ''}`"
        yield unknown(place, f"Whether images are scanned is not known: {name} is not read.", related=related)
        return
    tools = sorted({one.tool for one in repository.scans})
    yield fail(place, f"{', '.join(tools[:4])}: none of the scans of this stack looks into images.", related=related)


def _image(stack: Stack) -> ImageBuild | Container | None:
    """An image that the stack builds, else one that it runs."""
    builds = stack.of(ImageBuild)
    if builds:
        return builds[0]
    return next((one for one in stack.of(Container) if one.image is not None), None)

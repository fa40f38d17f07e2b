"""DEP101: whether anybody notices that a container hangs."""

from collections.abc import Iterator

from afscan.join.health import has_own_probes, health_check_of, orchestrated, owes_probes
from afscan.model.stack import Stack
from afscan.model.subjects import Container, ImageBuild, Probe
from afscan.model.value import Value
from afscan.platforms.images import facts_of_reference
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule, unknown


@rule("DEP101", severity=Severity.MEDIUM, tags=("CWE-1059",))
def liveness_missing(subject: Container | ImageBuild, stack: Stack) -> Iterator[Problem]:
    """Liveness check is missing.

    A process can hang without ending: deadlocked, out of file descriptors, cut off from its own database pool. Without a check
    nobody restarts it. What counts is what runs the container: Kubernetes looks at its own probes and ignores an image's
    HEALTHCHECK, Compose uses the service's `healthcheck`, else the HEALTHCHECK of the image. Jobs and init containers owe none.

    ## Fix
    - Kubernetes, Terraform: add a `livenessProbe` that asks the process itself, not what it depends on.
    - Compose: add a `healthcheck` with a `test`, or end the Dockerfile that is built with a HEALTHCHECK.
    - Dockerfile: add `HEALTHCHECK CMD ...` to the final stage.
    """
    if isinstance(subject, ImageBuild):
        yield from _build(subject, stack)
        return
    check = subject.liveness
    if not owes_probes(subject):
        yield NOT_APPLICABLE
    elif check.is_unknown:
        yield unknown(check.place, f"The health check of {subject.name} is not known: {check.reason}.")
    elif _disabled(check):
        yield fail(check.place, f"The health check of {subject.name} is switched off.")
    elif check.is_unset and has_own_probes(subject):
        yield fail(check.place, f"{subject.name} has no liveness probe: nobody restarts it when it hangs.")
    elif check.is_unset:
        yield from _of_image(subject)


def _of_image(container: Container) -> Iterator[Problem]:
    """A container that leaves its health check to its image."""
    if container.build is not None:
        if container.stage is None:
            reason = "has no health check of its own, and the Dockerfile that it is built from is not known"
            yield unknown(container.place, f"{container.name} {reason}.")
            return
        inherited = health_check_of(container.stage)
        if inherited.is_unknown:
            yield unknown(inherited.place, f"The health check of {container.name} is not known: {inherited.reason}.")
        elif inherited.is_unset or _disabled(inherited):
            what = "switches it off" if inherited.is_set else "has no HEALTHCHECK"
            related = [Related(inherited.place, "This is the Dockerfile that it is built from.")]
            yield fail(container.place, f"{container.name} has no health check, and its Dockerfile {what}.", related=related)
        return
    facts = facts_of_reference(container.image) if container.image is not None else None
    if facts is None or not facts.health_check:
        yield fail(container.place, f"{container.name} has no health check, and none is known of its image.")


def _build(build: ImageBuild, stack: Stack) -> Iterator[Problem]:
    """An image by itself: its HEALTHCHECK matters where nobody else watches what runs from it."""
    stage = build.stage()
    if build.built_by or stage is None:
        yield NOT_APPLICABLE  # judged at the containers that build it: they may bring their own
        return
    check = health_check_of(stage)
    if check.is_set and not _disabled(check):
        return
    watched = orchestrated(stack)
    if watched:
        yield NOT_APPLICABLE  # the orchestrator's probes count, and it ignores HEALTHCHECK
    elif watched is None:
        yield NOT_JUDGED
    elif not check.is_unknown:
        what = "has no HEALTHCHECK" if check.is_unset else "switches the HEALTHCHECK off"
        yield fail(check.place, f"{build.name} {what}, and nothing here runs its image with a check of its own.")
    else:
        yield unknown(check.place, f"The HEALTHCHECK of {build.name} is not known: {check.reason}.")


def _disabled(check: Value[Probe]) -> bool:
    return check.value is not None and check.value.kind == "none"

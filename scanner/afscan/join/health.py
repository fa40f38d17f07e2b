"""Who watches a container's health: its orchestrator by probes, or the container runtime by the image's HEALTHCHECK.

Sources: docs.docker.com/reference/dockerfile, "HEALTHCHECK" (inherited from the base image; NONE switches it off); Compose
Specification, "healthcheck" (overrides the image's). Kubernetes never runs an image's HEALTHCHECK.
"""

from afscan.model.notice import NoticeKind
from afscan.model.stack import Stack
from afscan.model.subjects import BuildStage, Container, Probe
from afscan.model.value import Value

KEY = "health"

_MAX_STAGES = 100


def owes_probes(container: Container) -> bool:
    """Whether a container is meant to run on: init containers, debugging containers and jobs owe no probes."""
    return container.role in ("main", "sidecar") and not container.workload.runs_to_completion


def has_own_probes(container: Container) -> bool:
    """Whether a container's orchestrator probes it itself and ignores the image's HEALTHCHECK."""
    return container.readiness is not None


def health_check_of(stage: BuildStage) -> Value[Probe]:
    """The HEALTHCHECK of what a build stage yields, inherited from earlier stages; unset where none of these files has one."""
    at: BuildStage | None = stage
    for _ in range(_MAX_STAGES):
        if at is None:
            break
        if not at.healthcheck.is_unset:
            return at.healthcheck
        at = at.parent
    return Value.unset(stage.node)


def orchestrated(stack: Stack) -> bool | None:
    """Whether an orchestrator with probes of its own runs containers of this stack; None where unread files may say so."""
    found = stack.joined.get(KEY)
    if found is None:
        if any(has_own_probes(container) for container in stack.of(Container)):
            found = (True,)
        else:
            unread = any(notice.kind in (NoticeKind.TEMPLATED, NoticeKind.SYNTAX) for notice in stack.notices)
            found = (None if unread or not stack.complete else False,)
        stack.joined[KEY] = found
    answer: bool | None = found[0]
    return answer

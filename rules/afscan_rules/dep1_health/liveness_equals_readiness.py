"""DEP104: a liveness probe that asks what the readiness probe asks."""

import re
from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Container, Probe
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_PERIOD, _FAILURES = 10, 3
"""Kubernetes' defaults: "Configure Liveness, Readiness and Startup Probes"."""


_ALIVE = re.compile(r"live|alive|ping|-/healthy", re.IGNORECASE)
"""Paths that by their name depend on nothing: a readiness probe that asks one restarts nobody."""


@rule("DEP104", severity=Severity.LOW, tags=("CWE-1059",))
def liveness_equals_readiness(container: Container, stack: Stack) -> Iterator[Problem]:
    """Liveness probe equals the readiness probe.

    Readiness answers whether a pod may get traffic now, and may well depend on a database; liveness, whether a restart would help.
    Where both ask the same address with the same patience, a slow dependency restarts every pod at once, just when it is least
    helpful. What is compared is the address over HTTP; a check of the open port, or of a path such as `/livez`, depends on nothing
    else.

    ## Fix
    - Kubernetes: let the liveness probe ask a path that depends on nothing (`/livez`), or give it a higher `failureThreshold`.
    - Any: ask liveness and readiness at different paths, or wait longer before a restart.
    """
    live, ready = container.liveness.value, container.readiness.value if container.readiness is not None else None
    if live is None or ready is None or not {live.kind, ready.kind} <= {"http", "https"}:
        yield NOT_APPLICABLE
        return
    if live.kind != ready.kind or live.port is None or ready.port is None or live.path is None or ready.path is None:
        return
    values = (live.port, ready.port, live.path, ready.path)
    doubtful = next((value for value in values if value.is_unknown), None)
    if doubtful is not None:
        yield unknown(doubtful.place, f"Whether the probes of {container.name} ask the same is not known: {doubtful.reason}.")
        return
    same = live.port.value == ready.port.value and (live.path.value or "/") == (ready.path.value or "/")
    if same and not _ALIVE.search(live.path.value or "") and _patience(live) <= _patience(ready):
        yield fail(
            container.liveness.place,
            f"The liveness probe of {container.name} asks `{live.path.value or '/'}` as its readiness probe does, and gives up as soon: "
            "what makes the pod unready restarts it.",
            related=[Related(container.readiness.place, "The readiness probe asks the same.")] if container.readiness else [],
        )


def _patience(probe: Probe) -> int:
    """Seconds until a probe has failed."""
    period = probe.period.or_else(_PERIOD) if probe.period is not None else _PERIOD
    failures = probe.failures.or_else(_FAILURES) if probe.failures is not None else _FAILURES
    return period * failures

"""SEC109: workflows that run a stranger's code with the repository's secrets."""

import re
from collections.abc import Iterator

from afscan.model.ci import Workflow, WorkflowJob, WorkflowStep
from afscan.model.stack import Stack
from afscan.model.value import Value
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule

_HEAD = re.compile(r"github\.event\.pull_request\.head\.(?:sha|ref)|github\.head_ref|refs/pull/", re.IGNORECASE)
_GUARD = re.compile(
    r"head\.repo|label|author_association|github\.actor|\.user\.login|triggering_actor|event_name|secrets\.|vars\.|inputs\."
)


@rule("SEC109", severity=Severity.HIGH, tags=("CWE-829", "CWE-94"))
def workflow_runs_untrusted_code(workflow: Workflow, stack: Stack) -> Iterator[Problem]:
    """Workflow runs untrusted code with secrets.

    `pull_request_target` runs in the context of the repository itself: with its secrets and a token that may write. Where such a job
    checks out the pull request and runs anything of it (a build, a test, an install script), whoever opens a pull request reads the
    secrets and pushes what they like. A job with a condition about who or what the request is, or with an environment that
    somebody has to approve, is not reported.

    ## Fix
    - GitHub: use `pull_request`, which has no secrets for strangers; or split the work: build without secrets, and let a second
      workflow (`workflow_run`) use the result.
    - Any: never run a stranger's code where secrets are at hand.
    """
    if not workflow.on("pull_request_target"):
        if not workflow.on("pull_request"):  # which passes: a stranger's code runs there without secrets
            yield NOT_APPLICABLE
        return
    for job in workflow.jobs:
        if job.disabled or not job.deployment.is_unset or _GUARD.search(job.condition.or_else("")):
            continue
        found = _runs_the_request(job)
        if found is not None:
            reference, step = found
            yield fail(
                reference.place,
                f"{job.name} checks out the pull request and runs its code, with the repository's secrets and token.",
                related=[Related(step.place, "This runs what was checked out.")],
            )


def _runs_the_request(job: WorkflowJob) -> tuple[Value[str], WorkflowStep] | None:
    """The reference that is checked out, and the first step behind it that runs something."""
    reference: Value[str] | None = None
    for step in job.steps:
        if _GUARD.search(step.condition.or_else("")):
            continue
        if step.uses is not None and step.uses.repository == "actions/checkout":
            given = step.inputs.get("ref")
            reference = given if given is not None and _HEAD.search(given.or_else("")) else reference
        elif reference is not None and (step.run.is_set or (step.uses is not None and step.uses.kind == "local")):
            return reference, step
    return None

"""SEC213: workflows whose token may do everything."""

from collections.abc import Iterator

from afscan.model.ci import Workflow, WorkflowJob
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule


@rule("SEC213", severity=Severity.MEDIUM, tags=("CWE-250", "CWE-272"))
def workflow_token_too_broad(subject: Workflow | WorkflowJob, stack: Stack) -> Iterator[Problem]:
    """Workflow token may write everything.

    Every action of a job, and every package that it installs, can use the job's token. With `write-all` a compromised one pushes
    code, publishes packages and approves deployments. Least privilege holds for machines, too: a job gets the scopes that it needs.
    Without `permissions` the organisation's default counts, which stands in no file. A job's own permissions replace its workflow's.

    ## Fix
    - GitHub: write `permissions: {contents: read}` for the workflow, and add single scopes to the jobs that need them.
    - Any: give the token the scopes that the job needs.
    """
    permissions = subject.permissions
    if not permissions.is_set:
        yield NOT_APPLICABLE
        return
    if permissions.or_else({}).get("*") != "write":
        return
    if isinstance(subject, Workflow) and subject.jobs and all(job.permissions.is_set for job in subject.jobs):
        return
    yield fail(permissions.place, f"The token of {subject.name} may write everything (`write-all`).")

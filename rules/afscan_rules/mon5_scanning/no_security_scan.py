"""MON501: repositories in which nothing scans."""

from collections.abc import Iterator

from afscan.join.repository import ships, unread_upkeep
from afscan.model.ci import Repository
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("MON501", severity=Severity.MEDIUM, absence=True, tags=("CWE-1104",))
def no_security_scan(repository: Repository, stack: Stack) -> Iterator[Problem]:
    """Nothing scans for vulnerabilities.

    Every week new vulnerabilities become known in code that did not change. Without a scanner in its workflows or hooks nobody
    looks for them in images, dependencies, infrastructure code and for secrets, until somebody else does. Judged for a repository
    that builds, deploys or provisions something and whose workflows are in the stack; a registry that scans what arrives
    sees the images alone. Where workflows run what is not read (`make`, scripts, other repositories' workflows) it cannot be told. What is
    switched on in a hosting service's settings stands in no file.

    ## Fix
    - GitHub: add a job that runs a scanner (Trivy, Grype, Checkov, gitleaks, ...) on every pull request and by schedule.
    - GitLab: include the templates `Jobs/SAST.gitlab-ci.yml`, `Jobs/Dependency-Scanning.gitlab-ci.yml` and their like.
    - Any: run a scanner for images, dependencies, infrastructure code and secrets on every change.
    """
    if not ships(stack):
        yield NOT_APPLICABLE
        return
    if repository.scans:
        return
    place = repository.place
    notice = unread_upkeep(stack)
    if notice is not None:
        yield unknown(place, f"Whether anything scans this repository is not known: `{notice.place.path}` could not be read.")
    elif repository.opaque:
        name, where = repository.opaque[0]
        related = [Related(where, "What this runs is not read.")]
        yield unknown(place, f"Whether anything scans this repository is not known: {name} may do it.", related=related)
    else:
        count = len(repository.workflows)
        what = "The workflow of this stack runs" if count == 1 else f"None of the {count} workflows of this stack runs"
        known = "no known scanner" if count == 1 else "a known scanner"
        yield fail(place, f"{what} {known}, and no hook does: nobody looks for known vulnerabilities.")

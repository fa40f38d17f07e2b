"""DEP404: what is fetched while building or provisioning, in whatever version there is that day."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Dependency
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DEP404", severity=Severity.MEDIUM, tags=("CWE-1357",))
def floating_dependency(dependency: Dependency, stack: Stack) -> Iterator[Problem]:
    """Dependency version is floating.

    A package, module or provider without a version is today's newest: the same commit builds another image tomorrow, with
    another major version or with what somebody put into the registry overnight, and nobody can build yesterday's again. An action of
    a workflow that is named by a branch runs whatever was pushed there, with the workflow's token.

    ## Fix
    - Terraform: set `version` (`~> 5.8`) on the module, the chart or in `required_providers`; for a git source `?ref=` a tag or commit.
    - GitHub: name a tag of the action, or better the commit of one with the tag in a comment, instead of a branch.
    - pre-commit: set `rev` to a tag, and let `pre-commit autoupdate` renew it.
    - Helm: give the dependency a version or a range within one major version (`~1.2`), and commit `Chart.lock`.
    - Dockerfile: name the version (`curl=8.14.*`, `requests==2.32.4`), or install from a lock file.
    """
    pinned = dependency.pinned
    if pinned.is_unset:
        yield NOT_APPLICABLE
    elif pinned.is_unknown:
        yield unknown(pinned.place, f"The version of {dependency.name} is not known: {pinned.reason}.")
    elif not pinned.value:
        version = dependency.version
        how = f"floats with `{version.value}`" if version.is_set else "has no version: it is whatever is newest on the day"
        yield fail(pinned.place, f"The {dependency.name} {how}.")

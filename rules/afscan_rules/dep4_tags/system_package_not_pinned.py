"""DEP408: packages of the distribution without a version."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Dependency
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("DEP408", severity=Severity.LOW, profile="strict", tags=("CWE-1357",))
def system_package_not_pinned(dependency: Dependency, stack: Stack) -> Iterator[Problem]:
    """System package is not pinned.

    What `apt-get install` and `apk add` fetch without a version is whatever the distribution serves on the day: two builds of one
    commit differ. A release of the distribution bounds it, and its archive drops the versions that it has fixed, so that an exact
    version breaks the build some day: this is a question for who needs builds that can be repeated, hence the strict profile.

    ## Fix
    - Dockerfile: name the version, best its upstream part (`curl=8.14.*`, `tini=~0.19`), and let an updater renew it.
    """
    pinned = dependency.pinned
    if not dependency.of_system or pinned.is_unset:
        yield NOT_APPLICABLE
    elif pinned.is_unknown:
        yield unknown(pinned.place, f"The version of {dependency.name} is not known: {pinned.reason}.")
    elif not pinned.value:
        yield fail(pinned.place, f"The {dependency.name} has no version: what is served on the day is installed.")

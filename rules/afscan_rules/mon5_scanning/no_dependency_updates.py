"""MON504: repositories whose dependencies nobody updates."""

import re
from collections.abc import Iterator

from afscan.join.repository import ships, unread_upkeep
from afscan.model.ci import Repository
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown

_UPDATES = re.compile(r"renovate|dependabot|depend|updat|upgrade", re.IGNORECASE)


@rule("MON504", severity=Severity.LOW, absence=True, tags=("CWE-1104", "CWE-1329"))
def no_dependency_updates(repository: Repository, stack: Stack) -> Iterator[Problem]:
    """Nothing proposes updates of dependencies.

    Base images, packages, modules and actions get fixes every week; what is pinned stays as it was until somebody thinks of it. A
    bot that opens a pull request per update makes that a matter of review. Judged for a repository that builds, deploys or
    provisions something and whose workflows are in the stack. Renovate can also run without a file in the repository, which is not
    seen here.

    ## Fix
    - GitHub: add `.github/dependabot.yml` with an entry for each ecosystem (docker, github-actions, terraform, pip, npm, ...).
    - GitLab: run Renovate, and add `renovate.json`.
    - Renovate: remove `"enabled": false`.
    - Any: let Dependabot or Renovate propose updates.
    """
    if not ships(stack):
        yield NOT_APPLICABLE
        return
    working = [one for one in repository.updates if one.enabled.value]
    if working:
        return
    place = repository.place
    notice = unread_upkeep(stack)
    if notice is not None or any(one.enabled.is_unknown for one in repository.updates):
        yield unknown(place, "Whether anything proposes updates is not known: a configuration of it could not be read.")
    elif repository.updates:
        off = repository.updates[0]
        yield fail(
            off.enabled.place,
            f"{off.name.capitalize()} is configured here but updates nothing: it is switched off or its list is empty.",
        )
    elif (outside := next((one for one in repository.opaque if _UPDATES.search(one[0])), None)) is not None:
        related = [Related(outside[1], "What this runs is not read.")]
        yield unknown(place, f"Whether anything proposes updates is not known: {outside[0]} may do it.", related=related)
    else:
        yield fail(place, "This stack has workflows, but no configuration of Dependabot or Renovate: nothing proposes updates.")

"""DEP407: actions by tag."""

from collections.abc import Iterator

from afscan.model.ci import ActionReference
from afscan.model.stack import Stack
from afscan.platforms.revisions import BRANCH, COMMIT
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule


@rule("DEP407", severity=Severity.LOW, profile="strict", tags=("CWE-1357",))
def action_not_pinned_by_commit(action: ActionReference, stack: Stack) -> Iterator[Problem]:
    """Action is not pinned by a commit.

    A tag of an action can be moved, by its publisher or by whoever takes over the publisher's account, and has been: the next run
    then executes other code with the repository's token. A commit cannot. Dependabot and Renovate renew commits together with the
    tag in the comment behind them. Branches are another rule's.

    ## Fix
    - GitHub: write the commit and the tag as a comment, `owner/action@<40 hexadecimal digits> # v4.2.2`.
    - Any: pin by commit.
    """
    if action.kind != "remote" or not action.revision.is_set or action.revision_kind == BRANCH:
        yield NOT_APPLICABLE
    elif action.revision_kind != COMMIT:
        yield fail(action.revision.place, f"`{action.target}@{action.revision.value}` is pinned by a name, which can move.")

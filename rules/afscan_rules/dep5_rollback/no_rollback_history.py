"""DEP501: whether an update that fails can be taken back."""

from collections.abc import Iterator

from afscan.model.delivery import Rollout
from afscan.model.stack import Stack
from afscan.policy import Problem, Severity, fail, rule, unknown


@rule("DEP501", severity=Severity.MEDIUM)
def no_rollback_history(rollout: Rollout, stack: Stack) -> Iterator[Problem]:
    """No revision to roll back to.

    An update that fails is taken back by going to the revision before it. Kubernetes keeps ten of them unless
    `revisionHistoryLimit` says otherwise; with 0, `kubectl rollout undo` has nothing to go back to. A Compose service whose
    updates are configured stops at a failed one, half updated, unless `failure_action` is `rollback`.

    ## Fix
    - Kubernetes, Terraform: drop `revisionHistoryLimit` (10 revisions are kept then), or set it to 2 or more.
    - Compose: set `deploy.update_config.failure_action: rollback`.
    """
    history, action = rollout.history, rollout.failure_action
    if history is not None:
        if history.is_unknown:
            yield unknown(history.place, f"How many revisions of {rollout.name} are kept is not known: {history.reason}.")
        elif history.is_set and history.or_else(10) <= 0:
            yield fail(history.place, f"No revision of {rollout.name} is kept: an update cannot be rolled back.")
    if action is not None:
        if action.is_unknown:
            yield unknown(action.place, f"What follows a failed update of {rollout.name} is not known: {action.reason}.")
        elif action.or_else("pause") != "rollback":
            how = "goes on" if action.or_else("pause") == "continue" else "stops half-way"
            written = f"`failure_action` is `{action.value}`" if action.is_set else "`failure_action` is not set"
            yield fail(action.place, f"A failed update of {rollout.name} {how} and is not rolled back: {written}.")

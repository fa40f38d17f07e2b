"""DEP507: migrations that destroy and cannot be taken back."""

from collections.abc import Iterator

from afscan.model.sql import Migration
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, NOT_JUDGED, Problem, Related, Severity, fail, rule

_OTHER_FILES = ("flyway", "golang-migrate", "sqitch")
"""Tools that keep the way back in a file of its own."""


@rule("DEP507", severity=Severity.LOW, tags=("CWE-1109",))
def schema_change_without_down_path(migration: Migration, stack: Stack) -> Iterator[Problem]:
    """Destructive migration has no way back.

    A release that goes wrong is rolled back together with its schema. A migration that drops a table or a column, or empties one,
    without a counterpart leaves the old version of the application before a schema that it does not know. Migrations that only add
    are not asked for one: the old version runs on beside what was added.

    ## Fix
    - SQL: write the counterpart by your tool's convention (`*.down.sql`, `-- +goose Down`, `-- migrate:down`, `U1__name.sql`,
      `revert/`), or drop in a later release than the one that stops using it.
    - Any: write a counterpart for what destroys, or destroy one release later.
    """
    lost = [name for one in migration.up if not one.conditional for name in one.destroys]
    if not lost:
        yield NOT_APPLICABLE
        return
    if migration.down:
        return
    if migration.down is None and migration.tool in _OTHER_FILES and not stack.complete:
        yield NOT_JUDGED
        return
    why = "nothing in this stack takes it back" if migration.down is None else "its way back is empty"
    related = [Related(migration.partner.place, "This is its way back.")] if migration.partner is not None else []
    names = ", ".join(f"`{name.full[:60]}`" for name in lost[:3]) + (" and more" if len(lost) > 3 else "")
    yield fail(lost[0].place, f"This migration destroys {names}, and {why}.", related=related)

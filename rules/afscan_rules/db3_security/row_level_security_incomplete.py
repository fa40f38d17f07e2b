"""DB303: row-level security that does not bind whom it should."""

from collections.abc import Iterator

from afscan.join.databases import can_log_in
from afscan.model.sql import DatabaseTable
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule, unknown


@rule("DB303", severity=Severity.MEDIUM, tags=("CWE-863", "CWE-284"))
def row_level_security_incomplete(table: DatabaseTable, stack: Stack) -> Iterator[Problem]:
    """Row-level security is incomplete.

    A policy binds nobody until row-level security is enabled on its table, and it never binds the table's owner unless it is
    forced, nor a superuser. A policy for a table that does not exist protects nothing. One that reads `current_setting('x')`
    without its second argument makes every query fail where nobody has set it. Who owns a table decides: one that belongs to a
    role as which nobody logs in needs no FORCE.

    ## Fix
    - SQL: create the table first, then `ALTER TABLE t ENABLE ROW LEVEL SECURITY`, `ALTER TABLE t FORCE ROW LEVEL SECURITY`, then the
      policies with `current_setting('app.user', true)`; the application sets it with `SET LOCAL` in each transaction.
    - Any: enable and force row-level security on every table that has policies, and let a role that nobody logs in as own it.
    """
    enabled = bool(table.row_security.value)
    if not enabled and not table.policies:
        yield NOT_APPLICABLE
        return
    if table.created is None:
        if table.container is not None and not table.catalogue.uncertain:
            why = "no script that its server runs creates it before"
            yield fail(
                table.place, f"Row-level security is written for the table `{table.table}`, and {why}: it protects nothing."
            )
    elif table.policies and not enabled:
        policy = table.policies[0]
        off = [Related(table.row_security.place, "It is turned off here.")] if table.row_security.is_set else []
        yield fail(
            policy.policy.place,
            f"The policy `{policy.policy.name}` binds nobody: row-level security is not enabled on `{table.table}`.",
            related=[*off, Related(table.created.place, "The table is created here.")],
        )
    if enabled and not table.forced.value:
        yield from _unforced(stack, table)
    yield from _settings(table)


def _unforced(stack: Stack, table: DatabaseTable) -> Iterator[Problem]:
    """ENABLE alone does not bind the owner, nor the members of the owning role."""
    place = table.forced.place if table.forced.is_set else table.row_security.place
    owner = table.catalogue.roles.get(table.owner) if table.owner else None
    if owner is None:
        if table.created is not None and table.container is None:
            why = f"it is not forced, and who owns `{table.table}` is not known"
            yield unknown(place, f"Whether row-level security binds the application is not known: {why}.")
        return
    if owner.bootstrap or owner.has("SUPERUSER") or not can_log_in(stack, owner):
        return
    message = f"Row-level security on `{table.table}` does not bind its owner `{owner.role}`, as whom somebody logs in: it is not forced."
    yield fail(place, message, related=[Related(owner.place, f"`{owner.role}` is created here.")])


def _settings(table: DatabaseTable) -> Iterator[Problem]:
    given = {one.setting.name for one in table.catalogue.session_settings if not one.value.is_unset}
    for policy in table.policies:
        for use in policy.settings:
            name = use.setting.or_else("")
            if use.missing_ok.is_unset and use.setting.is_set and name.lower() not in given and "." in name:
                yield fail(
                    use.node.place,
                    f"Every query on `{table.table}` fails where nobody has set `{name[:60]}`: `current_setting` is asked without "
                    "`missing_ok`.",
                    severity=Severity.LOW,
                    remedy=f"write `current_setting('{name[:60]}', true)`, which is NULL where nothing is set.",
                )

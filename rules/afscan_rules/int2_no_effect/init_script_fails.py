"""INT206: init scripts that cannot run to their end."""

from collections.abc import Iterator

from afscan.model.sql import Catalogue, FailedStatement
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Related, Severity, fail, rule


@rule("INT206", severity=Severity.HIGH, tags=("CWE-696",))
def init_script_fails(catalogue: Catalogue, stack: Stack) -> Iterator[Problem]:
    """Init script fails.

    PostgreSQL's images run the init scripts once, in the order of their names, and stop at the first error. What stands behind it
    never runs, the container ends, and with its data directory half made the next start skips all scripts: the server then
    runs without the roles, privileges and policies that the scripts describe.

    ## Fix
    - SQL: create what the statement needs in an earlier script, or use an image that has it.
    - Any: order the scripts so that each statement finds what it needs.
    """
    if not catalogue.failures and (catalogue.container is None or catalogue.uncertain):
        yield NOT_APPLICABLE  # what a script needs may be made where nobody here can see it
    for failed in catalogue.failures:
        yield _failure(failed)


def _failure(failed: FailedStatement) -> Problem:
    message = f"This statement fails: {failed.reason}."
    related = []
    if failed.stops and failed.skipped:
        count = len(failed.skipped)
        more = "One more statement is" if count == 1 else f"{count} more statements are"
        message += f" {more} never run, and the server does not finish its first start."
        related.append(Related(failed.skipped[0].place, "From here on nothing is run."))
    return fail(failed.place, message, related=related)

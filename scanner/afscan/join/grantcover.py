"""What ``GRANT ... ON ALL TABLES IN SCHEMA`` covers: the tables that exist when it runs, and none that is made later.

Source: postgresql.org, "GRANT" ("all objects currently existing") and "ALTER DEFAULT PRIVILEGES". Linear in a server's statements.
"""

from afscan.model.record import field, record
from afscan.model.sql import Catalogue, DatabaseGrant, IncludeStatement, SqlStatement
from afscan.model.stack import Stack

_KEY = "grantcover"


@record(slots=True)
class _Order:
    """``at`` is each statement's number; ``made`` the first statement that makes a table of a schema ("" where none is written);
    ``unclear`` the number of the first statement that may make tables unseen."""

    at: dict[int, int] = field(default_factory=dict)
    made: dict[str, SqlStatement] = field(default_factory=dict)
    unclear: int | None = None


def _order(stack: Stack, catalogue: Catalogue) -> _Order:
    orders: dict[int, _Order] = stack.joined.setdefault(_KEY, {})
    found = orders.get(id(catalogue))
    if found is None:
        found = orders[id(catalogue)] = _Order()
        for number, one in enumerate(one for script in catalogue.scripts for one in script.statements):
            found.at[id(one)] = number
            for name in one.makes:
                if name.kind == "table":
                    found.made.setdefault(name.schema, one)
            brings = any(name.kind == "extension" for name in one.makes) or isinstance(one, IncludeStatement) or bool(one.opaque)
            if brings and found.unclear is None:
                found.unclear = number
    return found


def covers_nothing(stack: Stack, given: DatabaseGrant) -> tuple[bool, SqlStatement | None] | None:
    """Whether no table of the named schemas exists when the grant runs, and the first one that is made later, if any.

    None where it cannot be told: no server here runs the script, not all of it is read, or something before it may make tables.
    """
    catalogue, one = given.catalogue, given.statement
    if catalogue.container is None or catalogue.uncertain or not given.objects:
        return None
    order = _order(stack, catalogue)
    at = order.at.get(id(one))
    if at is None or any(name.text.is_unknown for name in given.objects):
        return None
    makers = [order.made[name] for name in ("", *(name.name for name in given.objects)) if name in order.made]
    first = min(makers, key=lambda maker: order.at[id(maker)], default=None)
    if first is not None and order.at[id(first)] < at:
        return False, None
    if order.unclear is not None and order.unclear < at:
        return None
    return True, first

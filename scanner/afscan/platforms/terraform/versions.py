"""Version constraints. Source: developer.hashicorp.com/terraform/language/expressions/version-constraints."""

import re

NEWEST = 1_000_000
"""Stands for whatever is newest: nothing bounds the version from above."""

_TERM = re.compile(r"\s*(=|!=|>=|<=|>|<|~>)?\s*v?([0-9]{1,6})(?:\.([0-9]{1,6}))?(?:\.([0-9]{1,6}))?([-+][\w.+-]*)?\s*\Z")


def highest_major(constraint: str) -> int | None:
    """The highest major version that a constraint admits: :data:`NEWEST` without an upper bound, None where it cannot be told."""
    highest = NEWEST
    for term in constraint.split(","):
        found = _TERM.match(term)
        if found is None:
            return None
        sign, major = found[1] or "=", int(found[2])
        rest = [int(part) for part in found.groups()[2:4] if part is not None]
        if sign == "~>" and not rest:
            return None  # `~> 18` is read in two ways
        if sign in ("=", "~>", "<="):
            highest = min(highest, major)
        elif sign == "<":
            highest = min(highest, major if any(rest) else major - 1)
    return highest

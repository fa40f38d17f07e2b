"""Several switches of one managed resource, judged together."""

from collections.abc import Sequence

from afscan.model.subjects import Facet, ManagedResource


def off_or_unsure(facets: Sequence[Facet]) -> tuple[list[Facet], Facet | None]:
    """The switches that are off, those that are written first; and the first of which nobody can tell."""
    off = sorted((facet for facet in facets if facet.effective is False), key=lambda facet: not facet.on.is_set)
    return off, next((facet for facet in facets if facet.effective is None), None)


def listed(resource: ManagedResource, off: Sequence[Facet]) -> str:
    """A sentence that says what is off: "aws_db_instance.main has a single zone (`multi_az`) and ..."."""
    parts = [f"{facet.why} (`{facet.setting}`)" for facet in off]
    text = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"{resource.name} has {text}"

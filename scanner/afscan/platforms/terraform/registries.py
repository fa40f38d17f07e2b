"""Scans of container images that are set for a whole registry.

Sources: AWS provider, "aws_ecr_registry_scanning_configuration"; Amazon ECR user guide, "Using filters" (a filter without ``*``
fits every repository whose name contains it).
"""

from fnmatch import fnmatchcase

from afscan.model.subjects import ManagedResource
from afscan.model.value import Value
from afscan.platforms.terraform.body import Body

_LONGEST = 256
"""How long a filter and a repository's name may be."""

_MAX_FILTERS = 100
"""How many filters a rule may have (ECR API reference, RegistryScanningRule)."""


def read_filters(body: Body) -> list[Value[str]]:
    """The names of repositories whose images the registry scans by itself, with ``*`` for anything."""
    found: list[Value[str]] = []
    for rule in body.blocks("rule"):
        frequency = rule.text("scan_frequency")
        if frequency.or_else("") in ("SCAN_ON_PUSH", "CONTINUOUS_SCAN"):
            found += [chosen.text("filter") for chosen in rule.blocks("repository_filter")]
        elif frequency.is_unknown:
            found.append(frequency)
    unread = body.unread("rule")
    return [*found, unread] if unread is not None else found


def _pattern(text: str) -> str:
    """A filter as a pattern for the whole name."""
    text = text[:_LONGEST]
    return text if "*" in text else f"*{text}*"


def apply_filters(repositories: list[ManagedResource], filters: list[Value[str]]) -> None:
    """Turn on what the registry scans anyhow; unknown where that cannot be told."""
    unknown = next((one for one in filters if one.is_unknown), None)
    patterns = [(_pattern(one.or_else("")), one) for one in filters if one.is_set][:_MAX_FILTERS]
    for repository in repositories:
        facet = repository.scan_on_push
        if facet is None or facet.effective is not False:
            continue
        name = repository.endpoints[0][:_LONGEST] if repository.endpoints else None
        hit = next((one for pattern, one in patterns if one.value == "*" or (name and fnmatchcase(name, pattern))), None)
        if hit is not None:
            facet.on = Value.of(True, hit.node, hit.at)
        elif unknown is not None:
            facet.on = Value.unknown(
                unknown.node, f"which repositories the registry scans depends on it: {unknown.reason}", unknown.at
            )
        elif patterns and name is None:
            facet.on = Value.unknown(repository.node, "the repository's name is not known, and the registry scans some by name")

"""Renovate. Source: Renovate documentation, "Configuration Options" (``enabled``, ``enabledManagers``, ``packageRules``)."""

from afscan.model.ci import DependencyUpdates, UpdateRule
from afscan.model.node import Mapping, Node
from afscan.model.source import Source
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation, Reader


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put what is kept up to date, and what is left out, into ``out``."""
    nested = root.get("renovate")
    node = nested if isinstance(nested, Mapping) and root.get("packageRules") is None else root
    reader = Reader(node, out)
    enabled = reader.boolean("enabled")
    disabled = reader.strings("extends")
    off = any(one.or_else("") == ":disableRenovate" for one in disabled)
    out.subjects.append(
        DependencyUpdates(
            name="renovate",
            node=node,
            platform="renovate",
            tool="renovate",
            enabled=Value.of(False, disabled[0].node) if off else Value.of(True, node) if enabled.is_unset else enabled,
            extends=reader.strings("extends"),
            managers=reader.strings("enabledManagers"),
            updates=[rule for one in reader.readers("packageRules") if (rule := _disabled(one)) is not None],
        )
    )


def _disabled(rule: Reader) -> UpdateRule | None:
    """A rule that switches updates of whole managers off; None for any other."""
    off = rule.boolean("enabled")
    managers = rule.strings("matchManagers")
    narrow = rule.node.entries.keys() - {"enabled", "matchManagers", "description"} if isinstance(rule.node, Mapping) else {""}
    if off.or_else(True) or not managers or narrow:
        return None
    return UpdateRule(node=rule.node, ecosystem=managers[0], directories=[], interval=Value.unset(rule.node), disabled=True)

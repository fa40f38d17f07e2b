"""Dependabot. Source: GitHub documentation, "Dependabot options reference" (version 2)."""

from afscan.model.ci import DependencyUpdates, UpdateRule
from afscan.model.node import Node, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation, Reader


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put what is kept up to date into ``out``."""
    reader = Reader(root, out)
    version = root.get("version")
    if not isinstance(version, Scalar) or version.text != "2":
        place = version.head if version is not None else root.head
        out.notice(NoticeKind.PARTIAL, place, "Dependabot reads version 2 of this file only; it is not judged.")
        return
    updates = [_rule(one) for one in reader.readers("updates")]
    out.subjects.append(
        DependencyUpdates(
            name="dependabot",
            node=root,
            platform="github",
            tool="dependabot",
            enabled=Value.of(bool(updates), root) if updates else Value.of(False, root),
            updates=updates,
        )
    )


def _rule(one: Reader) -> UpdateRule:
    """One entry. A limit of no open pull requests leaves security updates alone."""
    limit = one.integer("open-pull-requests-limit")
    directory = one.text("directory")
    return UpdateRule(
        node=one.node,
        ecosystem=one.text("package-ecosystem"),
        directories=[directory] if not directory.is_unset else one.strings("directories"),
        interval=one.text("schedule", "interval"),
        disabled=limit.is_set and limit.value == 0,
    )

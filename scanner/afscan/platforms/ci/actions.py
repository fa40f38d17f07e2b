"""Composite actions: ``action.yml``. Source: GitHub documentation, "Metadata syntax for GitHub Actions"."""

from posixpath import basename, dirname

from afscan.model.ci import CompositeAction
from afscan.model.node import Node
from afscan.model.source import Source
from afscan.model.subjects import ImageReference
from afscan.model.value import Value
from afscan.platforms.ci.steps import read_steps
from afscan.platforms.reading import Interpretation, Reader


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put an action and its steps into ``out``."""
    reader = Reader(root, out)
    name = reader.text("name").or_else("") or basename(dirname(source.name)) or basename(source.name)
    runs = reader.at("runs")
    action = CompositeAction(
        name=f"action {name}", node=root, platform="github", folder=dirname(source.path), using=runs.text("using")
    )
    out.subjects.append(action)
    action.steps = read_steps(runs, None, action.name, None, frozenset())
    from afscan.platforms.ci.scans import add_scans  # noqa: PLC0415

    add_scans(action.steps, None, out)
    image = runs.text("image")
    if image.or_else("").startswith("docker://") and image.is_set:
        reference = Value.of(image.or_else("").removeprefix("docker://"), image.node)
        out.subjects.append(ImageReference(name=action.name, node=image.node, platform="github", reference=reference))

"""Containers and the Dockerfiles that they are built from.

A container's build reference is matched with a Dockerfile by path; for texts inside a document (a fenced block, an inline
Dockerfile) by the name that the text gives itself. Build arguments that are passed are put into the stages again.
"""

import posixpath
from collections.abc import Iterable, Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import BuildReference, BuildStage, Container, ImageBuild, ImageReference, Subject
from afscan.model.value import Value


def join(stack: Stack) -> Iterable[Subject]:
    """Fill ``dockerfile``, ``stage`` and ``built_by``; further image references where build arguments change a FROM."""
    containers = [container for container in stack.of(Container) if container.build is not None]
    if not containers:
        return []
    index = _Index(stack.of(ImageBuild))
    found: list[Subject] = []
    for container in containers:
        reference = container.build
        build = index.find(container, reference) if reference is not None else None
        if build is not None and reference is not None:
            container.dockerfile = build
            build.built_by.append(container)
            found += _apply(container, build, reference)
    return found


class _Index:
    """The Dockerfiles of a stack by path and by name."""

    def __init__(self, builds: list[ImageBuild]) -> None:
        self.files: dict[str, ImageBuild] = {}
        self.names: dict[str, ImageBuild] = {}
        self.embedded: dict[str, list[ImageBuild]] = {}
        for build in builds:
            source = build.node.source
            if source.outer is None:
                self.files.setdefault(posixpath.normpath(source.path), build)
            else:
                self.names.setdefault(posixpath.normpath(source.name), build)
                self.embedded.setdefault(source.path, []).append(build)

    def find(self, container: Container, reference: BuildReference) -> ImageBuild | None:
        """The Dockerfile that a reference means; None where none of the stack is it, or more than one may be."""
        if not reference.dockerfile.is_set:
            return None
        path = posixpath.normpath(reference.dockerfile.or_else(""))
        exact = self.files.get(path) or self.names.get(path)
        if exact is not None:
            return exact
        source = container.node.source
        if source.outer is None:
            return None
        # Both stand in one document, which need not lie where the files that it shows belong.
        near = [build for build in self.embedded.get(source.path, ()) if _same_end(path, build.node.source.name)]
        return near[0] if len(near) == 1 else None


def _same_end(path: str, name: str) -> bool:
    """Whether one path is the end of the other."""
    longer, shorter = sorted((path, posixpath.normpath(name)), key=len, reverse=True)
    return longer == shorter or longer.endswith("/" + shorter.removeprefix("./"))


def _apply(container: Container, build: ImageBuild, reference: BuildReference) -> Iterator[Subject]:
    """Choose the stage that is built, with the build arguments put in."""
    stages = build.stages
    if reference.arguments:
        from afscan.platforms.dockerfile import evaluate  # noqa: PLC0415

        evaluated = evaluate(build.node, reference.arguments)
        stages = evaluated.stages
        yield from _changed(container, build, evaluated.references, reference.arguments)
    container.stage = _target(stages, reference.target)


def _target(stages: list[BuildStage], target: Value[str]) -> BuildStage | None:
    """The stage that a target names; the last one without; None where the target is unknown or names none."""
    if target.is_unknown:
        return None
    view = ImageBuild(name="", node=stages[-1].node, platform="dockerfile", stages=stages) if stages else None
    return view.stage(target.or_else("") or None) if view is not None else None


def _changed(
    container: Container, build: ImageBuild, references: list[ImageReference], arguments: dict[str, Value[str]]
) -> Iterator[ImageReference]:
    """The FROM lines that mean another image with these arguments, each at the argument that makes the difference."""
    before = [stage.base for stage in build.stages if stage.base is not None]
    default = {id(base.node): base.reference.value for base in before}
    for reference in references:
        value = reference.reference
        if reference.stage or not value.is_set or default.get(id(reference.node), value.value) == value.value:
            continue
        raw = str(getattr(reference.node, "raw", ""))
        name = next((name for name in arguments if f"${{{name}" in raw or f"${name}" in raw), None)
        given = arguments[name] if name is not None else value
        yield ImageReference(
            name=f"{reference.name}, built by {container.name}",
            node=given.node,
            platform="dockerfile",
            reference=Value.of(value.or_else(""), given.node, given.place),
        )

"""Virtual environments of Python that a build makes, and where its packages really go.

Source: docs.astral.sh/uv, "Project environment path" and "Using environments": ``uv sync`` installs into ``.venv`` beside
``pyproject.toml`` unless UV_PROJECT_ENVIRONMENT names another place; an active environment (PATH, VIRTUAL_ENV) counts with
``--active`` only.
"""

from collections.abc import Iterator

from afscan.model.node import Scalar
from afscan.model.place import Place
from afscan.model.record import record
from afscan.model.subjects import BuildStage, ImageBuild
from afscan.platforms.dockerfile.packages import part_of
from afscan.platforms.dockerfile.shell import commands

_VARIABLE = "UV_PROJECT_ENVIRONMENT"


@record(slots=True)
class MisplacedSync:
    """``uv sync`` at ``place``, in a stage that made the environment ``path`` at ``made``."""

    place: Place
    path: str
    made: Place


def misplaced_syncs(build: ImageBuild) -> Iterator[MisplacedSync]:
    """The ``uv sync`` of a build that leave the environment empty which the build made for them."""
    if any("/.venv" in text for stage in build.stages for text in _texts(stage)):
        return  # the project's own environment is used, or moved
    for stage in build.stages:
        if not _names_environment(stage):
            yield from _of_stage(stage)


def _texts(stage: BuildStage) -> Iterator[str]:
    for copied in stage.copies:
        yield copied.source.or_else("")
        yield copied.target
    for command in stage.commands:
        yield command.text.or_else("")
    for argument in stage.arguments:
        yield argument.value.or_else("")


def _names_environment(stage: BuildStage) -> bool:
    """Whether the stage or one that it builds on sets the variable, or an ENV of which the value is not known; bounded by depth."""
    at: BuildStage | None = stage
    for _ in range(100):
        if at is None:
            return False
        if any(one.name == _VARIABLE for one in at.arguments):
            return True
        at = at.parent
    return True


def _of_stage(stage: BuildStage) -> Iterator[MisplacedSync]:
    path, made = "", None
    for command in stage.commands:
        node, text = command.text.node, command.text.or_else("")
        if not isinstance(node, Scalar) or node.text != text or "uv " not in text or _VARIABLE in text:
            continue
        for one in commands(text):
            program, words = one.program()
            texts = [word.text for word in words]
            if program != "uv" or not words:
                continue
            operands = [word for word in words[1:] if not word.text.startswith("-")]
            end = words[-1].end
            if texts[0] == "venv" and len(operands) == 1 and operands[0].text.startswith("/") and not operands[0].dynamic:
                path, made = operands[0].text, part_of(node, words[0].start, end).place
            elif texts[0] == "sync" and made is not None and "--active" not in texts:
                yield MisplacedSync(part_of(node, words[0].start, end).place, path, made)

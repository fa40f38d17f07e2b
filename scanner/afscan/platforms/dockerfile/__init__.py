"""Dockerfiles as subjects: the build and its stages, the images it starts from, what it installs, what its settings hold."""

import re
from collections.abc import Iterator

from afscan.model.node import Node
from afscan.model.source import Source
from afscan.model.subjects import Dependency, ImageBuild, Origin
from afscan.platforms.dockerfile.credentials import credentials_of_run, credentials_of_urls
from afscan.platforms.dockerfile.packages import dependencies
from afscan.platforms.dockerfile.stages import evaluate
from afscan.platforms.dockerfile.steps import Evaluated
from afscan.platforms.reading import Interpretation

__all__ = ["evaluate", "interpret", "recognise"]

_UNVERIFIED = re.compile(r"(?:^|\s)-\w*k|insecure|no-check-certificate|ssl|SSL|TLS|tls|trusted-host|VERIFY|[Vv]erify", re.ASCII)
"""What a RUN says that may turn the verification of certificates off."""


def recognise(source: Source, root: Node) -> bool:
    """Whether a parsed text is a Dockerfile: whatever parses as one is."""
    return source.syntax == "dockerfile"


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put what a Dockerfile says into ``out``.

    The :class:`ImageBuild`'s node is the root: its stages can be evaluated again with the build arguments of whoever builds it.
    """
    evaluated = evaluate(root, None, out)
    if evaluated.stages:
        out.subjects.append(ImageBuild(name=source.name, node=root, platform="dockerfile", stages=evaluated.stages))
    out.subjects += evaluated.references
    out.subjects += _dependencies(evaluated)
    _settings(source, evaluated, out)
    for run in evaluated.runs:
        out.subjects += credentials_of_run(run, source.name)
        if run.script is not None and _UNVERIFIED.search(run.script.text):  # few are read by the grammar: it takes its time
            out.embedded.append(run.script.embed(name=source.name, holder="image", syntax="shell"))
    out.subjects += credentials_of_urls(evaluated.stages, source.name)


def _dependencies(evaluated: Evaluated) -> Iterator[Dependency]:
    for run in evaluated.runs:
        yield from dependencies(run)


def _settings(source: Source, evaluated: Evaluated, out: Interpretation) -> None:
    """Credentials and connections in ENV and ARG. A value that only passes a variable on is judged where that variable is set."""
    from afscan.platforms.variables import describe_setting  # noqa: PLC0415

    for setting in evaluated.settings:
        describe_setting(
            setting.name,
            setting.value,
            _origin(setting.raw),
            owner=source.name,
            platform="dockerfile",
            holder="image",
            out=out,
        )


def _origin(raw: str) -> Origin:
    """Where a value comes from, by how it is written: within single quotes nothing is expanded."""
    from afscan.platforms.variables import origin_of  # noqa: PLC0415

    if len(raw) >= 2 and raw[0] == raw[-1] and raw[0] in "'\"":
        return origin_of(raw[1:-1], expands=raw[0] == '"')
    return origin_of(raw, expands=True)

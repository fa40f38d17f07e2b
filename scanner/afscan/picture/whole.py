"""All pictures of a run, and their published form (``python -m afscan.report.schema stack``)."""

import json
from typing import Any

from afscan import __version__
from afscan.engine import Progress, join_stack, read_stacks
from afscan.files.discover import Discovery
from afscan.picture.build import picture_of
from afscan.picture.places import at
from afscan.picture.records import Note, Picture, Pictures
from afscan.result import Result


def pictures_of(found: Discovery, progress: Progress | None = None, *, render: str = "never") -> tuple[Pictures, Result]:
    """The pictures of all stacks, and the result with what was not read and what went wrong.

    :param render: whether programs may render what afscan itself cannot (``auto``, ``never``).
    """
    result = Result()
    result.notices += found.notices
    stacks: list[Picture] = [
        picture_of(one.stack, one.root.place.path if one.root is not None else "")
        for stack, files in read_stacks(found, result, render=render, progress=progress)
        for one in join_stack(stack, files, result)
    ]
    notices = sorted(set(result.notices), key=lambda one: (one.place, one.kind, one.reason))
    return (
        Pictures(
            version=__version__,
            stacks=stacks,
            notices=[Note(kind=str(one.kind), reason=one.reason, place=at(one.place)) for one in notices],
            errors=[f"{one.rule}: {one.error.strip().splitlines()[-1]}" for one in result.errors],
        ),
        result,
    )


def as_json(pictures: Pictures) -> str:
    """The pictures as ASCII JSON, indented."""
    return json.dumps(pictures.model_dump(), indent=2) + "\n"


def stack_schema() -> dict[str, Any]:
    """The JSON schema of ``afscan stack --format json``."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Pictures.model_json_schema()

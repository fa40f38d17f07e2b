"""Folders of a stack: where its files lie, whatever was given on the command line."""

from posixpath import dirname, normpath

from afscan.model.stack import Stack

KEY = "common folder"


def common_folder(stack: Stack) -> str:
    """The deepest folder that holds all files of the stack that were read; "" for the working directory."""
    found = stack.joined.get(KEY)
    if isinstance(found, str):
        return found
    common: list[str] | None = None
    for path in {dirname(normpath(source.path)) for source in stack.sources}:
        parts = path.split("/") if path else []
        if common is None:
            common = parts
            continue
        length = next((index for index, (one, other) in enumerate(zip(common, parts, strict=False)) if one != other), None)
        common = common[: min(len(common), len(parts)) if length is None else length]
    folder = stack.joined[KEY] = "/".join(common or [])
    return folder

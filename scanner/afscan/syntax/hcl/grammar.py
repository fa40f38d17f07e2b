"""The grammar of python-hcl2, imported when the first HCL text turns up.

Only its grammar and its pass over the tokens are used. They are taken from the package's folder without running the package's
``__init__``, which imports its writer, its transformer and its queries: a third of the time that the parser takes to be ready.
"""

import os
import sys
from functools import cache
from typing import Any


def parse_text(text: str) -> Any:
    """The tree of a text that ends in a line break.

    :raises lark.exceptions.LarkError: if the text does not parse.
    """
    return _parser().parse(text)


def position_of(error: Exception) -> tuple[int, str]:
    """The offset at which an error of :func:`parse_text` stands, and the text found there."""
    token = getattr(error, "token", None)
    offset = getattr(token, "start_pos", None)
    if offset is None:
        offset = getattr(error, "pos_in_stream", None)
    return (offset if isinstance(offset, int) and offset >= 0 else 0), str(
        token if token is not None else getattr(error, "char", "")
    )


@cache
def _parser() -> Any:
    """The parser as ``hcl2.parser.parser()`` makes it. Building it takes a second, reading it from lark's cache 0.05."""
    from importlib.util import find_spec, module_from_spec, spec_from_file_location  # noqa: PLC0415

    from lark import Lark, __version__  # noqa: PLC0415 - 50 ms, which a run without HCL must not pay

    found = find_spec("hcl2")  # of a package at the top this finds the folder and runs nothing
    assert found is not None, "python-hcl2 is a dependency of afscan"
    folder = next(iter(found.submodule_search_locations or ()))
    spec = spec_from_file_location("hcl2.postlexer", os.path.join(folder, "postlexer.py"))
    assert spec is not None
    assert spec.loader is not None
    postlexer = module_from_spec(spec)
    spec.loader.exec_module(postlexer)
    own = _cache_folder()
    return Lark.open(
        os.path.join(folder, "hcl2.lark"),
        parser="lalr",
        # Where there is no folder of the user's own, python-hcl2's way: a file beside the grammar, if that can be written.
        cache=os.path.join(folder, ".lark_cache.bin")
        if own is None
        else os.path.join(own, f"hcl2.lark-{__version__}.{sys.implementation.cache_tag}.bin"),
        propagate_positions=True,
        postlex=postlexer.PostLexer(),
    )


def _cache_folder() -> str | None:
    """The user's cache folder for afscan, made when first needed; None where there is none that only the user can write to.

    lark's cache is a pickle, which can run code when it is read: it must not come from anybody else.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    folder = os.path.join(base if os.path.isabs(base) else os.path.expanduser("~/.cache"), "afscan")
    if not hasattr(os, "geteuid") or not os.path.isabs(folder):
        return None  # Windows: who may write is not a matter of mode bits there
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        status = os.lstat(folder)
    except OSError:
        return None
    alone = status.st_uid == os.geteuid() and not status.st_mode & 0o022
    return folder if alone and os.access(folder, os.W_OK) else None

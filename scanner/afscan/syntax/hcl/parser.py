"""The parser that ``hcl2.parser.parser()`` makes, ready sooner and twice as fast.

Building it takes a second. python-hcl2 keeps its tables in a file of its own folder, which often cannot be written, and from which
they still take 50 ms to read. Here the parser is kept as it is, in the user's cache folder: that takes 8 ms to read. It does not
note the positions of trees, which takes half the time of parsing: those of the tokens are all that is used.

Of python-hcl2 only the grammar and the pass over the tokens are used. They are taken from its folder without running the
package's ``__init__``, which imports its writer, its transformer and its queries.
"""

import os
import pickle
import sys
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

from lark import Lark, __version__
from lark.parsers import lalr_analysis

_FORM = 1
"""To be raised with what :func:`_build` and :func:`_keep` do: parsers kept by another version are then not read."""


@cache
def parser() -> Any:
    """The parser for whole HCL texts."""
    folder = _cache_folder()
    if folder is None:  # python-hcl2's way: lark's tables in a file beside the grammar, if that can be written
        return _build(os.path.join(_package(), ".lark_cache_afscan.bin"))
    with open(_grammar(), "rb") as stream:
        made_of = stream.read() + f"{_FORM} {__version__} {sys.version}".encode()
    file = os.path.join(folder, f"hcl-{sha256(made_of).hexdigest()[:20]}.pickle")
    try:
        with open(file, "rb") as stream:
            return pickle.load(stream)
    except Exception:  # there is none yet, or it is damaged: pickle may raise anything then
        built = _build(False)
        _keep(built, file)
        return built


def _build(tables: str | bool) -> Lark:
    """The parser from the grammar, or from lark's tables in a file where they were made of this grammar."""
    return Lark.open(_grammar(), parser="lalr", cache=tables, postlex=_postlexer())


@cache
def _package() -> str:
    """The folder of python-hcl2: finding a package runs nothing of it."""
    found = find_spec("hcl2")
    if found is None or not found.submodule_search_locations:
        raise ImportError("python-hcl2 is not installed", name="hcl2")
    return found.submodule_search_locations[0]


def _grammar() -> str:
    return os.path.join(_package(), "hcl2.lark")


def _postlexer() -> Any:
    """python-hcl2's pass over the tokens."""
    spec = spec_from_file_location("hcl2.postlexer", os.path.join(_package(), "postlexer.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PostLexer()


# ---------------------------------------------------------------- the cache


def _cache_folder() -> str | None:
    """The user's cache folder for afscan, made when first needed; None where there is none that only the user can write to.

    A pickle can run code when it is read: it must not come from anybody else.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    folder = os.path.join(base if os.path.isabs(base) else os.path.expanduser("~/.cache"), "afscan")
    if not hasattr(os, "geteuid") or not os.path.isabs(folder):
        return None  # Windows: who may write there is not told by mode bits
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        status = os.lstat(folder)
    except OSError:
        return None
    return folder if status.st_uid == os.geteuid() and not status.st_mode & 0o022 and os.access(folder, os.W_OK) else None


def _keep(parser: Lark, file: str) -> None:
    """Write a parser to a file, at once or not at all: other runs may read it meanwhile."""
    own = f"{file}.{os.getpid()}"
    try:
        with open(os.open(own, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as stream:
            pickler = pickle.Pickler(stream, pickle.HIGHEST_PROTOCOL)
            pickler.dispatch_table = {
                ModuleType: lambda module: (import_module, (module.__name__,)),
                # lark compares actions by identity, so they must come back as its own
                lalr_analysis.Action: lambda action: (getattr, (lalr_analysis, action.name)),
                type(parser.options.postlex): lambda _: (_postlexer, ()),
            }
            pickler.dump(parser)
        os.replace(own, file)
    except Exception:  # a full disk, a lark that cannot be pickled: the next run builds its parser again
        if os.path.exists(own):
            os.unlink(own)

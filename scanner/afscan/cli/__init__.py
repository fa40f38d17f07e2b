"""The command line: ``afscan [PATHS...]``, ``afscan rules``, ``explain CODE``, ``controls [PATHS...]``, ``stack [PATHS...]``.

A word is a command only in the first place, so that scanning needs no command; a folder called ``rules`` is reached as
``./rules``. Each door is imported when it is opened: the start is a part of every pre-commit run.
"""

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from afscan import __version__

COMMANDS = ("rules", "explain", "controls", "stack")

_GARBAGE = (200_000, 20, 50)
"""Thresholds of the garbage collector. Python's own (700 new objects) is for programs that run long: nearly all that a scan makes
lives to its end, and looking through it again and again takes a fifth of the time. Memory stays bounded."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run afscan and return the exit code.

    :param arguments: the words after the program's name; None for those of the process, which then ends after this.
    """
    _open_streams()
    if arguments is not None:
        return _run(list(arguments))
    gc.set_threshold(*_GARBAGE)
    try:
        return _run(sys.argv[1:])
    finally:
        gc.freeze()  # the process ends here: nothing is left to be looked through for garbage


def _open_streams() -> None:
    """Where the caller has closed standard output or error (``>&-``), what is written there goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open until the end


def _run(words: list[str]) -> int:
    try:
        if words in (["--version"], ["-V"]):
            print(f"afscan {__version__}", flush=True)
            return 0
        if words and words[0] in ("controls", "stack"):
            app = import_module(f"afscan.cli.{words[0]}").app
            app(args=words[1:], prog_name=f"afscan {words[0]}")
            return 0
        if words and words[0] in COMMANDS:
            from afscan.cli.catalogue import app  # noqa: PLC0415
        elif any(word.startswith("-") for word in words):
            from afscan.cli.scan import app  # noqa: PLC0415
        else:
            # Paths alone need no parser of options: typer takes 25 ms to import.
            from afscan.cli.run import Request, run  # noqa: PLC0415

            return run(Request(paths=words))
        app(args=words, prog_name="afscan")
    except OSError as error:  # a full disk behind standard output: no traceback, and never the exit code of a scan
        from afscan.cli.terminal import abandon, complain  # noqa: PLC0415

        abandon(sys.stdout)
        complain(f"afscan: standard output: {error.strerror or error}")
        return 2
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except KeyboardInterrupt:
        return 130
    except Exception:  # Python's own exit code for a traceback is 1, which says "findings" here
        return _crashed()
    return 0


def _crashed() -> int:
    """Tell what went wrong inside afscan, outside of any rule: exit code 3."""
    from afscan.cli.run import crash  # noqa: PLC0415

    try:
        crash()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 3
